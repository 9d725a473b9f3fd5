"""Signed transcripts of any number of signatures, which the engines race over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from app.sandbox.certificates import revocation_list
from app.sandbox.classes import ClassSpec, StudentYear, make_class
from app.sandbox.holders import authority_name, official_name, public_name
from app.sandbox.keys import KeyStore
from app.sandbox.pki import Branch, KeyKind, Pki, Request, issue, make_pki
from app.sandbox.results import Subject
from app.sandbox.scenario import issue_day
from app.sandbox.school import DEPARTMENT, SyntheticSchool, Teacher, make_school
from app.sandbox.signing import Signers, SigningStyle, sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.signatures.algorithms import DS
from app.signatures.trust import Evidence, EvidenceKind, Registration, TrustSnapshot
from app.signatures.verify import Context
from app.transcripts.curriculum import THCS
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.locations import XADES
from app.transcripts.xml import read_xml

KEY_CACHE = Path(__file__).parents[2] / ".cache" / "sandbox-keys"
SEED = "mau"

WHOLE = 3
"""Signatures that are no subject teacher's: homeroom, principal, school."""

ECDSA_EVERY = 4
"""In mixed documents every fourth teacher, from the first, has a P-256 key: 3 of the usual 12."""

REMARKS = 17_500
"""Octets of remarks of one document, however many lines share them: a usual transcript of 15
signatures then has 68 KB, one of 51 has 177 KB."""

OTHER_AUTHORITIES = 16
"""With the sandbox's own 3 roots and 4 authorities about what a store of the field holds: two roots
of the government, the national one, and some twenty authorities. Peers and we read the same."""

_AUTHORITIES_SINCE = 2024

RECEIVED_BEFORE = timedelta(hours=1)
"""Revocation lists are younger than the receipt, so that every verdict is final."""

MOST_CHARACTERS = 3_900
"""Characters of one remark: the schema takes 4,000."""

_SENTENCE = "Nắm chắc kiến thức, trình bày cẩn thận, tích cực phát biểu xây dựng bài. "
_SIGNATURE = f"{{{DS}}}Signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One document and what it is verified by.

    Attributes:
        complete: whether every rule on the content passes. The level has 14 subjects; a transcript
            with more lines is verified slot by slot like any other and then refused for them.
    """

    signatures: int
    mixed: bool
    xades: bool
    complete: bool
    xml: bytes
    context: Context
    trust: TrustSnapshot
    registrations: tuple[Registration, ...]

    @property
    def name(self) -> str:
        keys = "mixed" if self.mixed else "all RSA"
        return f"{self.signatures} signatures, {keys}{', XAdES' if self.xades else ''}"


class Workshop:
    """Makes documents; keys are looked for once and kept beside the tests' keys."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.pki: Pki = make_pki(KeyStore(seed=SEED, folder=KEY_CACHE))
        self._issued_on = issue_day(now.date())
        self._school = make_school(self.pki, issued_year=self._issued_on.year - 1)
        self._trust = _trust(self.pki, _other_authorities(self.pki), now)

    def make(self, signatures: int, *, mixed: bool, xades: bool = False) -> Problem:
        """Make a document: one subject line and one teacher for each further signature."""
        style = SigningStyle(signing_time=self._now - 2 * RECEIVED_BEFORE if xades else None)
        lines = signatures - WHOLE
        teachers = [self._teacher(place, mixed=mixed) for place in range(lines)]
        year = _with_lines(self._year(), teachers)
        signers = {teacher.id: teacher.signer for teacher in teachers}
        signers[year.homeroom.id] = year.homeroom.signer
        xml = sign_transcript(
            write_transcript(year),
            Signers(
                teacher=lambda person, _name: signers[person],
                principal=self._school.principal.signer,
                school=self._school.seal,
            ),
            style=style,
        )
        return Problem(
            signatures=signatures,
            mixed=mixed,
            xades=xades,
            complete=lines <= len(THCS.subjects),
            xml=xml,
            context=Context(
                received_at=self._now - RECEIVED_BEFORE,
                school_code=self._school.code,
                student_code=year.student.code,
                province_code=self._school.province_code,
            ),
            trust=self._trust,
            registrations=_registrations(self._school, self._issued_on),
        )

    def _year(self) -> StudentYear:
        spec = ClassSpec(
            seed=SEED,
            start_year=self._issued_on.year - 1,
            grade=6,
            class_name="6A9",
            students=1,
            issued_on=self._issued_on,
        )
        homeroom = next(
            one for one in self._school.teachers if not _is_ecdsa(one.signer.certificate_der)
        )
        return replace(make_class(spec, self._school)[0], homeroom=homeroom)

    def _teacher(self, place: int, *, mixed: bool) -> Teacher:
        name = f"Nguyễn Thị Mẫu {_letters(place)}"
        ecdsa = mixed and place % ECDSA_EVERY == 0
        slug = f"bench-teacher-{place}"
        school = self._school
        if ecdsa:
            subject = public_name(name, uids=(f"CCCD:079{place:09d}",), units=(school.name,))
        else:
            subject = official_name(
                name,
                units=(*DEPARTMENT, school.name),
                province=school.province_name,
                email=f"{slug}@{school.code}.localhost",
            )
        request = Request(
            slug=slug,
            subject=subject,
            branch=Branch.REMOTE if ecdsa else Branch.G1,
            issued_year=school.issued_year,
            key_kind=KeyKind.P256 if ecdsa else KeyKind.RSA_2048,
        )
        return Teacher(
            id=f"92{place:08d}", full_name=name, subjects=(), signer=issue(self.pki, request)
        )


def signatures_of(root: etree._Element) -> list[etree._Element]:
    """List the signatures in document order."""
    return list(root.iter(_SIGNATURE))


def targets_of(root: etree._Element) -> list[etree._Element]:
    """List the elements that references of the field name."""
    names = ("DU_LIEU_HOC_BA", "THONG_TIN_HOC_BA", "DIEM_TONG_KET", f"{{{XADES}}}SignedProperties")
    return [element for name in names for element in root.iter(name)]


def parsed(problem: Problem) -> etree._Element:
    return read_xml(problem.xml, TRANSCRIPT_LIMITS)


def _with_lines(year: StudentYear, teachers: Sequence[Teacher]) -> StudentYear:
    codes = [*THCS.subjects, *(str(1000 + number) for number in range(len(teachers)))]
    remark = _SENTENCE * 80
    octets = REMARKS // len(teachers)
    text = remark.encode()[:octets].decode(errors="ignore")[:MOST_CHARACTERS].strip()
    graded = next(each for each in year.subjects if not each.subject.by_comment)
    commented = next(each for each in year.subjects if each.subject.by_comment)
    subjects = []
    for code, teacher in zip(codes, teachers, strict=False):
        known = THCS.subjects.get(code)
        by_comment = known is not None and known.by_comment
        model = commented if by_comment else graded
        subject = Subject(
            code=code, name=known.name if known else f"Môn Mẫu {code}", by_comment=by_comment
        )
        subjects.append(replace(model, subject=subject, teacher=teacher, remark=text))
    return replace(year, subjects=tuple(subjects), result=replace(year.result, award=None))


def _registrations(school: SyntheticSchool, issued_on: date) -> tuple[Registration, ...]:
    return tuple(
        Registration(
            certificate_sha256=sha256(certificate.der).hexdigest(),
            school_code=school.code,
            role=certificate.role,
            approved_from=issued_on.replace(day=1),
            approved_to=None,
        )
        for certificate in school.certificates
    )


def _other_authorities(pki: Pki) -> tuple[bytes, ...]:
    """Make the authorities that signed nothing here, which every store of the field holds too."""
    return tuple(
        issue(
            pki,
            Request(
                slug=f"bench-authority-{place}",
                subject=authority_name(f"CA Mẫu {_letters(place)}", "Công ty Chứng thực Mẫu"),
                branch=Branch.PUBLIC,
                issued_year=_AUTHORITIES_SINCE,
                authority=True,
            ),
        ).certificate_der
        for place in range(OTHER_AUTHORITIES)
    )


def _trust(pki: Pki, others: tuple[bytes, ...], now: datetime) -> TrustSnapshot:
    """Trust the PKI and other authorities, with a fresh revocation list of each that signed."""
    evidence = [
        Evidence(
            kind=EvidenceKind.CRL,
            der=revocation_list(authority.issuer, at=now).public_bytes(Encoding.DER),
            issuer_sha256=authority.certificate.fingerprint(SHA256()).hex(),
            fetched_at=now,
        )
        for authority in (*pki.anchors, *pki.intermediates)
    ]
    known = tuple(sorted((*pki.trust.intermediates, *others)))
    return replace(pki.trust, intermediates=known, evidence=tuple(evidence))


def _is_ecdsa(der: bytes) -> bool:
    return isinstance(load_der_x509_certificate(der).public_key(), EllipticCurvePublicKey)


def _letters(place: int) -> str:
    first, second = divmod(place, 26)
    return f"{chr(65 + first)}{chr(97 + second)}"
