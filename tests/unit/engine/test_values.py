"""A class that is made in C behaves as the same class that is not."""

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from app.engine import native, quick
from tests.engines import only_python


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    one: int
    two: str = "two"
    many: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    one: int
    two: str = "two"
    many: list[int] = field(default_factory=list)


with only_python(wanted=False):
    quick(Quick)

ONE = {"one": 1}
CALLS: dict[str, Callable[[Any], Any]] = {
    "in order": lambda kind: kind(one=1, two="b", many=[3]),
    "in another order": lambda kind: kind(many=[3], two="b", one=1),
    "with defaults": lambda kind: kind(one=1),
    "with a made default": lambda kind: kind(one=1, two="b"),
    "from a mapping": lambda kind: kind(**ONE),
    "from names made at run time": lambda kind: kind(**{str(b"one", "ascii"): 1, "many": []}),
    "as a copy": lambda kind: replace(kind(one=1, many=[]), two="c"),
    "after pickling": lambda kind: pickle.loads(pickle.dumps(kind(one=1, many=[2]))),  # noqa: S301 -- reason: our own
    "with a field missing": lambda kind: kind(two="b", many=[]),
    "with an unknown field": lambda kind: kind(one=1, two="b", many=[], three=3),
    "with an unknown field for another": lambda kind: kind(one=1, two="b", three=3),
    "by position": lambda kind: kind(1, two="b", many=[]),
    "of nothing": lambda kind: kind(),
    "then changed": lambda kind: setattr(kind(one=1, many=[]), "one", 2),
    "then given another attribute": lambda kind: setattr(kind(one=1, many=[]), "x", 2),
}


def _said(call: Callable[[Any], Any], kind: type) -> str:
    try:
        made = call(kind)
    except (TypeError, AttributeError, FrozenInstanceError) as error:
        return f"{type(error).__name__}: {error}".replace("Quick", "Plain")
    return repr((made, made == call(kind))).replace("Quick", "Plain")


@pytest.mark.parametrize("how", CALLS)
def test_a_call_means_the_same(how: str) -> None:
    assert _said(CALLS[how], Quick) == _said(CALLS[how], Plain)


def test_a_subclass_is_made_as_it_says() -> None:
    class Further(Quick):
        def __init__(self, one: int) -> None:
            super().__init__(one=one + 1, many=[])

    assert Further(1).one == 2
    assert Further(one=1).one == 2


def test_what_is_no_slotted_dataclass_is_not_made_in_c() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Open:
        one: int

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Checked:
        one: int

        def __post_init__(self) -> None:
            raise ValueError

    class Child(Plain):
        pass

    engine = native()
    for kind in (Open, Checked, Child):
        if engine is not None:
            with pytest.raises(TypeError):
                engine.quicken(kind, ("one",), (...,))
    if engine is not None:
        with pytest.raises(ValueError, match="33 fields"):
            engine.quicken(Quick, ("one",) * 33, (...,) * 33)


def test_without_the_libraries_a_class_stays_as_it_is() -> None:
    with only_python():
        assert quick(Plain) is Plain
    assert Plain(one=1).two == "two"
