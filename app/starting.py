"""What must be true before a process begins its work: fail at the start, not at noon.

Each refusal is one sentence for the operator, with what was found and what to do. What may pass by
itself, such as a database that is away for a moment, refuses too: whoever starts processes starts
them again, and nothing is worse than one that takes packages and cannot keep them.
"""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Database, require_schema
from app.errors import IntegrityFailure, NotFound, StartRefused, Unavailable
from app.intake.packages import newest_accepted
from app.journal import JournalFault
from app.journal.reading import read_entry
from app.register.find import some_code
from app.settings import Settings
from app.transcripts.codes import transcript_code
from app.vault import Vault
from app.vault.vault import FIRST_LOCK, PROBE, PROBE_DIGEST

MAX_SKEW = timedelta(seconds=30)
"""How far our clock may be from the stores': NTP keeps milliseconds, the answer that is compared
takes less than a second, and beyond this the signed assertions of clients are refused."""

LEAST_SPACE = 256 * 1024**2
"""Bytes that must be free where packages are kept or pass through: eight of the largest at once."""

ASK_SECONDS = 10.0
"""Wait for the S3 server's time: one that takes longer cannot keep packages either."""

RIGHTS = {
    "hocba_web": ("packages", "INSERT"),
    "hocba_worker": ("transcripts", "INSERT"),
    "hocba_verifier": ("public_transcripts", "SELECT"),
}
"""What each role does at the heart of its work: a restore without privileges loses it."""

_PUBLIC = "hocba_verifier"
"""The role that sees neither packages nor the version of the schema."""

_REASONS = {
    "28P01": "sai mật khẩu của tài khoản",
    "28000": "tài khoản không được phép kết nối",
    "3D000": "không có cơ sở dữ liệu mang tên này",
    "22023": "chưa có vai trò {role}: hãy chạy `python -m app migrate` bằng tài khoản chủ sở hữu",
    "42501": "tài khoản không được cấp vai trò {role}, hoặc vai trò ấy thiếu quyền",
    "53300": "đã hết số kết nối cho phép",
    "57P03": "máy chủ đang khởi động hoặc đang dừng",
}
"""Why PostgreSQL does not let us in, by SQLSTATE (its appendix A)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a process is about to work with.

    Attributes:
        databases: by the role as which each acts.
        journal: the key of the journal.
        clock: our own time.
        codes: the key of transcript codes, where the process has it.
    """

    settings: Settings
    databases: dict[str, Database]
    vault: Vault
    journal: bytes
    clock: Callable[[], datetime]
    codes: bytes | None = None


async def require_fit(start: Start) -> None:
    """Go on only with a database, a clock, a vault and room that a process can work with.

    Raises:
        StartRefused: something is not as it must be.
    """
    for role, database in start.databases.items():
        await _require_database(database, role, start.clock)
    await asyncio.to_thread(_require_space, start.settings)
    await _require_vault_time(start)  # before anything is locked by our clock
    await _require_vault(start)
    await _require_same_repository(start)


async def _require_database(database: Database, role: str, clock: Callable[[], datetime]) -> None:
    table, right = RIGHTS[role]
    probe = text("SELECT has_table_privilege(:table, :right), clock_timestamp()")
    try:
        if role != _PUBLIC:
            await require_schema(database)
        async with database.read() as connection:
            before = clock()
            answer = await connection.execute(probe, {"table": table, "right": right})
            allowed, theirs = answer.one()
            ours = before + (clock() - before) / 2
    except Unavailable as away:
        raise StartRefused(
            f"không dùng được cơ sở dữ liệu: {_database_reason(away.__cause__, role)}"
        ) from away
    except DBAPIError as error:
        raise StartRefused(
            f"không dùng được cơ sở dữ liệu: {_database_reason(error, role)}"
        ) from error
    if not allowed:
        raise StartRefused(
            f"vai trò {role} của cơ sở dữ liệu thiếu quyền {right} trên {table}: hãy cấp lại quyền,"
            " hoặc khôi phục bản sao lưu cùng với quyền"
        )
    _require_same_time(ours, theirs, "máy chủ cơ sở dữ liệu")


def _database_reason(error: BaseException | None, role: str) -> str:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state in _REASONS:
        return _REASONS[state].format(role=role)
    if isinstance(error, OSError):
        return f"máy chủ không trả lời ({error.strerror or type(error).__name__})"
    return f"máy chủ báo lỗi {state or type(error).__name__}"


def _require_space(settings: Settings) -> None:
    folders = [Path(tempfile.gettempdir())]
    if (address := urlsplit(settings.vault_location)).scheme == "file":
        folders.append(Path(unquote(address.path)))
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < LEAST_SPACE:
            raise StartRefused(
                f"đĩa chứa {folder} chỉ còn {free // 1024**2} MiB trống, cần ít nhất"
                f" {LEAST_SPACE // 1024**2} MiB: hãy giải phóng chỗ trống"
            )


async def _require_vault(start: Start) -> None:
    """Write into the vault what means nothing, and for S3 renew its lock, which always writes."""
    try:
        await start.vault.check()
        await start.vault.put_once(PROBE_DIGEST, BytesIO(PROBE))
        if start.settings.vault_location.startswith("s3"):
            await start.vault.hold(PROBE_DIGEST, start.clock() + FIRST_LOCK)
    except Unavailable as away:
        raise StartRefused(
            f"không ghi được vào kho lưu ({_vault_reason(away.__cause__)}): hãy kiểm tra máy chủ,"
            " quyền ghi và chỗ trống"
        ) from away
    except IntegrityFailure as broken:
        raise StartRefused(
            f"vật thử trong kho lưu ({broken.digest}) đã bị sửa: kho lưu không đáng tin, hãy điều"
            " tra trước khi chạy tiếp"
        ) from broken


def _vault_reason(error: BaseException | None) -> str:
    told = getattr(error, "code", None) or getattr(error, "strerror", None)
    return str(told or type(error).__name__)


async def _require_same_repository(start: Start) -> None:
    """Hold database, vault and keys against each other: any of them may be another repository's."""
    reading = next((one for role, one in start.databases.items() if role != _PUBLIC), None)
    try:
        if reading is not None:
            async with reading.read() as connection:
                digest, known = await newest_accepted(connection), await some_code(connection)
            _require_same_code(known, start.codes)
            if digest is not None:
                await _require_kept(start.vault, digest)
        await _require_readable_journal(start.vault, start.journal)
    except Unavailable as away:
        raise StartRefused(f"kho chứa vừa ngừng trả lời ({away.part}): hãy chạy lại") from away


def _require_same_code(known: tuple[str, str] | None, key: bytes | None) -> None:
    if known is None or key is None:
        return
    code, original = known
    if transcript_code(key, bytes.fromhex(original)) != code:
        raise StartRefused(
            "codes.key không phải khóa đã cấp mã cho các học bạ đang lưu: hãy khôi phục khóa cũ,"
            " nếu không cùng một học bạ sẽ có mã khác"
        )


async def _require_readable_journal(vault: Vault, key: bytes) -> None:
    for name in await vault.notes(limit=1):
        try:
            await read_entry(vault, key, name)
        except JournalFault as fault:
            raise StartRefused(
                f"journal.key không đọc được nhật ký trong kho lưu ({fault.reason}): hãy khôi phục"
                " khóa cũ, nếu không sẽ không dựng lại được cơ sở dữ liệu"
            ) from fault


async def _require_kept(vault: Vault, digest: str) -> None:
    try:
        await vault.get_range(digest, 0, 1)
    except NotFound as absent:
        raise StartRefused(
            f"kho lưu không có gói tin {digest} mà cơ sở dữ liệu đã tiếp nhận: HOCBA_VAULT_URL hoặc"
            " HOCBA_DATABASE_URL trỏ nhầm chỗ, hoặc kho lưu đã mất dữ liệu"
        ) from absent


async def _require_vault_time(start: Start) -> None:
    """Compare with what an S3 server says in `Date` (RFC 9110 section 6.6.1), to the second."""
    address = urlsplit(start.settings.vault_location)
    if address.scheme == "file":
        return
    ca_file = start.settings.s3_ca_file
    url = f"{address.scheme.removeprefix('s3+')}://{address.netloc}/"
    try:
        trusted = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        async with httpx.AsyncClient(
            verify=trusted, timeout=ASK_SECONDS, trust_env=False
        ) as client:
            before = start.clock()
            answer = await client.head(url)  # without keys: also a refusal tells the time
            ours = before + (start.clock() - before) / 2
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise StartRefused(
            f"máy chủ S3 {address.netloc} không trả lời, hoặc không cho biết giờ của nó"
            f" ({type(error).__name__})"
        ) from error
    _require_same_time(ours, theirs, "máy chủ S3")


def _require_same_time(ours: datetime, theirs: datetime, whose: str) -> None:
    if abs(ours - theirs) > MAX_SKEW:
        raise StartRefused(
            f"đồng hồ máy này ({ours:%Y-%m-%d %H:%M:%S} UTC) lệch với {whose}"
            f" ({theirs:%Y-%m-%d %H:%M:%S} UTC) quá {MAX_SKEW.seconds} giây: hãy chỉnh giờ (NTP)"
        )
