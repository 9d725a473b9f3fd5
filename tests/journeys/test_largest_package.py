"""The largest package there may be: 300 transcripts, 32 MiB, through processes that stay small."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.sandbox.client import Client
from app.sandbox.packaging import SignedTranscript
from app.transcripts.limits import PACKAGE_LIMITS
from tests.deployment import (
    CLIENT_ID,
    PATIENCE,
    Deployment,
    deployed,
    enrol,
    scenario_of_today,
    write_keys_and_trust,
)

TRANSCRIPTS = 300
MEBIBYTE = 1024**2
PROMISED = 400
"""MiB of real memory that neither the worker nor a verification process may ever occupy."""


def filled_up(transcripts: Sequence[SignedTranscript]) -> list[SignedTranscript]:
    """Let white space behind the root bring a package to the limit."""
    size = (PACKAGE_LIMITS.size - 60_000) // TRANSCRIPTS * 3 // 4 - 120
    return [replace(one, xml=one.xml.ljust(size)) for one in transcripts]


def peaks(pid: int) -> Iterator[int]:
    """The most memory, in MiB, that a process and each of its children ever occupied."""
    worker = psutil.Process(pid)
    for process in (worker, *worker.children(recursive=True)):
        lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM:"))
        yield int(line.split()[1]) // 1024


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[tuple[Deployment, Client, bytes]]:
    scenario = scenario_of_today(TRANSCRIPTS)
    package = scenario.repackaged(filled_up(scenario.transcripts), number=9)
    settings = {
        "HOCBA_DATABASE_URL": database_url,
        "HOCBA_VAULT_URL": f"file://{tmp_path}/vault",
        **write_keys_and_trust(tmp_path, scenario),
    }
    secret = asyncio.run(enrol(database_url, scenario, tmp_path))
    with (
        deployed(tmp_path, settings, "web", "worker") as deployment,
        Client(deployment.url, CLIENT_ID, secret) as client,
    ):
        yield deployment, client, package


def test_the_largest_package_is_accepted_by_processes_that_stay_below_400_mib(
    service: tuple[Deployment, Client, bytes],
) -> None:
    deployment, client, package = service
    assert PACKAGE_LIMITS.size - len(package) < MEBIBYTE
    answer = client.submit(package, wait=0)
    answer = client.await_reply(answer["package_id"], seconds=PATIENCE)
    assert (answer["state"], answer["accepted"]) == ("03", TRANSCRIPTS), deployment.words()
    most = list(peaks(deployment.pid("worker")))
    assert max(most) < PROMISED, most
