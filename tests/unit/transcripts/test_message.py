from datetime import datetime, timedelta, timezone

import pytest
from lxml import etree

from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.message import (
    AMEND,
    ITEM_LIMIT,
    WITHDRAW,
    Message,
    original_of,
    read_message,
    transcript_range,
)
from app.transcripts.xml import read_xml
from tests.vectors.transcripts.base import PACKAGE, changed

ITEM = "/BAN_TIN/NOI_DUNG/DANH_SACH_HOC_BA/HOC_BA_SO"


def canonical(text: str, *, exclusive: bool = False) -> bytes:
    root = read_xml(text.encode(), PACKAGE_LIMITS)
    return etree.tostring(root[0], method="c14n", exclusive=exclusive)


def read(text: str) -> Message:
    return read_message(text.encode(), canonical(text))


def refusal(data: str, signed: str | None = None) -> tuple[Finding, ...]:
    with pytest.raises(DocumentRefused) as caught:
        read_message(data.encode(), canonical(signed or data))
    return caught.value.findings


def test_a_message_tells_its_sender_purpose_and_time() -> None:
    message = read(PACKAGE)
    assert (message.message_id, message.purpose, message.data_kind) == (
        "48000123-20250610-0002",
        "01",
        "01",
    )
    assert (message.school_code, message.school_name) == ("48000123", "Trường THCS Mẫu Số Hai")
    assert message.created_at == datetime(2025, 6, 10, 9, 30, tzinfo=timezone(timedelta(hours=7)))


def test_the_school_name_is_read_in_composed_form() -> None:
    decomposed = PACKAGE.replace("Trường", "Trươ\u0300ng")
    assert read(decomposed).school_name == "Trường THCS Mẫu Số Hai"


def test_items_stand_in_the_order_of_the_message() -> None:
    assert [(item.ordinal, item.student_code) for item in read(PACKAGE).items] == [
        (1, "4800012324000456"),
        (2, "4800012324000457"),
        (3, "4800012324000458"),
    ]


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_range_of_the_package_gives_the_transcripts_own_bytes(*, exclusive: bool) -> None:
    data = PACKAGE.encode()
    first, second, _ = read_message(data, canonical(PACKAGE, exclusive=exclusive)).items
    assert original_of(data, first) == "<HOC_BA>mẫu 1</HOC_BA>".encode()
    kept = data[second.offset : second.offset + second.length]
    assert transcript_range(kept) == "<HOC_BA>mẫu 2</HOC_BA>".encode()


def test_ranges_hold_with_a_byte_order_mark_and_white_space_inside_tags() -> None:
    text = PACKAGE.replace("<DU_LIEU_SO_GOC>", "<DU_LIEU_SO_GOC\n>").replace(
        "</DU_LIEU_SO_GOC>", "</DU_LIEU_SO_GOC >"
    )
    data = b"\xef\xbb\xbf" + text.encode()
    item = read_message(data, canonical(text)).items[0]
    assert original_of(data, item).startswith(b"<HOC_BA>")


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "&#13;\n", "&#xD;&#xA;", "&#0010;\t"])
def test_every_line_end_that_signing_tools_write_is_tolerated(line_end: str) -> None:
    text = PACKAGE.replace("y&#13;\nPC9", f"y{line_end}PC9")
    item = read(text).items[1]
    assert original_of(text.encode(), item) == "<HOC_BA>mẫu 2</HOC_BA>".encode()


@pytest.mark.parametrize(
    "text",
    [
        "không phải base64",
        "",
        "TWF",
        "TWFu=",
        "TWFu====",
        "TWF=",
        "TWFu-_",
        "TW=Fu",
        "&amp;",
        "TWFu\u00a0TWFu",
    ],
)
def test_bad_base64_refuses_its_own_transcript_only(text: str) -> None:
    package = PACKAGE.replace("không phải base64", text)
    items = read(package).items
    assert original_of(package.encode(), items[0])
    with pytest.raises(DocumentRefused) as caught:
        original_of(package.encode(), items[2])
    assert caught.value.findings == (Finding(code="PKG-106", xpath=f"{ITEM}[3]/DU_LIEU_SO_GOC"),)


def test_an_empty_element_is_an_item_without_a_transcript() -> None:
    package = changed(
        PACKAGE, "<DU_LIEU_SO_GOC>không phải base64</DU_LIEU_SO_GOC>", "<DU_LIEU_SO_GOC/>"
    )
    with pytest.raises(DocumentRefused):
        original_of(package.encode(), read(package).items[2])


def test_a_kept_range_without_base64_is_refused() -> None:
    with pytest.raises(DocumentRefused) as caught:
        transcript_range(b"\xff")
    assert caught.value.findings == (Finding(code="PKG-106"),)


def test_a_text_that_was_not_signed_refuses_the_package() -> None:
    other = changed(PACKAGE, "PEhPQ19CQT5t4bqrdSAx", "PEhPQ19CQT5t4bqrdSAy")
    assert refusal(other, PACKAGE) == (Finding(code="PKG-101", xpath=f"{ITEM}[1]/DU_LIEU_SO_GOC"),)


def test_a_transcript_that_was_not_signed_refuses_the_package() -> None:
    extra = changed(PACKAGE, "</NOI_DUNG>", "</NOI_DUNG><DU_LIEU_SO_GOC>TWFu</DU_LIEU_SO_GOC>")
    assert refusal(extra, PACKAGE) == (Finding(code="PKG-101", xpath=ITEM, value="4 ≠ 3"),)


def test_octets_of_another_element_refuse_the_package() -> None:
    with pytest.raises(DocumentRefused) as caught:
        read_message(PACKAGE.encode(), b"<BAN_TIN/>")
    assert caught.value.findings[0].code == "PKG-101"


def test_a_wrong_quantity_tells_both_numbers() -> None:
    assert refusal(changed(PACKAGE, '"3"', '"12"')) == (
        Finding(code="PKG-104", xpath="/BAN_TIN/NOI_DUNG/DANH_SACH_HOC_BA", value="12 ≠ 3"),
    )


def test_a_missing_quantity_is_refused() -> None:
    assert refusal(changed(PACKAGE, ' SO_LUONG="3"', ""))[0].code == "SIG-140"


def test_a_student_sent_twice_is_named_at_the_repetition() -> None:
    twice = changed(PACKAGE, "4800012324000458", "4800012324000456")
    assert refusal(twice) == (
        Finding(code="PKG-105", xpath=f"{ITEM}[3]/MA_HOC_SINH", value="4800012324000456"),
    )


def withdrawing(*entries: str) -> str:
    start, end = PACKAGE.index("<DANH_SACH_HOC_BA"), PACKAGE.index("</NOI_DUNG>")
    listed = "".join(f"<THU_HOI>{entry}</THU_HOI>" for entry in entries)
    text = f"{PACKAGE[:start]}<DANH_SACH_THU_HOI>{listed}</DANH_SACH_THU_HOI>{PACKAGE[end:]}"
    return text.replace("TIN>01<", "TIN>03<")


CODE = "<MA_DINH_DANH_HOC_BA>234567-89ABCD-EFGHJK</MA_DINH_DANH_HOC_BA>"


def test_a_withdrawal_tells_each_code_and_its_reason() -> None:
    message = read(withdrawing(f"{CODE}<LY_DO> Sai điểm </LY_DO>", f"{CODE}<LY_DO> </LY_DO>", CODE))
    assert (message.purpose, message.items, message.total) == (WITHDRAW, (), 3)
    assert [(one.ordinal, one.typed_code) for one in message.withdrawals] == [
        (number, "234567-89ABCD-EFGHJK") for number in (1, 2, 3)
    ]
    assert [one.reason for one in message.withdrawals] == ["Sai điểm", None, None]


def test_more_withdrawals_than_one_message_may_hold_are_refused() -> None:
    assert read(withdrawing(*[CODE] * ITEM_LIMIT)).total == ITEM_LIMIT
    (finding,) = refusal(withdrawing(*[CODE] * (ITEM_LIMIT + 1)))
    assert (finding.code, finding.value) == ("SIG-121", "301")


def test_the_reserved_purpose_is_read_whatever_list_it_brings() -> None:
    for text in (PACKAGE.replace("TIN>01<", "TIN>02<"), withdrawing(CODE).replace(">03<", ">02<")):
        message = read(text)
        assert (message.purpose, message.total) == (AMEND, 0)


def test_a_purpose_without_its_list_is_refused() -> None:
    for old, new in (("TIN>01<", "TIN>03<"), ("DANH_SACH_HOC_BA", "DANH_SACH_THU_HOI")):
        (finding,) = refusal(PACKAGE.replace(old, new))
        assert (finding.code, finding.xpath) == ("PKG-101", "/BAN_TIN/NOI_DUNG/MUC_DICH_BAN_TIN")


@pytest.mark.parametrize("moment", ["2025-06-10T09:30:00", "2025-06-10T25:30:00Z", "hôm nay"])
def test_a_moment_that_is_no_point_in_time_is_refused(moment: str) -> None:
    (finding,) = refusal(changed(PACKAGE, "2025-06-10T09:30:00+07:00", moment))
    assert (finding.code, finding.value) == ("SIG-140", moment)
