"""Packing transcripts into one signed message (profile `ban-tin-1`)."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from app.sandbox.pki import Pki
from app.sandbox.school import SyntheticSchool, signers_of
from app.sandbox.signing import NotReady, SigningStyle, sign_package, sign_transcript
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml

_STUDENT_CODE = "DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/NGUOI_HOC/NGUOI_HOC_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTranscript:
    """One item of a package: the file of one student."""

    student_code: str
    xml: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHead:
    """What a message says about itself.

    Attributes:
        message_id: BAN_TIN_ID, unique at the school.
        created_at: NGAY_TAO_BAN_TIN, aware.
    """

    message_id: str
    created_at: datetime


def build_package(
    items: Sequence[SignedTranscript],
    *,
    school: SyntheticSchool,
    head: MessageHead,
    style: SigningStyle | None = None,
) -> bytes:
    """Pack transcripts as they are, in this order, and sign the package with the school's seal."""
    entries = "".join(
        f"""      <HOC_BA_SO>
        <MA_HOC_SINH>{escape(item.student_code)}</MA_HOC_SINH>
        <DU_LIEU_SO_GOC>{b64encode(item.xml).decode()}</DU_LIEU_SO_GOC>
      </HOC_BA_SO>
"""
        for item in items
    )
    listed = f"""<DANH_SACH_HOC_BA SO_LUONG="{len(items)}">
{entries}    </DANH_SACH_HOC_BA>"""
    return _signed_message("01", listed, school=school, head=head, style=style)


def build_withdrawal(
    reasons: Sequence[tuple[str, str | None]],
    *,
    school: SyntheticSchool,
    head: MessageHead,
    style: SigningStyle | None = None,
) -> bytes:
    """Make a message that withdraws transcripts, signed with the school's seal.

    Args:
        reasons: each code with why it is withdrawn; None leaves the reason out, as a bad tool does.
        school: who issued them.
        head: what the message says about itself.
        style: how to sign.
    """
    entries = "".join(
        f"""      <THU_HOI>
        <MA_DINH_DANH_HOC_BA>{escape(code)}</MA_DINH_DANH_HOC_BA>
        {"" if reason is None else f"<LY_DO>{escape(reason)}</LY_DO>"}
      </THU_HOI>
"""
        for code, reason in reasons
    )
    listed = f"<DANH_SACH_THU_HOI>\n{entries}    </DANH_SACH_THU_HOI>"
    return _signed_message("03", listed, school=school, head=head, style=style)


def _signed_message(
    purpose: str,
    listed: str,
    *,
    school: SyntheticSchool,
    head: MessageHead,
    style: SigningStyle | None,
) -> bytes:
    unsigned = f"""<?xml version="1.0" encoding="UTF-8"?>
<BAN_TIN>
  <NOI_DUNG Id="noidung">
    <BAN_TIN_ID>{escape(head.message_id)}</BAN_TIN_ID>
    <MUC_DICH_BAN_TIN>{purpose}</MUC_DICH_BAN_TIN>
    <LOAI_DU_LIEU_SO>01</LOAI_DU_LIEU_SO>
    <NOI_TAO_BAN_TIN>
      <CO_QUAN_DON_VI_ID>{escape(school.code)}</CO_QUAN_DON_VI_ID>
      <TEN_CO_QUAN_DON_VI>{escape(school.name)}</TEN_CO_QUAN_DON_VI>
    </NOI_TAO_BAN_TIN>
    <NGAY_TAO_BAN_TIN>{head.created_at.isoformat(timespec="seconds")}</NGAY_TAO_BAN_TIN>
    {listed}
  </NOI_DUNG>
  <KY_PHAT_HANH_GOI_TIN/>
</BAN_TIN>
"""
    return sign_package(unsigned.encode(), school.seal, style=style)


def wrap_folder(
    folder: Path,
    *,
    school: SyntheticSchool,
    pki: Pki,
    head: MessageHead,
    style: SigningStyle | None = None,
) -> bytes:
    """Sign the empty slots of every XML file in a folder and pack them, sorted by file name.

    Raises:
        DocumentRefused: the hardened reader does not take a file.
        NotReady: the folder holds no XML file, or a file lacks a slot or the student's code.
    """
    signers = signers_of(school, pki)
    items = []
    for path in sorted(folder.glob("*.xml")):
        xml = path.read_bytes()
        code = read_xml(xml, TRANSCRIPT_LIMITS).findtext(_STUDENT_CODE)
        if not code:
            raise NotReady(f"{path.name}: NGUOI_HOC_ID")
        signed = sign_transcript(xml, signers, style=style)
        items.append(SignedTranscript(student_code=code, xml=signed))
    if not items:
        raise NotReady(f"{folder}/*.xml")
    return build_package(items, school=school, head=head, style=style)
