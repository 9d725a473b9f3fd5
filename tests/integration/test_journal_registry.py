"""What officers and operators change stands in the journal: certificates and schools."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from sqlalchemy import text
from typer.testing import CliRunner

from app.__main__ import cli
from app.db import Database
from app.directory.journaling import journal_schools
from app.directory.loading import SourceFile, load_schools
from app.journal import Entry, Journal, Kind
from app.journal.entry import as_written
from app.keys import load_journal_key
from app.sandbox.repository_keys import make_repository_keys
from app.vault import open_vault
from tests.journals import EVENTS, bodies, break_journal, entries_in, in_one_order, mend_journal
from tests.public import execute
from tests.registering import Registry, running_registry, seal
from tests.scenarios import TODAY, keys
from tests.working import as_owner

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
COLUMNS = "school_code,name,levels,province_code,commune_code,commune_name,valid_from,valid_to,"
LINES = (
    "77000001,Trường THCS Mẫu Cũ,03,77,,,,2025-06-30,",
    "77000001,Trường THCS Mẫu,03,79,26506,Phường Mẫu,2025-07-01,,",
    "77000002,Trường THPT Mẫu,04,77,,,,2025-06-30,77000001",
)


@pytest.fixture
def registry(database_url: str, tmp_path: Path) -> Iterator[Registry]:
    with running_registry(database_url, tmp_path) as running:
        yield running


async def rows(database: Database, statement: str) -> list[dict[str, Any]]:
    async with database.read() as connection:
        found = await connection.execute(text(statement))
        return [as_written(row) for row in found.mappings()]


def rows_of(registry: Registry, statement: str) -> list[dict[str, Any]]:
    return asyncio.run(as_owner(registry.setting.database_url, lambda base: rows(base, statement)))


def file(*lines: str) -> SourceFile:
    content = "\n".join((f"{COLUMNS}successor_code", *lines, ""))
    return SourceFile(content=content.encode(), now=NOW, write=True)


def told(entries: list[Entry], name: str) -> list[list[dict[str, Any]]]:
    return [body[name] for body in bodies(entries, Kind.DIRECTORY)]


def test_every_step_of_a_certificate_stands_in_the_journal_with_how_it_then_stood(
    registry: Registry,
) -> None:
    der = seal()
    registry.register(der, wish_from="2025-08-15")
    registry.decide(der, "refuse", reason="Thiếu văn bản đề nghị")
    registry.approved(der)
    registry.register(der)  # stands already
    registry.decide(der)  # the same again
    registry.forward(days=1)
    assert registry.revoke(der).status_code == httpx.codes.OK
    registry.revoke(der)  # a later moment changes nothing

    steps = registry.journal()
    assert [(one["event"]["event"], one["row"]["state"]) for one in steps] == [
        ("requested", "01"),
        ("refused", "03"),
        ("requested", "01"),
        ("approved", "02"),
        ("revoked", "02"),
    ]
    assert [steps[-1]["row"]] == rows_of(registry, "SELECT * FROM certificates")
    assert [one["event"] for one in steps] == rows_of(registry, EVENTS)


def test_no_step_is_taken_that_the_journal_does_not_take(registry: Registry) -> None:
    der, vault = seal(), registry.setting.vault_folder / "vault"
    break_journal(vault)
    assert registry.register(der).status_code == httpx.codes.SERVICE_UNAVAILABLE
    mend_journal(vault)
    assert registry.register(der).status_code == httpx.codes.CREATED
    break_journal(vault)
    assert registry.decide(der).status_code == httpx.codes.SERVICE_UNAVAILABLE
    mend_journal(vault)
    assert registry.decide(der).status_code == httpx.codes.OK
    break_journal(vault)
    assert registry.revoke(der).status_code == httpx.codes.SERVICE_UNAVAILABLE
    mend_journal(vault)
    assert registry.revoke(der).status_code == httpx.codes.OK
    audited = execute(registry.setting, "SELECT action FROM audit ORDER BY id")
    assert [action.rpartition(".")[2] for (action,) in audited] == [
        "requested",
        "approved",
        "revoked",
    ]
    assert len(registry.journal()) == 3


async def test_a_load_is_told_by_the_schools_that_it_changed(
    database: Database, journal: Journal
) -> None:
    renamed = LINES[2].replace("Mẫu", "Mẫu Hai")
    for lines in (LINES, LINES, (LINES[0], LINES[1], renamed)):
        async with database.begin() as connection:
            await load_schools(connection, journal, file(*lines))
    entries = await entries_in(journal.vault, journal.key)
    assert [[one["school_code"] for one in some] for some in told(entries, "schools")] == [
        ["77000001", "77000002"],
        ["77000002"],
    ]
    first, second = told(entries, "periods")
    kept = [one for one in first if one["school_code"] == "77000001"] + second
    assert in_one_order(kept) == in_one_order(await rows(database, "SELECT * FROM school_periods"))
    newest = {one["school_code"]: one for some in told(entries, "schools") for one in some}
    assert list(newest.values()) == await rows(
        database, "SELECT * FROM schools ORDER BY school_code"
    )


async def test_many_schools_are_told_in_several_entries(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.directory.journaling.IN_AN_ENTRY", 2)
    codes = [f"7700000{number}" for number in range(5)]
    lines = [f"{code},Trường Mẫu {code},03,79,,,,," for code in codes]
    async with database.begin() as connection:
        await load_schools(connection, journal, file(*lines))
    async with database.begin() as connection:
        await journal_schools(journal, connection, [], at=NOW)
    entries = await entries_in(journal.vault, journal.key)
    assert [[one["school_code"] for one in some] for some in told(entries, "schools")] == [
        codes[:2],
        codes[2:4],
        codes[4:],
    ]


def test_what_an_operator_enters_stands_in_the_journal(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_repository_keys(tmp_path / "keys", today=TODAY, keys=keys())
    for name, value in {
        "HOME": tmp_path,
        "DATABASE_URL": database_url,
        "KEYS_DIR": tmp_path / "keys",
        "TRUST_DIR": tmp_path / "trust",
    }.items():
        monkeypatch.setenv(f"HOCBA_{name}", str(value))
    pem = tmp_path / "con-dau.pem"
    pem.write_bytes(load_der_x509_certificate(seal()).public_bytes(Encoding.PEM))
    school = ("school", "add", "79000701", "Trường THCS Mẫu", "79")
    approve = ("certificate", "approve", str(pem), "--school", "79000701", "--role")
    approve = (*approve, "KY_PHAT_HANH", "--since", "2025-08-01")
    for words in (school, approve, approve):
        assert CliRunner().invoke(cli, words).exit_code == 0
    vault = open_vault((tmp_path / "vault").as_uri())
    entries = asyncio.run(entries_in(vault, load_journal_key(tmp_path / "keys")))
    assert [entry.kind for entry in entries] == [Kind.DIRECTORY, Kind.CERTIFICATE]
    assert entries[0].body["schools"][0]["name"] == "Trường THCS Mẫu"
    assert entries[1].body["row"]["approved_from"] == "2025-08-01"
    assert entries[1].body["event"]["actor"] == "operator"
    assert entries[1].at - entries[0].at < timedelta(minutes=5)
