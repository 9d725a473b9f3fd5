"""A11 to A15, A21, A23 and A24: what two programs read differently, or cannot bear to read."""

import gzip
import zlib
from collections.abc import Iterator

from tests.attacks.attack import Attack
from tests.attacks.victims import Edit, Victim, edited_text, victim, victims
from tests.vectors.transcripts.base import DS

_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def _of_document(one: Victim, name: str, hostile: bytes, *codes: str, at: str = "") -> Attack:
    return Attack(
        name=f"{name}-{one.role}",
        twin=one.xml,
        hostile=hostile,
        codes=codes,
        at=at,
        verify=one.verify,
    )


def documents() -> tuple[Victim, Victim]:
    """One signature for each kind of document: these attacks concern the file."""
    return victim("school"), victim("package")


def split_texts() -> Iterator[Attack]:
    """A11: a text that a parser hands out in pieces, so that a careless program reads the first."""
    middles = {
        "comment": ("<!--x-->", "SIG-112"),
        "instruction": ("<?x y?>", "SIG-112"),
        "cdata": ("<![CDATA[]]>", "SIG-113"),
        "entity": ("&mau;", "SIG-120"),
    }
    places = {
        "mark": "<DIEM_CA_NAM>.",
        "name": "<HO_VA_TEN>.",
        "student-code": "<(NGUOI_HOC_ID|MA_HOC_SINH)>.",
        "base64-original": "<DU_LIEU_SO_GOC>.",
        "digest-value": "<ds:DigestValue>.",
        "signature-value": "<ds:SignatureValue>.",
        "certificate": "<ds:X509Certificate>.",
        "slot": "<(CBQL|KY_PHAT_HANH_GOI_TIN)>",
    }
    for one in documents():
        text = one.xml.decode()
        for place, pattern in places.items():
            if pattern.split(">")[0].strip("<") not in text and "(" not in pattern:
                continue
            for name, (middle, code) in middles.items():
                edit: Edit = (pattern, lambda match, middle=middle: match[0] + middle)  # type: ignore[misc]  # reason: a default binds the loop variable
                hostile = edited_text(text, (edit,)).encode()
                yield _of_document(one, f"{name}-in-a-{place}", hostile, code)


def document_types() -> Iterator[Attack]:
    """A12: DOCTYPE, entity bombs, external entities and subsets, default attributes."""
    bomb = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "mẫu">' for n in range(9)
    )
    declarations = {
        "doctype-alone": "<!DOCTYPE HOC_BA>",
        "entity": '<!DOCTYPE a [<!ENTITY mau "10">]>',
        "entity-bomb": f"<!DOCTYPE a [{bomb}]>",
        "quadratic-entity": f'<!DOCTYPE a [<!ENTITY b "{"b" * 50_000}">]>',
        "entity-that-holds-itself": '<!DOCTYPE a [<!ENTITY b "&c;"><!ENTITY c "&b;">]>',
        "file-entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        "http-entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/b">]>',
        "parameter-entity": '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/b"> %b;]>',
        "external-subset": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        "public-subset": '<!DOCTYPE a PUBLIC "-//MAU//VI" "http://127.0.0.1:9/a.dtd">',
        "default-id": '<!DOCTYPE a [<!ATTLIST CBQL Id ID "data">]>',
        "default-namespace": '<!DOCTYPE a [<!ATTLIST a xmlns CDATA "urn:mau">]>',
        "doctype-in-lower-case": "<!doctype a>",
    }
    for one in documents():
        for name, declaration in declarations.items():
            hostile = one.xml.replace(b"?>\n", f"?>{declaration}\n".encode(), 1)
            yield _of_document(one, name, hostile, "SIG-111")


def inclusions() -> Iterator[Attack]:
    """A13: XInclude, schema locations, types of instances, stylesheets, catalogs."""
    for one in documents():
        root = b"<BAN_TIN" if one.role == "package" else b"<HOC_BA"
        xi = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{}" parse="{}"/>'
        for name, href in (("file", "file:///etc/hostname"), ("http", "http://127.0.0.1:9/")):
            for parse in ("xml", "text"):
                inside = f"><ds:KeyInfo>{xi.format(href, parse)}"
                hostile = one.edited(("><ds:KeyInfo>", inside))
                yield _of_document(
                    one, f"xinclude-of-{name}-as-{parse}", hostile, "SIG-130", "SIG-140"
                )
        attributes = {
            "schema-location": f'xmlns:i="{_XSI}" i:schemaLocation="a http://127.0.0.1:9/a.xsd"',
            "no-namespace-schema": f'xmlns:i="{_XSI}" i:noNamespaceSchemaLocation="a.xsd"',
            "nil": f'xmlns:i="{_XSI}" i:nil="true"',
            "xml-base": 'xml:base="http://127.0.0.1:9/"',
            "xml-space": 'xml:space="preserve"',
        }
        for name, attribute in attributes.items():
            hostile = one.xml.replace(root, root + f" {attribute}".encode(), 1)
            yield _of_document(one, name, hostile, "SIG-130")
        for name, instruction in (
            ("stylesheet", '<?xml-stylesheet href="http://127.0.0.1:9/a.xsl" type="text/xsl"?>'),
            ("model", '<?xml-model href="http://127.0.0.1:9/a.rng"?>'),
            ("catalog", '<?oasis-xml-catalog catalog="http://127.0.0.1:9/c"?>'),
        ):
            hostile = one.xml.replace(b"?>\n", f"?>{instruction}\n".encode(), 1)
            yield _of_document(one, f"{name}-instruction", hostile, "SIG-112")


def namespaces() -> Iterator[Attack]:
    """A14: foreign children, prefixes bound anew, a default namespace after signing."""
    for one in victims():
        target = f'<{one.target} Id="{one.target_id}"'
        closing = f"</{one.target}>"
        cases: dict[str, tuple[Edit, tuple[str, ...]]] = {
            "foreign-child": (
                (closing, f'<m:x xmlns:m="urn:mau">10</m:x>{closing}'),
                ("SIG-130", "SIG-140"),
            ),
            "child-in-the-signature-namespace": (
                (closing, f'<ds:x xmlns:ds="{DS}"/>{closing}'),
                ("SIG-140",),
            ),
            "default-namespace-of-the-target": ((target, f'{target} xmlns="{DS}"'), ("SIG-140",)),
            "foreign-default-namespace": (
                (target, f'{target} xmlns="urn:mau"'),
                ("SIG-130", "SIG-140"),
            ),
            "used-nowhere-but-inherited": ((target, f'{target} xmlns:ds="{DS}"'), ("SIG-300",)),
        }
        for name, (edit, codes) in cases.items():
            hostile = edited_text(one.xml.decode(), (edit,)).encode()
            yield _of_document(one, name, hostile, *codes)
        parts: dict[str, tuple[Edit, tuple[str, ...]]] = {
            "prefix-bound-to-another-namespace": (
                ("<ds:KeyInfo>", '<ds:KeyInfo xmlns:ds="urn:mau">'),
                ("SIG-130", "SIG-140"),
            ),
            "signature-of-another-namespace": (
                (f'xmlns:ds="{DS}"', f'xmlns:ds="{DS[:-1]}"'),
                ("SIG-130", "SIG-140", "SIG-200"),
            ),
            "signature-of-no-namespace": (
                ("<ds:SignedInfo>", "<SignedInfo>"),
                ("SIG-120",),
            ),
            "namespace-declared-on-signed-info": (
                ("<ds:SignedInfo>", f'<ds:SignedInfo xmlns:a="{DS}">'),
                ("SIG-320",),
            ),
            "empty-prefix-binding": (("<ds:KeyInfo>", '<ds:KeyInfo xmlns:a="">'), ("SIG-120",)),
            "xml-prefix-bound-anew": (
                ("<ds:KeyInfo>", '<ds:KeyInfo xmlns:xml="urn:mau">'),
                ("SIG-120",),
            ),
        }
        for name, (edit, codes) in parts.items():
            yield _of_document(one, name, one.edited(edit), *codes)


def differentials() -> Iterator[Attack]:
    """A15: octets that lenient programs read as something else."""
    for one in documents():
        first = b"<MA_HOC_SINH>" if one.role == "package" else b"<DIEM_CA_NAM>"
        at = one.xml.index(first) + len(first)
        inside: dict[str, tuple[bytes, str]] = {
            "overlong-less-than": (b"\xc0\xbc", "SIG-110"),
            "overlong-nul": (b"\xc0\x80", "SIG-110"),
            "surrogate": (b"\xed\xa0\x80", "SIG-110"),
            "beyond-unicode": (b"\xf4\x90\x80\x80", "SIG-110"),
            "lone-continuation": (b"\x80", "SIG-110"),
            "cut-sequence": (b"\xe1\xba", "SIG-110"),
            "control-character": (b"\x01", "SIG-120"),
            "escaped-nul": (b"&#0;", "SIG-120"),
            "escaped-surrogate": (b"&#xD800;", "SIG-120"),
            "escaped-control-character": (b"&#1;", "SIG-120"),
            "noncharacter": ("\ufffe".encode(), "SIG-120"),
            "end-of-cdata": (b"]]>", "SIG-120"),
            "bare-ampersand": (b"&", "SIG-120"),
            "byte-order-mark-inside": ("\ufeff".encode(), "SIG-300"),
            "zero-width-space": ("\u200b".encode(), "SIG-300"),
            "full-width-digit": ("１".encode(), "SIG-300"),
            "right-to-left-override": ("\u202e".encode(), "SIG-300"),
            "next-line": ("\x85".encode(), "SIG-300"),
            "escaped-carriage-return": (b"&#13;", "SIG-300"),
        }
        for name, (octets, code) in inside.items():
            yield _of_document(one, name, one.xml[:at] + octets + one.xml[at:], code)
        yield _of_document(one, "second-document", one.xml + one.xml, "SIG-120")
        bare = one.xml[one.xml.index(b"?>") + 2 :]
        yield _of_document(one, "second-root", one.xml + bare.lstrip(), "SIG-120")
        yield _of_document(one, "text-behind-the-root", one.xml + b"mau", "SIG-120")
        yield _of_document(one, "text-before-the-root", b"mau" + one.xml, "SIG-120")
        yield _of_document(one, "blank-before-the-declaration", b" " + one.xml, "SIG-120")
        opening = b"<NOI_DUNG" if one.role == "package" else b"<DU_LIEU_HOC_BA"
        prefixed = one.xml.replace(opening, b"<a:" + opening[1:], 1)
        yield _of_document(one, "undeclared-prefix", prefixed, "SIG-120")
    package = victim("package")
    for name, old, new in (
        ("empty-original-before", "<DU_LIEU_SO_GOC>", "<DU_LIEU_SO_GOC/><DU_LIEU_SO_GOC>"),
        (
            "original-before-its-student",
            "<MA_HOC_SINH>",
            "<DU_LIEU_SO_GOC>AA==</DU_LIEU_SO_GOC><MA_HOC_SINH>",
        ),
        ("original-with-an-attribute", "<DU_LIEU_SO_GOC>", '<DU_LIEU_SO_GOC a="1">'),
    ):
        hostile = edited_text(package.xml.decode(), ((old, new),)).encode()
        yield _of_document(package, name, hostile, "SIG-140", "SIG-300")


def encodings() -> Iterator[Attack]:
    """A21: other encodings, declared or not, XML 1.1, NUL."""
    for one in documents():
        text = one.xml.decode()
        bare = text[text.index("?>") + 3 :]
        declared = {
            name: text.replace("UTF-8", name, 1).encode()
            for name in ("UTF-16", "UTF-7", "ISO-8859-1", "US-ASCII", "windows-1258", "EBCDIC")
        }
        for name, octets in declared.items():
            yield _of_document(one, f"declared-{name.lower()}", octets, "SIG-110")
        yield _of_document(
            one, "declared-nothing", text.replace("UTF-8", "", 1).encode(), "SIG-120"
        )
        for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
            yield _of_document(one, f"written-in-{name}", bare.encode(name), "SIG-110")
            honest = text.replace("UTF-8", name.upper(), 1).encode(name)
            yield _of_document(one, f"declared-and-written-in-{name}", honest, "SIG-110")
        smuggled = text.replace("UTF-8", "UTF-7", 1).replace("<", "+ADw-").encode()
        yield _of_document(one, "written-in-utf-7", smuggled, "SIG-120")
        latin = text.encode("latin-1", "xmlcharrefreplace").replace(
            b"Tr&#432;&#7901;ng", b"\xdd", 1
        )
        yield _of_document(one, "written-in-latin-1", latin, "SIG-110")
        for version in ("1.1", "2.0", ""):
            hostile = one.xml.replace(b'"1.0"', f'"{version}"'.encode(), 1)
            yield _of_document(one, f"version-{version or 'empty'}", hostile, "SIG-110")
        for name, at in (("first", 0), ("last", len(one.xml)), ("middle", len(one.xml) // 2)):
            yield _of_document(one, f"nul-{name}", one.xml[:at] + b"\0" + one.xml[at:], "SIG-110")


def oversizes() -> Iterator[Attack]:
    """A23: long texts, deep trees, many attributes, elements, namespaces and references."""
    for one in documents():
        first = "MA_HOC_SINH" if one.role == "package" else "HO_VA_TEN"
        tag = f"<{first}>"
        attributes = " ".join(f'a{n}="1"' for n in range(100_000))
        cases: dict[str, str] = {
            "ten-megabytes-of-text": f"{tag}{'a' * 10_000_000}",
            "depth-257": f"{tag}{'<a>' * 257}{'</a>' * 257}",
            "depth-33": f"{tag}{'<a>' * 33}{'</a>' * 33}",
            "a-hundred-thousand-attributes": f"<{first} {attributes}>",
            "four-hundred-thousand-elements": tag + "<a/>" * 400_000,
            "thousands-of-namespaces": tag
            + "".join(f'<a xmlns:p{n}="{DS}"/>' for n in range(2_100)),
            "seventeen-prefixes": tag
            + "<a "
            + " ".join(f'xmlns:p{n}="{DS}"' for n in range(17))
            + "/>",
        }
        for name, replacement in cases.items():
            hostile = one.xml.replace(tag.encode(), replacement.encode(), 1)
            yield _of_document(one, name, hostile, "SIG-121")
        name_of_megabytes = f"<{'a' * 600_000}/>"
        for name, inside, codes in (
            ("long-name", f"{tag}{name_of_megabytes}", ("SIG-120",)),
            ("long-attribute", f'<{first} a="{"a" * 900_000}">', ("SIG-140",)),
        ):
            hostile = one.xml.replace(tag.encode(), inside.encode(), 1)
            yield _of_document(one, name, hostile, *codes)
        yield _of_document(one, "empty-file", b"", "SIG-120")
        yield _of_document(one, "blank-megabyte", b" " * 1_000_000, "SIG-120")
        yield _of_document(one, "less-than-signs", b"<" * 9_000, "SIG-120")


def compressions() -> Iterator[Attack]:
    """A24: packed octets are no XML; nothing unpacks them behind the size limit."""
    for one in documents():
        zeros = bytes(50_000_000)
        packed = {
            "gzip-of-the-document": gzip.compress(one.xml, mtime=0),
            "gzip-bomb": gzip.compress(zeros, mtime=0),
            "zlib-bomb": zlib.compress(zeros, 9),
            "zip": b"PK\x03\x04" + bytes(30),
            "zstd": b"\x28\xb5\x2f\xfd" + bytes(30),
        }
        for name, octets in packed.items():
            yield _of_document(one, name, octets, "SIG-110")
