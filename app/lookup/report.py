"""The kept verification report as JSON: every slot, with the words of the catalogue.

Stored reports carry codes and no words, so an old report reads in today's wording and in either
language. The offending values of findings stay away: they may be a child's data, and whoever may
read the original finds them there.
"""

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.locale import Language, local_time
from app.signatures.catalogue import CATALOGUE, Severity
from app.signatures.report import Indication, Outcome
from app.transcripts.codes import format_code


class CodeAnswer(BaseModel):
    """A code of the catalogue with its words (mã và nội dung)."""

    code: str = Field(description="Mã cố định", examples=["SIG-419"])
    message: str = Field(description="Nội dung, theo Accept-Language")


class FindingAnswer(CodeAnswer):
    """One thing that was found (lỗi hoặc cảnh báo), without the value itself."""

    severity: Severity = Field(description="Mức độ: error, warning hoặc info")
    slot: str | None = Field(description="Ô chữ ký liên quan")
    xpath: str | None = Field(description="Vị trí trong tệp XML gốc")
    line: int | None = Field(description="Dòng trong tệp XML gốc, tính từ 1")
    cause: str = Field(description="Nguyên nhân thường gặp, theo Accept-Language")
    fix: str = Field(description="Cách khắc phục, theo Accept-Language")


class SignatureCheckAnswer(BaseModel):
    """One named check on one signature (nội dung kiểm tra)."""

    name: str = Field(description="Tên nội dung kiểm tra, cố định", examples=["signature_value"])
    outcome: Outcome = Field(description="Kết quả: đạt, không đạt hoặc chưa kiểm tra")
    reason: CodeAnswer | None = Field(description="Mã giải thích kết quả; null khi không cần")


class SignerAnswer(BaseModel):
    """Who signed, as the certificate says it (người ký theo chứng thư số)."""

    name: str = Field(description="Tên chủ thể")
    organisation: str | None = Field(description="Tổ chức")
    personal_number_known: bool = Field(description="Chứng thư số có số định danh hay không")
    certificate_sha256: str = Field(description="Mã băm SHA-256 của chứng thư số")
    issuer: str = Field(description="Tổ chức cấp")
    serial: str = Field(description="Số sê-ri")


class SlotAnswer(BaseModel):
    """The verdict on one signature slot (ô chữ ký)."""

    role: str = Field(description="Vai trò: GVBM, GVCN, CBQL hoặc KY_PHAT_HANH")
    slot: str = Field(description="Tên ô chữ ký", examples=["GVBM[9115131060]"])
    xpath: str = Field(description="Vị trí trong tệp XML gốc")
    holder: str | None = Field(description="Người phải ký theo nội dung học bạ")
    indication: Indication = Field(description="Kết luận (ETSI EN 319 102-1)")
    sub_indication: str | None = Field(description="Kết luận chi tiết (ETSI EN 319 102-1)")
    reason: CodeAnswer | None = Field(description="Mã lỗi đầu tiên; null khi đạt")
    signer: SignerAnswer | None = Field(description="Người ký; null khi không có chữ ký")
    judged_at: str | None = Field(description="Thời điểm xét chứng thư số, giờ Việt Nam")
    judged_by: str | None = Field(description="Vì sao xét tại thời điểm đó", examples=["receipt"])
    covers: list[str] = Field(description="Phần nội dung mà chữ ký bảo vệ")
    checks: list[SignatureCheckAnswer] = Field(description="Các nội dung kiểm tra")
    warnings: list[FindingAnswer] = Field(description="Cảnh báo")


class ReportAnswer(BaseModel):
    """The verification report of one transcript (kết quả kiểm tra khi tiếp nhận)."""

    code: str = Field(description="Mã tra cứu (mã định danh học bạ)")
    indication: Indication = Field(description="Kết luận chung (ETSI EN 319 102-1)")
    sub_indication: str | None = Field(description="Kết luận chi tiết (ETSI EN 319 102-1)")
    document_sha256: str = Field(description="Mã băm SHA-256 của bản gốc")
    slots: list[SlotAnswer] = Field(description="Từng ô chữ ký, theo thứ tự ký")
    coverage_complete: bool = Field(description="Mọi nội dung đều nằm dưới các chữ ký bắt buộc")
    findings: list[FindingAnswer] = Field(description="Lỗi và cảnh báo")
    not_checked: list[CodeAnswer] = Field(description="Những gì chưa được kiểm tra")
    profile_id: str = Field(description="Mẫu học bạ đã áp dụng", examples=["hoc-ba-1/03"])
    profile_sha256: str = Field(description="Mã băm của mẫu học bạ")
    engine_name: str = Field(description="Bộ kiểm tra")
    engine_version: str = Field(description="Phiên bản bộ kiểm tra")
    at: str = Field(description="Kết luận này xét cho thời điểm tiếp nhận, giờ Việt Nam")
    trust_snapshot_sha256: str = Field(description="Mã băm của danh sách chứng thư số tin cậy")


def present_report(transcript_code: str, kept: str, language: Language) -> ReportAnswer:
    """Write a kept report in one language.

    Args:
        transcript_code: normalised.
        kept: the report's JSON text, with the names of `app.signatures.report`.
        language: of its words.
    """
    report = json.loads(kept)
    return ReportAnswer(
        code=format_code(transcript_code),
        slots=[_slot(slot, language) for slot in report["slots"]],
        coverage_complete=bool(report["coverage"] and report["coverage"]["complete"]),
        findings=[_finding(finding, language) for finding in report["findings"]],
        not_checked=[_code(code, language) for code in report["not_checked"]],
        at=_time(report["at"]),
        **{name: report[name] for name in _AS_KEPT},
    )


_AS_KEPT = (
    "indication",
    "sub_indication",
    "document_sha256",
    "profile_id",
    "profile_sha256",
    "engine_name",
    "engine_version",
    "trust_snapshot_sha256",
)


def _slot(slot: dict[str, Any], language: Language) -> SlotAnswer:
    return SlotAnswer(
        role=slot["role"],
        slot=slot["slot"],
        xpath=slot["xpath"],
        holder=slot["holder"],
        indication=slot["indication"],
        sub_indication=slot["sub_indication"],
        reason=_reason(slot["code"], language),
        signer=None if slot["signer"] is None else SignerAnswer(**slot["signer"]),
        judged_at=None if slot["judged_at"] is None else _time(slot["judged_at"]),
        judged_by=slot["judged_by"],
        covers=slot["covers"],
        checks=[
            SignatureCheckAnswer(
                name=check["name"],
                outcome=check["outcome"],
                reason=_reason(check["code"], language),
            )
            for check in slot["checks"]
        ],
        warnings=[_finding(finding, language) for finding in slot["warnings"]],
    )


def _finding(finding: dict[str, Any], language: Language) -> FindingAnswer:
    entry = CATALOGUE[finding["code"]]
    text = entry.text(language)
    return FindingAnswer(
        code=entry.code,
        severity=entry.severity,
        slot=finding["slot"],
        xpath=finding["xpath"],
        line=finding["line"],
        message=text.message,
        cause=text.cause,
        fix=text.fix,
    )


def _reason(code: str | None, language: Language) -> CodeAnswer | None:
    return None if code is None else _code(code, language)


def _code(code: str, language: Language) -> CodeAnswer:
    return CodeAnswer(code=code, message=CATALOGUE[code].text(language).message)


def _time(iso: str) -> str:
    return local_time(datetime.fromisoformat(iso))
