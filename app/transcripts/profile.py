"""Field profiles: where things stand at each level, as data; what they may say is in `curriculum`.

The official texts of Phụ lục 01 and 02 of Công văn 115/BGDĐT-GDTrH are not public. Everything that
was rebuilt from public software stands here and in the schemas, so that another reading of the
field replaces a profile and no code.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from app.transcripts.limits import PACKAGE_LIMITS, TRANSCRIPT_LIMITS, Limits


class Role(StrEnum):
    """Who signs; the values are the field's own slot names."""

    SUBJECT_TEACHER = "GVBM"
    HOMEROOM_TEACHER = "GVCN"
    PRINCIPAL = "CBQL"
    SCHOOL = "KY_PHAT_HANH"
    PACKAGE = "KY_PHAT_HANH_GOI_TIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRule:
    """Where signatures of one role stand and what each must cover.

    Attributes:
        role: who signs there.
        path: the absolute location of the slot elements; each holds one `ds:Signature`, its only
            child.
        target: the absolute location of the elements that the signature must reference.
        joined_by: for one slot per person, the child of the target whose Id equals the slot's Id;
            None where the slot and its target are single.
        required: whether a transcript without this signature is refused.
    """

    role: Role
    path: str
    target: str
    joined_by: str | None = None
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One document type of the field.

    Attributes:
        id: the profile's name, repeated in every report.
        root: the name of the document element.
        schema: the file name of the XSD inside `app/transcripts/schemas`.
        slots: the signature slots, in the order of signing.
        repeatable_ids: absolute locations whose Id is a join key and may repeat; every other Id of
            the document is unique.
        content: the absolute location of the element that must lie wholly under signatures.
        limits: how large such a document may be.
    """

    id: str
    root: str
    schema: str
    slots: tuple[SlotRule, ...]
    repeatable_ids: tuple[str, ...]
    content: str
    limits: Limits

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the profile's data, in hexadecimal: reports name the exact rules."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Family:
    """Document types that share a root and of which the content says which one it is.

    The element that says so lies under the signatures that every profile of the family requires,
    and each profile's schema takes its own value alone.

    Attributes:
        id: the family's name, in reports on documents whose profile stays unknown.
        root: the name of the document element.
        chosen_by: the absolute location of the element whose text chooses.
        profiles: text → profile.
        limits: how large such a document may be.
    """

    id: str
    root: str
    chosen_by: str
    profiles: Mapping[str, Profile]
    limits: Limits

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the family's data, in hexadecimal."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


_DATA = "/HOC_BA/DU_LIEU_HOC_BA"
_CONTENT = f"{_DATA}/THONG_TIN_HOC_BA"
_SIGNATURES = f"{_DATA}/DANH_SACH_THONG_TIN_KY"
_ISSUE = "/HOC_BA/PHAT_HANH_HOC_BA"
_SUBJECT_LINE = f"{_CONTENT}/BANG_DIEM_HOC_BA/DIEM_TONG_KET"


def _transcript(level: str, schema: str, *, teachers_sign: bool = True) -> Profile:
    return Profile(
        id=f"hoc-ba-1/{level}",
        root="HOC_BA",
        schema=schema,
        slots=(
            SlotRule(
                role=Role.SUBJECT_TEACHER,
                path=f"{_SIGNATURES}/DANH_SACH_GVBM/GVBM",
                target=_SUBJECT_LINE,
                joined_by="GVBM",
                required=teachers_sign,
            ),
            SlotRule(role=Role.HOMEROOM_TEACHER, path=f"{_SIGNATURES}/GVCN", target=_CONTENT),
            SlotRule(role=Role.PRINCIPAL, path=f"{_ISSUE}/CBQL", target=_DATA),
            SlotRule(role=Role.SCHOOL, path=f"{_ISSUE}/KY_PHAT_HANH", target=_DATA),
        ),
        repeatable_ids=(
            f"{_SUBJECT_LINE}/GVBM",
            f"{_SIGNATURES}/DANH_SACH_GVBM/GVBM",
            f"{_CONTENT}/GVCN",
        ),
        content=_CONTENT,
        limits=TRANSCRIPT_LIMITS,
    )


HOC_BA_1_TH = _transcript("02", "hoc-ba-1-th.xsd", teachers_sign=False)
"""A primary transcript (tiểu học): subject teachers may sign, the others must."""

HOC_BA_1_THCS = _transcript("03", "hoc-ba-1-thcs.xsd")
"""A lower secondary transcript (THCS): names certain, nesting likely."""

HOC_BA_1_THPT = _transcript("04", "hoc-ba-1-thpt.xsd")
"""An upper secondary transcript (THPT)."""

HOC_BA_1_GDTX = _transcript("05", "hoc-ba-1-gdtx.xsd")
"""A transcript of continuing education (GDTX): a guess after the two levels above."""

HOC_BA_1 = Family(
    id="hoc-ba-1",
    root="HOC_BA",
    chosen_by=f"{_CONTENT}/CAP_HOC_ID",
    profiles=MappingProxyType(
        {
            "02": HOC_BA_1_TH,
            "03": HOC_BA_1_THCS,
            "04": HOC_BA_1_THPT,
            "05": HOC_BA_1_GDTX,
        }
    ),
    limits=TRANSCRIPT_LIMITS,
)
"""Every transcript: its level says which profile it follows."""

BAN_TIN_1 = Profile(
    id="ban-tin-1",
    root="BAN_TIN",
    schema="ban-tin-1.xsd",
    slots=(
        SlotRule(
            role=Role.PACKAGE,
            path="/BAN_TIN/KY_PHAT_HANH_GOI_TIN",
            target="/BAN_TIN/NOI_DUNG",
        ),
    ),
    repeatable_ids=(),
    content="/BAN_TIN/NOI_DUNG",
    limits=PACKAGE_LIMITS,
)
"""A package of transcripts: our own envelope until the official one is public."""
