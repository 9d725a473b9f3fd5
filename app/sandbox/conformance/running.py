"""Sending the set to a server and comparing what comes back with what must."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backports import zstd

from app.sandbox.client import Answer, Client, Refused
from app.sandbox.conformance.case import Case, Expected, ExpectedItem
from app.sandbox.conformance.messages import withdrawal
from app.sandbox.conformance.workshop import Workshop

RESULT_SECONDS = 120.0
"""Patience for one package: a server may be busy with others."""

_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda octets: gzip.compress(octets, mtime=0),
    "zstd": zstd.compress,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One case and what the server made of it.

    Attributes:
        differences: each in one line; empty when the server agrees.
    """

    case: Case
    answered: Expected
    differences: tuple[str, ...]


def run_cases(cases: Sequence[Case], client: Client, workshop: Workshop) -> Iterator[Outcome]:
    """Send every case and compare.

    What depends on nothing is sent at once, so that a server may work on all of it; each of the
    others is sent when what it depends on is decided.

    Args:
        cases: each after what it depends on.
        client: may act for every school of the workshop.
        workshop: signs the withdrawals.

    Raises:
        httpx.HTTPError: the server cannot be reached.
    """
    sent = {case.name: _send(case, client) for case in cases if case.after is None and case.package}
    answers: dict[str, Answer] = {}
    for case in cases:
        answer = sent.get(case.name)
        if answer is None:
            answer = _send(case, client, _made(case, workshop, answers))
        if "package_id" in answer:
            answer = client.await_reply(answer["package_id"], seconds=RESULT_SECONDS)
        answers[case.name] = answer
        yield compare(case, answer)


def compare(case: Case, answer: Answer) -> Outcome:
    """Hold an answer, or a problem document, against what is expected."""
    answered, wanted = _read(answer), case.expected
    differences = [
        f"{name}: {getattr(answered, name)} ≠ {getattr(wanted, name)}"
        for name in ("problem", "errors")
        if getattr(answered, name) != getattr(wanted, name)
    ]
    if len(answered.items) != len(wanted.items):
        differences.append(f"items: {len(answered.items)} ≠ {len(wanted.items)}")
    else:
        for ordinal, (got, want) in enumerate(
            zip(answered.items, wanted.items, strict=True), start=1
        ):
            differences += [f"[{ordinal}] {line}" for line in _differences(got, want)]
    return Outcome(case=case, answered=answered, differences=tuple(differences))


def _differences(got: ExpectedItem, want: ExpectedItem) -> Iterator[str]:
    if (got.result, got.errors) != (want.result, want.errors):
        yield f"{got.result} {' '.join(got.errors)} ≠ {want.result} {' '.join(want.errors)}"
    missing = sorted(set(want.notes).difference(got.notes))
    if missing:
        yield f"không báo {' '.join(missing)}"


def _made(case: Case, workshop: Workshop, answers: dict[str, Answer]) -> bytes | None:
    """Make the withdrawal of a case from the code that an earlier answer names."""
    if case.withdraws is None:
        return case.package
    items = answers[case.withdraws.case].get("items") or [{}]
    return withdrawal(workshop, case.withdraws, items[0].get("transcript_code") or "KHONG-CO-MA")


def _send(case: Case, client: Client, package: bytes | None = None) -> Answer:
    octets = package or case.package or b""
    headers = {}
    if case.encoding is not None:
        octets, headers = _COMPRESS[case.encoding](octets), {"Content-Encoding": case.encoding}
    try:
        return client.submit(octets, headers=headers)
    except Refused as refused:
        return {"problem": refused.problem.get("code") or f"HTTP {refused.status}"}


def _read(answer: Answer) -> Expected:
    return Expected(
        problem=answer.get("problem"),
        errors=_codes(answer.get("errors", []), error=True),
        items=tuple(
            ExpectedItem(
                result=item["result"],
                errors=_codes(item["errors"], error=True),
                notes=_codes(item["errors"], error=False),
            )
            for item in answer.get("items", [])
        ),
    )


def _codes(findings: list[dict[str, Any]], *, error: bool) -> tuple[str, ...]:
    return tuple(sorted({one["code"] for one in findings if (one["severity"] == "error") == error}))
