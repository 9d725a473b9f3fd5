"""The nightly examination: once a night, by one worker, resumed by the next."""

import asyncio
from datetime import date, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from app.db import connect
from app.errors import Unavailable
from app.fsck.nightly import night_of
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.keys import load_worker_keys
from app.vault.directory import DirectoryVault
from app.vault.vault import Standing, Stored
from app.worker.examining import keep_examining
from tests.mixture import Site
from tests.working import LoopThread

pytestmark = pytest.mark.xdist_group("mixture")

TONIGHT = datetime.fromisoformat("2026-07-02T02:05:00+07:00")
RUNS = """
    SELECT night, finished_at, leased_by, errors, report -> 'counts' ->> 'packages'
    FROM fsck_runs ORDER BY night
"""


class TroubledVault(DirectoryVault):
    """A real vault that fails at one of the questions of an examination."""

    standing_trouble: Exception | None = None
    survey_trouble: Exception | None = None

    @override
    async def standing(self, digest: str) -> Standing:
        if self.standing_trouble is not None:
            raise self.standing_trouble
        return await super().standing(digest)

    @override
    async def survey(self, *, after: str = "", limit: int = 1000) -> tuple[Stored, ...]:
        if self.survey_trouble is not None:
            raise self.survey_trouble
        return await super().survey(after=after, limit=limit)


class Night:
    """Workers that look after a site at one moment."""

    def __init__(self, site: Site, processes: VerificationProcesses, thread: LoopThread) -> None:
        self.site, self.thread, self._processes = site, thread, processes
        self.vault = TroubledVault(site.vault_folder, unnamed_files=False)
        self.now = TONIGHT

    def pass_by(self, *, workers: int = 1, rounds: int = 1) -> list[Any]:
        """Let workers look whether a run is due; gives what they logged."""

        async def run() -> None:
            database = connect(self.site.database_url, role="hocba_worker")
            parts = Processing(
                database=database,
                vault=self.vault,
                keys=load_worker_keys(self.site.folder / "keys"),
                processes=self._processes,
                clock=lambda: self.now,
            )
            stop = asyncio.Event()
            jobs = [
                asyncio.create_task(keep_examining(parts, stop, environment="sandbox", period=0.05))
                for _ in range(workers)
            ]
            async with asyncio.timeout(30):
                while len(lines) < rounds:  # noqa: ASYNC110 -- reason: a log tells nobody
                    await asyncio.sleep(0.02)
            stop.set()
            await asyncio.gather(*jobs)
            await database.dispose()

        with capture_logs() as lines:
            self.thread.run(run())
        return [(line["event"], line["log_level"]) for line in lines]

    def runs(self) -> list[Any]:
        return self.thread.run(self.site.rows(RUNS))


@pytest.fixture
def night(site: Site, processes: VerificationProcesses, loop_thread: LoopThread) -> Night:
    return Night(site, processes, loop_thread)


def test_a_night_begins_at_two_in_vietnam() -> None:
    assert night_of(TONIGHT) == date(2026, 7, 2)
    assert night_of(datetime.fromisoformat("2026-07-02T01:59:00+07:00")) == date(2026, 7, 1)
    assert night_of(datetime.fromisoformat("2026-07-01T18:59:00+00:00")) == date(2026, 7, 1)


def test_workers_share_one_run_a_night(night: Night) -> None:
    assert night.pass_by(workers=3) == [("fsck.clean", "info")]
    [run] = night.runs()
    assert (run.night, run.finished_at, run.leased_by) == (date(2026, 7, 2), TONIGHT, None)
    assert tuple(run)[3:] == (0, "5")


def test_findings_are_an_alarm_and_can_be_looked_up(night: Night) -> None:
    for path in night.site.vault_folder.rglob("sha256/*/*/*"):
        path.unlink()
    assert night.pass_by() == [("fsck.findings", "error")]
    [run] = night.runs()
    assert run.errors == 4


@pytest.mark.parametrize(
    ("trouble", "line"),
    [
        (Unavailable(part="vault"), ("fsck.waits", "warning")),
        (RuntimeError("a fault of ours"), ("fsck.failed", "error")),
    ],
)
def test_a_run_that_fails_goes_on_where_it_was(
    night: Night, trouble: Exception, line: tuple[str, str]
) -> None:
    night.vault.survey_trouble = trouble
    assert night.pass_by()[0] == line
    [run] = night.runs()
    assert (run.finished_at, run.leased_by) == (None, None)
    # Packages were looked at before: what happens to them now is not looked at again tonight.
    night.vault.survey_trouble, night.vault.standing_trouble = None, RuntimeError("not again")
    assert night.pass_by() == [("fsck.clean", "info")]
    [run] = night.runs()
    assert tuple(run)[3:] == (0, "5")


def test_the_run_of_a_dead_worker_is_taken_when_its_lease_is_over(night: Night) -> None:
    night.vault.survey_trouble = Unavailable(part="vault")
    night.pass_by()
    night.vault.survey_trouble = None
    night.thread.run(
        night.site.tamper(
            "UPDATE fsck_runs SET leased_by = 'ai', lease_expires_at = now() + interval '1 hour'"
        )
    )
    night.thread.run(asyncio.wait_for(_nothing_happens(night), 30))
    night.thread.run(night.site.tamper("UPDATE fsck_runs SET lease_expires_at = now()"))
    assert night.pass_by() == [("fsck.clean", "info")]


async def _nothing_happens(night: Night) -> None:
    [run] = await night.site.rows(RUNS)
    assert (run.finished_at, run.leased_by) == (None, "ai")


def test_the_next_night_has_a_run_of_its_own(night: Night) -> None:
    night.pass_by()
    night.now = datetime.fromisoformat("2026-07-03T02:00:00+07:00")
    assert night.pass_by() == [("fsck.clean", "info")]
    assert [run.night.day for run in night.runs()] == [2, 3]


def test_a_run_that_takes_longer_than_a_night_is_brought_to_its_end(night: Night) -> None:
    night.vault.survey_trouble = Unavailable(part="vault")
    night.pass_by()
    night.vault.survey_trouble = None
    night.now = datetime.fromisoformat("2026-07-04T12:00:00+07:00")
    assert night.pass_by(rounds=2) == [("fsck.clean", "info")] * 2
    assert [(run.night.day, run.finished_at) for run in night.runs()] == [
        (2, night.now),
        (4, night.now),
    ]
