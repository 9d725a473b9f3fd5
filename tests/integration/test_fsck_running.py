"""How an examination goes on: page by page, after every stop, beside a service, at its pace."""

import asyncio
import json
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from typing_extensions import override

from app.db import connect
from app.errors import NotFound, StartRefused
from app.fsck import (
    holdings,
    journal_rows,
    package_rows,
    packages,
    records,
    register,
    register_rows,
)
from app.fsck.examination import Examination, Pace
from app.fsck.examine import examine
from app.fsck.findings import Code, Finding
from app.fsck.progress import (
    MAX_FINDINGS,
    Options,
    Progress,
    Stage,
    Step,
    progress_from_json,
    progress_to_json,
)
from app.fsck.report import Report
from app.fsck.state import read_state, write_state
from app.keys import load_worker_keys
from app.vault import Vault
from app.vault.directory import DirectoryVault
from app.vault.vault import Standing
from tests.mixture import Site
from tests.working import NOW

pytestmark = pytest.mark.xdist_group("mixture")

OPTIONS = Options(reading=True, verify=0, settled=True)


class Interrupted(Exception):
    """The process ended after a page."""


@pytest.fixture
def tiny_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two, so that a small repository has many."""
    for module in (package_rows, packages, register_rows, register, records):
        monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(register, "CODES_PAGE", 2)
    monkeypatch.setattr(holdings, "SURVEY_PAGE", 2)
    monkeypatch.setattr(journal_rows, "PAGE", 2)


async def examined(
    site: Site,
    progress: Progress | None = None,
    *,
    pages: int | None = None,
    vault: Vault | None = None,
) -> tuple[Report, list[dict[str, Any]]]:
    """Examine a site; gives the report and what was saved after each page."""
    saved: list[dict[str, Any]] = []

    async def save(progress: Progress) -> None:
        saved.append(json.loads(json.dumps(progress_to_json(progress))))
        if len(saved) == pages:
            raise Interrupted

    database = connect(site.database_url, role="hocba_worker", pool_size=2)
    parts = Examination(
        database=database,
        vault=vault or site.stores.vault,
        keys=load_worker_keys(site.folder / "keys"),
        processes=None,
        options=OPTIONS,
        environment="sandbox",
        progress=progress or Progress(started_at=NOW, seed="hat-giong"),
        second_look=0,
        save=save,
    )
    try:
        return await examine(parts, clock=lambda: NOW), saved
    except Interrupted:
        return await examined(site, progress_from_json(saved[-1]))
    finally:
        await database.dispose()


def before_the_journal(saved: list[dict[str, Any]]) -> int:
    """Count the pages of what a stop does not begin again."""
    return sum(one["stage"] not in {Stage.JOURNAL, None} for one in saved)


@pytest.mark.usefixtures("tiny_pages")
async def test_an_examination_that_is_stopped_anywhere_goes_on_where_it_was(site: Site) -> None:
    await site.tamper(
        "INSERT INTO transcript_codes VALUES ('MA-KHAC', 2025, 'khong')",
        "UPDATE packages SET leases = 1",
        "UPDATE transcripts SET class_name = '9Z' WHERE version = 2",
    )
    whole, saved = await examined(site)
    assert set(whole.found) == {
        Code.TRANSCRIPT_INDEX,
        Code.PACKAGE_LEASE,
        Code.TRANSCRIPT_CONTENT,
    }
    assert {one["stage"] for one in saved} == {*Stage, None}
    for pages in range(1, len(saved), 5):
        resumed, rest = await examined(site, pages=pages)
        assert resumed == whole
        assert before_the_journal(rest) == max(before_the_journal(saved) - pages, 0)


async def test_an_empty_repository_is_sound(site: Site) -> None:
    await site.tamper(
        "TRUNCATE packages, package_items, package_holds, package_discards, package_replies,"
        " transcripts, transcript_codes, transcript_standings, transcript_withdrawals, audit,"
        " message_ids, certificate_events CASCADE"
    )
    for path in site.vault_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    report, _ = await examined(site)
    assert report.clean
    assert report.findings == ()


class ForgetfulVault(DirectoryVault):
    """A real vault that does not find an object the first time."""

    asked: frozenset[str] = frozenset()

    @override
    async def standing(self, digest: str) -> Standing:
        if digest not in self.asked:
            self.asked |= {digest}
            raise NotFound
        return await super().standing(digest)


async def test_what_a_second_look_does_not_find_is_no_fault(site: Site) -> None:
    vault = ForgetfulVault(site.vault_folder, unnamed_files=False)
    report, _ = await examined(site, vault=vault)
    assert vault.asked
    assert report.clean


async def test_a_pace_bounds_what_is_begun_in_a_second_and_at_once() -> None:
    pace, begun, together = Pace(parallel=2, rate=50), [], []

    async def work() -> None:
        async with pace:
            begun.append(monotonic())
            together.append(len(begun) - len(ended))
            await asyncio.sleep(0.03)
            ended.append(1)

    ended: list[int] = []
    await asyncio.gather(*(work() for _ in range(5)))
    assert begun[-1] - begun[0] >= 4 / 50 * 0.9
    assert max(together) <= 2


def test_a_state_file_belongs_to_its_options(tmp_path: Path) -> None:
    file = tmp_path / "tien-do.json"
    assert read_state(file, OPTIONS) is None
    progress = Progress(started_at=NOW, seed="x", stage=Stage.CODES, cursor="A")
    progress.take(
        Step(
            findings=(Finding(code=Code.OBJECT_LOST, object="aa"),),
            counts={"codes": 2},
            cursor="B",
        )
    )
    write_state(file, progress, OPTIONS)
    assert read_state(file, OPTIONS) == progress
    with pytest.raises(StartRefused, match="tùy chọn khác"):
        read_state(file, Options())
    file.write_text("{}")
    with pytest.raises(StartRefused, match="không đọc được"):
        read_state(file, OPTIONS)


def test_findings_beyond_the_limit_are_counted_and_not_kept() -> None:
    progress = Progress(started_at=NOW, seed="x")
    found = (
        Finding(code=Code.OBJECT_LOST, object="aa"),
        Finding(code=Code.OBJECT_ORPHAN, object="b"),
    )
    progress.note(found * MAX_FINDINGS)
    assert len(progress.findings) == MAX_FINDINGS
    assert progress.found == {Code.OBJECT_LOST: MAX_FINDINGS, Code.OBJECT_ORPHAN: MAX_FINDINGS}
