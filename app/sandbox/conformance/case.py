"""One package of the conformance set and the verdict that it must get, as values and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ACCEPTED, REFUSED = "01", "02"
"""Results of an item (01 thành công, 02 có lỗi)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedItem:
    """What must become of one transcript or withdrawal.

    Attributes:
        result: `ACCEPTED` or `REFUSED`.
        errors: the codes of severity "error", no others and each once, sorted.
        notes: warnings and information that must be among what is told besides.
    """

    result: str
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must become of a package.

    Attributes:
        problem: code of the problem document, where the package is not even taken.
        errors: why it is refused as a whole; empty when it is taken apart.
        items: one for each transcript or withdrawal, in order; none when refused as a whole.
    """

    problem: str | None = None
    errors: tuple[str, ...] = ()
    items: tuple[ExpectedItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A withdrawal of what an earlier case got accepted; the server alone knows its code.

    Attributes:
        case: name of the earlier case, of which the first transcript is withdrawn.
        by: level of the school that withdraws it.
        reason: LY_DO; None leaves it out.
        message_id: BAN_TIN_ID.
    """

    case: str
    by: str
    reason: str | None
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One package.

    Attributes:
        name: after its flaw; the name of its file.
        package: what to send; None where `withdraws` says what to make when the code is known.
        encoding: Content-Encoding by which it must be sent compressed.
        after: name of the case that must have its verdict first.
    """

    name: str
    expected: Expected
    package: bytes | None
    encoding: str | None = None
    after: str | None = None
    withdraws: Withdrawal | None = None


def case_to_json(case: Case) -> dict[str, Any]:
    """Describe a case without its octets."""
    described = asdict(case)
    del described["package"]
    return {**described, "file": None if case.package is None else f"{case.name}.xml"}


def case_from_json(described: Mapping[str, Any], package: bytes | None) -> Case:
    """Read a case back.

    Raises:
        KeyError: a field is missing.
    """
    expected, withdraws = described["expected"], described["withdraws"]
    return Case(
        name=described["name"],
        expected=Expected(
            problem=expected["problem"],
            errors=tuple(expected["errors"]),
            items=tuple(
                ExpectedItem(
                    result=item["result"],
                    errors=tuple(item["errors"]),
                    notes=tuple(item["notes"]),
                )
                for item in expected["items"]
            ),
        ),
        package=package,
        encoding=described["encoding"],
        after=described["after"],
        withdraws=None if withdraws is None else Withdrawal(**withdraws),
    )


def codes_of(case: Case) -> frozenset[str]:
    """Name every code that a case provokes."""
    told = [code for item in case.expected.items for code in (*item.errors, *item.notes)]
    return frozenset((*case.expected.errors, *told))
