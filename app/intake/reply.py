"""The reply (bản tin trả lời) in the field's own XML, signed by the repository.

The field's list of a reply also names `so_cccd`, the child's personal number. It is left out on
purpose: the sender knows it, `ma_hoc_sinh` identifies the item, and a national id in one more file
helps nobody (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15, minimisation). The name stands beside an
accepted item only, because only there a verified signature covers it.

The text is canonical from the start (Canonical XML 1.0), so that signing needs no parser; the same
rows always give the same octets.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.intake.answer import package_path
from app.intake.decision import LeaseLost
from app.intake.journaling import journal_reply
from app.intake.package import Item, Package, Result, State
from app.intake.packages import find_package, items_of
from app.intake.queue import Lease, holds
from app.intake.tables import package_replies, packages
from app.journal import Journal
from app.keys import WorkerKeys
from app.locale import local_time
from app.register.find import student_names
from app.signatures.canonical import Canonicalization
from app.signatures.catalogue import CATALOGUE
from app.signatures.writing import ReferenceToSign, SignatureForm, Signer, signature_xml
from app.transcripts.codes import format_code
from app.transcripts.finding import Finding
from app.webhooks.outbox import PACKAGE_FINISHED, announce

REPLY_ID = "traloi"
"""The Id of the signed element."""

_CANONICALIZATION = Canonicalization.INCLUSIVE_10
"""What most school software can check; the reply has no namespace that could be inherited."""


async def reply_to_package(
    database: Database, journal: Journal, lease: Lease, *, keys: WorkerKeys, now: datetime
) -> None:
    """Make, sign and keep the reply to a decided package; it is then in state 03.

    Repeatable: the reply depends on committed rows alone, and until the commit nothing is kept but,
    after a crash, an entry of the journal that nobody was told of; the next one has a higher order.

    Raises:
        LeaseLost: another worker has the package; nothing was written.
        Unavailable: the database or the vault cannot answer now.
    """
    async with database.read() as connection:
        package = await find_package(connection, lease.client_id, lease.package_id)
        items = await items_of(connection, lease.package_id)
        names = await student_names(
            connection, [code for item in items if (code := _accepted_code(item)) is not None]
        )
    if package is None or not package.decided:
        raise LeaseLost
    body = await asyncio.to_thread(build_reply, package, items, names, keys)
    async with database.begin() as connection:
        if not await holds(connection, lease, state=State.DECIDED):
            raise LeaseLost
        await _keep(connection, lease, body, now=now)
        await announce(connection, lease.client_id, PACKAGE_FINISHED, _told(package), now=now)
        await journal_reply(journal, connection, lease.package_id, body, at=now)


def build_reply(
    package: Package, items: Sequence[Item], names: Mapping[str, str], keys: WorkerKeys
) -> bytes:
    """Write and sign the reply to a decided package.

    Args:
        package: the decided package.
        items: what became of its transcripts.
        names: the student's name by transcript code, for accepted ones.
        keys: the repository's own keys.
    """
    signed = _written(_content(package, items, names)).encode()
    signature = signature_xml(
        references=[
            ReferenceToSign(uri=f"#{REPLY_ID}", octets=signed, canonicalization=_CANONICALIZATION)
        ],
        signer=Signer(
            key=keys.reply, certificate_der=keys.reply_certificate.public_bytes(Encoding.DER)
        ),
        form=SignatureForm(canonicalization=_CANONICALIZATION),
    )
    return b"".join(
        (
            b'<?xml version="1.0" encoding="UTF-8"?>\n<BAN_TIN_TRA_LOI>',
            signed,
            b"<KY_TRA_LOI>",
            signature,
            b"</KY_TRA_LOI></BAN_TIN_TRA_LOI>\n",
        )
    )


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of the reply: its name, and its text or its children."""

    name: str
    content: "str | Sequence[_Element]"
    attributes: str = ""


def _content(package: Package, items: Sequence[Item], names: Mapping[str, str]) -> _Element:
    finished = package.finished_at
    head = (
        ("BAN_TIN_ID", package.message_id),
        ("GOI_TIN_ID", str(package.package_id)),
        ("MA_BAM_GOI_TIN", package.digest),
        ("MUC_DICH_BAN_TIN", package.purpose),
        ("CO_QUAN_DON_VI_ID", package.school_code),
        ("NGAY_TIEP_NHAN", local_time(package.received_at)),
        ("NGAY_XU_LY", None if finished is None else local_time(finished)),
        ("TONG_SO", _number(package.total)),
        ("SO_DUYET", _number(package.accepted)),
        ("SO_TU_CHOI", _number(package.rejected)),
    )
    listed = _Element("Items", [_item(item, names) for item in items])
    return _Element(
        "NOI_DUNG",
        [
            *(_Element(name, value or "") for name, value in head),
            _errors(package.errors),
            _Element("Body", [_Element("Result", [listed])]),
        ],
        attributes=f' Id="{REPLY_ID}"',
    )


def _accepted_code(item: Item) -> str | None:
    """Give the code beside which the student is named: only the school's own ever is."""
    return item.transcript_code if item.result is Result.ACCEPTED else None


def _item(item: Item, names: Mapping[str, str]) -> _Element:
    code = item.transcript_code or ""
    accepted = item.result is Result.ACCEPTED
    return _Element(
        "Item",
        [
            _Element("ma_hoc_sinh", item.student_code or ""),
            _Element("ten_hoc_sinh", names.get(code, "")),
            _Element("ma_dinh_danh_hoc_ba", format_code(code) if code else ""),
            _Element("trang_thai", "1" if accepted else "0"),
            _errors(item.findings),
        ],
    )


def _errors(findings: Sequence[Finding]) -> _Element:
    """List every finding; warnings and information too, so that the sender loses nothing."""
    return _Element(
        "DANH_SACH_LOI",
        [
            _Element(
                "LOI",
                [
                    _Element("loi_xu_ly_du_lieu_id", finding.code),
                    _Element("ten_loi_xu_ly_du_lieu", CATALOGUE[finding.code].vi.message),
                ],
            )
            for finding in findings
        ],
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _written(element: _Element) -> str:
    return "".join(_pieces(element))


def _pieces(element: _Element) -> Iterator[str]:
    yield f"<{element.name}{element.attributes}>"
    if isinstance(element.content, str):
        yield _text(element.content)
    else:
        for child in element.content:
            yield from _pieces(child)
    yield f"</{element.name}>"


def _text(value: str) -> str:
    """Escape a text for canonical XML (Canonical XML 1.0 section 2.3)."""
    escapes: dict[str, str | int | None] = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
    return value.translate(str.maketrans(escapes))


def _told(package: Package) -> dict[str, str | int | UUID | None]:
    """What webhooks tell the sender: ids and counts, and where the rest can be read."""
    return {
        "package_id": package.package_id,
        "message_id": package.message_id,
        "state": State.REPLIED.value,
        "total": package.total,
        "accepted": package.accepted,
        "rejected": package.rejected,
        "link": package_path(package.package_id),
    }


async def _keep(connection: AsyncConnection, lease: Lease, body: bytes, *, now: datetime) -> None:
    """Write the reply and state 03; the package leaves the queue."""
    await connection.execute(
        insert(package_replies).values(package_id=lease.package_id, body=body, created_at=now)
    )
    await connection.execute(
        update(packages)
        .where(packages.c.package_id == lease.package_id)
        .values(
            state=State.REPLIED,
            replied_at=now,
            leased_by=None,
            lease_expires_at=None,
            leases=0,
        )
    )
