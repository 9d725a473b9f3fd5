"""The school's signature, made anew with what a test wants to see in it."""

from dataclasses import replace
from datetime import UTC, datetime

from app.sandbox.holders import public_name
from app.sandbox.pki import Branch, Request, issue
from app.signatures.writing import (
    Qualification,
    Signer,
)
from tests.scenarios import scenario_of
from tests.verdicts import (
    STUDENTS,
    Case,
    case_of,
    registrations_of,
    resealed,
)

DS = "http://www.w3.org/2000/09/xmldsig#"


C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


SCHOOL = scenario_of(STUDENTS).school


DAY = datetime(2026, 6, 10, 9, 0, tzinfo=UTC)


def request(slug: str, **changes: object) -> Request:
    wish = Request(
        slug=slug,
        subject=public_name(SCHOOL.name, uids=("MST:0379000701",)),
        branch=Branch.PUBLIC,
        issued_year=2025,
    )
    return replace(wish, **changes)  # type: ignore[arg-type]  # reason: any field may change


def seal_from(wish: Request) -> Signer:
    return issue(scenario_of(STUDENTS).pki, wish)


def case_with(seal: Signer) -> Case:
    """The shared case, with another certificate of the school registered."""
    return replace(case_of(), registrations=registrations_of(replace(SCHOOL, seal=seal)))


def qualified(signing_time: datetime) -> bytes:
    return resealed(
        case_of().xml,
        qualification=Qualification(signature_id="ky-phat-hanh", signing_time=signing_time),
    )
