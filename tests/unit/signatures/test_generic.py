"""Signatures of any XML document: against other programs, and against what attackers do."""

import base64
import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import (  # type: ignore[attr-defined]  # reason: re-exported without __all__
    DigestAlgorithm,
    InvalidDigest,
    InvalidSignature,
    SignatureConfiguration,
    SignatureMethod,
    XMLSigner,
    XMLVerifier,
)

from app.signatures import SignatureResult, generic, targets, verify_xmldsig
from app.signatures.canonical import Canonicalization
from app.signatures.writing import (
    Digest,
    Qualification,
    ReferenceToSign,
    SignatureForm,
    Signer,
    signature_xml,
)
from app.transcripts.foreign import FOREIGN_LIMITS, read_foreign_xml
from tests.peers.foreign import (
    DS,
    DSIG11,
    ENVELOPED,
    METHODS,
    MORE,
    Plan,
    accepts,
    draw_document,
    draw_plan,
    key_of,
    sign,
    template,
)

AT = datetime(2026, 7, 1, tzinfo=UTC)
XML = "http://www.w3.org/XML/1998/namespace"
EXCLUSIVE = Canonicalization.EXCLUSIVE.value
INCLUSIVE = Canonicalization.INCLUSIVE_10.value
OUTSIDE = '<goc><muctieu Id="muc-tieu">chữ <b>9,5</b></muctieu>{signature}</goc>'
PLAN = Plan(
    uri="#muc-tieu",
    place="after",
    method=EXCLUSIVE,
    transform=EXCLUSIVE,
    prefixes="",
    key="rsa",
)


def verify(document: bytes, *, legacy: bool = True) -> list[SignatureResult]:
    return verify_xmldsig(document, at=AT, allow_legacy=legacy)


def only(document: bytes, *, legacy: bool = True) -> SignatureResult:
    (result,) = verify(document, legacy=legacy)
    return result


def plan(**changes: str) -> Plan:
    return replace(PLAN, **changes)


def signed(folder: Path, body: str = OUTSIDE, **changes: str) -> bytes:
    """A document that xmlsec1 signed, the signature where the body says."""

    wish = plan(**changes)
    return sign(folder, body.format(signature=template(wish)), wish)


# Other programs


@pytest.mark.parametrize("seed", range(24))
def test_what_xmlsec1_signs_passes_here_and_only_it(seed: int, tmp_path: Path) -> None:
    wish = draw_plan(seed)
    document = sign(tmp_path, draw_document(seed, wish), wish)
    assert accepts(tmp_path, document)
    result = only(document)
    unsure = "#default" in wish.prefixes and result.code == "SIG-301"
    assert result.passed or unsure
    chance = random.Random(seed)  # noqa: S311 -- reason: test data
    for _ in range(3):
        changed = damaged(document, chance)
        if any(one.passed for one in verify(changed)):
            assert accepts(tmp_path, changed), changed
    assert result.scope == ("full" if wish.uri == "" else "partial")


def damaged(document: bytes, chance: random.Random) -> bytes:
    """Change, double or drop a few octets somewhere."""
    at = chance.randrange(len(document))
    length = chance.choice([1, 1, 2, 7, 40])
    put = chance.choice([b"", b"x", b" ", b"<!-- -->", document[at : at + length] * 2])
    return document[:at] + put + document[at + length :]


@pytest.mark.parametrize("seed", range(6))
def test_what_changes_no_canonical_octet_changes_no_verdict(seed: int, tmp_path: Path) -> None:
    wish = replace(draw_plan(seed), prefixes="")
    document = sign(tmp_path, draw_document(seed, wish), wish)
    start = document.index(b"ch\xe1\xbb\xaf ")
    for put in (b"<!-- x -->", b"<![CDATA[]]>", b"<!--<a>-->"):
        changed = document[:start] + put + document[start:]
        assert accepts(tmp_path, changed)
        assert only(changed).passed
    for put in (b"x", b"<?x y?>", b"<![CDATA[x]]>", b"<x/>"):
        changed = document[:start] + put + document[start:]
        assert not accepts(tmp_path, changed)
        assert only(changed).code == "SIG-300"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ecdsa-sha384"])
def test_what_signxml_signs_passes_here_and_there(method: str, algorithm: str) -> None:
    file = key_of(algorithm.partition("-")[0].replace("ecdsa", "ec"))
    root = etree.fromstring(  # noqa: TID251 -- reason: our own text, for another program
        '<a:r xmlns:a="urn:a" xmlns="urn:d"><b a:c="">Le Van Mau</b> chu </a:r>'
    )
    signer = XMLSigner(
        signature_algorithm=SignatureMethod[algorithm.upper().replace("-", "_")],
        digest_algorithm=DigestAlgorithm.SHA512,
        c14n_algorithm=method,
    )
    tree = signer.sign(root, key=file.key, cert=[file.certificate])
    document = etree.tostring(tree)
    agreed = SignatureConfiguration(
        require_x509=True, signature_methods=list(SignatureMethod), expect_references=1
    )
    for octets, passes in ((document, True), (document.replace(b"Le Van", b"Le Vas"), False)):
        result = only(octets)
        assert result.passed is passes
        assert result.scope == "full"
        try:
            XMLVerifier().verify(octets, x509_cert=file.certificate, expect_config=agreed)
        except (InvalidDigest, InvalidSignature):
            assert not passes
        else:
            assert passes


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (INCLUSIVE, '<r xml:lang="vi">Le Van Mau</r>'),
        (f"{EXCLUSIVE}WithComments", "<r>Le <!-- x -->Van Mau</r>"),
    ],
)
def test_where_signxml_errs_xmlsec1_agrees_with_this_core(
    method: str, text: str, tmp_path: Path
) -> None:
    file = key_of("rsa")
    root = etree.fromstring(text)  # noqa: TID251 -- reason: our own text, for another program
    signer = XMLSigner(c14n_algorithm=method)
    document = etree.tostring(signer.sign(root, key=file.key, cert=[file.certificate]))
    # It forgets xml:lang above SignedInfo, and keeps comments that a reference to "" drops.
    assert not only(document).passed
    assert not accepts(tmp_path, document)


# What a result says


def test_a_result_names_references_scope_and_certificate(tmp_path: Path) -> None:
    document = signed(tmp_path)
    result = only(document)
    (reference,) = result.references
    assert (result.passed, result.code, result.scope) == (True, None, "partial")
    assert (reference.uri, reference.digest_ok) == ("#muc-tieu", True)
    assert reference.target_path == "/goc/muctieu"
    der = key_of("rsa").certificate.public_bytes(Encoding.DER)
    assert result.certificate_sha256 == sha256(der).hexdigest()


def test_a_changed_target_is_named_and_so_is_a_changed_value(tmp_path: Path) -> None:
    document = signed(tmp_path)
    changed = only(document.replace(b"9,5", b"9,9"))
    assert (changed.code, changed.scope) == ("SIG-300", "partial")
    assert [one.digest_ok for one in changed.references] == [False]
    other = only(document.replace(b"exc-c14n#", b"exc-c14n#WithComments", 1))
    assert other.code == "SIG-320"
    assert [one.digest_ok for one in other.references] == [True]


def test_the_document_element_by_its_id_is_the_full_scope(tmp_path: Path) -> None:
    body = '<?x?><muctieu Id="muc-tieu">{signature}<b>9,5</b></muctieu><?y?><!-- z -->'
    for method in METHODS:
        document = signed(tmp_path, body, place="inside", transform=method)
        result = only(document, legacy=False)
        assert (result.passed, result.scope) == (True, "full"), method
        assert only(document.replace(b"<?x?>", b"<?other?>"), legacy=False).passed


def test_the_whole_document_holds_the_instructions_around_it(tmp_path: Path) -> None:
    body = "<?x?><goc>{signature} sau</goc><?y?><!-- z -->"
    for method in METHODS:
        document = signed(tmp_path, body, uri="", place="inside", transform=method)
        assert only(document).passed, method
        assert only(document.replace(b"<!-- z -->", b"")).passed
        assert only(document.replace(b"<?x?>", b"")).code == "SIG-300"


def test_signatures_are_judged_one_by_one_in_document_order(tmp_path: Path) -> None:
    document, other = signed(tmp_path), signed(tmp_path, key="ec")
    start = other.index(b"<ds:Signature ")
    second = other[start : other.index(b"</goc>")]
    wrong = second.replace(b"<ds:DigestValue>", b"<ds:DigestValue>AAAA")
    results = verify(document.replace(b"</goc>", second + wrong + second + b"</goc>"))
    assert [result.code for result in results] == [None, None, "SIG-300", None]
    assert [len(result.references) for result in results] == [1, 1, 1, 1]
    assert results[0].certificate_sha256 != results[1].certificate_sha256


def template_of(**changes: str) -> str:

    return template(plan(**changes))


def test_a_signature_around_its_object_and_one_within_it_both_pass(tmp_path: Path) -> None:
    inner = signed(tmp_path).split(b"?>", 1)[1].strip().decode()
    outer = template_of(uri="#ngoai", place="object").replace(
        "<ds:Object><!--OBJECT-->", f'<ds:Object Id="ngoai">{inner}'
    )
    document = sign_object(tmp_path, outer)
    results = verify(document)
    assert [(one.passed, one.scope) for one in results] == [(True, "partial")] * 2
    assert results[0].references[0].target_path == "/ds:Signature/ds:Object"
    assert results[1].references[0].target_path == "/ds:Signature/ds:Object/goc/muctieu"
    changed = verify(document.replace(b"9,5", b"9,9"))
    assert [one.code for one in changed] == ["SIG-300", "SIG-300"]


def sign_object(folder: Path, document: str) -> bytes:
    """Let xmlsec1 sign what refers to a `ds:Object`."""
    return sign(folder, document, plan(uri="#ngoai", place="object"), id_element=f"{DS}:Object")


def test_a_document_without_a_signature_has_no_result() -> None:
    assert verify(b"<goc/>") == []


# What only old documents have


def test_a_reference_to_everything_is_legacy(tmp_path: Path) -> None:
    document = signed(tmp_path, "<goc>{signature}</goc>", uri="", place="inside")
    assert only(document).passed
    strict = only(document, legacy=False)
    assert (strict.code, strict.scope) == ("SIG-223", "none")
    assert strict.references[0].target_path is None


def test_sha_1_and_short_keys_are_legacy(tmp_path: Path) -> None:
    sha_1 = OUTSIDE.format(signature=template_of()).replace(f"{MORE}rsa-sha256", f"{DS}rsa-sha1")
    document = sign(tmp_path, sha_1, PLAN)
    assert only(document).passed
    assert only(document, legacy=False).code == "SIG-211"
    digest = OUTSIDE.format(signature=template_of()).replace(
        "http://www.w3.org/2001/04/xmlenc#sha256", f"{DS}sha1"
    )
    document = sign(tmp_path, digest, PLAN)
    assert only(document).passed
    assert only(document, legacy=False).code == "SIG-211"
    short = signed(tmp_path, key="rsa1024")
    assert only(short).passed
    assert only(short, legacy=False).code == "SIG-312"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_key_without_a_certificate_is_legacy(kind: str, tmp_path: Path) -> None:
    document = signed(tmp_path, key=kind)
    bare = with_key_info(document, key_value(kind))
    result = only(bare)
    assert (result.passed, result.certificate_sha256) == (True, None)
    assert only(bare, legacy=False).code == "SIG-310"
    both = with_key_info(document, key_value(kind) + x509_data(document))
    assert only(both).passed
    lying = with_key_info(
        document, key_value("ec" if kind == "rsa" else "rsa") + x509_data(document)
    )
    assert only(lying).code == "SIG-311"


def key_value(kind: str) -> str:
    key = key_of(kind).key
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        modulus = base64.b64encode(numbers.n.to_bytes(key.key_size // 8)).decode()
        return (
            f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
            "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
        )
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    x_y = key.public_key().public_numbers()
    point = base64.b64encode(b"\4" + x_y.x.to_bytes(32) + x_y.y.to_bytes(32)).decode()
    return (
        f'<ds:KeyValue><e:ECKeyValue xmlns:e="{DSIG11}">'
        '<e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"></e:NamedCurve>'
        f"<e:PublicKey>{point}</e:PublicKey></e:ECKeyValue></ds:KeyValue>"
    )


def x509_data(document: bytes) -> str:
    match = re.search(rb"<ds:X509Data>.*</ds:X509Data>", document, re.DOTALL)
    assert match is not None
    return match[0].decode()


def with_key_info(document: bytes, content: str) -> bytes:
    replaced, times = re.subn(
        rb"<ds:KeyInfo>.*</ds:KeyInfo>",
        f"<ds:KeyInfo>{content}</ds:KeyInfo>".encode(),
        document,
        flags=re.DOTALL,
    )
    assert times == 1
    return replaced


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("<ds:KeyValue/>", "SIG-312"),
        ("<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>", "SIG-312"),
        ("<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>", "SIG-312"),
        (f'<ds:KeyValue><ECKeyValue xmlns="{DSIG11}"/></ds:KeyValue>', "SIG-312"),
        (
            key_value("ec").replace("<e:PublicKey>B", "<e:PublicKey>A"),
            "SIG-312",
        ),
        (key_value("ec"), "SIG-211"),
        (key_value("rsa") * 2, "SIG-310"),
        ("", "SIG-310"),
        ("<ds:KeyName>Lê Văn Mẫu</ds:KeyName>", "SIG-310"),
        ('<ds:RetrievalMethod URI="http://127.0.0.1/"/>', "SIG-310"),
        ("<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>", "SIG-310"),
    ],
)
def test_a_key_that_cannot_be_had_is_refused(value: str, code: str, tmp_path: Path) -> None:
    result = only(with_key_info(signed(tmp_path), value))
    assert (result.code, result.certificate_sha256) == (code, None)


def test_descriptions_of_a_key_are_passed_over(tmp_path: Path) -> None:
    document = signed(tmp_path)
    more = (
        "<ds:KeyName>x</ds:KeyName>"
        + x509_data(document)
        + "<ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI><ds:X509CRL>AAAA</ds:X509CRL></ds:X509Data>"
    )
    assert only(with_key_info(document, more)).passed
    assert only(with_key_info(document, more), legacy=False).code == "SIG-310"
    serial = (
        "<ds:X509IssuerSerial><ds:X509SerialNumber>{}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )
    for number, code in (("1", None), ("2", "SIG-311")):
        named = x509_data(document).replace(
            "<ds:X509Data>", f"<ds:X509Data>{serial.format(number)}"
        )
        assert only(with_key_info(document, named)).code == code
    many = x509_data(document) * 6
    assert only(with_key_info(document, many)).code == "SIG-310"


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


# Canonical forms that stacks disagree about


def test_an_inherited_base_is_joined_by_some_and_so_refused_under_c14n_1_1(
    tmp_path: Path,
) -> None:
    body = '<goc xml:base="urn:a/" xml:id="g"><muctieu Id="muc-tieu">chữ</muctieu>{signature}</goc>'
    eleven = Canonicalization.INCLUSIVE_11.value
    for transform, code in ((INCLUSIVE, None), (EXCLUSIVE, None), (eleven, "SIG-301")):
        assert only(signed(tmp_path, body, transform=transform)).code == code
    without = body.replace('xml:base="urn:a/"', 'xml:lang="vi"')
    assert only(signed(tmp_path, without, transform=eleven)).passed


def test_a_signature_in_what_it_covers_must_be_taken_out(tmp_path: Path) -> None:
    document = signed(tmp_path, "<goc>{signature}</goc>", uri="", place="inside")
    transform = f'<ds:Transform Algorithm="{ENVELOPED}"/>'.encode()
    assert document.count(transform) == 1
    assert only(document.replace(transform, b"")).code == "SIG-300"


def test_a_listed_default_namespace_counts_where_it_cannot_matter(tmp_path: Path) -> None:
    bodies = {
        '<goc><p:muctieu xmlns:p="urn:p" Id="muc-tieu"><b/></p:muctieu>{signature}</goc>': None,
        '<goc><p:a xmlns:p="urn:p"/><muctieu Id="muc-tieu"/>{signature}</goc>': None,
        '<goc xmlns="urn:d"><p:a xmlns:p="urn:p"/><x xmlns=""><muctieu Id="muc-tieu">'
        '<b xmlns="urn:e"><p:c xmlns:p="urn:p"/></b></muctieu>{signature}</x></goc>': None,
        '<goc><muctieu Id="muc-tieu"><p:c xmlns:p="urn:p" xmlns="urn:d"/></muctieu>'
        "{signature}</goc>": "SIG-301",
    }
    for body, code in bodies.items():
        wish = plan(prefixes="#default p")
        text = body.format(signature=template_of(prefixes="#default p"))
        element = "urn:p:muctieu" if "p:muctieu" in text else "muctieu"
        document = sign(tmp_path, text, wish, id_element=element)
        assert only(document).code == code, body
    inclusive = signed(tmp_path).decode().replace(EXCLUSIVE, INCLUSIVE)
    assert only(inclusive.encode()).code == "SIG-320"


def test_a_relative_namespace_has_no_canonical_form(tmp_path: Path) -> None:
    document = signed(tmp_path).replace(b"<b>", b"<b xmlns:p='p' p:a=''>")
    assert only(document).code == "SIG-301"


def test_an_enveloped_signature_of_itself_leaves_nothing(tmp_path: Path) -> None:
    enveloped = f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm'
    for uri, body in (
        ("", "{signature}"),
        ("#s", "<goc>{signature}</goc>"),
        ("#k", "<goc>{signature}</goc>"),
    ):
        signature = (
            template_of(uri=uri)
            .replace("<ds:Transform Algorithm", enveloped, 1)
            .replace("<ds:Signature ", '<ds:Signature Id="s" ', 1)
            .replace("<ds:KeyInfo>", '<ds:KeyInfo Id="k">')
            .replace("<ds:DigestValue/>", "<ds:DigestValue>AAAA</ds:DigestValue>")
            .replace("<ds:SignatureValue/>", "<ds:SignatureValue>AAAA</ds:SignatureValue>")
            .replace(
                "<ds:X509Data><ds:X509Certificate/></ds:X509Data>", x509_data(signed(tmp_path))
            )
        )
        assert only(body.format(signature=signature).encode()).code == "SIG-301"


def test_an_enveloped_transform_beside_its_signature_takes_nothing_out(tmp_path: Path) -> None:
    text = OUTSIDE.format(signature=template_of()).replace(
        "<ds:Transform Algorithm",
        f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm',
        1,
    )
    document = sign(tmp_path, text, PLAN)
    assert only(document).passed
    assert only(document.replace(b"9,5", b"9,9")).code == "SIG-300"


# XAdES


def test_signed_properties_are_a_reference_like_another_and_name_the_certificate() -> None:
    file = key_of("rsa")
    signer = Signer(key=file.key, certificate_der=file.certificate.public_bytes(Encoding.DER))
    target = b'<muctieu Id="muc-tieu">9,5</muctieu>'
    signature = signature_xml(
        references=[
            ReferenceToSign(
                uri="#muc-tieu", octets=target, canonicalization=Canonicalization.EXCLUSIVE
            )
        ],
        signer=signer,
        form=SignatureForm(
            canonicalization=Canonicalization.EXCLUSIVE, digest=Digest.SHA512, line_length=64
        ),
        qualification=Qualification(signature_id="chu-ky", signing_time=AT),
    )
    document = b"<goc>" + target + signature + b"</goc>"
    result = only(document, legacy=False)
    assert result.passed
    paths = [reference.target_path for reference in result.references]
    assert paths[0] == "/goc/muctieu"
    assert paths[1] is not None
    assert paths[1].endswith("/xades:SignedProperties")
    other = key_of("ec").certificate.public_bytes(Encoding.DER)
    swapped = re.sub(
        rb"(<ds:X509Certificate>).*(</ds:X509Certificate>)",
        rb"\1" + base64.b64encode(other) + rb"\2",
        document,
        flags=re.DOTALL,
    )
    assert only(swapped).code == "SIG-311"


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
