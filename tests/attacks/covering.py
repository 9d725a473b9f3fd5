"""A3 to A6 and A16: what a signature points at, and what of it is digested."""

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

from tests.attacks.attack import Attack
from tests.attacks.victims import Edit, victims, year_of
from tests.vectors.transcripts.base import DS

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_REFERENCE = "<ds:Reference .*</ds:Reference>"
_TRANSFORMS = "<ds:Transforms>.*</ds:Transforms>"
_NOTHING = b64encode(sha256(b"").digest()).decode()
_DIGEST = "(<ds:DigestValue>)[^<]*"


def swapped_targets() -> Iterator[Attack]:
    """A3: true signatures over something else than what their slot stands for."""
    everybody = {one.role: one for one in victims()}
    ids = {role: one.target_id for role, one in everybody.items() if role != "package"}
    ids |= {"another-subject": f"mon-{year_of().subjects[1].subject.code}", "slot": "khong-co"}
    for one in victims():
        for name, other in ids.items():
            if other == one.target_id:
                continue
            known = other != "khong-co" and one.role != "package"
            yield Attack(
                name=f"target-of-{name}-signed-by-{one.role}",
                twin=one.xml,
                hostile=one.resigned((' URI="[^"]*"', f' URI="#{other}"')),
                codes=("SIG-220",) if known else ("SIG-221",),
                at=one.slot,
                verify=one.verify,
            )
    for first, second in (("homeroom", "principal"), ("homeroom", "school"), ("teacher", "school")):
        a, b = everybody[first], everybody[second]
        yield Attack(
            name=f"signatures-of-{first}-and-{second}-swapped",
            twin=a.xml,
            hostile=_swapped(a.xml, a.signature, b.signature),
            codes=("SIG-220",),
            at=a.slot,
            verify=a.verify,
        )
    a, b = everybody["principal"], everybody["school"]
    yield Attack(
        name="signatures-of-principal-and-school-swapped",
        twin=a.xml,
        hostile=_swapped(a.xml, a.signature, b.signature),
        codes=("SIG-501",),
        at=a.slot,
        verify=a.verify,
    )
    first_slot, second_slot = (
        slot.encode() for slot in re.findall(r'<GVBM Id="\d+"><ds:', a.xml.decode())
    )
    yield Attack(
        name="slots-of-two-teachers-swapped",
        twin=a.xml,
        hostile=a.sealed_over(_swapped(a.xml, first_slot, second_slot)),
        codes=("SIG-220",),
        at="GVBM",
        verify=a.verify,
    )


def _swapped(xml: bytes, first: bytes, second: bytes) -> bytes:
    return second.join(part.replace(second, first) for part in xml.split(first, 1))


def reference_counts() -> Iterator[Attack]:
    """A4: none, several, a thousand references; manifests, which need not be checked at all."""
    for one in victims():
        text = one.signature.decode()
        reference = re.findall("<ds:Reference .*?</ds:Reference>", text, re.DOTALL)[0]
        manifest = (
            f'<ds:Object><ds:Manifest Id="ke-khai">{reference}</ds:Manifest></ds:Object>'
            "</ds:Signature>"
        )
        signed: dict[str, tuple[Edit, tuple[str, ...]]] = {
            "no-reference": ((_REFERENCE, ""), ("SIG-140", "SIG-210")),
            "the-same-reference-twice": ((_REFERENCE, reference * 2), ("SIG-220",)),
            "three-times-the-same-reference": ((_REFERENCE, reference * 3), ("SIG-220",)),
            "sixty-five-references": ((_REFERENCE, reference * 65), ("SIG-210",)),
            "a-reference-to-nothing-besides": (
                (_REFERENCE, reference + reference.replace(one.target_id, "khong-co")),
                ("SIG-221",),
            ),
            "a-manifest": (("</ds:Signature>", manifest), ("SIG-140", "SIG-210")),
        }
        for name, (edit, codes) in signed.items():
            yield Attack(
                name=f"{name}-{one.role}",
                twin=one.xml,
                hostile=one.resigned(edit),
                codes=codes,
                at="ds:" if "SIG-140" in codes else one.slot,
                verify=one.verify,
            )
        yield Attack(
            name=f"a-thousand-references-{one.role}",
            twin=one.xml,
            hostile=one.edited((_REFERENCE, reference * 1000)),
            codes=("SIG-121",),
            verify=one.verify,
        )


def transforms() -> Iterator[Attack]:
    """A5: transforms that drop, replace or decode what is digested, and those that do nothing.

    Each with the digest of nothing besides, which a false() selection really has.
    """
    plain = f'<ds:Transform Algorithm="{C14N}"></ds:Transform>'
    xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116"
    filter2 = "http://www.w3.org/2002/06/xmldsig-filter2"

    def transform(uri: str, inside: str = "") -> str:
        return f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'

    cases: dict[str, tuple[str, tuple[str, ...]]] = {
        "xpath-false": (
            transform(xpath, "<ds:XPath>false()</ds:XPath>") + plain,
            ("SIG-140", "SIG-222"),
        ),
        "xpath-true": (
            transform(xpath, "<ds:XPath>true()</ds:XPath>") + plain,
            ("SIG-140", "SIG-222"),
        ),
        "xpath-without-its-expression": (transform(xpath) + plain, ("SIG-222",)),
        "xpath-filter-2": (
            transform(filter2, f'<f:XPath xmlns:f="{filter2}" Filter="subtract">/</f:XPath>'),
            ("SIG-130", "SIG-140", "SIG-222"),
        ),
        "xslt": (
            transform(
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
                '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"></x:stylesheet>',
            ),
            ("SIG-130", "SIG-140", "SIG-222"),
        ),
        "base64-decoding": (transform(f"{DS}base64"), ("SIG-222",)),
        "c14n-with-comments": (transform(f"{C14N}#WithComments"), ("SIG-222",)),
        "c14n-twice": (plain + plain, ("SIG-222",)),
        "enveloped-after-c14n": (plain + transform(f"{DS}enveloped-signature"), ("SIG-222",)),
        "enveloped-twice": (transform(f"{DS}enveloped-signature") * 2, ("SIG-222",)),
        "decryption": (transform("http://www.w3.org/2002/07/decrypt#XML"), ("SIG-222",)),
        "unknown-transform": (transform("urn:mau") + plain, ("SIG-222",)),
        "algorithm-empty": (transform(""), ("SIG-222",)),
        "relative-algorithm": (transform("REC-xml-c14n-20010315"), ("SIG-222",)),
    }
    for one in victims():
        for name, (inside, codes) in cases.items():
            for digest, edits in (
                ("", ()),
                ("-and-the-digest-of-nothing", ((_DIGEST, rf"\g<1>{_NOTHING}"),)),
            ):
                edit = (_TRANSFORMS, f"<ds:Transforms>{inside}</ds:Transforms>")
                yield Attack(
                    name=f"{name}{digest}-{one.role}",
                    twin=one.xml,
                    hostile=one.resigned(edit, *edits),
                    codes=codes,
                    at=one.slot if codes[0] == "SIG-222" else "",
                    verify=one.verify,
                )


def outside_uris() -> Iterator[Attack]:
    """A6 and A26: references to the network, to files, to the whole document, to an expression."""
    uris = {
        "http": "http://127.0.0.1:9/mau.xml",
        "https": "https://[::1]/mau.xml",
        "metadata-address": "http://169.254.169.254/latest/meta-data/",
        "ftp": "ftp://127.0.0.1/mau.xml",
        "file": "file:///etc/hostname",
        "path": "/etc/hostname",
        "relative": "mau.xml",
        "cid": "cid:mau@mau.localhost",
        "data": "data:text/xml,&lt;a/>",
        "whole-document": "",
        "bare-hash": "#",
        "xpointer-root": "#xpointer(/)",
        "percent-encoded": "#{0}%20",
        "absolute-with-fragment": "http://127.0.0.1:9/#{0}",
        "white-space": "#{0} ",
        "leading-white-space": " #{0}",
        "two-fragments": "#{0}#{0}",
        "not-an-ncname": "#1{0}",
        "colon": "#ds:{0}",
    }
    for one in victims():
        for name, uri in uris.items():
            edit = (' URI="[^"]*"', f' URI="{uri.format(one.target_id)}"')
            yield Attack(
                name=f"uri-{name}-{one.role}",
                twin=one.xml,
                hostile=one.resigned(edit),
                codes=("SIG-223",),
                at=one.slot,
                verify=one.verify,
            )
        by_expression = f"#xpointer(id('{one.target_id}'))"
        yield Attack(
            name=f"uri-xpointer-id-{one.role}",
            twin=one.xml,
            hostile=one.resigned((' URI="[^"]*"', f' URI="{by_expression}"')),
            codes=("SIG-223",),
            at=one.slot,
            verify=one.verify,
        )
        yield Attack(
            name=f"uri-absent-{one.role}",
            twin=one.xml,
            hostile=one.resigned((' URI="[^"]*"', "")),
            codes=("SIG-140", "SIG-210"),
            at="ds:Reference",
            verify=one.verify,
        )


def void_canonicalizations() -> Iterator[Attack]:
    """A16: content without a canonical form, and the digest of the empty string.

    Other stacks digest nothing there, so that a digest of nothing fits any content.
    """
    void = ((_DIGEST, rf"\g<1>{_NOTHING}"),)
    for one in victims():
        yield Attack(
            name=f"digest-of-nothing-{one.role}",
            twin=one.xml,
            hostile=one.resigned(*void),
            codes=("SIG-300",),
            at=one.slot,
            verify=one.verify,
        )
        for name, namespace in (
            ("relative-namespace", "tuong-doi"),
            ("dotted-namespace", "../mau"),
            ("fragment-namespace", "#mau"),
        ):
            declared = f' xmlns:x="{namespace}" Id="{one.target_id}"'.encode()
            forged = one.resigned(*void)
            yield Attack(
                name=f"{name}-and-the-digest-of-nothing-{one.role}",
                twin=one.xml,
                hostile=forged.replace(f' Id="{one.target_id}"'.encode(), declared, 1),
                codes=("SIG-130", "SIG-301"),
                verify=one.verify,
            )
