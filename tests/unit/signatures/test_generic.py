"""Signatures of any XML document: what is said of them, and what other programs say."""

import base64
import random
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
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

from app.signatures.canonical import Canonicalization
from app.signatures.writing import (
    Digest,
    Qualification,
    ReferenceToSign,
    SignatureForm,
    Signer,
    signature_xml,
)
from tests.foreign import (
    AT,
    EXCLUSIVE,
    INCLUSIVE,
    only,
    sign_object,
    signed,
    template_of,
    verify,
)
from tests.peers.foreign import (
    METHODS,
    accepts,
    draw_document,
    draw_plan,
    key_of,
    sign,
)

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


def test_a_document_without_a_signature_has_no_result() -> None:
    assert verify(b"<goc/>") == []


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
