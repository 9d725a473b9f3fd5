"""What attacks start from: accepted documents, and the keys of everybody who signed them.

An attacker without keys edits a signed document. One with keys (a dishonest signer, or a careless
signing tool) signs the flaw, so that nothing but the flaw can be the reason for the refusal.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from app.sandbox.classes import StudentYear, make_class
from app.sandbox.packaging import SignedTranscript
from app.sandbox.school import signers_of
from app.sandbox.signing import Signers, SigningStyle, sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.signatures.algorithms import DS
from app.signatures.verify import verify_package
from app.signatures.writing import Signer
from tests.attacks.attack import Answer, Verify
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, STUDENTS, Case, case_of, in_slot

SUBJECTS = (0, 1, 7)
"""Lines of the victim: one teacher with one subject, one teacher with two."""

Edit = tuple[str, str | Callable[[re.Match[str]], str]]
"""A pattern that must occur once or more, and what replaces its first occurrence."""

_LIE = re.compile(rb"(<DIEM_CA_NAM>|<MA_HOC_SINH>)(\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """One signature of an accepted document.

    Attributes:
        role: whose it is, in English, for the names of attacks.
        slot: where it stands, as reports name it.
        target: name of the element that it covers.
        target_id: that element's Id.
    """

    role: str
    xml: bytes
    slot: str
    target: str
    target_id: str
    signer: Signer
    verify: Verify

    @property
    def signature(self) -> bytes:
        """The ds:Signature of the slot."""
        role, _, person = self.slot.rstrip("]").partition("[")
        slot = f'<{role} Id="{person}"><ds:' if person else f"<{role}><ds:"
        return _between(
            self.xml, b"<ds:Signature ", b"</ds:Signature>", self.xml.index(slot.encode())
        )

    @property
    def original(self) -> bytes:
        """The octets of the covered element."""
        opening = f'<{self.target} Id="{self.target_id}">'.encode()
        return _between(self.xml, opening, f"</{self.target}>".encode(), 0)

    @property
    def lie(self) -> bytes:
        """The covered element with another mark, or another student."""
        return _LIE.sub(rb"\g<1>1", self.original, count=1)

    def with_signature(self, signature: bytes) -> bytes:
        """Put octets into the place of the signature; nothing else changes."""
        return in_slot(self.xml, self.slot, lambda old: old.replace(self.signature, signature))

    def edited(self, *edits: Edit) -> bytes:
        """Edit the signature's text, as somebody without keys can."""
        return self.with_signature(edited_text(self.signature.decode(), edits).encode())

    def resigned(self, *edits: Edit, signer: Signer | None = None) -> bytes:
        """Edit the signature's text and sign the flaw; whoever signs later signs over it.

        The edits must leave SignedInfo in canonical form.
        """
        text = edited_text(self.signature.decode(), edits)
        return self.valued(text, lambda octets: signature_value(signer or self.signer, octets))

    def valued(self, text: str, sign: Callable[[bytes], bytes]) -> bytes:
        """Sign the SignedInfo of a signature's text in any way and put it into the slot."""
        (info,) = re.findall("<ds:SignedInfo>.*</ds:SignedInfo>", text, re.DOTALL)
        octets = info.replace("<ds:SignedInfo>", f'<ds:SignedInfo xmlns:ds="{DS}">', 1).encode()
        encoded = b64encode(sign(octets)).decode()
        text = re.sub("(<ds:SignatureValue>)[^<]*", rf"\g<1>{encoded}", text, count=1)
        return self.sealed_over(self.with_signature(text.encode()))

    def sealed_over(self, xml: bytes) -> bytes:
        """Let principal and school sign anew when what they cover was changed."""
        if self.role not in {"teacher", "homeroom"}:
            return xml
        return sign_transcript(without(xml, "CBQL", "KY_PHAT_HANH"), _signers())

    def judged_by(self, **changes: object) -> "Victim":
        """The same transcript, judged with another context, trust or registrations."""
        case = replace(case_of(), **changes)  # type: ignore[arg-type]  # reason: any field may change
        return replace(self, verify=lambda xml: _transcript_answer(case, xml))


def signature_value(signer: Signer, octets: bytes) -> bytes:
    """Sign octets with SHA-256 as the signer's key does."""
    if isinstance(signer.key, RSAPrivateKey):
        return signer.key.sign(octets, PKCS1v15(), SHA256())
    der = signer.key.sign(octets, ECDSA(SHA256(), deterministic_signing=True))
    size = (signer.key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(der))


def year_of(number: int = 0) -> StudentYear:
    """What the small transcript of a student says, before anybody signs."""
    scenario = scenario_of(STUDENTS)
    year = make_class(scenario.spec, scenario.school)[number]
    return replace(year, subjects=tuple(year.subjects[place] for place in SUBJECTS))


@cache
def transcript_of(number: int = 0, style: SigningStyle | None = None) -> bytes:
    """A small signed transcript: three subject lines, five signatures."""
    return sign_transcript(write_transcript(year_of(number)), _signers(), style=style)


@cache
def package() -> bytes:
    """A small signed package; what its transcripts say is no matter of its own signature."""
    items = [SignedTranscript(student_code=case_of().context.student_code, xml=b"<HOC_BA/>")]
    return scenario_of(STUDENTS).repackaged(items, number=7)


def verify_small_package(xml: bytes) -> Answer:
    """Judge a package."""
    verdict = verify_package(
        xml,
        received_at=RECEIVED_AT,
        trust=case_of().trust,
        registrations=case_of().registrations,
    )
    return verdict.report, verdict.message


def verify_small_transcript(xml: bytes) -> Answer:
    """Judge a transcript of the victim."""
    return _transcript_answer(case_of(), xml)


@cache
def victims(style: SigningStyle | None = None) -> tuple[Victim, ...]:
    """One signature of every role; a style is that of transcripts alone."""
    school = scenario_of(STUDENTS).school
    first, *_ = year_of().subjects
    homeroom = year_of().homeroom
    rows = (
        ("teacher", f"GVBM[{first.teacher.id}]", "DIEM_TONG_KET", f"mon-{first.subject.code}"),
        ("homeroom", "GVCN", "THONG_TIN_HOC_BA", "thongtinhocba"),
        ("principal", "CBQL", "DU_LIEU_HOC_BA", "data"),
        ("school", "KY_PHAT_HANH", "DU_LIEU_HOC_BA", "data"),
        ("package", "KY_PHAT_HANH_GOI_TIN", "NOI_DUNG", "noidung"),
    )
    signers = (
        first.teacher.signer,
        homeroom.signer,
        school.principal.signer,
        school.seal,
        school.seal,
    )
    return tuple(
        Victim(
            role=role,
            xml=package() if role == "package" else transcript_of(style=style),
            slot=slot,
            target=target,
            target_id=target_id,
            signer=signer,
            verify=verify_small_package if role == "package" else verify_small_transcript,
        )
        for (role, slot, target, target_id), signer in zip(rows, signers, strict=True)
    )


def victim(role: str, style: SigningStyle | None = None) -> Victim:
    """The signature of one role."""
    return next(one for one in victims(style) if one.role == role)


def without(xml: bytes, *slots: str) -> bytes:
    """Empty slots."""
    for slot in slots:
        xml = in_slot(xml, slot, _emptied)
    return xml


def _emptied(slot: bytes) -> bytes:
    return slot[: slot.index(b">") + 1] + slot[slot.rindex(b"</") :]


def _signers() -> Signers:
    scenario = scenario_of(STUDENTS)
    return signers_of(scenario.school, scenario.pki)


def _transcript_answer(case: Case, xml: bytes) -> Answer:
    verdict = case.verify(xml)
    return verdict.report, verdict.transcript


def edited_text(text: str, edits: tuple[Edit, ...]) -> str:
    """Edit a text; every pattern must occur."""
    for pattern, replacement in edits:
        text, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
        assert count == 1, pattern
    return text


def _between(xml: bytes, opening: bytes, closing: bytes, begin: int) -> bytes:
    start = xml.index(opening, begin)
    return xml[start : xml.index(closing, start) + len(closing)]
