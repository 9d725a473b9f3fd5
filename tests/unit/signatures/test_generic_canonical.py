"""Signatures of any XML document: canonical forms that stacks disagree about."""

from pathlib import Path

from app.signatures.canonical import Canonicalization
from tests.foreign import (
    EXCLUSIVE,
    INCLUSIVE,
    OUTSIDE,
    PLAN,
    only,
    plan,
    signed,
    template_of,
    x509_data,
)
from tests.peers.foreign import (
    ENVELOPED,
    sign,
)


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
