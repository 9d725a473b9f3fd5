"""Signing transcripts and packages slot by slot, in the order of the field.

Subject teachers, homeroom teacher, principal, school, then the package. Slots that already hold a
signature are left alone, and no octet outside the slots changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from app.errors import RepositoryError
from app.sandbox.splicing import find_places, spliced
from app.signatures.canonical import Canonicalization, canonical_octets
from app.signatures.writing import (
    Qualification,
    ReferenceToSign,
    SignatureForm,
    Signer,
    signature_xml,
)
from app.transcripts.document import open_document
from app.transcripts.limits import PACKAGE_LIMITS, TRANSCRIPT_LIMITS, Limits
from app.transcripts.profile import BAN_TIN_1, HOC_BA_1, Role, SlotRule
from app.transcripts.xml import read_xml


class NotReady(RepositoryError):
    """A file cannot be signed: it lacks what its slots refer to.

    Attributes:
        missing: the location or name of what is missing.
    """

    code = "not-ready"

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Who signs a transcript.

    Attributes:
        teacher: finds the signer of a teacher by Id and full name.
        school: signs for the organisation.
    """

    teacher: Callable[[str, str], Signer]
    principal: Signer
    school: Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningStyle:
    """What signing tools choose differently.

    Attributes:
        canonicalization: the transform of every reference.
        enveloped: whether a harmless enveloped-signature transform is written before it.
        signing_time: makes XAdES signatures that state this time; None makes plain ones.
        timestamps: each adds a time-stamp token to every XAdES signature.
    """

    form: SignatureForm = field(default_factory=SignatureForm)
    canonicalization: Canonicalization = Canonicalization.INCLUSIVE_10
    enveloped: bool = False
    signing_time: datetime | None = None
    timestamps: tuple[Callable[[bytes], bytes], ...] = ()


def sign_transcript(xml: bytes, signers: Signers, *, style: SigningStyle | None = None) -> bytes:
    """Fill every empty slot of a transcript; its level decides which there must be.

    Raises:
        DocumentRefused: the hardened reader does not take the file, or no profile is known for it.
        NotReady: a slot, or the subject line that it belongs to, is missing.
    """

    def choose(role: Role, holder: etree._Element | None) -> Signer:
        if role is Role.PRINCIPAL:
            return signers.principal
        if role is Role.SCHOOL:
            return signers.school
        if holder is None:
            raise NotReady(role)
        return signers.teacher(holder.get("Id", ""), holder.findtext("HO_VA_TEN", ""))

    for rule in open_document(xml, HOC_BA_1).profile.slots:
        # What later slots sign contains the signatures of earlier ones: each rule reads anew.
        xml = _fill(xml, rule, choose, style or SigningStyle(), TRANSCRIPT_LIMITS)
    return xml


def sign_package(xml: bytes, school: Signer, *, style: SigningStyle | None = None) -> bytes:
    """Fill the slot of a package with the school's signature.

    Raises:
        DocumentRefused: the hardened reader does not take the file.
        NotReady: the slot or the content is missing.
    """
    for rule in BAN_TIN_1.slots:
        xml = _fill(
            xml, rule, lambda _role, _holder: school, style or SigningStyle(), PACKAGE_LIMITS
        )
    return xml


def _fill(
    xml: bytes,
    rule: SlotRule,
    choose: Callable[[Role, etree._Element | None], Signer],
    style: SigningStyle,
    limits: Limits,
) -> bytes:
    """Sign the empty slots of one role."""
    root = read_xml(xml, limits)
    slots = root.findall(_below_root(rule.path))
    if not slots and rule.required:
        raise NotReady(rule.path)
    places = find_places(xml, rule.path)
    contents = []
    for slot, place in zip(slots, places, strict=True):
        if len(slot):
            continue
        targets = _targets(root, rule, slot)
        signer = choose(rule.role, targets[0].find(rule.joined_by or rule.role))
        contents.append((place, _sign(slot, rule, targets, signer, style)))
    return spliced(xml, contents)


def _targets(root: etree._Element, rule: SlotRule, slot: etree._Element) -> list[etree._Element]:
    """Find what a slot signs: each subject line that names its teacher, or the one element."""
    found = root.findall(_below_root(rule.target))
    if rule.joined_by is not None:
        join = rule.joined_by
        found = [
            target
            for target in found
            if any(child.get("Id") == slot.get("Id") for child in target.findall(join))
        ]
    if not found:
        raise NotReady(f"{rule.target} ({rule.role} {slot.get('Id', '')})")
    return found


def _sign(
    slot: etree._Element,
    rule: SlotRule,
    targets: list[etree._Element],
    signer: Signer,
    style: SigningStyle,
) -> bytes:
    references = [
        ReferenceToSign(
            uri=f"#{target.get('Id')}",
            octets=canonical_octets(target, style.canonicalization),
            canonicalization=style.canonicalization,
            enveloped=style.enveloped,
        )
        for target in targets
    ]
    qualification = None
    if style.signing_time is not None:
        signature_id = "-".join(filter(None, ("ky", rule.role, slot.get("Id"))))
        qualification = Qualification(
            signature_id=signature_id,
            signing_time=style.signing_time,
            timestamps=style.timestamps,
        )
    return signature_xml(
        references=references,
        signer=signer,
        form=style.form,
        qualification=qualification,
        namespaces=slot.nsmap,
    )


def _below_root(path: str) -> str:
    """Make an absolute location relative to the document element."""
    return path.split("/", 2)[2]
