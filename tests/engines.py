"""Choosing the engine inside one process: the C libraries, or the Python beside them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from app.engine import forget
from app.intake.checks import report_to_json
from tests.attacks.attack import Verify

PURE = "HOCBA_PURE"

_T = TypeVar("_T")


@contextmanager
def only_python(*, wanted: bool = True) -> Iterator[None]:
    """Verify in Python alone, or with the C libraries where they are built."""
    before = os.environ.get(PURE)
    os.environ[PURE] = "1" if wanted else "0"
    forget()
    try:
        yield
    finally:
        if before is None:
            del os.environ[PURE]
        else:
            os.environ[PURE] = before
        forget()


def by_both(act: Callable[[], _T]) -> tuple[_T, _T]:
    """Do something with the C libraries and again without them."""
    with only_python(wanted=False):
        quick = act()
    with only_python():
        return quick, act()


def assert_same_verdict(verify: Verify, document: bytes, name: str = "") -> None:
    """Hold both engines to the same report, as it is stored, and the same values."""
    (quick, read), (slow, known) = by_both(lambda: verify(document))
    assert report_to_json(quick) == report_to_json(slow), name
    assert read == known, name
