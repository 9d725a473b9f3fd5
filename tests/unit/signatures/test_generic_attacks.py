"""Signatures of any XML document: what attackers do, and what it may cost."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from app.signatures import generic, targets
from app.transcripts.foreign import FOREIGN_LIMITS, read_foreign_xml
from tests.foreign import EXCLUSIVE, INCLUSIVE, PLAN, only, signed, template_of, verify
from tests.peers.foreign import (
    DS,
    ENVELOPED,
    MORE,
    sign,
)

# Attacks


COPY = '<muctieu Id="muc-tieu">chữ <b>10</b></muctieu>'


@pytest.mark.parametrize(
    "wrap",
    [
        lambda d: d.replace(b"<goc>", f"<goc>{COPY}".encode()),
        lambda d: d.replace(b"</goc>", f"{COPY}</goc>".encode()),
        lambda d: d.replace(b"<goc>", f"<goc><vo>{COPY}</vo>".encode()),
        lambda d: d.replace(
            b"</ds:Signature>", f"<ds:Object>{COPY}</ds:Object></ds:Signature>".encode()
        ),
        lambda d: d.replace(b"<b>", f"{COPY}<b>".encode()),
    ],
    ids=["before", "after", "wrapped", "in the signature", "inside"],
)
def test_an_id_on_two_elements_names_neither(
    wrap: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    document = wrap(signed(tmp_path))
    for spelling in ("Id", "ID", "id", "iD", "xml:id", "x:Id", "x:ID"):
        collided = document.replace(
            b'<muctieu Id="muc-tieu">ch\xe1\xbb\xaf <b>10',
            f'<muctieu xmlns:x="urn:x" {spelling}="muc-tieu">chữ <b>10'.encode(),
        )
        result = only(collided)
        assert (result.code, result.scope) == ("SIG-221", "none")


@pytest.mark.parametrize("spelling", ["ID", "id", "xml:id", "x:Id", "iD", "name"])
def test_four_spellings_of_an_id_name_an_element(spelling: str, tmp_path: Path) -> None:
    body = f'<goc xmlns:x="urn:x"><muctieu {spelling}="muc-tieu"/>{{signature}}</goc>'
    text = body.format(signature=template_of())
    document = sign(tmp_path, text, PLAN, id_attribute=spelling.rpartition(":")[2])
    named = spelling in {"ID", "id", "xml:id"}
    assert only(document).code == (None if named else "SIG-221")


def test_a_moved_target_is_told_by_its_path(tmp_path: Path) -> None:
    document = signed(tmp_path)
    target = re.search(rb"<muctieu.*</muctieu>", document, re.DOTALL)
    assert target is not None
    fake = '<muctieu Id="gia">chữ <b>10</b></muctieu>'.encode()
    wrapped = document.replace(target[0], fake).replace(
        b"</ds:Signature>", b"<ds:Object>" + target[0] + b"</ds:Object></ds:Signature>"
    )
    result = only(wrapped)
    assert result.passed
    assert result.references[0].target_path == "/goc/ds:Signature/ds:Object/muctieu"
    assert result.scope == "partial"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('URI="#muc-tieu"', 'URI="#xpointer(id(&apos;muc-tieu&apos;))"', "SIG-223"),
        ('URI="#muc-tieu"', 'URI="http://127.0.0.1/x"', "SIG-223"),
        ('URI="#muc-tieu"', 'URI="file:///etc/passwd"', "SIG-223"),
        ('URI="#muc-tieu"', 'URI="cid:x"', "SIG-223"),
        ('URI="#muc-tieu"', 'URI="#"', "SIG-223"),
        ('URI="#muc-tieu"', 'URI="#1"', "SIG-223"),
        ('URI="#muc-tieu"', 'URI="#khong-co"', "SIG-221"),
        (' URI="#muc-tieu"', "", "SIG-210"),
        (f'Transform Algorithm="{EXCLUSIVE}"', 'Transform Algorithm="urn:x"', "SIG-222"),
        (
            f'Transform Algorithm="{EXCLUSIVE}"',
            'Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"',
            "SIG-222",
        ),
        (f"{MORE}rsa-sha256", f"{MORE}hmac-sha256", "SIG-211"),
        (f"{MORE}rsa-sha256", f"{MORE}rsa-md5", "SIG-211"),
        (f"{MORE}rsa-sha256", f"{MORE}ecdsa-sha256", "SIG-211"),
        (
            f'<ds:Transform Algorithm="{EXCLUSIVE}"/>',
            f"<ds:Transform Algorithm='{ENVELOPED}'/>",
            "SIG-320",
        ),
        ("<ds:SignedInfo>", "<ds:SignedInfo><!-- x -->", "SIG-210"),
        ("</ds:SignedInfo>", "<ds:Manifest/></ds:SignedInfo>", "SIG-210"),
        ("<ds:DigestValue>", "<ds:DigestValue><!-- x -->", "SIG-212"),
        ("<ds:SignatureValue>", "<ds:SignatureValue><!-- x -->", "SIG-212"),
        ("<ds:X509Certificate>", "<ds:X509Certificate><!-- x -->", "SIG-212"),
    ],
)
def test_what_only_an_attacker_writes_is_refused(
    old: str, new: str, code: str, tmp_path: Path
) -> None:
    document = signed(tmp_path).decode()
    document = document.replace("></ds:Transform>", "/>")
    assert document.count(old) == 1, document
    assert only(document.replace(old, new).encode()).code == code


def test_an_exclusive_prefix_list_holds_nothing_else(tmp_path: Path) -> None:
    document = signed(tmp_path, prefixes="p q").decode()
    assert only(document.encode()).passed
    commented = re.sub(
        r"(<ec:InclusiveNamespaces[^>]*)/>", r"\1><!-- x --></ec:InclusiveNamespaces>", document
    )
    assert commented != document
    assert only(commented.encode()).code == "SIG-222"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "SIG-120"),
        (b"<goc>", "SIG-120"),
        (b"<goc/><goc/>", "SIG-120"),
        (b"<?xml version='1.0' encoding='utf-16'?><goc/>", "SIG-110"),
        ("<goc/>".encode("utf-16"), "SIG-110"),
        (b"<?xml version='1.1'?><goc/>", "SIG-110"),
        (b"<!DOCTYPE goc><goc/>", "SIG-111"),
        (
            b"\xef\xbb\xbf\n<!-- x -->\n<?x?><!DOCTYPE goc [<!ENTITY a 'b'>]><goc>&a;</goc>",
            "SIG-111",
        ),
        (b"<!-- <!DOCTYPE goc> <goc/>", "SIG-120"),
        (b"<goc>&a;</goc>", "SIG-120"),
        (b"<goc xmlns:p='urn:x?a=1&amp;b=2'/>", "SIG-130"),
        (b"<goc xmlns:p='urn:a\"b'/>", "SIG-120"),
        (b"<goc xmlns:p='urn:&quot;'/>", "SIG-120"),
        (b"<goc>" + b"<a>" * 64 + b"</a>" * 64 + b"</goc>", "SIG-121"),
        (b"<goc " + b" ".join(b"a%d=''" % n for n in range(65)) + b"/>", "SIG-121"),
        (b"<goc>" + b"<a/>" * 50_000 + b"</goc>", "SIG-121"),
        (b"<goc>" + b" " * FOREIGN_LIMITS.size + b"</goc>", "SIG-121"),
        (b"<goc>" + f"<Signature xmlns='{DS}'/>".encode() * 65 + b"</goc>", "SIG-121"),
    ],
)
def test_a_document_that_is_refused_as_a_whole_has_one_failed_result(
    document: bytes, code: str
) -> None:
    assert [(one.code, one.passed) for one in verify(document)] == [(code, False)]


def test_what_looks_like_a_doctype_may_stand_elsewhere() -> None:
    assert verify(b"<?x <!DOCTYPE?><!-- <!DOCTYPE --><goc><![CDATA[<!DOCTYPE]]></goc>") == []


# Budgets


def test_a_document_that_costs_too_much_is_given_up(tmp_path: Path) -> None:
    document = signed(tmp_path).decode()
    reference = re.search(r"<ds:Reference.*</ds:Reference>", document, re.DOTALL)
    assert reference is not None
    filler = "<a>" + "x" * (FOREIGN_LIMITS.size // 2) + "</a>"
    body = "".join(f'<muctieu Id="m{n}">' for n in range(50)) + filler + "</muctieu>" * 50
    many = "".join(reference[0].replace("#muc-tieu", f"#m{n}") for n in range(50))
    costly = document.replace(reference[0], many).replace("<goc>", f"<goc>{body}").encode()
    start = time.process_time()
    result = only(costly)
    assert time.process_time() - start < 5
    assert result.code == "SIG-121"
    assert len(result.references) == 50


def test_namespaces_by_the_hundred_cost_no_more_than_a_document_may(tmp_path: Path) -> None:
    document = signed(tmp_path, transform=INCLUSIVE).decode()
    declared = " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(28))
    deep = "".join(f"<a {declared}>" for _ in range(34))
    body = deep + "<b/>" * 18_000 + "</a>" * 34
    hostile = document.replace("9,5", body).encode()
    assert len(read_foreign_xml(hostile)) == 2
    start = time.process_time()
    assert only(hostile).code == "SIG-300"
    assert time.process_time() - start < 5


def test_what_nobody_foresaw_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = signed(tmp_path)

    def fail(*_: object, **__: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(targets, "element_octets", fail)
    assert only(document).code == "SIG-999"


def test_the_same_octets_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = re.compile(rb"<ds:Reference.*</ds:Reference>", re.DOTALL)
    document = reference.sub(lambda found: found[0] * 20, signed(tmp_path))
    made = []
    real = targets.element_octets

    def counted(element: etree._Element, *args: object, **how: object) -> bytes:
        made.append(element.tag)
        return real(element, *args, **how)  # type: ignore[arg-type]  # reason: passed on

    monkeypatch.setattr(targets, "element_octets", counted)
    assert [one.digest_ok for one in only(document).references] == [True] * 20
    assert made == ["muctieu", f"{{{DS}}}SignedInfo"]
    assert generic.MAX_SIGNATURES == 64
