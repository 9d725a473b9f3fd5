"""Starting and stopping the processes of one machine: stores, keys, web process, worker.

With no settings everything is embedded: PostgreSQL from the wheel, a folder as the vault, fresh
keys and the sandbox's trust. Each default is left out as soon as its setting names something else,
and production names them all.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import uvloop
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from app.db import connect, migrate
from app.embedded import EmbeddedPostgres
from app.errors import StartRefused
from app.intake.process import Processing
from app.intake.processes import CheckFailed, VerificationProcesses
from app.keys import WebKeys, load_worker_keys, require_valid_now
from app.lifeline import die_with, on_stop_signal, run_until
from app.main import WebParts, create_app, open_web_parts, read_clock
from app.sandbox.keys import KeyStore
from app.sandbox.pki import make_pki, write_trust_bundle
from app.sandbox.repository_keys import make_repository_keys
from app.sandbox.responder import Publisher, replacements, responding
from app.secondopinion.sampling import Sampling
from app.settings import Settings
from app.starting import Start, require_fit
from app.trust.bundle import MANIFEST
from app.trust.fetching import Reach
from app.vault import open_configured_vault, open_vault
from app.webserver import WebServer, take_port
from app.worker.delivering import courier_of, keep_delivering
from app.worker.discarding import keep_discarding
from app.worker.examining import keep_examining
from app.worker.loop import work
from app.worker.revocation import TrustKeeper, Upkeep

SANDBOX_SEED = "hocba-sandbox"
"""The seed of the sandbox's PKI: public on purpose, so that anybody can sign for a sandbox."""

RESTART_SECONDS = 1.0
"""Pause before a worker that died is started again: short for users, long for a log."""

STOP_SECONDS = 15.0
"""Time for a worker to end: a webhook under way takes 10 s at most; the rest is safe to kill."""

SECONDS_PER_MINUTE = 60

_log = structlog.get_logger(__name__)


def configure_logs() -> None:
    """Write every log line as one JSON object to the standard error stream."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


@contextmanager
def stores_ready(settings: Settings) -> Generator[str]:
    """Provide the database and the keys that the settings leave to the embedded defaults.

    Gives the owner's database URL, with a current schema. What it started stops with the block.
    Must run in the main thread, as the embedded PostgreSQL asks.

    Raises:
        StartRefused: the database cannot be started or migrated, or keys are incomplete.
    """
    try:
        _make_sandbox_keys(settings)
    except OSError as error:
        raise StartRefused(
            f"không dùng được thư mục {settings.home} (HOCBA_HOME): {error.strerror}"
        ) from error
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with EmbeddedPostgres() as server:
        url = server.start(settings.home)
        migrate(url)
        yield url


def serve(settings: Settings, *, with_worker: bool, parent: int | None = None) -> None:
    """Run the web process, and a worker beside it, until told to stop or until its parent ends.

    Raises:
        StartRefused: a setting, key, schema or store is in doubt.
    """
    if parent is not None:
        die_with(parent, signal.SIGTERM)
    loop_factory = uvloop.new_event_loop
    with stores_ready(settings) as url, asyncio.Runner(loop_factory=loop_factory) as loop:
        loop.run(_serve(settings, url, with_worker=with_worker))


def run_worker(settings: Settings, *, parent: int | None) -> None:
    """Run a worker until told to stop, or until its parent ends.

    Raises:
        StartRefused: a setting, key, schema or store is in doubt.
    """
    if parent is not None:
        die_with(parent, signal.SIGTERM)
    with stores_ready(settings) as url:
        asyncio.run(_work(settings, url))


def openapi_document() -> dict[str, Any]:
    """Describe the HTTP contract without any store: the routes are made and never called."""
    nowhere = "postgresql://127.0.0.1/nowhere"
    with TemporaryDirectory() as folder:
        parts = WebParts(
            settings=Settings(),
            database=connect(nowhere, role=None),
            verifier=connect(nowhere, role=None),
            vault=open_vault(Path(folder).as_uri()),
            keys=WebKeys(
                tokens=generate_private_key(SECP256R1()), webhooks=b"w" * 32, journal=b"j" * 32
            ),
            clock=read_clock,
        )
        return create_app(parts).openapi()


async def _serve(settings: Settings, url: str, *, with_worker: bool) -> None:
    parts = open_web_parts(settings, database_url=url)
    databases = {"hocba_web": parts.database, "hocba_verifier": parts.verifier}
    await require_fit(
        Start(
            settings=settings,
            databases=databases,
            vault=parts.vault,
            journal=parts.keys.journal,
            clock=parts.clock,
        )
    )
    server = WebServer(create_app(parts), parts.leaving, drain=settings.drain)
    listener = take_port(settings.host, settings.port)
    on_stop_signal(server.stop)
    async with AsyncExitStack() as beside:
        if with_worker:
            told = await beside.enter_async_context(_sandbox_lists(settings))
            await beside.enter_async_context(_worker_beside(settings, url, told))
        await server.serve_until_stopped(listener)


async def _work(settings: Settings, url: str) -> None:
    stop = asyncio.Event()
    on_stop_signal(stop.set)
    keeper = TrustKeeper(_upkeep(settings))
    keys = load_worker_keys(settings.keys_folder)
    require_valid_now(keys.reply_certificate, read_clock())
    database = connect(url, role="hocba_worker")
    with VerificationProcesses(
        processes=settings.verification_processes,
        trust=keeper.trust,
        sampling=Sampling(share=settings.second_opinion_share, key=keys.codes),
    ) as processes:
        try:
            vault, databases = open_configured_vault(settings), {"hocba_worker": database}
            await require_fit(
                Start(
                    settings=settings,
                    databases=databases,
                    vault=vault,
                    journal=keys.journal,
                    clock=read_clock,
                    codes=keys.codes,
                )
            )
            parts = Processing(
                database=database,
                vault=vault,
                keys=keys,
                processes=processes,
                clock=read_clock,
                retention=settings.retention,
            )
            # The first package should find evidence; without any it is taken provisionally.
            await keeper.bring_up_to_date(parts)
            await processes.start()
            with courier_of(parts, sandbox=settings.environment == "sandbox") as courier:
                name = f"{os.uname().nodename}/{os.getpid()}"
                await run_until(
                    stop,
                    keeper.keep_current(parts, stop),
                    keep_discarding(parts, stop),
                    keep_examining(parts, stop, environment=settings.environment),
                    keep_delivering(courier, stop),
                    work(parts, name=name, stop=stop),
                )
        except CheckFailed as error:
            raise StartRefused("không khởi động được các tiến trình kiểm tra chữ ký") from error
        finally:
            await database.dispose()


def _upkeep(settings: Settings) -> Upkeep:
    """Say where the bundle lies and where the worker may look for what authorities revoked."""
    return Upkeep(
        folder=settings.trust_folder,
        provisional=settings.accept_provisionally,
        reach=Reach(hosts=settings.revocation_hosts, replacements=settings.revocation_replacements),
        period=settings.revocation_minutes * SECONDS_PER_MINUTE,
    )


def _make_sandbox_keys(settings: Settings) -> None:
    """Make the keys and the trust of a sandbox where the settings name no folders for them."""
    if settings.keys_dir is None:
        make_repository_keys(settings.keys_folder, today=read_clock().date())
    if settings.trust_dir is None and not (settings.trust_folder / MANIFEST).exists():
        keys = KeyStore(seed=SANDBOX_SEED, folder=settings.home / "sandbox-keys")
        write_trust_bundle(settings.trust_folder, make_pki(keys))


@asynccontextmanager
async def _sandbox_lists(settings: Settings) -> AsyncGenerator[Mapping[str, str]]:
    """Publish the sandbox's own revocation lists; gives the settings that lead a worker there."""
    if settings.trust_dir is not None or settings.environment != "sandbox":
        yield {}
        return
    pki = make_pki(KeyStore(seed=SANDBOX_SEED, folder=settings.home / "sandbox-keys"))
    async with responding(Publisher(pki=pki, clock=read_clock)) as base:
        yield {
            "HOCBA_REVOCATION_HOSTS": json.dumps([base.removeprefix("http://")]),
            "HOCBA_REVOCATION_REPLACEMENTS": json.dumps(replacements(pki, base)),
        }


@asynccontextmanager
async def _worker_beside(
    settings: Settings, url: str, told: Mapping[str, str]
) -> AsyncGenerator[None]:
    """Keep one worker process running; a dead one is replaced until the block ends."""
    keeper = asyncio.create_task(_keep_worker(settings, url, told))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _keep_worker(settings: Settings, url: str, told: Mapping[str, str]) -> None:
    environment = {
        **os.environ,
        **told,
        "HOCBA_DATABASE_URL": url,
        "HOCBA_HOME": str(settings.home.resolve()),
    }
    command = (sys.executable, "-m", "app", "work", "--parent", str(os.getpid()))
    while True:
        # A session of its own: Ctrl+C in a terminal stops the web process, which then stops it.
        worker = await asyncio.create_subprocess_exec(
            *command, env=environment, start_new_session=True
        )
        try:
            status = await worker.wait()
        except asyncio.CancelledError:
            await _end(worker)
            raise
        _log.error("worker.died", status=status)
        await asyncio.sleep(RESTART_SECONDS)


async def _end(worker: asyncio.subprocess.Process) -> None:
    """Ask a worker to stop, and kill one that does not."""
    with suppress(ProcessLookupError):
        worker.terminate()
    try:
        await asyncio.wait_for(worker.wait(), STOP_SECONDS)
    except TimeoutError:
        worker.kill()
        await worker.wait()
