"""A19 and A28: true signatures over what belongs to somebody else, or to another time."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from app.sandbox.classes import StudentYear, make_class
from app.sandbox.school import SyntheticSchool, make_school, signers_of
from app.sandbox.signing import SigningStyle, sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.signatures.canonical import Canonicalization
from tests.attacks.attack import Attack
from tests.attacks.victims import (
    SUBJECTS,
    Edit,
    Victim,
    transcript_of,
    victim,
    victims,
)
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS, case_of, octets_of, registrations_of

XADES = SigningStyle(signing_time=datetime(2026, 6, 10, 2, 0, tzinfo=UTC))


def pasted_content() -> Iterator[Attack]:
    """A19: a line, a record, a signature of another student, school or year pasted in."""
    mine, other = transcript_of(0), transcript_of(1)
    line = victim("teacher")
    parts = {
        "subject-line": (_element(line.original), "SIG-300", "GVCN"),
        "student": (re.compile(rb"<NGUOI_HOC>.*</NGUOI_HOC>", re.DOTALL), "SIG-300", "GVCN"),
        "year-result": (
            re.compile(rb"<TONG_KET_HOC_BA>.*</TONG_KET_HOC_BA>", re.DOTALL),
            "SIG-300",
            "GVCN",
        ),
        "whole-content": (
            re.compile(rb"<THONG_TIN_HOC_BA .*</THONG_TIN_HOC_BA>", re.DOTALL),
            "SIG-300",
            "GVBM",
        ),
        "issue": (
            re.compile(rb"<PHAT_HANH_HOC_BA>.*</PHAT_HANH_HOC_BA>", re.DOTALL),
            "SIG-300",
            "CBQL",
        ),
        "teachers-signatures": (
            re.compile(rb"<DANH_SACH_THONG_TIN_KY>.*</DANH_SACH_THONG_TIN_KY>", re.DOTALL),
            "SIG-300",
            "GVBM",
        ),
        "everything": (re.compile(rb"<HOC_BA>.*</HOC_BA>", re.DOTALL), "SIG-510", "NGUOI_HOC_ID"),
    }
    judge = line.verify
    for name, (pattern, code, at) in parts.items():
        found = pattern.search(other)
        assert found is not None
        hostile = pattern.sub(lambda _, found=found: found[0], mine, count=1)  # type: ignore[misc]  # reason: a default binds the loop variable
        yield Attack(
            name=f"{name}-of-another-student",
            twin=mine,
            hostile=hostile,
            codes=(code,),
            at=at,
            verify=judge,
        )
    for place, theirs in {"year": _of_last_year(), "school": _of_another_school()}.items():
        for name in ("subject-line", "whole-content", "teachers-signatures"):
            pattern, code, at = parts[name]
            found = pattern.search(theirs)
            assert found is not None
            yield Attack(
                name=f"{name}-of-another-{place}",
                twin=mine,
                hostile=pattern.sub(lambda _, found=found: found[0], mine, count=1),  # type: ignore[misc]  # reason: a default binds the loop variable
                codes=(code,),
                # Another school has other teachers, whose slots nobody expects here.
                at=at if place == "year" else "GVCN",
                verify=judge,
            )
    yield _everything_of_another_school(mine)


def _of_last_year() -> bytes:
    """The same students a year before, signed by the same people."""
    scenario = scenario_of(STUDENTS)
    spec = replace(scenario.spec, start_year=scenario.spec.start_year - 1)
    return _signed(make_class(spec, scenario.school)[0], scenario.school)


def _of_another_school() -> bytes:
    return _signed(make_class(scenario_of(STUDENTS).spec, _elsewhere())[0], _elsewhere())


@cache
def _elsewhere() -> SyntheticSchool:
    pki = scenario_of(STUDENTS).pki
    return make_school(pki, issued_year=2025, code="79000702", name="Trường Mẫu Hai")


def _signed(year: StudentYear, school: SyntheticSchool) -> bytes:
    small = replace(year, subjects=tuple(year.subjects[place] for place in SUBJECTS))
    return sign_transcript(write_transcript(small), signers_of(school, scenario_of(STUDENTS).pki))


def _element(octets: bytes) -> re.Pattern[bytes]:
    opening = re.escape(octets[: octets.index(b">") + 1])
    return re.compile(opening + rb".*?</DIEM_TONG_KET>", re.DOTALL)


def _everything_of_another_school(mine: bytes) -> Attack:
    year = make_class(scenario_of(STUDENTS).spec, _elsewhere())[0]
    signers = signers_of(_elsewhere(), scenario_of(STUDENTS).pki)
    known = (*case_of().registrations, *registrations_of(_elsewhere()))
    return Attack(
        name="everything-of-another-school",
        twin=mine,
        hostile=sign_transcript(write_transcript(year), signers),
        codes=("SIG-510", "SIG-503"),
        at="CO_SO_GIAO_DUC_ID",
        verify=victim("school").judged_by(registrations=known).verify,
    )


def clocks() -> Iterator[Attack]:
    """A28: signing times in the future, at the ends of the calendar, or none; odd receipts."""
    for one in victims(XADES):
        if one.role == "package":
            continue
        for name, time, code in (
            ("in-2099", "2099-01-01T00:00:00+07:00", "SIG-340"),
            ("a-day-after-receipt", "2026-07-02T08:00:00Z", "SIG-340"),
            ("at-the-end-of-time", "9999-12-31T23:59:59-14:00", "SIG-340"),
            ("beyond-the-calendar", "10000-01-01T00:00:00Z", "SIG-210"),
            ("in-the-year-0", "0000-01-01T00:00:00Z", "SIG-210"),
            ("on-30-february", "2026-02-30T00:00:00Z", "SIG-210"),
            ("in-words", "hôm qua", "SIG-210"),
            ("empty", "", "SIG-210"),
            ("with-a-long-offset", "2026-06-10T00:00:00+99:00", "SIG-210"),
        ):
            edit = ("(<xades:SigningTime>)[^<]*", rf"\g<1>{time}")
            yield Attack(
                name=f"signing-time-{name}-{one.role}",
                twin=one.xml,
                hostile=requalified(one, edit),
                codes=(code,),
                at=one.slot,
                verify=one.verify,
            )
    yield from _receipts()


def _receipts() -> Iterator[Attack]:
    """The same document, received before it was issued, or too long after."""
    one = victim("school")
    for name, at, code in (
        ("before-its-day-of-issue", datetime(2026, 6, 9, tzinfo=UTC), "CON-605"),
        ("401-days-later", datetime(2027, 7, 16, tzinfo=UTC), "CON-605"),
        ("in-2099", datetime(2099, 1, 1, tzinfo=UTC), "CON-605"),
        ("in-1970", datetime(1970, 1, 1, tzinfo=UTC), "SIG-211"),
        ("at-the-end-of-time", datetime(9999, 12, 30, tzinfo=UTC), "CON-605"),
        ("at-the-beginning-of-time", datetime(2, 2, 5, tzinfo=UTC), "SIG-211"),
    ):
        judged = one.judged_by(context=replace(case_of().context, received_at=at))
        yield Attack(
            name=f"received-{name}",
            twin=one.xml,
            hostile=one.xml,
            codes=(code,),
            verify=judged.verify,
            judge_twin=one.verify,
        )


def requalified(one: Victim, *edits: Edit) -> bytes:
    """Edit the signed properties of a XAdES signature and sign them so."""
    (properties,) = re.findall('<xades:SignedProperties Id="([^"]*)"', one.signature.decode())
    octets = octets_of(one.edited(*edits), properties, Canonicalization.INCLUSIVE_10)
    digest = b64encode(sha256(octets).digest()).decode()
    edit = (f'(URI="#{properties}">.*?<ds:DigestValue>)[^<]*', rf"\g<1>{digest}")
    return one.resigned(*edits, edit)
