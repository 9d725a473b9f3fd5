"""A real S3 server for tests: Ceph's RADOS Gateway on loopback, all of it in memory."""

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen
from uuid import uuid4

START_SECONDS = 60
"""Wait for the server: it takes two seconds alone, more beside a full test run on two cores."""

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")

CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor_port}
mon initial members = a
public network = 127.0.0.0/8
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
auth supported = none
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
ms client mode = crc
ms service mode = crc
ms cluster mode = crc
run dir = {folder}
admin socket = {folder}/$name.$pid.asok
log file = {folder}/$name.log
pid file =
crash dir = {folder}
keyring = {folder}/keyring
mon allow pool size one = true
mon max pg per osd = 2000
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
[mon]
mon data = {folder}/mon
mon data avail crit = 1
mon osd min in ratio = 0
paxos propose interval = 0.05
mon election timeout = 1
[osd]
osd data = {folder}/osd
osd objectstore = memstore
osd class load list = *
osd class default list = *
memstore device bytes = 1073741824
[client]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw data = {folder}/rgw
rgw enable usage log = false
rgw enable gc threads = false
rgw thread pool size = 32
rgw gc max objs = 1
rgw lc max objs = 1
rgw data log num shards = 1
rgw md log max shards = 1
rgw usage max shards = 1
rgw reshard num logs = 1
rgw objexp hints num shards = 1
rgw override bucket index max shards = 1
"""
"""One monitor, one store in memory, one gateway; no authentication between them, one copy and one
shard of everything, so that it starts in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A running server and the keys of its only user.

    Attributes:
        away: kills the gateway, and starts it again when the block ends; what was kept stays.
    """

    endpoint: str
    access_key: str
    secret_key: str
    away: Callable[[], AbstractContextManager[None]]

    def url(self, bucket: str) -> str:
        return f"s3+http://{self.endpoint}/{bucket}"


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """Start a server, and end all of it afterwards."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} missing: run deploy/test-packages.sh")
    with TemporaryDirectory(prefix="s3-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder = Path(name)
        port, monitor_port = _free_ports(2)
        cluster = _Cluster(folder=folder, port=port, monitor_port=monitor_port, stack=stack)
        server = S3Server(
            endpoint=f"127.0.0.1:{port}",
            access_key=secrets.token_hex(8),
            secret_key=secrets.token_hex(16),
            away=cluster.away,
        )
        cluster.start(server)
        yield server


class _Cluster:
    def __init__(self, *, folder: Path, port: int, monitor_port: int, stack: ExitStack) -> None:
        self.folder = folder
        self.port = port
        self.monitor_port = monitor_port
        self.fsid = str(uuid4())
        self.stack = stack

    def start(self, server: S3Server) -> None:
        for part in ("mon", "osd", "rgw"):
            (self.folder / part).mkdir()
        (self.folder / "keyring").touch()
        (self.folder / "ceph.conf").write_text(
            CONFIGURATION.format(
                fsid=self.fsid, folder=self.folder, port=self.port, monitor_port=self.monitor_port
            )
        )
        self.start_monitor()
        self.start_store()
        self.start_gateway()
        self.run(
            "radosgw-admin",
            *("user", "create", "--uid=test", "--display-name=test"),
            *(f"--access-key={server.access_key}", f"--secret-key={server.secret_key}"),
        )
        self.wait_until_it_answers()

    def start_monitor(self) -> None:
        monmap = str(self.folder / "monmap")
        address = f"[v2:127.0.0.1:{self.monitor_port}]"
        self.run("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", address, monmap)
        self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self.serve("ceph-mon", "-i", "a")

    def start_store(self) -> None:
        identity = str(uuid4())
        self.run("ceph", "--connect-timeout", str(START_SECONDS), "osd", "new", identity)
        self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", identity)
        self.serve("ceph-osd", "-i", "0")

    def start_gateway(self) -> None:
        self.gateway = self.serve("radosgw", "-n", "client.rgw.a")

    @contextmanager
    def away(self) -> Iterator[None]:
        self.gateway.kill()
        self.gateway.wait()
        try:
            yield
        finally:
            self.start_gateway()
            self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/", timeout=5):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def run(self, program: str, *arguments: str) -> None:
        command = [program, "-c", str(self.folder / "ceph.conf"), *arguments]
        done = subprocess.run(  # noqa: S603 -- reason: programs of this file, no shell
            command, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")

    def serve(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        # The kernel ends the part when the test process dies in any way.
        command = ["setpriv", "--pdeathsig", "KILL", program, "-f"]
        output = self.stack.enter_context((self.folder / f"{program}.out").open("ab"))
        process = subprocess.Popen(  # noqa: S603 -- reason: programs of this file, no shell
            [*command, "-c", str(self.folder / "ceph.conf"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
