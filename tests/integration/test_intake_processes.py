"""The verification processes: whatever a check does, the worker and the other checks live on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from app.intake import processes
from app.intake.processes import CheckFailed, VerificationProcesses
from app.signatures.verify import Context
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS

CONTEXT = Context(received_at=NOW, school_code="79000701", student_code="1", province_code="79")


@pytest.fixture
def lone() -> Iterator[VerificationProcesses]:
    with VerificationProcesses(processes=1, trust=scenario_of(STUDENTS).pki.trust) as processes:
        yield processes


async def still_works(processes: VerificationProcesses) -> bool:
    verdict = await processes.check_item(b"!", CONTEXT, ())
    return [finding.code for finding in verdict.findings] == ["PKG-106"]


async def test_a_check_that_takes_too_long_is_refused_and_its_process_replaced(
    lone: VerificationProcesses,
) -> None:
    with pytest.raises(CheckFailed) as failed:
        await lone._verdict(time.sleep, 30, seconds=0.3)
    assert failed.value.code == "SIG-121"
    assert await still_works(lone)


async def test_a_check_that_kills_its_process_is_refused_after_one_more_try(
    lone: VerificationProcesses,
) -> None:
    with pytest.raises(CheckFailed) as failed:
        await lone._verdict(os.abort, seconds=10)
    assert failed.value.code == "SIG-999"
    assert await still_works(lone)


async def test_a_check_that_raises_refuses_only_its_own_transcript(
    lone: VerificationProcesses,
) -> None:
    nothing: bytes = None  # type: ignore[assignment]  # reason: what no caller gives
    verdict = await lone.check_item(nothing, CONTEXT, ())
    assert [finding.code for finding in verdict.findings] == ["SIG-999"]
    assert verdict.transcript is None
    assert await still_works(lone)


async def test_a_process_that_dies_between_two_tasks_is_replaced(
    lone: VerificationProcesses,
) -> None:
    assert await still_works(lone)
    for pid in lone._pool._pool_manager.worker_manager.workers:
        os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.5)
    assert await still_works(lone)


async def test_a_check_that_is_lost_is_refused_after_one_more_try(
    lone: VerificationProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await still_works(lone)
    (pid,) = lone._pool._pool_manager.worker_manager.workers
    os.kill(pid, signal.SIGSTOP)  # nobody takes what is asked, nor says so
    monkeypatch.setattr(processes, "TURN_SECONDS", 0.5)
    with pytest.raises(CheckFailed) as failed:
        await lone._verdict(time.sleep, 0, seconds=0.5)
    assert failed.value.code == "SIG-999"
    monkeypatch.undo()
    os.kill(pid, signal.SIGCONT)
    assert await still_works(lone)


def test_killing_the_worker_takes_its_verification_processes_along() -> None:
    program = """
import asyncio
from tests.scenarios import scenario_of
from app.intake.processes import VerificationProcesses
if __name__ == "__main__":
    with VerificationProcesses(processes=1, trust=scenario_of(6).pki.trust) as processes:
        asyncio.run(processes.start())
        print("ready", flush=True)
        import time; time.sleep(60)
"""
    worker = subprocess.Popen(  # noqa: S603 -- reason: our own program
        [sys.executable, "-c", program], stdout=subprocess.PIPE
    )
    assert worker.stdout
    assert worker.stdout.readline() == b"ready\n"
    children = psutil.Process(worker.pid).children(recursive=True)
    assert children
    worker.kill()
    worker.wait()
    worker.stdout.close()
    gone, alive = psutil.wait_procs(
        [child for child in children if "resource_tracker" not in " ".join(_command(child))], 5
    )
    assert not alive
    assert gone


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
