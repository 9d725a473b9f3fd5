"""Write the vectors of this folder: one document for each flaw, named after it.

Run `python -m tests.vectors.transcripts.make` to write the files; a test holds them to this script.
"""

import json
from pathlib import Path

from tests.vectors.transcripts import levels
from tests.vectors.transcripts.base import C14N, PACKAGE, RSA, TRANSCRIPT, changed, signature

HERE = Path(__file__).parent

Edit = tuple[str, str]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_TRANSFORM = f'<ds:Transform Algorithm="{C14N}"/>'
_XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'

# name → the codes that reading it finds, in their order, and what differs from the valid document.
_TRANSCRIPTS: dict[str, tuple[str, *tuple[Edit, ...]]] = {
    "valid": ("",),
    "birth-date-month-only": ("", ("2012-02-29", "2012-02")),
    "birth-date-year-only": ("", ("2012-02-29", "2012")),
    "declaration-absent": ("", (f"{_DECLARATION}\n", "")),
    "declaration-standalone": ("", ("?>", " standalone='no' ?>")),
    "declaration-without-encoding": ("", (' encoding="UTF-8"', "")),
    "default-namespace-undeclared": ("", ("<CBQL>", '<CBQL xmlns="">')),
    "district-absent": (
        "",
        ("<QUAN_HUYEN_ID>490</QUAN_HUYEN_ID>\n          ", ""),
        ("<TEN_QUAN_HUYEN>Quận Mẫu</TEN_QUAN_HUYEN>\n          ", ""),
    ),
    "exclamation-and-question-marks": ("", ("đọc nhiều.", "đọc nhiều! Vì sao? &lt;!--")),
    "foreigner": (
        "",
        (
            "<SO_DINH_DANH_CA_NHAN>048312000456</SO_DINH_DANH_CA_NHAN>",
            "<SO_HO_CHIEU>M1234567</SO_HO_CHIEU>",
        ),
    ),
    "name-with-white-space-around": ("", ("Đặng Thị Mẫu Hằng", " Đặng Thị Mẫu Hằng ")),
    "personal-number-empty": ("", ("048312000456", "")),
    "remark-that-speaks-of-xmlns": ("", ("đọc nhiều.", "đọc về xmlns và xmlns:ds.")),
    "signature-with-inclusive-prefixes": (
        "",
        (
            _TRANSFORM,
            (
                f'<ds:Transform Algorithm="{C14N}"><ec:InclusiveNamespaces xmlns:ec="{C14N}"'
                ' PrefixList="ds"/></ds:Transform>'
            ),
        ),
    ),
    "slot-empty": ("", (signature("#mon-97", prefix=""), "")),
    "slot-twice": (
        "",
        (
            '<GVBM Id="4815131077"><Signature',
            '<GVBM Id="4815131077"/><GVBM Id="4815131077"><Signature',
        ),
    ),
    "encoding-declared-latin-1": ("SIG-110", ("UTF-8", "ISO-8859-1")),
    "encoding-declared-utf-7": ("SIG-110", ('"UTF-8"', "'UTF-7'")),
    "version-1.1": ("SIG-110", ("1.0", "1.1")),
    "version-1.1-of-utf-16": ("SIG-110 SIG-110", ("1.0", "1.1"), ("UTF-8", "UTF-16")),
    "nul-in-a-name": ("SIG-110", ("Mẫu Hằng", "Mẫu\0Hằng")),
    "doctype": ("SIG-111", ("<HOC_BA>", "<!DOCTYPE HOC_BA><HOC_BA>")),
    "entity-bomb": (
        "SIG-111",
        ("<HOC_BA>", '<!DOCTYPE a [<!ENTITY b "mẫu"><!ENTITY c "&b;&b;&b;&b;">]><HOC_BA>'),
    ),
    "entity-external": (
        "SIG-111",
        ("<HOC_BA>", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///dev/null">]><HOC_BA>'),
    ),
    "comment-after-the-root": ("SIG-112", ("</HOC_BA>", "</HOC_BA><!-- mẫu -->")),
    "comment-in-a-mark": ("SIG-112", ("9.7", "9<!--x-->.7")),
    "instruction-in-a-name": ("SIG-112", ("Mẫu Hằng", "Mẫu<?x y?> Hằng")),
    "stylesheet": ("SIG-112", ("<HOC_BA>", '<?xml-stylesheet href="mau.xsl"?><HOC_BA>')),
    "doctype-and-stylesheet": ("SIG-111 SIG-112", ("<HOC_BA>", "<!DOCTYPE a><?b?><HOC_BA>")),
    "cdata-in-a-remark": ("SIG-113", ("&amp;", "<![CDATA[&]]>")),
    "attribute-twice": ("SIG-120", ('Id="mon-19"', 'Id="mon-19" Id="mon-19"')),
    "declaration-after-a-blank-line": ("SIG-120", (_DECLARATION, f"\n{_DECLARATION}")),
    "declaration-without-version": ("SIG-120", (_DECLARATION, '<?xml encoding="UTF-8"?>')),
    "entity-undeclared": ("SIG-120", ("&amp;", "&mau;")),
    "prefix-undeclared": ("SIG-120", ("<CBQL>", "<CBQL><x:mau/>")),
    "tag-not-closed": ("SIG-120", ("</TEN_LOP_HOC>", "")),
    "truncated": ("SIG-120", ("</PHAT_HANH_HOC_BA>\n</HOC_BA>\n", "")),
    "attributes-33": (
        "SIG-121",
        ("<TEN_LOP_HOC>", "<TEN_LOP_HOC" + "".join(f' a{n}="1"' for n in range(33)) + ">"),
    ),
    "depth-33": ("SIG-121", ("7A2</TEN", f"{'<a>' * 29}7A2{'</a>' * 29}</TEN")),
    "depth-257": ("SIG-121", ("7A2</TEN", f"{'<a>' * 257}7A2{'</a>' * 257}</TEN")),
    "namespace-foreign-unused": ("SIG-130", ("<CBQL>", '<CBQL xmlns:x="urn:mau">')),
    "namespace-relative": ("SIG-130", ("<CBQL>", "<CBQL xmlns:x = 'mau/mau'>")),
    "namespace-spelled-by-reference": (
        "SIG-130",
        ("<CBQL>", '<CBQL xmlns:x="http://www.w3.org/2000/09/xmldsig&#35;">'),
    ),
    "default-namespace": ("SIG-130 SIG-140", ("<HOC_BA>", '<HOC_BA xmlns="urn:mau">')),
    "schema-location": (
        "SIG-130 SIG-130",
        ("<HOC_BA>", f'<HOC_BA {_XSI} i:noNamespaceSchemaLocation="mau.xsd">'),
    ),
    "xinclude": (
        "SIG-130 SIG-140",
        ("<CBQL>", '<CBQL><x:include xmlns:x="http://www.w3.org/2001/XInclude" href="mau.xml"/>'),
    ),
    "xml-base": ("SIG-130 SIG-140", ("<CBQL>", '<CBQL xml:base="mau/">')),
    "xsi-type": ("SIG-130 SIG-130 SIG-140", ("<CBQL>", f'<CBQL {_XSI} i:type="Mau">')),
    "id-of-a-signature-part": (
        "SIG-131 SIG-131",
        ("<ds:SignedInfo>", '<ds:SignedInfo Id="mon-97">'),
    ),
    "id-of-the-content-in-a-slot": ("SIG-131 SIG-131", ('"4815131060"><ds:', '"data"><ds:')),
    "id-of-two-subject-lines": ("SIG-131 SIG-131", ('"mon-26"', '"mon-19"')),
    "id-attribute-ID": ("SIG-132 SIG-140", ("<CBQL>", '<CBQL ID="data">')),
    "id-attribute-ds-Id": ("SIG-132 SIG-140", ("<ds:SignedInfo>", '<ds:SignedInfo ds:Id="data">')),
    "id-attribute-iD": ("SIG-132 SIG-140", ("<CBQL>", '<CBQL iD="data">')),
    "id-attribute-id": ("SIG-132 SIG-140", ("<CBQL>", '<CBQL id="data">')),
    "id-attribute-xml-id": ("SIG-132 SIG-140", ("<CBQL>", '<CBQL xml:id="data">')),
    "absences-negative": ("SIG-140", ("NGHI_HOC>3", "NGHI_HOC>-1")),
    "birth-date-that-never-was": ("SIG-140", ("2012-02-29", "2013-02-29")),
    "class-code-with-white-space": ("SIG-140", ("48000123-7A2-2024", "48000123 7A2 2024")),
    "element-foreign": ("SIG-140", ("<KHEN_THUONG/>", "<KHEN_THUONG/><MAU/>")),
    "element-missing": ("SIG-140", ("<KHOI_ID>07</KHOI_ID>", "")),
    "element-out-of-order": (
        "SIG-140",
        ("<TEN_LOP_HOC>7A2</TEN_LOP_HOC>", ""),
        ("<LOP_HOC_ID>", "<TEN_LOP_HOC>7A2</TEN_LOP_HOC><LOP_HOC_ID>"),
    ),
    "element-twice": ("SIG-140", ("<DIEM_CA_NAM>", "<DIEM_CA_NAM>9.8</DIEM_CA_NAM><DIEM_CA_NAM>")),
    "grade-of-upper-secondary": ("SIG-140", ("<KHOI_ID>07", "<KHOI_ID>10")),
    "id-no-name": ("SIG-140", ('"mon-97"', '"97"')),
    "id-with-white-space": ("SIG-140", ('"mon-97"', '" mon-97"')),
    "level-of-primary": ("SIG-140", ("<CAP_HOC_ID>03", "<CAP_HOC_ID>02")),
    "mark-above-ten": ("SIG-140", ("9.7", "10.1")),
    "mark-with-comma": ("SIG-140", ("9.7", "9,7")),
    "mark-with-two-decimals": ("SIG-140", ("9.7", "9.75")),
    "name-blank": ("SIG-140", ("Đặng Thị Mẫu Hằng", "  ")),
    "name-too-long": ("SIG-140", ("Đặng Thị Mẫu Hằng", "Mẫu " * 51)),
    "personal-number-too-short": ("SIG-140", ("048312000456", "48312000456")),
    "rating-unknown": ("SIG-140", ("LUYEN_NAM_ID>T", "LUYEN_NAM_ID>TB")),
    "root-is-the-message": ("SIG-140", ("<HOC_BA>", "<BAN_TIN>"), ("</HOC_BA>", "</BAN_TIN>")),
    "signature-hmac-length": (
        "SIG-140",
        (
            f'Method Algorithm="{RSA}"/>',
            (
                f'Method Algorithm="{RSA}"><ds:HMACOutputLength>1</ds:HMACOutputLength>'
                "</ds:SignatureMethod>"
            ),
        ),
    ),
    "signature-key-name": ("SIG-140", ("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>Mẫu</ds:KeyName>")),
    "signature-object-of-content": (
        "SIG-140",
        ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object><HOC_BA/></ds:Object>"),
    ),
    "signature-of-two-signed-infos": (
        "SIG-140",
        ("<ds:SignatureValue>", "<ds:SignedInfo/><ds:SignatureValue>"),
    ),
    "signature-xpath-transform": (
        "SIG-140",
        (
            _TRANSFORM,
            (
                '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
                "<ds:XPath>false()</ds:XPath></ds:Transform>"
            ),
        ),
    ),
    "slot-with-text": ("SIG-140", ("<CBQL>", "<CBQL>Mẫu")),
    "slot-with-two-signatures": ("SIG-140", ("<CBQL>", f"<CBQL>{signature('#data')}")),
    "three-faults": ("SIG-140 SIG-140 SIG-140", ("9.7", "9,7"), ("7.8", "78"), (">03<", ">04<")),
}

_PACKAGES: dict[str, tuple[str, *tuple[Edit, ...]]] = {
    "valid": ("",),
    "base64-empty": ("", ("không phải base64", "")),
    "line-ends-of-windows": ("", ("\nPEhPQ", "\r\nPEhPQ")),
    "moment-in-utc": ("", ("09:30:00+07:00", "02:30:00.125Z")),
    "purpose-reserved": ("", ("TIN>01</MUC", "TIN>02</MUC")),
    "withdrawal-without-a-reason": (
        "",
        ("TIN>01</MUC", "TIN>03</MUC"),
        (
            PACKAGE[PACKAGE.index("    <DANH_SACH_HOC_BA") : PACKAGE.index("  </NOI_DUNG>")],
            (
                "<DANH_SACH_THU_HOI><THU_HOI><MA_DINH_DANH_HOC_BA>23456789ABCDEFGHJK"
                "</MA_DINH_DANH_HOC_BA></THU_HOI></DANH_SACH_THU_HOI>"
            ),
        ),
    ),
    "withdrawal": (
        "",
        ("TIN>01</MUC", "TIN>03</MUC"),
        (
            PACKAGE[PACKAGE.index("    <DANH_SACH_HOC_BA") : PACKAGE.index("  </NOI_DUNG>")],
            (
                "<DANH_SACH_THU_HOI><THU_HOI><MA_DINH_DANH_HOC_BA>23456789ABCDEFGHJK"
                "</MA_DINH_DANH_HOC_BA><LY_DO>Sai điểm</LY_DO></THU_HOI></DANH_SACH_THU_HOI>"
            ),
        ),
    ),
    "base64-in-a-redeclared-element": (
        "PKG-101",
        ("<DU_LIEU_SO_GOC>", '<DU_LIEU_SO_GOC xmlns="">'),
    ),
    "purpose-of-another-list": ("PKG-101", ("TIN>01</MUC", "TIN>03</MUC")),
    "quantity-wrong": ("PKG-104", ('"3"', '"4"')),
    "student-twice": ("PKG-105", ("4800012324000457", "4800012324000456")),
    "comment": ("SIG-112", ("<HOC_BA_SO>", "<HOC_BA_SO><!-- mẫu -->")),
    "moment-at-24": ("SIG-140", ("T09:30:00", "T24:00:00")),
    "moment-without-offset": ("SIG-140", ("+07:00", "")),
    "purpose-unknown": ("SIG-140", ("TIN>01</MUC", "TIN>04</MUC")),
    "quantity-above-300": ("SIG-140", ('"3"', '"301"')),
}


def vectors() -> dict[str, bytes]:
    """Every document of this folder by its file name."""
    texts = {
        f"{folder}/{name}.xml": _edited(document, edits).encode()
        for folder, document, cases in _folders()
        for name, (_, *edits) in cases.items()
    }
    return texts | {
        "transcript/byte-order-mark.xml": b"\xef\xbb\xbf" + TRANSCRIPT.encode(),
        "transcript/empty.xml": b"",
        "transcript/encoding-utf-16.xml": TRANSCRIPT.encode("utf-16"),
        "transcript/latin-1-in-a-name.xml": TRANSCRIPT.encode().replace("ẫ".encode(), b"\xe2", 1),
    }


def expected() -> dict[str, str]:
    """The codes that reading each document finds."""
    codes = {
        f"{folder}/{name}.xml": found
        for folder, _, cases in _folders()
        for name, (found, *_) in cases.items()
    }
    return codes | {
        "transcript/byte-order-mark.xml": "SIG-115",
        "transcript/empty.xml": "SIG-120",
        "transcript/encoding-utf-16.xml": "SIG-110",
        "transcript/latin-1-in-a-name.xml": "SIG-110",
    }


def expected_file() -> bytes:
    """The codes as the file that stands beside the documents."""
    return json.dumps(expected(), indent=1, sort_keys=True).encode() + b"\n"


def _folders() -> tuple[tuple[str, str, dict[str, tuple[str, *tuple[Edit, ...]]]], ...]:
    return (
        ("transcript", TRANSCRIPT, _TRANSCRIPTS),
        ("package", PACKAGE, _PACKAGES),
        ("level-02", levels.PRIMARY, levels.PRIMARY_CASES),
        ("level-03", levels.THCS, levels.THCS_CASES),
        ("level-04", levels.THPT, levels.THPT_CASES),
        ("level-05", levels.GDTX, levels.GDTX_CASES),
    )


def _edited(document: str, edits: list[Edit]) -> str:
    for edit in edits:
        document = changed(document, *edit)
    return document


if __name__ == "__main__":
    for name, content in (vectors() | {"expected.json": expected_file()}).items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(content)
