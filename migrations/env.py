"""Runs the migrations in one transaction, one process at a time."""

import asyncio

from alembic import context
from sqlalchemy import Connection, NullPool, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.settings import Settings

STARTERS_LOCK = 0x686F636261
"""The key of the advisory lock ("hocba"): two processes that start together take turns."""

WAIT_FOR_STARTER = "120s"
"""Another starter may be in the middle of a migration."""

WAIT_FOR_TABLE = "5s"
"""A migration that waits for a table blocks everybody behind it: give up and be run again."""


def _url() -> str:
    url = context.config.attributes.get("url")
    if url is not None:
        return str(url)
    configured = Settings().database_url
    if configured is None:
        raise SystemExit("set HOCBA_DATABASE_URL")
    return configured.get_secret_value()


def _migrate(connection: Connection) -> None:
    connection.execute(
        text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": WAIT_FOR_STARTER}
    )
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STARTERS_LOCK})
    connection.execute(
        text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": WAIT_FOR_TABLE}
    )
    context.configure(connection=connection)
    context.run_migrations()


async def _run() -> None:
    engine = create_async_engine(
        make_url(_url()).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_run())
