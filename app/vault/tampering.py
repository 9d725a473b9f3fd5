"""Try to change one held file, with the rights of this very process."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.vault.immutable import is_immutable, set_immutable
from app.vault.vault import Attempt, Proof

_State = tuple[bytes, int, int, bool]
"""Content, inode, mode and immutable flag of a file."""


def prove_on_file(path: Path, *, renew: Callable[[], None]) -> tuple[Proof, ...]:
    """Make every attempt on a file; what succeeds is put right again.

    Args:
        path: a file that means nothing.
        renew: makes the file as it should be, whatever became of it.

    Raises:
        OSError: the folder cannot be used.
    """
    attempts: dict[Attempt, Callable[[Path], object]] = {
        Attempt.OVERWRITE: lambda path: path.write_bytes(b"?"),
        Attempt.HIDE: lambda path: path.rename(path.with_suffix(".hidden")),
        Attempt.DELETE: lambda path: path.unlink(),
        Attempt.WEAKEN: _weaken,
    }
    proofs = []
    for attempt, act in attempts.items():
        renew()
        before = _state(path)
        answer = _answer(act, path)
        proofs.append(Proof(attempt=attempt, answer=answer, withstood=_state(path) == before))
        path.with_suffix(".hidden").unlink(missing_ok=True)
    renew()
    return tuple(proofs)


def _answer(act: Callable[[Path], object], path: Path) -> str:
    try:
        act(path)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _state(path: Path) -> _State | None:
    try:
        with path.open("rb") as file:
            status = path.stat()
            return file.read(), status.st_ino, status.st_mode, is_immutable(file.fileno())
    except OSError:
        return None


def _weaken(path: Path) -> None:
    """Take away the flag and the mode that mark a held file."""
    with suppress(OSError), path.open("rb") as file:  # not every file system has flags
        set_immutable(file.fileno(), on=False)
    path.chmod(0o600)
