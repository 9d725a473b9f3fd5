"""Cases of whole packages: their envelope, several transcripts, what came before, withdrawals."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from app.sandbox.conformance.case import (
    ACCEPTED,
    REFUSED,
    Case,
    Expected,
    ExpectedItem,
    Withdrawal,
)
from app.sandbox.conformance.recipe import Recipe, make_transcript
from app.sandbox.conformance.workshop import Change, Workshop, edit
from app.sandbox.packaging import MessageHead, SignedTranscript, build_package, build_withdrawal
from app.transcripts.codes import transcript_code

UNGRANTED = "79000702"
"""A school that the kit adds to the directory and that no account of the kit may act for."""

UNKNOWN = "79999999"
"""A school that no directory holds."""

_GOOD = ExpectedItem(result=ACCEPTED)
_WRONG_MARK = edit("(<DIEM_CA_NAM>)[0-9.]+", r"\g<1>0.2")
_ANOTHER = edit("(<SO_BUOI_NGHI_HOC>)[^<]*", r"\g<1>9")


def envelopes(workshop: Workshop, number: int) -> Iterator[Case]:
    """Make packages that are refused as a whole, or of which one part is.

    Args:
        workshop: where.
        number: of the first case in its series.
    """
    seal = "(<KY_PHAT_HANH_GOI_TIN>)<ds:Signature .*</ds:Signature>"
    school = workshop.schools["03"]
    changes: dict[str, tuple[str, bool, Change]] = {
        # name: code, whether the school seals the change, change
        "package-purpose-of-another-list": (
            "PKG-101",
            True,
            edit("(<MUC_DICH_BAN_TIN>)01", r"\g<1>03"),
        ),
        "package-purpose-02": ("PKG-103", True, edit("(<MUC_DICH_BAN_TIN>)01", r"\g<1>02")),
        "package-wrong-count": ("PKG-104", True, edit('(SO_LUONG=")1', r"\g<1>2")),
        "package-of-the-future": (
            "PKG-107",
            True,
            edit("(<NGAY_TAO_BAN_TIN>)....", r"\g<1>2099"),
        ),
        "package-of-an-unknown-school": (
            "PKG-110",
            True,
            edit("(<CO_QUAN_DON_VI_ID>)[^<]*", rf"\g<1>{UNKNOWN}"),
        ),
        "package-of-a-school-not-granted": (
            "PKG-111",
            True,
            edit("(<CO_QUAN_DON_VI_ID>)[^<]*", rf"\g<1>{UNGRANTED}"),
        ),
        "package-of-another-school": (
            "SIG-503",
            True,
            edit("(<CO_QUAN_DON_VI_ID>)[^<]*", rf"\g<1>{workshop.schools['02'].code}"),
        ),
        "package-not-sealed": ("SIG-200", False, edit(seal, r"\g<1>")),
        "package-changed": ("SIG-300", False, edit("(<BAN_TIN_ID>)", r"\g<1>x")),
        "package-with-a-comment": ("SIG-112", False, edit("(<BAN_TIN>)", r"\g<1><!-- -->")),
        "package-cut-off": ("SIG-120", False, lambda xml: xml[: len(xml) // 2]),
        "package-no-xml": ("SIG-120", False, lambda _: workshop.series.encode()),
    }
    for name, (code, sealed, change) in changes.items():
        package = workshop.pack(number, workshop.transcript(number))
        changed = workshop.resealed(package, change) if sealed else change(package)
        yield Case(name=name, expected=Expected(errors=(code,)), package=changed)
        number += 1
    principal = replace(school, seal=school.principal.signer)
    head = MessageHead(message_id=workshop.message_id(number), created_at=workshop.created_at)
    sealed_by = build_package([workshop.transcript(number)], school=principal, head=head)
    yield Case(
        name="package-sealed-by-the-principal",
        expected=Expected(errors=("SIG-501",)),
        package=sealed_by,
    )
    one = workshop.transcript(number + 1)
    yield Case(
        name="package-with-a-student-twice",
        expected=Expected(errors=("PKG-105",)),
        package=workshop.pack(number + 1, one, one),
    )


def several(workshop: Workshop, number: int) -> Iterator[Case]:
    """Make packages with several transcripts: each is decided on its own."""
    first, second, third = (workshop.transcript(number * 10 + each) for each in range(3))
    bad = make_transcript(workshop, Recipe(name="", signed=_WRONG_MARK), number * 10 + 3)
    refused = ExpectedItem(result=REFUSED, errors=("SIG-300",))
    yield Case(
        name="good-three-students",
        expected=Expected(items=(_GOOD,) * 3),
        package=workshop.pack(number, first, second, third),
    )
    fourth = workshop.transcript(number * 10 + 4)
    yield Case(
        name="one-bad-among-three",
        expected=Expected(items=(replace(_GOOD, notes=("PKG-200",)), refused, _GOOD)),
        package=workshop.pack(number + 1, first, bad, fourth),
        after="good-three-students",
    )
    empty = SignedTranscript(student_code=f"{workshop.schools['03'].code}MAU", xml=b"")
    undecodable = ExpectedItem(result=REFUSED, errors=("PKG-106",))
    yield Case(
        name="transcript-empty",
        expected=Expected(items=(undecodable, replace(_GOOD, notes=("PKG-200",)))),
        package=workshop.pack(number + 2, empty, second),
        after="good-three-students",
    )


def histories(workshop: Workshop, number: int) -> Iterator[Case]:
    """Make packages that depend on what the server was sent before, withdrawals among them."""
    first = workshop.transcript(number)
    other = make_transcript(workshop, Recipe(name="", written=_ANOTHER), number)
    yield Case(
        name="good-before-others",
        expected=Expected(items=(_GOOD,)),
        package=workshop.pack(number, first),
    )
    yield Case(
        name="message-id-used-before",
        expected=Expected(problem="duplicate-message"),
        package=workshop.pack(number, other),
        after="good-before-others",
    )
    in_force = ExpectedItem(result=REFUSED, errors=("SIG-512",))
    yield Case(
        name="student-has-another-in-force",
        expected=Expected(items=(in_force,)),
        package=workshop.pack(number + 1, other),
        after="good-before-others",
    )
    yield from _withdrawals(workshop, number + 2)
    gone = ExpectedItem(result=REFUSED, errors=("SIG-511",))
    yield Case(
        name="withdrawn-comes-back",
        expected=Expected(items=(gone,)),
        package=workshop.pack(number + 7, first),
        after="withdrawn-twice",
    )
    yield Case(
        name="good-new-version-after-withdrawal",
        expected=Expected(items=(_GOOD,)),
        package=workshop.pack(number + 8, other),
        after="withdrawn-comes-back",
    )


def _withdrawals(workshop: Workshop, number: int) -> Iterator[Case]:
    """Withdraw by another school, without a reason, rightly, again, and what nobody knows."""
    rows = (
        ("withdrawn-by-another-school", "02", "Nhập sai điểm", REFUSED, "PKG-302"),
        ("withdrawn-without-reason", "03", None, REFUSED, "PKG-303"),
        ("good-withdrawal", "03", "Nhập sai điểm", ACCEPTED, None),
        ("withdrawn-twice", "03", "Nhập sai điểm", ACCEPTED, "PKG-201"),
    )
    before = "student-has-another-in-force"
    for place, (name, level, reason, result, code) in enumerate(rows):
        told = () if code is None else (code,)
        refused = result == REFUSED
        item = ExpectedItem(
            result=result, errors=told if refused else (), notes=() if refused else told
        )
        yield Case(
            name=name,
            expected=Expected(items=(item,)),
            package=None,
            after=before,
            withdraws=Withdrawal(
                case="good-before-others",
                by=level,
                reason=reason,
                message_id=workshop.message_id(number + place),
            ),
        )
        before = name
    nobodys = transcript_code(b"kit" * 11, hashlib.sha256(workshop.series.encode()).digest())
    head = MessageHead(message_id=workshop.message_id(number + 4), created_at=workshop.created_at)
    unknown = ExpectedItem(result=REFUSED, errors=("PKG-301",))
    yield Case(
        name="withdrawn-code-unknown",
        expected=Expected(items=(unknown,)),
        package=build_withdrawal(
            [(nobodys, "Nhập sai điểm")], school=workshop.schools["03"], head=head
        ),
    )


def withdrawal(workshop: Workshop, wanted: Withdrawal, code: str) -> bytes:
    """Make the withdrawal of a case once the server has named the transcript."""
    head = MessageHead(message_id=wanted.message_id, created_at=workshop.created_at)
    school = workshop.schools[wanted.by]
    return build_withdrawal([(code, wanted.reason)], school=school, head=head)
