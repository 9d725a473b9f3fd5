"""Every test that leaves a repository behind is held to fsck, and that can fail."""

from pathlib import Path

import pytest

from app.intake.processes import VerificationProcesses
from tests.working import LoopThread, running_repository


@pytest.mark.parametrize("tampered", [False, True])
def test_a_repository_that_is_left_damaged_fails_its_test(
    database_url: str,
    tmp_path: Path,
    loop_thread: LoopThread,
    processes: VerificationProcesses,
    *,
    tampered: bool,
) -> None:
    def leave_behind() -> None:
        with running_repository(
            database_url, tmp_path, loop_thread, processes, tampered=tampered
        ) as repository:
            repository.start_worker()
            repository.package()
            repository.rewrite("DELETE FROM package_holds")

    if tampered:
        leave_behind()
    else:
        with pytest.raises(AssertionError, match=r"fsck finds faults"):
            leave_behind()
