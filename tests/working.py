"""A whole repository for tests: the real web application over HTTP, a real worker beside it.

The worker runs on an event loop of its own thread, with verification processes that all tests of a
run share: starting them costs a second.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from sqlalchemy import text

from app.clients.accounts import Kind, Scope, create_client
from app.db import Database, connect
from app.fsck.findings import Severity
from app.fsck.progress import Options
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.journal import Journal
from app.keys import WebKeys, WorkerKeys, load_journal_key, load_worker_keys
from app.main import WebParts, create_app
from app.sandbox.enrolment import enrol_school
from app.sandbox.pki import write_trust_bundle
from app.sandbox.repository_keys import make_repository_keys
from app.sandbox.scenario import Scenario
from app.sandbox.signing import sign_package
from app.settings import Settings
from app.vault import Vault, open_vault
from app.worker.loop import Timing, work
from tests.inspection import Stores, report_on, told
from tests.scenarios import keys as scenario_keys
from tests.scenarios import scenario_of
from tests.serving import serving

STUDENTS = 6
NOW = datetime.fromisoformat("2026-07-01T15:00:00+07:00")
SECRET = "mat-khau-mau-cua-phan-mem-thu-nghiem"  # noqa: S105 -- reason: of a synthetic client
XML = {"Content-Type": "application/xml"}

LOCKED = timedelta(days=20 * 365)
"""How long a bucket locks what is kept: it counts from today, and refuses what ends before."""

IMPATIENT = Timing(lease=timedelta(seconds=4), idle=0.02, retry=timedelta(milliseconds=50))

_T = TypeVar("_T")


class LoopThread:
    """An event loop in a thread, for what must live beside a synchronous test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@dataclass(slots=True)
class Repository:
    """A running repository and the school that may send to it."""

    url: str
    database_url: str
    scenario: Scenario
    vault_folder: Path
    vault: Vault
    journal: Journal
    keys: WorkerKeys
    processes: VerificationProcesses
    thread: LoopThread
    secrets: dict[str, str] = field(default_factory=dict)
    """Of clients whose secret is another than `SECRET`."""
    _stop: asyncio.Event | None = None
    _worker: Any = None
    _clients: dict[tuple[str, str | None], httpx.Client] = field(default_factory=dict)

    def client(self, client_id: str = "phan-mem-mau", scope: str | None = None) -> httpx.Client:
        """An HTTP client that carries an access token; the same one for the same arguments."""
        if (client_id, scope) in self._clients:
            return self._clients[client_id, scope]
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": self.secrets.get(client_id, SECRET),
            **({"scope": scope} if scope else {}),
        }
        answer = httpx.post(f"{self.url}/v1/oauth/token", data=form)
        assert answer.status_code == httpx.codes.OK, answer.text
        token = answer.json()["access_token"]
        client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=40
        )
        self._clients[client_id, scope] = client
        return client

    def add_client(
        self, client_id: str, kind: Kind = Kind.HUB, schools: tuple[str, ...] = ()
    ) -> None:
        """Make an account that may do everything that its kind may, for no school unless told."""

        def add(database: Database) -> Awaitable[None]:
            return _open_account(database, client_id, schools, kind=kind)

        self.thread.run(as_owner(self.database_url, add))

    def execute(self, statement: str, **parameters: Any) -> list[Any]:
        """Run one statement as the owner; gives its rows, if it has any."""

        async def run(database: Database) -> list[Any]:
            async with database.begin() as connection:
                result = await connection.execute(text(statement), parameters)
                return list(result) if result.returns_rows else []

        return self.thread.run(as_owner(self.database_url, run))

    def rewrite(self, statement: str, **parameters: Any) -> None:
        """Change what no program can, past triggers and references, as the server's superuser."""

        async def run(database: Database) -> None:
            async with database.begin() as connection:
                await connection.execute(text("SET LOCAL session_replication_role = replica"))
                await connection.execute(text(statement), parameters)

        self.thread.run(as_owner(self.database_url, run))

    def package(self, package: bytes | None = None, *, wait: int = 20) -> dict[str, Any]:
        """Submit a package, wait for its reply and give the last answer."""
        client = self.client()
        sent = client.post(
            "/v1/packages",
            content=self.scenario.package if package is None else package,
            headers={**XML, "Prefer": f"wait={wait}"},
        )
        assert sent.status_code == httpx.codes.OK, sent.text
        return self.replied(client, sent.json()["package_id"])

    def resealed(self, package: bytes, *replacements: tuple[bytes, bytes]) -> bytes:
        """Change words of a package and let the school seal it again."""
        unsigned = re.sub(
            rb"(<KY_PHAT_HANH_GOI_TIN>).*(</KY_PHAT_HANH_GOI_TIN>)",
            rb"\1\2",
            package,
            flags=re.DOTALL,
        )
        for old, new in replacements:
            assert old in unsigned
            unsigned = unsigned.replace(old, new)
        return sign_package(unsigned, self.scenario.school.seal)

    def replied(self, client: httpx.Client, package_id: str) -> dict[str, Any]:
        """Look at a package until its reply is there."""
        for _ in range(200):
            answer: dict[str, Any] = client.get(f"/v1/packages/{package_id}").json()
            if answer["state"] >= "03":
                return answer
            self.thread.run(asyncio.sleep(0.02))
        raise AssertionError(answer)

    def start_worker(self, *, timing: Timing = IMPATIENT, vault: Vault | None = None) -> None:
        """Let a worker process packages until `stop_worker`."""
        started = self.thread.run(self._started(timing, vault or self.vault))
        self._worker, self._stop = started

    def stop_worker(self) -> None:
        """Stop the worker as a signal would, and wait for it."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            self.thread.run(self._stopped(worker))

    def examine(self) -> None:
        """Fail where fsck finds an error; whatever waits may wait."""
        stores = Stores(
            database_url=self.database_url,
            vault=self.vault,
            reply_certificate=self.vault_folder.parent / "keys" / "reply-certificate.pem",
        )
        options = Options(reading=True, verify=0)
        report = self.thread.run(report_on(stores, options, clock=lambda: NOW))
        errors = [told(one) for one in report.findings if one.severity is Severity.ERROR]
        assert errors == [], "fsck finds faults (or is this test @pytest.mark.tampered?)"

    def close(self) -> None:
        self.stop_worker()
        for client in self._clients.values():
            client.close()

    async def _started(self, timing: Timing, vault: Vault) -> tuple[Any, asyncio.Event]:
        stop = asyncio.Event()
        database = connect(self.database_url, role="hocba_worker")
        parts = Processing(
            database=database,
            vault=vault,
            keys=self.keys,
            processes=self.processes,
            clock=lambda: NOW,
            retention=self.journal.retention,
        )

        async def run() -> None:
            try:
                await work(parts, name="tho-mau", stop=stop, timing=timing)
            finally:
                await database.dispose()

        return asyncio.create_task(run()), stop

    async def _stopped(self, worker: Any) -> None:
        assert self._stop is not None
        self._stop.set()
        await worker


@contextmanager
def running_repository(
    database_url: str,
    folder: Path,
    thread: LoopThread,
    processes: VerificationProcesses,
    *,
    open_store: Callable[[], Vault] | None = None,
    tampered: bool = False,
) -> Iterator[Repository]:
    """Run a repository that knows one school and the client phan-mem-mau, which may act for it.

    At the end fsck must find nothing wrong with it, unless the test says that it tampered.
    """
    scenario = scenario_of(STUDENTS)
    make_repository_keys(folder / "keys", today=date(2026, 7, 1), keys=scenario_keys())
    write_trust_bundle(folder / "trust", scenario.pki)
    journal = _journal(folder, open_store)
    thread.run(as_owner(database_url, lambda database: _enrol(database, journal, scenario)))
    with opened_repository(
        database_url, folder, thread, processes, open_store=open_store, tampered=tampered
    ) as repository:
        yield repository


@contextmanager
def opened_repository(
    database_url: str,
    folder: Path,
    thread: LoopThread,
    processes: VerificationProcesses,
    *,
    open_store: Callable[[], Vault] | None = None,
    tampered: bool = False,
) -> Iterator[Repository]:
    """Run a repository over keys, a vault and a database that are there."""
    keys = load_worker_keys(folder / "keys")
    journal = _journal(folder, open_store)
    parts = WebParts(
        settings=Settings(home=folder, retention_days=journal.retention.days),
        database=connect(database_url, role="hocba_web"),
        verifier=connect(database_url, role="hocba_verifier"),
        vault=journal.vault,
        keys=WebKeys(
            tokens=generate_private_key(SECP256R1()), webhooks=keys.webhooks, journal=keys.journal
        ),
        clock=lambda: NOW,
    )
    with serving(create_app(parts)) as url:
        repository = Repository(
            url=url,
            database_url=database_url,
            scenario=scenario_of(STUDENTS),
            vault_folder=folder / "vault",
            vault=journal.vault,
            journal=journal,
            keys=keys,
            processes=processes,
            thread=thread,
        )
        try:
            yield repository
        finally:
            repository.close()
        if not tampered:
            repository.examine()


def _journal(folder: Path, open_store: Callable[[], Vault] | None) -> Journal:
    vault = open_vault((folder / "vault").as_uri()) if open_store is None else open_store()
    retention = timedelta(days=90) if open_store is None else LOCKED
    return Journal(vault=vault, key=load_journal_key(folder / "keys"), retention=retention)


async def as_owner(url: str, act: Callable[[Database], Awaitable[_T]]) -> _T:
    """Act on the database as its owner, with a connection of this call's own."""
    database = connect(url, role=None)
    try:
        return await act(database)
    finally:
        await database.dispose()


async def _enrol(database: Database, journal: Journal, scenario: Scenario) -> None:
    since = date(2025, 8, 1)
    await enrol_school(database, journal, scenario.school, approved_from=since, now=NOW)
    await _open_account(database, "phan-mem-mau", (scenario.school.code,))


async def _open_account(
    database: Database, client_id: str, schools: tuple[str, ...], *, kind: Kind = Kind.HUB
) -> None:
    async with database.begin() as connection:
        await create_client(
            connection,
            client_id=client_id,
            name="Phần mềm mẫu",
            kind=kind,
            scopes=tuple(Scope),
            schools=schools,
            secret=SECRET,
            now=NOW,
        )
