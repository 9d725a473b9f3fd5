import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.limits import PACKAGE_LIMITS, TRANSCRIPT_LIMITS, Limits
from app.transcripts.octets import has_byte_order_mark
from app.transcripts.xml import detached, read_xml
from tests.vectors.transcripts.base import TRANSCRIPT, changed

SMALL = Limits(size=2000, depth=4, elements=5, attributes=3, namespaces=4, prefixes=2, text=10)
MIB = 1024 * 1024


def refused(data: bytes, limits: Limits = TRANSCRIPT_LIMITS) -> Finding:
    with pytest.raises(DocumentRefused) as caught:
        read_xml(data, limits)
    return caught.value.findings[0]


def test_a_document_at_every_limit_is_read() -> None:
    data = b'<a x="1" y="2" z="3"><b><c><d>0123456789</d></c></b><e/></a>'
    assert read_xml(data, SMALL).tag == "a"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"<a>" + b" " * 2000 + b"</a>", "2007 > 2000 bytes"),
        (b"<a><b/><b/><b/><b/><b/><b/><b/><b/><b/><b/></a>", "> 5 elements"),
        (b"<a>" + b"\"'" * 16 + b"</a>", "> 15 attributes"),
        (b"<a>xmlns xmlns xmlns xmlns xmlns</a>", "> 4 xmlns"),
        (b"<a xmlns='a:' xmlns:b='b:' xmlns:c ='c:'/>", "> 2 prefixes"),
        (b"<a><b><c><d><e/></d></c></b></a>", "> 4 levels"),
        (b'<a>\n<b w="1" x="2" y="3" z="4"/></a>', "> 3 attributes"),
        (b"<a>\n<b>01234567890</b></a>", "> 10 characters"),
    ],
)
def test_a_document_over_a_limit_is_refused_with_the_limit(data: bytes, value: str) -> None:
    finding = refused(data, SMALL)
    assert (finding.code, finding.value) == ("SIG-121", value)


def test_a_prefix_declared_again_counts_once() -> None:
    data = b"<b:a xmlns:b='b:'><c xmlns:b='b:'/><c xmlns:b='c:'/></b:a>"
    assert len(read_xml(data, SMALL)) == 2


def test_a_detached_element_stands_alone_with_all_that_it_inherits() -> None:
    data = b'<a xmlns="a:" xmlns:p="p:"><b x="&#13;&#10;">1&#13;<p:c/></b>behind</a>'
    copy = detached(read_xml(data, TRANSCRIPT_LIMITS)[0])
    assert copy.getparent() is None
    assert copy.nsmap == {None: "a:", "p": "p:"}
    assert (copy.get("x"), copy.text, copy.tail) == ("\r\n", "1\r", None)


def test_a_limit_that_an_element_breaks_names_its_line() -> None:
    assert refused(b"<a>\n<b>01234567890</b></a>", SMALL).line == 2


def test_what_libxml2_finds_too_deep_or_too_long_is_over_a_limit() -> None:
    deep = b"<a>" * 300 + b"</a>" * 300
    long = b"<a>" + b"x" * 10_500_000 + b"</a>"
    assert {refused(data, PACKAGE_LIMITS).code for data in (deep, long)} == {"SIG-121"}


def test_a_package_of_300_large_transcripts_is_read() -> None:
    item = b"<HOC_BA_SO><MA>1</MA><DU_LIEU>" + b"QUJD" * 27_900 + b"</DU_LIEU></HOC_BA_SO>"
    root = read_xml(b"<BAN_TIN>" + item * 300 + b"</BAN_TIN>", PACKAGE_LIMITS)
    assert len(root) == 300


def test_an_oversized_transcript_does_not_refuse_its_package() -> None:
    too_large = TRANSCRIPT_LIMITS.size * 4 // 3 + 4
    data = b"<BAN_TIN><DU_LIEU>" + b"A" * too_large + b"</DU_LIEU></BAN_TIN>"
    assert len(read_xml(data, PACKAGE_LIMITS)) == 1


def test_a_malformed_document_names_the_line_and_what_is_wrong() -> None:
    finding = refused(changed(TRANSCRIPT, "</TEN_LOP_HOC>", "").encode())
    assert (finding.code, finding.line) == ("SIG-120", 82)
    assert "TEN_LOP_HOC" in (finding.value or "")


def test_forbidden_markup_names_its_line_and_shows_its_beginning() -> None:
    finding = refused(changed(TRANSCRIPT, "9.7", "9<!-- ẩn -->.7").encode())
    assert (finding.code, finding.line) == ("SIG-112", 53)
    assert (finding.value or "").startswith("<!-- ẩn -->.7</DIEM_CA_NAM>")


def test_a_comment_at_the_very_end_of_the_bytes_is_found() -> None:
    assert refused(b"<a/><!").code == "SIG-111"


def test_a_wrong_byte_is_named_with_its_line() -> None:
    finding = refused(b"<a>\n\n\xe1</a>")
    assert finding == Finding(code="SIG-110", line=3, value="0xE1")


@pytest.mark.parametrize("before", range(MIB - 6, MIB + 1))
def test_a_letter_across_two_decoded_chunks_is_no_wrong_byte(before: int) -> None:
    data = b"<a>" + b"x" * (before - 3) + "ẫ</a>".encode()
    assert read_xml(data, PACKAGE_LIMITS).text == "x" * (before - 3) + "ẫ"


def test_a_wrong_byte_behind_the_first_decoded_chunk_is_found() -> None:
    data = b"<a>" + b"x" * MIB + b"\n\xff</a>"
    assert refused(data, PACKAGE_LIMITS) == Finding(code="SIG-110", line=2, value="0xFF")


def test_a_letter_cut_off_at_the_end_is_a_wrong_byte() -> None:
    assert refused("<a/>ẫ".encode()[:-1]).code == "SIG-110"


def test_a_byte_order_mark_is_read_and_told() -> None:
    data = b"\xef\xbb\xbf" + TRANSCRIPT.encode()
    assert read_xml(data, TRANSCRIPT_LIMITS).tag == "HOC_BA"
    assert has_byte_order_mark(data)


def test_the_tree_holds_the_references_resolved_and_nothing_else() -> None:
    root = read_xml(b"<a>1 &lt; 2 &amp; &#x1EAB;<b c='&quot;'/></a>", TRANSCRIPT_LIMITS)
    assert (root.text, root[0].get("c")) == ("1 < 2 & ẫ", '"')


@given(st.binary(max_size=300))
def test_only_our_refusal_leaves_whatever_the_bytes(data: bytes) -> None:
    try:
        read_xml(data, TRANSCRIPT_LIMITS)
    except DocumentRefused:
        return


@given(
    st.text(alphabet="<>/!?&;#x-[]\"'= :aIdCDATmlns\n\ufeff\0é", max_size=60),
    st.integers(min_value=0, max_value=len(TRANSCRIPT)),
)
def test_only_our_refusal_leaves_whatever_is_put_into_a_transcript(text: str, at: int) -> None:
    data = (TRANSCRIPT[:at] + text + TRANSCRIPT[at:]).encode()
    try:
        root = read_xml(data, TRANSCRIPT_LIMITS)
    except DocumentRefused:
        return
    assert all(isinstance(node.tag, str) for node in root.iter())
