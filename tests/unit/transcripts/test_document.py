import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transcripts.document import MAX_FINDINGS, open_document
from app.transcripts.finding import VALUE_LIMIT, DocumentRefused, Finding
from app.transcripts.locations import DS, PREFIXES, XADES, location_of
from app.transcripts.profile import BAN_TIN_1, HOC_BA_1_THCS, Profile
from tests.vectors.transcripts.base import PACKAGE, TRANSCRIPT, changed

CONTENT = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA"


def findings(*edits: tuple[str, str], profile: Profile = HOC_BA_1_THCS) -> tuple[Finding, ...]:
    text = TRANSCRIPT
    for edit in edits:
        text = changed(text, *edit)
    return open_document(text.encode(), profile).findings


def test_a_clean_document_has_no_findings_and_its_digest() -> None:
    document = open_document(TRANSCRIPT.encode(), HOC_BA_1_THCS)
    assert document.findings == ()
    assert document.sha256 == hashlib.sha256(TRANSCRIPT.encode()).hexdigest()


def test_an_id_leads_to_its_element_only_when_it_stands_once() -> None:
    ids = open_document(TRANSCRIPT.encode(), HOC_BA_1_THCS).ids
    assert sorted(ids) == [
        "data",
        "mon-19",
        "mon-26",
        "mon-97",
        "thoi-gian-ky",
        "thongtinhocba",
        "thuoc-tinh-gvcn",
    ]
    assert ids["data"].tag == "DU_LIEU_HOC_BA"


def test_a_join_key_beside_another_element_with_the_same_id_is_refused_at_every_place() -> None:
    found = findings(('<ds:Object Id="thoi-gian-ky">', '<ds:Object Id="data">'))
    assert [(f.code, f.xpath, f.value) for f in found] == [
        ("SIG-131", "/HOC_BA/DU_LIEU_HOC_BA", "data"),
        ("SIG-131", "/HOC_BA/PHAT_HANH_HOC_BA/CBQL/ds:Signature/ds:Object", "data"),
    ]


def test_an_id_in_another_spelling_beside_the_true_one_is_named() -> None:
    found = findings(('<DU_LIEU_HOC_BA Id="data">', '<DU_LIEU_HOC_BA ID="data" Id="data">'))
    assert found[0] == Finding(code="SIG-132", xpath="/HOC_BA/DU_LIEU_HOC_BA", line=3, value="ID")


def test_a_package_may_repeat_no_id() -> None:
    text = changed(PACKAGE, "<ds:SignedInfo>", '<ds:SignedInfo Id="noidung">')
    found = open_document(text.encode(), BAN_TIN_1).findings
    assert {finding.code for finding in found} == {"SIG-131"}


def test_a_schema_fault_names_line_place_and_value() -> None:
    assert findings(("9.7", "9,7")) == (
        Finding(
            code="SIG-140",
            xpath=f"{CONTENT}/BANG_DIEM_HOC_BA/DIEM_TONG_KET[2]/DIEM_CA_NAM",
            line=53,
            value="9,7",
        ),
    )


@pytest.mark.parametrize(
    ("edit", "value"),
    [
        ((">03<", ">04<"), "04"),
        (("7A2</TEN", "7A2" * 100 + "</TEN"), "The value has a length of '300'"),
        (("2012-02-29", "2013-02-29"), "2013-02-29"),
        (
            ("<KHOI_ID>07</KHOI_ID>", ""),
            "This element is not expected. Expected is ( KHOI_ID ).",
        ),
        (("<CBQL>", "<CBQL>Mẫu"), "Character content other than whitespace is not allowed"),
        (("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName/>"), "Expected is ( ds:X509Data )."),
    ],
)
def test_a_schema_fault_shows_the_refused_value_or_what_was_expected(
    edit: tuple[str, str], value: str
) -> None:
    assert value in (findings(edit)[0].value or "")


def test_a_long_value_is_cut() -> None:
    (finding,) = findings(("9.7", "9" * 1000))
    assert finding.value == "9" * (VALUE_LIMIT - 1) + "…"


def test_a_place_inside_a_signature_reads_the_same_whatever_the_prefix() -> None:
    slots = "/HOC_BA/DU_LIEU_HOC_BA/DANH_SACH_THONG_TIN_KY/DANH_SACH_GVBM"
    for position, prefix in ((1, "ds:"), (2, "")):
        old = f"<{prefix}KeyInfo><{prefix}X509Data>"
        (finding,) = findings((old, f"{old}<{prefix}KeyName/>"))
        expected = f"{slots}/GVBM[{position}]/ds:Signature/ds:KeyInfo/ds:X509Data/ds:KeyName"
        assert finding.xpath == expected


def test_another_prefix_than_the_usual_one_is_accepted() -> None:
    text = TRANSCRIPT.replace("ds:", "kyso:").replace("xmlns:ds=", "xmlns:kyso=")
    assert open_document(text.encode(), HOC_BA_1_THCS).findings == ()


def test_every_fault_is_reported_up_to_a_bound() -> None:
    broken = TRANSCRIPT.replace("<DIEM_CA_NAM>", "<DIEM_CA_NAM>x")
    assert len(open_document(broken.encode(), HOC_BA_1_THCS).findings) == 3
    many = changed(TRANSCRIPT, "<CBQL>", "<CBQL>" + "<a xml:id='b'/>" * 100)
    assert len(open_document(many.encode(), HOC_BA_1_THCS).findings) == MAX_FINDINGS


@pytest.mark.parametrize("root", [f'<Signature xmlns="{DS}"/>', "<BAN_TIN/>", "<SigningTime/>"])
def test_another_document_element_is_refused_whatever_the_schema_declares(root: str) -> None:
    (finding,) = open_document(root.encode(), HOC_BA_1_THCS).findings
    assert (finding.code, finding.line) == ("SIG-140", 1)


def test_a_transcript_is_no_package_and_a_package_no_transcript() -> None:
    transcript = open_document(TRANSCRIPT.encode(), BAN_TIN_1).findings
    package = open_document(PACKAGE.encode(), HOC_BA_1_THCS).findings
    assert [finding.value for finding in (*transcript, *package)] == ["HOC_BA", "BAN_TIN"]


def test_a_document_that_gives_no_tree_is_refused() -> None:
    with pytest.raises(DocumentRefused):
        open_document(b"<HOC_BA>", HOC_BA_1_THCS)


def test_a_position_is_shown_only_where_siblings_share_a_name() -> None:
    root = open_document(TRANSCRIPT.encode(), HOC_BA_1_THCS).root
    lines = root.findall(".//DIEM_TONG_KET")
    assert [location_of(line) for line in (root, root[0], lines[0], lines[2][1])] == [
        "/HOC_BA",
        "/HOC_BA/DU_LIEU_HOC_BA",
        f"{CONTENT}/BANG_DIEM_HOC_BA/DIEM_TONG_KET[1]",
        f"{CONTENT}/BANG_DIEM_HOC_BA/DIEM_TONG_KET[3]/TEN_MON_HOC",
    ]


def test_a_location_names_signature_elements_with_the_usual_prefixes() -> None:
    root = open_document(TRANSCRIPT.encode(), HOC_BA_1_THCS).root
    (time,) = root.iter(f"{{{XADES}}}SigningTime")
    assert location_of(time).endswith(
        "/GVCN/ds:Signature/ds:Object/xades:QualifyingProperties/xades:SignedProperties"
        "/xades:SignedSignatureProperties/xades:SigningTime"
    )


def test_threads_do_not_see_each_others_schema_faults() -> None:
    clean, broken = TRANSCRIPT.encode(), changed(TRANSCRIPT, "9.7", "9,7").encode()
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(
            lambda data: open_document(data, HOC_BA_1_THCS).findings, [clean, broken] * 50
        )
        counts = [len(each) for each in found]
    assert counts == [0, 1] * 50


URIS = (*PREFIXES, "", "urn:mau", "mau", "http://www.w3.org/2000/09/xmldsig")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", ":x", ":ds", ":é"]),
            st.sampled_from(["=", " = ", "\n=\t"]),
            st.sampled_from("\"'"),
            st.sampled_from(URIS),
            st.sampled_from(["", "xmlns", "xmlns:", "xmlns:x", "xmlns:x=", "xmlns='", 'xmlns="']),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_namespace_in_the_tree_escapes_the_scan_of_the_bytes(
    declarations: list[tuple[str, str, str, str, str]],
) -> None:
    text = "<t/>"
    for prefix, equals, quote, uri, noise in declarations:
        shown = noise.replace(quote, "")
        text = f"<t a={quote}{shown}{quote} xmlns{prefix}{equals}{quote}{uri}{quote}>{text}</t>"
    try:
        document = open_document(text.encode(), HOC_BA_1_THCS)
    except DocumentRefused:
        return
    declared = {uri for element in document.root.iter() for uri in element.nsmap.values()}
    escaped = declared - {*PREFIXES, None, ""}
    reported = {finding.value for finding in document.findings if finding.code == "SIG-130"}
    assert escaped <= reported


@given(
    st.integers(min_value=0, max_value=len(TRANSCRIPT.encode()) - 1),
    st.integers(min_value=0, max_value=255),
)
def test_only_our_refusal_leaves_whatever_byte_of_a_transcript_is_changed(at: int, to: int) -> None:
    data = bytearray(TRANSCRIPT.encode())
    data[at] = to
    try:
        open_document(bytes(data), HOC_BA_1_THCS)
    except DocumentRefused:
        return


@pytest.mark.parametrize("name", ["d\ufefftransform", "d\u00b7x", "Ấn", "NGUOI_HỌC"])
def test_a_name_that_xpath_does_not_know_is_located_all_the_same(name: str) -> None:
    found = findings(("<DIA_CHI>", f"<{name}/><DIA_CHI>"))
    assert [(f.code, f.xpath) for f in found] == [("SIG-140", f"{CONTENT}/CO_SO_GIAO_DUC/{name}")]
