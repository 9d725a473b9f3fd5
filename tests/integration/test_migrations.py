import asyncio
import importlib
import multiprocessing
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app import db
from app.db import Database, connect, metadata, migrate, schema_is_current
from app.errors import StartRefused

APP = Path(__file__).parents[2] / "app"
NewDatabase = Callable[[], AbstractContextManager[str]]

CLIENT = """
    INSERT INTO clients (client_id, name, kind, scopes, created_at)
    VALUES ('pm-mau', 'Phần mềm Mẫu', 'hub', '{}', now())
"""
PACKAGE = """
    INSERT INTO packages (package_id, client_id, digest, size, state, received_at)
    VALUES ('00000000-0000-0000-0000-000000000001', 'pm-mau', 'aa', 1, '00', now())
"""
ITEM = """
    INSERT INTO package_items VALUES
        ('00000000-0000-0000-0000-000000000001', 1, 'HS1', '01', 'CODE1', 'bb', '[]')
"""
REPLY = """
    INSERT INTO package_replies VALUES ('00000000-0000-0000-0000-000000000001', 'x', now())
"""
AUDIT = """
    INSERT INTO audit (at, actor, action, object) VALUES (now(), 'public', 'token.refused', 'x')
"""
CODE = "INSERT INTO transcript_codes VALUES ('CODE1', 2025, 'bb')"
TRANSCRIPT = """
    INSERT INTO transcripts VALUES (2025, 'CODE1', 'bb', '03', '06', 'L1', '6A', '01000001',
        'Trường THCS Mẫu', '01', 'Hà Nội', 'HS1', 'Nguyễn Văn Mẫu', 'N… V… M…', NULL, '2026-06-10',
        '00000000-0000-0000-0000-000000000001', 'aa', 0, 10, now(), NULL,
        '{"indication": "PASSED", "coverage": {"complete": true}, "slots": [{"holder": "Giáo viên",
          "checks": [{"name": "path", "outcome": "passed", "code": null}]}]}')
"""
EVERYTHING = (CLIENT, PACKAGE, ITEM, REPLY, AUDIT, CODE, TRANSCRIPT)


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    database = connect(url, role=None)
    yield database
    await database.dispose()


async def execute(database: Database, statements: Iterable[str]) -> None:
    async with database.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def relations(database: Database) -> set[str]:
    query = """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind IN ('r', 'p', 'v')
    """
    async with database.read() as connection:
        return set((await connection.scalars(text(query))).all())


async def relations_of(url: str) -> set[str]:
    async with opened(url) as database:
        return await relations(database)


async def test_a_migrated_schema_is_current_for_every_process(
    database: Database, web_database: Database, worker_database: Database
) -> None:
    assert await schema_is_current(database)
    assert await schema_is_current(web_database)
    assert await schema_is_current(worker_database)


def test_an_empty_database_is_brought_to_the_current_schema(blank_database: NewDatabase) -> None:
    async def is_current(url: str) -> bool:
        async with opened(url) as database:
            return await schema_is_current(database)

    with blank_database() as url:
        assert not asyncio.run(is_current(url))
        migrate(url)
        migrate(url)
        assert asyncio.run(is_current(url))


def test_an_unused_schema_goes_down_and_up_again(blank_database: NewDatabase) -> None:
    config = db._alembic()
    with blank_database() as url:
        migrate(url)
        config.attributes["url"] = url
        command.downgrade(config, "base")
        assert asyncio.run(relations_of(url)) == {"alembic_version"}
        migrate(url)
        assert {"packages", "transcripts", "transcripts_2025"} <= asyncio.run(relations_of(url))


def test_a_schema_with_records_is_not_taken_down(fresh_database: NewDatabase) -> None:
    async def fill(url: str) -> None:
        async with opened(url) as database:
            await execute(database, [AUDIT])

    config = db._alembic()
    with fresh_database() as url:
        asyncio.run(fill(url))
        config.attributes["url"] = url
        with pytest.raises(DBAPIError, match="holds records"):
            command.downgrade(config, "base")
        assert "audit" in asyncio.run(relations_of(url))


def test_the_schema_of_a_newer_program_stops_the_start(fresh_database: NewDatabase) -> None:
    async def advance(url: str) -> bool:
        async with opened(url) as database:
            await execute(database, ["UPDATE alembic_version SET version_num = '9999'"])
            return await schema_is_current(database)

    with fresh_database() as url:
        assert not asyncio.run(advance(url))
        with pytest.raises(StartRefused, match="9999"):
            migrate(url)


def test_two_processes_that_start_together_migrate_once(blank_database: NewDatabase) -> None:
    spawn = multiprocessing.get_context("spawn")
    with blank_database() as url:
        starters = [spawn.Process(target=migrate, args=(url,)) for _ in range(2)]
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
        assert [starter.exitcode for starter in starters] == [0, 0]
        assert "packages" in asyncio.run(relations_of(url))


async def test_the_tables_of_the_packages_are_those_of_the_migrations(database: Database) -> None:
    for path in sorted(APP.glob("*/tables.py")):
        importlib.import_module(f"app.{path.parent.name}.tables")
    tables = set(metadata.tables)
    assert {"audit", "certificates", "clients", "packages", "schools", "transcripts"} <= tables

    def differences(connection: Connection) -> list[object]:
        def is_ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
            return kind != "table" or name in tables  # not partitions, nor Alembic's own

        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_ours}
        )
        return list(compare_metadata(context, metadata))

    async with database.begin() as connection:
        assert await connection.run_sync(differences) == []


def test_an_owner_who_is_no_superuser_migrates_and_acts_as_every_role(
    blank_database: NewDatabase,
) -> None:
    async def check(url: str) -> None:
        for role in ("hocba_web", "hocba_worker", "hocba_verifier"):
            database = connect(url, role=role)
            async with database.read() as connection:
                assert await connection.scalar(text("SELECT current_user")) == role
            await database.dispose()

    async def prepare(url: str, owner: str) -> None:
        async with opened(url) as database:
            await execute(
                database,
                [
                    f"CREATE ROLE {owner} LOGIN PASSWORD 'x'",
                    # Another database of this cluster made the roles: an administrator grants them.
                    f"GRANT hocba_web, hocba_worker, hocba_verifier TO {owner}",
                    f"ALTER DATABASE {make_url(url).database} OWNER TO {owner}",
                ],
            )

    with blank_database() as url:
        owner = f"owner_{uuid4().hex}"
        asyncio.run(prepare(url, owner))
        owners_url = make_url(url).set(username=owner, password="x")  # noqa: S106 -- reason: a sample
        migrate(owners_url.render_as_string(hide_password=False))
        asyncio.run(check(owners_url.render_as_string(hide_password=False)))


@pytest.mark.parametrize(
    "table", ["audit", "transcript_codes", "package_replies", "package_items", "transcripts"]
)
@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {}"],
    ids=["delete", "truncate", "update"],
)
async def test_records_cannot_be_changed_even_by_the_owner(
    database: Database, table: str, statement: str
) -> None:
    same = {"audit": "actor = 'x'", "package_items": "result = '02'", "package_replies": "body=''"}
    await execute(database, EVERYTHING)
    with pytest.raises(ProgrammingError, match=r"refused|only once"):
        await execute(database, [statement.format(table, same.get(table, "original_sha256='cc'"))])


@pytest.mark.parametrize("statement", ["DELETE FROM packages", "TRUNCATE packages CASCADE"])
async def test_packages_cannot_be_removed_even_by_the_owner(
    database: Database, statement: str
) -> None:
    await execute(database, EVERYTHING)
    with pytest.raises(ProgrammingError, match="refused"):
        await execute(database, [statement])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM transcripts_2025",
        "TRUNCATE transcripts_2025",
        "UPDATE transcripts_2025 SET student_name = 'Khác Mẫu'",
        "UPDATE transcripts SET report = '{}', withdrawn_at = now()",
        "UPDATE transcripts SET school_year = 2024",
    ],
)
async def test_no_way_around_the_partitions_changes_a_transcript(
    database: Database, statement: str
) -> None:
    await execute(database, EVERYTHING)
    with pytest.raises(ProgrammingError, match=r"refused|only once"):
        await execute(database, [statement])


async def test_a_transcript_is_withdrawn_once_and_never_comes_back(database: Database) -> None:
    await execute(database, [*EVERYTHING, "UPDATE transcripts SET withdrawn_at = now()"])
    for statement in (
        "UPDATE transcripts SET withdrawn_at = NULL",
        "UPDATE transcripts SET withdrawn_at = now() + interval '1 day'",
    ):
        with pytest.raises(ProgrammingError, match="only once"):
            await execute(database, [statement])


async def test_one_transcript_is_in_force_for_a_student_a_year_and_a_level(
    database: Database,
) -> None:
    await execute(database, EVERYTHING)
    second = TRANSCRIPT.replace("CODE1", "CODE2").replace("'bb'", "'dd'")
    with pytest.raises(DBAPIError, match=r"uq_transcripts_in_force|_idx"):
        await execute(database, [second])
    again = second.replace("]}]}')", "]}]}', 2, 'CODE1')")
    await execute(database, ["UPDATE transcripts SET withdrawn_at = now()", again])


async def test_a_version_is_issued_once(database: Database) -> None:
    withdrawn = "UPDATE transcripts SET withdrawn_at = now()"
    await execute(database, [*EVERYTHING, withdrawn])
    with pytest.raises(DBAPIError, match="leve_idx1"):
        await execute(database, [TRANSCRIPT.replace("CODE1", "CODE2").replace("'bb'", "'dd'")])


async def test_the_public_verifier_reads_the_view_and_nothing_else(
    database: Database, verifier_database: Database
) -> None:
    await execute(database, EVERYTHING)
    async with verifier_database.read() as connection:
        row = (await connection.execute(text("SELECT * FROM public_transcripts"))).mappings().one()
    assert row["indication"] == "PASSED"
    assert row["coverage_complete"] is True
    assert row["checks"] == [{"name": "path", "outcome": "passed", "code": None}]
    assert "HS1" not in str(dict(row))
    assert "Nguyễn" not in str(dict(row))
    for table in (await relations(database)) - {"public_transcripts"}:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await execute(verifier_database, [f"SELECT FROM {table}"])


async def test_a_code_is_looked_for_in_one_partition(database: Database) -> None:
    await execute(database, EVERYTHING)
    query = "EXPLAIN (ANALYZE) SELECT * FROM public_transcripts WHERE transcript_code = 'CODE1'"
    async with database.read() as connection:
        plan = "\n".join((await connection.scalars(text(query))).all())
    assert plan.count("never executed") == 21


@pytest.mark.parametrize(
    "statement",
    [
        CODE,
        TRANSCRIPT,
        ITEM,
        "UPDATE packages SET digest = 'cc'",
        "DELETE FROM packages",
        "SELECT FROM audit",
        "SELECT FROM school_staff",
        "DELETE FROM message_ids",
        "UPDATE certificates SET der = ''",
        "UPDATE clients SET kind = 'ministry'",
        "DELETE FROM client_grants",
        "UPDATE client_grants SET province_code = NULL",
        "UPDATE client_secrets SET secret_hash = 'x'",
    ],
)
async def test_the_web_process_may_not(
    database: Database, web_database: Database, statement: str
) -> None:
    await execute(database, [CLIENT, PACKAGE])
    with pytest.raises(ProgrammingError, match="permission denied"):
        await execute(web_database, [statement])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM packages",
        "DELETE FROM transcripts",
        "UPDATE packages SET digest = 'cc'",
        "UPDATE transcripts SET version = 2",
        "DELETE FROM transcript_withdrawals",
        "SELECT secret_hash FROM client_secrets",
        "SELECT FROM audit",
        "INSERT INTO schools VALUES ('1', 'Trường Mẫu', '01', now())",
        PACKAGE.replace("0001", "0002"),
    ],
)
async def test_the_worker_may_not(
    database: Database, worker_database: Database, statement: str
) -> None:
    await execute(database, [CLIENT, PACKAGE])
    with pytest.raises(ProgrammingError, match="permission denied"):
        await execute(worker_database, [statement])


async def test_each_process_may_do_its_own_work(
    database: Database, web_database: Database, worker_database: Database
) -> None:
    await execute(database, [CLIENT])
    await execute(web_database, [PACKAGE, AUDIT])
    await execute(worker_database, ["SELECT FROM packages FOR UPDATE SKIP LOCKED", ITEM, CODE])
    await execute(worker_database, [TRANSCRIPT, REPLY, AUDIT])
    decided = "UPDATE packages SET state = '03', finished_at = now(), replied_at = now()"
    await execute(worker_database, [decided])
    await execute(web_database, ["UPDATE packages SET state = '04', read_at = now()"])
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT state FROM packages")) == "04"
