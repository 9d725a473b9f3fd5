"""The way to PostgreSQL: one engine for each role, transactions that say what they are for.

SQLAlchemy Core over asyncpg; no ORM, no session. A use case opens its own transaction with `begin`
or `read`, so the commit is a visible line of the flow. Statements never reach a log with their
values, and an outage is one error: `Unavailable(part="database")`.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import MetaData, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.errors import StartRefused, Unavailable

STATEMENT_TIMEOUT_MS = 30_000
"""A statement of this program takes milliseconds; one of 30 s is stuck and must free its locks."""

LOCK_TIMEOUT_MS = 10_000
"""Two packages of one school wait for each other's rows, for one transaction, never for long."""

IDLE_TRANSACTION_TIMEOUT_MS = 60_000
"""A transaction does no other work between statements; one that is silent lost its process."""

ANSWER_SECONDS = 35.0
"""PostgreSQL stops a statement after 30 s and says so; one that says nothing has lost its way to
us, or its machine, and a connection that waits for it would wait for ever."""

CONNECT_SECONDS = 10
"""A database that does not answer within this time is unavailable to whoever is waiting."""

POOL_WAIT_SECONDS = 10
"""Waiting longer for a free connection only moves the queue into this process."""

DEFAULT_POOL_SIZE = 5
"""Connections for each process and role: three roles and a few processes fit PostgreSQL's 100."""

MIGRATIONS = Path(__file__).parent.parent / "migrations"
"""The Alembic scripts, beside the package."""

_OUTAGES = ("08", "53", "57", "58", "55P03", "40P01", "40001")
"""SQLSTATEs that asking again may mend: connection, resources, intervention, the machine's own
errors such as of its disk, locks, conflicts."""

_READ_ONLY = "25006"
"""SQLSTATE of a change where none is taken: on a standby, or in a restored database that has not
been completed from the vault yet."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""The tables of every package; each package keeps its own private in `tables.py`."""


class Database:
    """A pool of connections that all act as one role.

    Safe for concurrent use on one event loop. Nothing is retried here: a failed transaction left
    nothing behind, and the caller knows whether to repeat it.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        After this block the change is durable (`synchronous_commit`). An `Unavailable` raised at
        its end leaves open whether the commit happened: repeat only what is safe to repeat.

        Raises:
            Unavailable: the database cannot be reached, stops, takes no changes, or a lock or time
                limit is hit.
        """
        try:
            async with self._transaction() as connection:
                yield connection
        except DBAPIError as error:
            if _state_of(error) == _READ_ONLY:
                raise Unavailable(part="database") from error
            raise

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """Open a read-only transaction in which every statement sees the same moment.

        Raises:
            Unavailable: the database cannot be reached, stops, or a time limit is hit.
        """
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        async with self._transaction(options) as connection:
            yield connection

    async def dispose(self) -> None:
        """Close every connection; the object is not used afterwards."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(
        self, options: dict[str, Any] | None = None
    ) -> AsyncGenerator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._engine.connect())
            except (OSError, SQLAlchemyError) as error:
                raise Unavailable(part="database") from error
            with _outages_named():
                connection = await connection.execution_options(**(options or {}))
                doubted = partial(_left_when_in_doubt, connection)
                # Around the block, so that no ROLLBACK waits for the answer that is missing, and
                # around the commit.
                async with doubted(), connection.begin(), doubted():
                    yield connection


@asynccontextmanager
async def _left_when_in_doubt(connection: AsyncConnection) -> AsyncGenerator[None]:
    """Use no connection again whose last statement failed for reasons of the server's.

    After a BEGIN that failed the driver takes the next one for a savepoint, for ever; after an
    answer that never came it waits for that one.
    """
    try:
        yield
    except (OSError, DBAPIError) as error:
        outage = not isinstance(error, DBAPIError) or _is_outage(error)
        if outage and not connection.invalidated:
            await connection.invalidate()
        raise


@contextmanager
def _outages_named() -> Iterator[None]:
    try:
        yield
    except (ConnectionError, TimeoutError) as error:
        raise Unavailable(part="database") from error
    except DBAPIError as error:
        if _is_outage(error):
            raise Unavailable(part="database") from error
        _forget_values(error)
        raise


def _is_outage(error: DBAPIError) -> bool:
    return error.connection_invalidated or _state_of(error).startswith(_OUTAGES)


def _state_of(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _forget_values(error: DBAPIError) -> None:
    """Drop the row that PostgreSQL quotes in its detail: personal data, and errors are logged."""
    cause: Any = error.orig.__cause__ if error.orig else None
    if hasattr(cause, "detail"):
        cause.detail = None


def connect(url: str, *, role: str | None, pool_size: int = DEFAULT_POOL_SIZE) -> Database:
    """Make a database whose connections act as the role; connects when first used.

    Args:
        url: `postgresql://user:password@host:port/name`.
        role: the group role that limits every statement; None acts as the URL's own user.
        pool_size: the most connections that it opens.
    """
    settings = {
        "application_name": f"hocba {role or 'owner'}",
        "timezone": "UTC",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_TIMEOUT_MS),
    }
    if role is not None:
        settings["role"] = role
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        connect_args={
            "server_settings": settings,
            "timeout": CONNECT_SECONDS,
            "command_timeout": ANSWER_SECONDS,
        },
        hide_parameters=True,  # parameters are personal data and errors are logged
        max_overflow=0,
        pool_size=pool_size,
        pool_timeout=POOL_WAIT_SECONDS,
    )
    return Database(engine)


def migrate(url: str) -> None:
    """Bring the schema to the version of this program, in one transaction.

    Blocking, and runs an event loop of its own: never call it from one. Two processes that start
    together wait for each other; repeating it changes nothing.

    Args:
        url: `postgresql://…` of the owner, who may create roles and tables.

    Raises:
        StartRefused: the database cannot be reached, or is of a newer program's version.
    """
    config = _alembic()
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except (OSError, SQLAlchemyError, CommandError) as error:
        reason = str(error).partition("\n")[0]  # the statement follows, and is long
        raise StartRefused(f"không nâng cấp được lược đồ cơ sở dữ liệu: {reason}") from error


async def schema_is_current(database: Database) -> bool:
    """Tell whether the schema has the version of this program.

    Raises:
        Unavailable: the database cannot be reached.
    """
    wanted = await asyncio.to_thread(_scripts)
    return await _schema_version(database) == wanted.get_current_head()


async def require_schema(database: Database) -> None:
    """Go on only with the schema of this program's version.

    Raises:
        StartRefused: there is none, or it is older or newer.
        Unavailable: the database cannot be reached.
    """
    scripts = await asyncio.to_thread(_scripts)
    wanted, found = scripts.get_current_head(), await _schema_version(database)
    if found == wanted:
        return
    if found is None:
        reason = "cơ sở dữ liệu chưa có lược đồ: hãy chạy `python -m app migrate`"
    elif found in {script.revision for script in scripts.walk_revisions()}:
        reason = (
            f"lược đồ cơ sở dữ liệu ({found}) cũ hơn chương trình ({wanted}): hãy chạy "
            "`python -m app migrate`"
        )
    else:
        reason = (
            f"lược đồ cơ sở dữ liệu ({found}) mới hơn chương trình ({wanted}): hãy cài bản chương "
            "trình mới hơn"
        )
    raise StartRefused(reason)


async def _schema_version(database: Database) -> str | None:
    async with database.read() as connection:
        if not await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL")):
            return None
        found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic())


def _alembic() -> Config:
    config = Config()
    # The option file's syntax gives "%" a meaning.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
