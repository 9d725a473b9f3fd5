"""The memory of verification: no document makes a process exceed 400 MiB, and none needs it to."""

import asyncio
import multiprocessing
import signal
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.intake.checks import ItemVerdict
from app.intake.memory import RESIDENT_LIMIT, resident_bytes
from app.intake.processes import CheckFailed, VerificationProcesses
from app.signatures.verify import Context
from tests.hostility import die, fill_in_pieces, fill_quickly, fill_shared, spin
from tests.scenarios import scenario_of
from tests.verdicts import registrations_of
from tests.working import NOW, STUDENTS

MEBIBYTE = 1024**2
PROMISED = 400 * MEBIBYTE
CONTEXT = Context(received_at=NOW, school_code="79000701", student_code="1", province_code="79")


@pytest.fixture
def lone() -> Iterator[VerificationProcesses]:
    with VerificationProcesses(processes=1, trust=scenario_of(STUDENTS).pki.trust) as processes:
        yield processes


async def still_works(processes: VerificationProcesses) -> bool:
    verdict = await processes.check_item(b"!", CONTEXT, ())
    return [finding.code for finding in verdict.findings] == ["PKG-106"]


@pytest.mark.parametrize("fill", [fill_in_pieces, fill_shared])
async def test_a_process_that_swells_is_killed_below_the_promised_limit(
    lone: VerificationProcesses, tmp_path: Path, fill: object
) -> None:
    report = tmp_path / "resident"
    with pytest.raises(CheckFailed) as failed:
        await lone._verdict(fill, str(report), seconds=10)  # type: ignore[arg-type]  # reason: one of two functions
    assert failed.value.code == "SIG-121"
    noted = [int(line) for line in report.read_text("ascii").splitlines()]
    assert RESIDENT_LIMIT / 2 < max(noted) < PROMISED
    assert await still_works(lone)


@pytest.mark.usefixtures("lone")
def test_a_process_that_verifies_nothing_is_left_alone_however_large_it_is(tmp_path: Path) -> None:
    large = multiprocessing.get_context("spawn").Process(
        target=fill_shared, args=(str(tmp_path / "resident"),)
    )
    large.start()
    large.join()
    assert large.exitcode == 0


async def test_a_class_goes_on_whatever_becomes_of_its_neighbours() -> None:
    scenario = scenario_of(STUDENTS)
    known = registrations_of(scenario.school)
    with VerificationProcesses(processes=2, trust=scenario.pki.trust) as processes:
        hostile = {
            "swells": processes._verdict(fill_quickly, seconds=10),
            "spins": processes._verdict(spin, None, seconds=1),
            "is ended by SIGSEGV": processes._verdict(die, int(signal.SIGSEGV), seconds=10),
            "is ended by SIGKILL": processes._verdict(die, int(signal.SIGKILL), seconds=10),
        }
        honest = (
            processes.check_item(
                b64encode(one.xml), replace(CONTEXT, student_code=one.student_code), known
            )
            for one in scenario.transcripts
        )
        ended = await asyncio.gather(*hostile.values(), *honest, return_exceptions=True)
    failed, verdicts = ended[: len(hostile)], ended[len(hostile) :]
    codes = [one.code for one in failed if isinstance(one, CheckFailed)]
    assert dict(zip(hostile, codes, strict=True)) == {
        "swells": "SIG-121",
        "spins": "SIG-121",
        "is ended by SIGSEGV": "SIG-999",
        "is ended by SIGKILL": "SIG-999",
    }
    for verdict in verdicts:
        assert isinstance(verdict, ItemVerdict)
        assert verdict.transcript is not None


def test_a_process_that_is_gone_occupies_nothing() -> None:
    assert resident_bytes(0) == 0
