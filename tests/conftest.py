"""One real PostgreSQL for the whole run, and a fresh migrated database for each test."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
from _pytest.nodeid import NodeId

from app.db import Database, connect, migrate
from app.embedded import EmbeddedPostgres
from tests.memory import roomy_memory
from tests.s3 import S3Server, running_s3

CLUSTER = "TEST_CLUSTER_URL"
"""The variable by which the controller tells pytest-xdist's workers where the server is."""

TEMPLATE = "hocba_template"

# The cluster lives for one run: nothing needs to survive a crash of it.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# An example's time says nothing on a machine that runs other tests beside it.
hypothesis.settings.register_profile("hocba", deadline=None)
hypothesis.settings.load_profile("hocba")

_stop = pytest.StashKey[Callable[[], None]]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    home = Path(tempfile.mkdtemp(prefix="hocba-tests-", dir=roomy_memory()))
    home.chmod(0o755)  # root's server runs as another account
    server = EmbeddedPostgres(FAST)

    def stop() -> None:
        server.stop()
        shutil.rmtree(home)

    config.stash[_stop] = stop
    cluster = server.start(home)
    asyncio.run(_administer(cluster, f"CREATE DATABASE {TEMPLATE}"))
    migrate(_named(cluster, TEMPLATE))
    os.environ[CLUSTER] = cluster


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell the scheduler each test's xdist group, so that what is costly starts once.

    pytest-xdist 3.8 itself writes the group to `_nodeid`, which pytest 9.2 no longer reads.
    """
    if config.getoption("loadgroup", default=False):
        for item in items:
            for mark in item.iter_markers("xdist_group"):
                item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _stop in config.stash:
        config.stash[_stop]()


def _named(cluster: str, name: str) -> str:
    return f"{cluster.rpartition('/')[0]}/{name}"


async def _administer(cluster: str, statement: str) -> None:
    connection = await asyncpg.connect(cluster)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def _copy_of(template: str) -> Iterator[str]:
    cluster, name = os.environ[CLUSTER], f"test_{uuid4().hex}"
    asyncio.run(_administer(cluster, f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield _named(cluster, name)
    finally:
        asyncio.run(_administer(cluster, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def memory() -> str | None:
    """A folder in which a cluster of a test's own is quick; None where there is none."""
    return roomy_memory()


@pytest.fixture(scope="session")
def fresh_database() -> Callable[[], AbstractContextManager[str]]:
    """Make a migrated database of one's own, for fixtures that outlive one test."""
    return lambda: _copy_of(TEMPLATE)


@pytest.fixture(scope="session")
def blank_database() -> Callable[[], AbstractContextManager[str]]:
    """Make a database without any schema."""
    return lambda: _copy_of("template0")


@pytest.fixture(scope="session")
def copied_database() -> Callable[[str], AbstractContextManager[str]]:
    """Copy a database that nobody is connected to, named by its URL."""
    return lambda url: _copy_of(url.rpartition("/")[2])


@pytest.fixture
def database_url() -> Generator[str]:
    """The owner's URL of a migrated, empty database for this test."""
    with _copy_of(TEMPLATE) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """The database as its owner."""
    database = connect(database_url, role=None)
    yield database
    await database.dispose()


@pytest.fixture
async def web_database(database_url: str) -> AsyncGenerator[Database]:
    """The same database as the web process sees it."""
    database = connect(database_url, role="hocba_web")
    yield database
    await database.dispose()


@pytest.fixture
async def worker_database(database_url: str) -> AsyncGenerator[Database]:
    """The same database as the worker sees it."""
    database = connect(database_url, role="hocba_worker")
    yield database
    await database.dispose()


@pytest.fixture
async def verifier_database(database_url: str) -> AsyncGenerator[Database]:
    """The same database as a public verification sees it."""
    database = connect(database_url, role="hocba_verifier")
    yield database
    await database.dispose()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A real S3 server; tests that use it belong to the xdist group "s3", so that it is one."""
    with running_s3() as server:
        yield server
