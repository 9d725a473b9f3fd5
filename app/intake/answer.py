"""A package as JSON answers show it: English names, Vietnamese terms in each description."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.intake.decision import Decision
from app.intake.package import Item, Package, Result, State
from app.locale import Language, local_time
from app.signatures.catalogue import CATALOGUE, Severity
from app.transcripts.codes import format_code
from app.transcripts.finding import Finding

STATE_NAMES: dict[State, dict[Language, str]] = {
    State.RECEIVED: {Language.VIETNAMESE: "Mới tiếp nhận", Language.ENGLISH: "Received"},
    State.PROCESSING: {Language.VIETNAMESE: "Đang xử lý", Language.ENGLISH: "Being processed"},
    State.DECIDED: {Language.VIETNAMESE: "Đã hoàn thành xử lý", Language.ENGLISH: "Processed"},
    State.REPLIED: {Language.VIETNAMESE: "Đã tạo bản tin trả lời", Language.ENGLISH: "Replied"},
    State.READ: {Language.VIETNAMESE: "Đã đọc bản tin trả lời", Language.ENGLISH: "Reply read"},
}


class _Answer(BaseModel):
    """Frozen and closed: an answer carries nothing that is not described."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PackageFinding(_Answer):
    """One thing that was found: what is wrong, the likely cause and what to do (lỗi, cảnh báo)."""

    code: str = Field(description="Mã lỗi (loi_xu_ly_du_lieu_id)", examples=["SIG-300"])
    severity: Severity = Field(
        description="Mức độ: error (lỗi, bị từ chối), warning (cảnh báo), info (thông tin)"
    )
    slot: str | None = Field(
        description="Ô chữ ký liên quan: GVBM[mã giáo viên], GVCN, CBQL, KY_PHAT_HANH hoặc "
        "KY_PHAT_HANH_GOI_TIN",
        examples=["GVBM[9115131060]"],
    )
    xpath: str | None = Field(description="Vị trí trong tệp XML gốc")
    line: int | None = Field(description="Dòng trong tệp XML gốc, tính từ 1")
    value: str | None = Field(description="Giá trị gây lỗi, đã rút gọn")
    message: str = Field(description="Nội dung lỗi (ten_loi_xu_ly_du_lieu), theo Accept-Language")
    cause: str = Field(description="Nguyên nhân thường gặp, theo Accept-Language")
    fix: str = Field(description="Cách khắc phục, theo Accept-Language")


class ItemAnswer(_Answer):
    """What became of one transcript or withdrawal (kết quả xử lý một học bạ)."""

    ordinal: int = Field(description="Thứ tự trong gói tin, tính từ 1", examples=[1])
    student_code: str | None = Field(
        description="Mã học sinh (ma_hoc_sinh); null khi bản tin thu hồi nêu mã tra cứu không phải "
        "của trường",
        examples=["7900070125000001"],
    )
    result: Literal["01", "02"] = Field(description="Kết quả: 01 thành công, 02 có lỗi")
    transcript_code: str | None = Field(
        description="Mã tra cứu học bạ số (ma_dinh_danh_hoc_ba); null khi học bạ bị từ chối. Với "
        "bản tin thu hồi: mã được nêu, null khi mã gõ sai"
    )
    errors: list[PackageFinding] = Field(
        description="Danh sách lỗi, cảnh báo và thông tin của học bạ này"
    )


class PackageLinks(_Answer):
    """Where to go on (đường dẫn liên quan)."""

    self: str = Field(description="Trạng thái và kết quả của gói tin")
    original: str = Field(description="Bản gốc của gói tin, đúng từng byte")
    reply: str | None = Field(description="Bản tin trả lời đã ký; null khi chưa có")


class PackageAnswer(_Answer):
    """One package: where it stands and what became of each transcript (gói tin)."""

    package_id: UUID = Field(description="Mã tiếp nhận do kho cấp cho gói tin")
    message_id: str | None = Field(
        description="Mã bản tin của trường (BAN_TIN_ID); null khi chưa đọc được",
        examples=["79000701-20260610-0001"],
    )
    digest: str = Field(
        description="SHA-256 của gói tin, dạng hex: gửi lại đúng các byte này luôn nhận cùng một "
        "câu trả lời",
    )
    school: str | None = Field(
        description="Mã cơ sở giáo dục (CO_QUAN_DON_VI_ID)", examples=["79000701"]
    )
    province: str | None = Field(description="Mã tỉnh, thành phố", examples=["79"])
    purpose: str | None = Field(
        description="Mục đích bản tin (MUC_DICH_BAN_TIN): 01 tạo mới, 03 thu hồi", examples=["01"]
    )
    state: Literal["00", "01", "02", "03", "04"] = Field(description="Trạng thái gói tin")
    state_name: str = Field(
        description="Tên trạng thái, theo Accept-Language", examples=["Đã tạo bản tin trả lời"]
    )
    received_at: str = Field(
        description="Thời điểm tiếp nhận (ISO 8601, +07:00)", examples=["2026-06-10T09:30:00+07:00"]
    )
    finished_at: str | None = Field(description="Thời điểm có kết quả (ISO 8601, +07:00)")
    total: int | None = Field(description="Tổng số học bạ trong gói tin", examples=[45])
    accepted: int | None = Field(description="Số học bạ được duyệt", examples=[43])
    rejected: int | None = Field(description="Số học bạ bị từ chối", examples=[2])
    position: int | None = Field(
        description="Thứ tự trong hàng đợi, tính từ 1; null khi đã có kết quả"
    )
    estimated_seconds: int | None = Field(
        description="Ước tính số giây đến khi có kết quả; null khi đã có kết quả"
    )
    errors: list[PackageFinding] = Field(
        description="Lỗi và cảnh báo của cả gói tin; có lỗi thì không học bạ nào được xử lý"
    )
    items: list[ItemAnswer] = Field(description="Kết quả từng học bạ; rỗng khi chưa có kết quả")
    links: PackageLinks = Field(description="Đường dẫn liên quan")


class ValidationAnswer(_Answer):
    """What would become of a package that is sent now (kết quả kiểm tra thử); nothing is kept."""

    message_id: str | None = Field(description="Mã bản tin của trường (BAN_TIN_ID)")
    digest: str = Field(description="SHA-256 của gói tin, dạng hex")
    school: str | None = Field(description="Mã cơ sở giáo dục (CO_QUAN_DON_VI_ID)")
    province: str | None = Field(description="Mã tỉnh, thành phố")
    purpose: str | None = Field(description="Mục đích bản tin: 01 tạo mới, 03 thu hồi")
    total: int | None = Field(description="Tổng số học bạ hoặc yêu cầu thu hồi trong gói tin")
    accepted: int = Field(description="Số sẽ được duyệt")
    rejected: int = Field(description="Số sẽ bị từ chối")
    errors: list[PackageFinding] = Field(
        description="Lỗi và cảnh báo của cả gói tin; có lỗi thì không học bạ nào được xử lý"
    )
    items: list[ItemAnswer] = Field(
        description="Kết quả từng học bạ; học bạ mới chưa có mã tra cứu"
    )


def validation_answer(
    digest: str, decision: Decision, items: Sequence[Item], language: Language
) -> ValidationAnswer:
    """Show what a package would come to in one language."""
    message, school = decision.message, decision.school
    total = None if message is None else message.total
    accepted = sum(item.result is Result.ACCEPTED for item in items)
    return ValidationAnswer(
        message_id=None if message is None else message.message_id,
        digest=digest,
        school=None if school is None else school.code,
        province=None if school is None else school.province_code,
        purpose=None if message is None else message.purpose,
        total=total,
        accepted=accepted,
        rejected=(total or 0) - accepted,
        errors=[finding_answer(finding, language) for finding in decision.findings],
        items=[_item_answer(item, language) for item in items],
    )


def package_answer(package: Package, items: Sequence[Item], language: Language) -> PackageAnswer:
    """Show a package and what became of its transcripts in one language."""
    here = package_path(package.package_id)
    replied = package.state in {State.REPLIED, State.READ}
    return PackageAnswer(
        package_id=package.package_id,
        message_id=package.message_id,
        digest=package.digest,
        school=package.school_code,
        province=package.province_code,
        purpose=package.purpose,
        state=package.state.value,
        state_name=STATE_NAMES[package.state][language],
        received_at=local_time(package.received_at),
        finished_at=None if package.finished_at is None else local_time(package.finished_at),
        total=package.total,
        accepted=package.accepted,
        rejected=package.rejected,
        position=package.position,
        estimated_seconds=package.estimated_seconds,
        errors=[finding_answer(finding, language) for finding in package.errors],
        items=[_item_answer(item, language) for item in items],
        links=PackageLinks(
            self=here, original=f"{here}/original", reply=f"{here}/reply" if replied else None
        ),
    )


def package_path(package_id: UUID) -> str:
    """Name where a package is found."""
    return f"/v1/packages/{package_id}"


def finding_answer(finding: Finding, language: Language) -> PackageFinding:
    """Show a finding with the words of the catalogue."""
    entry = CATALOGUE[finding.code]
    text = entry.text(language)
    return PackageFinding(
        code=finding.code,
        severity=entry.severity,
        slot=finding.slot,
        xpath=finding.xpath,
        line=finding.line,
        value=finding.value,
        message=text.message,
        cause=text.cause,
        fix=text.fix,
    )


def _item_answer(item: Item, language: Language) -> ItemAnswer:
    return ItemAnswer(
        ordinal=item.ordinal,
        student_code=item.student_code,
        result=item.result.value,
        transcript_code=None if item.transcript_code is None else format_code(item.transcript_code),
        errors=[finding_answer(finding, language) for finding in item.findings],
    )
