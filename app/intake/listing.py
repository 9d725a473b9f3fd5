"""Lists of packages as JSON: pages with a cursor, and nothing that tells of a child."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.clients.accounts import Scope
from app.db import Database
from app.errors import InvalidRequest
from app.intake.answer import STATE_NAMES, package_path
from app.intake.package import After, Listing, Package
from app.intake.packages import page_of_packages
from app.intake.reading import Reader
from app.locale import Language, local_time


class PackageSummary(BaseModel):
    """One package of a list (gói tin trong danh sách)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package_id: UUID = Field(description="Mã tiếp nhận do kho cấp cho gói tin")
    message_id: str | None = Field(description="Mã bản tin của trường (BAN_TIN_ID)")
    digest: str = Field(description="SHA-256 của gói tin, dạng hex")
    school: str | None = Field(description="Mã cơ sở giáo dục (CO_QUAN_DON_VI_ID)")
    province: str | None = Field(description="Mã tỉnh, thành phố")
    purpose: str | None = Field(description="Mục đích bản tin: 01 tạo mới, 03 thu hồi")
    state: Literal["00", "01", "02", "03", "04"] = Field(description="Trạng thái gói tin")
    state_name: str = Field(description="Tên trạng thái, theo Accept-Language")
    received_at: str = Field(description="Thời điểm tiếp nhận (ISO 8601, +07:00)")
    finished_at: str | None = Field(description="Thời điểm có kết quả (ISO 8601, +07:00)")
    total: int | None = Field(description="Tổng số học bạ hoặc yêu cầu thu hồi trong gói tin")
    accepted: int | None = Field(description="Số được duyệt")
    rejected: int | None = Field(description="Số bị từ chối")
    link: str = Field(description="Trạng thái và kết quả của gói tin")


class PackagePage(BaseModel):
    """One page of packages, newest first (một trang danh sách gói tin)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: list[PackageSummary] = Field(description="Các gói tin, mới nhất trước")
    next: str | None = Field(
        description="Giá trị của tham số `after` cho trang sau; null ở trang cuối"
    )


async def list_packages(database: Database, listing: Listing, reader: Reader) -> list[Package]:
    """List the packages that the reader may see; one more than the page when there is another page.

    Raises:
        NotAllowed: the caller may not read packages.
    """
    reader.caller.require(Scope.PACKAGES_READ)
    async with database.read() as connection:
        return list(await page_of_packages(connection, reader.caller, listing, reader.now))


def present_page(packages: Sequence[Package], limit: int, language: Language) -> PackagePage:
    """Show a page, and where the next one begins."""
    shown = packages[:limit]
    return PackagePage(
        items=[_summary(package, language) for package in shown],
        next=_cursor(shown[-1]) if len(packages) > limit else None,
    )


def read_cursor(after: str) -> After:
    """Read where a page ended.

    Raises:
        InvalidRequest: it is no cursor of ours.
    """
    try:
        at, _, package_id = urlsafe_b64decode(after.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        place = After(received_at=moment, package_id=UUID(package_id))
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest(parameter="after", reason="malformed") from error
    if moment.tzinfo is None:
        raise InvalidRequest(parameter="after", reason="malformed")
    return place


def _cursor(package: Package) -> str:
    place = f"{package.received_at.isoformat()} {package.package_id}"
    return urlsafe_b64encode(place.encode()).decode()


def _summary(package: Package, language: Language) -> PackageSummary:
    return PackageSummary(
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
        link=package_path(package.package_id),
    )
