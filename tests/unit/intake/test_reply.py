"""The reply as a text: canonical, complete, the same for the same rows."""

from base64 import b64decode
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from app.intake.package import Item, Package, Result, State
from app.intake.reply import build_reply
from app.keys import WorkerKeys, load_worker_keys
from app.sandbox.repository_keys import make_repository_keys
from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.finding import Finding
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.xml import read_xml
from tests.scenarios import keys as scenario_keys

PACKAGE = Package(
    package_id=UUID(int=1),
    client_id="phan-mem-mau",
    digest="ab" * 32,
    size=1,
    state=State.DECIDED,
    received_at=datetime(2026, 6, 10, 2, 30, tzinfo=UTC),
    message_id="79000701-1 & <2>",
    purpose="01",
    school_code="79000701",
    total=2,
    accepted=1,
    rejected=1,
    finished_at=datetime(2026, 6, 10, 2, 31, tzinfo=UTC),
)
ITEMS = (
    Item(
        ordinal=1,
        student_code="01",
        result=Result.ACCEPTED,
        transcript_code="A" * 18,
        original_sha256=None,
        findings=(Finding(code="PKG-200"),),
    ),
    Item(
        ordinal=2,
        student_code="02\r",
        result=Result.REFUSED,
        transcript_code=None,
        original_sha256=None,
        findings=(Finding(code="SIG-300", slot="CBQL"), Finding(code="SIG-200", slot="GVCN")),
    ),
)
NAMES = {"A" * 18: "Nguyễn Thị Mẫu Ánh"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> WorkerKeys:
    folder: Path = tmp_path_factory.mktemp("keys") / "keys"
    make_repository_keys(folder, today=date(2026, 7, 1), keys=scenario_keys())
    return load_worker_keys(folder)


def test_the_reply_lists_each_item_with_its_result_and_reasons(keys: WorkerKeys) -> None:
    root = read_xml(build_reply(PACKAGE, ITEMS, NAMES, keys), PACKAGE_LIMITS)
    content = root.find("NOI_DUNG")
    assert content is not None
    assert content.get("Id") == "traloi"
    assert content.findtext("BAN_TIN_ID") == "79000701-1 & <2>"
    assert content.findtext("NGAY_XU_LY") == "2026-06-10T09:31:00+07:00"
    first, second = content.findall("Body/Result/Items/Item")
    assert first.findtext("ten_hoc_sinh") == "Nguyễn Thị Mẫu Ánh"
    assert first.findtext("ma_dinh_danh_hoc_ba") == "AAAAAA-AAAAAA-AAAAAA"
    assert first.findtext("trang_thai") == "1"
    assert second.findtext("ten_hoc_sinh") == ""
    assert second.findtext("trang_thai") == "0"
    path = "DANH_SACH_LOI/LOI/loi_xu_ly_du_lieu_id"
    assert [code.text for code in second.findall(path)] == ["SIG-300", "SIG-200"]
    assert all(text.text for text in second.findall("DANH_SACH_LOI/LOI/ten_loi_xu_ly_du_lieu"))


def test_what_was_signed_is_the_canonical_form_of_what_is_written(keys: WorkerKeys) -> None:
    root = read_xml(build_reply(PACKAGE, ITEMS, NAMES, keys), PACKAGE_LIMITS)
    content = root.find("NOI_DUNG")
    digest = root.findtext(".//{http://www.w3.org/2000/09/xmldsig#}DigestValue")
    assert content is not None
    octets = canonical_octets(content, Canonicalization.INCLUSIVE_10)
    assert b64decode(digest or "") == sha256(octets).digest()


def test_the_same_rows_give_the_same_reply(keys: WorkerKeys) -> None:
    assert build_reply(PACKAGE, ITEMS, NAMES, keys) == build_reply(PACKAGE, ITEMS, NAMES, keys)


def test_a_package_that_could_not_be_read_is_answered_too(keys: WorkerKeys) -> None:
    unread = Package(
        package_id=UUID(int=2),
        client_id="phan-mem-mau",
        digest="cd" * 32,
        size=1,
        state=State.DECIDED,
        received_at=PACKAGE.received_at,
        errors=(Finding(code="SIG-120", value="giá trị riêng tư"),),
        finished_at=PACKAGE.finished_at,
    )
    text = build_reply(unread, (), {}, keys).decode()
    assert "<BAN_TIN_ID></BAN_TIN_ID>" in text
    assert "<TONG_SO></TONG_SO>" in text
    assert "<loi_xu_ly_du_lieu_id>SIG-120</loi_xu_ly_du_lieu_id>" in text
    assert "giá trị riêng tư" not in text
