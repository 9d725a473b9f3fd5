"""Transcripts whose signatures are of another form, or flawed, or by somebody who may not sign."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cryptography import x509

from app.sandbox.conformance.recipe import Recipe
from app.sandbox.conformance.workshop import Change, Workshop, edit, sealed_with
from app.sandbox.pki import Branch, Flaw, KeyKind, Request, flawed, issue
from app.sandbox.signing import Signers, SigningStyle
from app.sandbox.timestamping import stamper
from app.signatures.algorithms import DS
from app.signatures.canonical import Canonicalization
from app.signatures.writing import Digest, SignatureForm, Signer

_SIGNATURE = "<ds:Signature .*?</ds:Signature>"
_METHOD = '(<ds:SignatureMethod Algorithm=")[^"]*'
_TRANSFORM = '(<ds:Transform Algorithm=")[^"]*'
_URI = '( URI=")[^"]*'


def good_seals(workshop: Workshop) -> tuple[Recipe, ...]:
    """List the forms of signatures that must be accepted."""
    at = workshop.created_at
    exclusive = Canonicalization.EXCLUSIVE
    sha512 = SignatureForm(digest=Digest.SHA512, signature_digest=Digest.SHA512)
    stamped = (stamper(workshop.pki.tsa, at + timedelta(minutes=1)),)
    styles = {
        "exclusive-canonicalization": SigningStyle(
            canonicalization=exclusive, form=SignatureForm(canonicalization=exclusive)
        ),
        "sha-512": SigningStyle(form=sha512),
        "base64-in-lines": SigningStyle(form=SignatureForm(line_length=76)),
        "enveloped-transform": SigningStyle(enveloped=True),
        "xades": SigningStyle(signing_time=at),
        "xades-with-timestamps": SigningStyle(signing_time=at, timestamps=stamped),
    }
    forms = (Recipe(name=f"good-{name}", style=style) for name, style in styles.items())
    old = SigningStyle(signing_time=at - timedelta(days=3000))
    return (
        *forms,
        Recipe(name="good-compressed-by-gzip", encoding="gzip"),
        Recipe(name="good-compressed-by-zstd", encoding="zstd"),
        Recipe(name="signing-time-before-the-certificate", notes=("SIG-341",), style=old),
        Recipe(
            name="byte-order-mark", notes=("SIG-115",), signed=lambda xml: b"\xef\xbb\xbf" + xml
        ),
    )


def flawed_octets() -> tuple[Recipe, ...]:
    """List transcripts that were changed after everybody had signed."""

    def recipe(name: str, code: str, change: Change) -> Recipe:
        return Recipe(name=name, errors=(code,), signed=change)

    declaration = rb"(<\?xml[^>]*\?>)"
    return (
        recipe("mark-changed", "SIG-300", edit("(<DIEM_CA_NAM>)[0-9.]+", r"\g<1>0.2")),
        *(
            recipe(
                f"signature-missing-{slot}",
                "SIG-200",
                edit(f"(<{slot}[^/>]*>){_SIGNATURE}", r"\g<1>", last=slot != "GVBM"),
            )
            for slot in ("CBQL", "KY_PHAT_HANH")
        ),
        recipe("utf-16", "SIG-110", lambda xml: xml.decode().encode("utf-16")),
        recipe("document-type", "SIG-111", edit(declaration.decode(), r"\g<1><!DOCTYPE HOC_BA>")),
        recipe("comment", "SIG-112", edit("(<HOC_BA>)", r"\g<1><!-- -->")),
        recipe("cdata", "SIG-113", edit("(<TEN_LOP_HOC>)([^<]*)", r"\g<1><![CDATA[\g<2>]]>")),
        recipe("cut-off", "SIG-120", lambda xml: xml[: len(xml) // 2]),
        recipe(
            "deep-nesting",
            "SIG-121",
            edit("(</HOC_BA>)", "<a>" * 200 + "</a>" * 200 + r"\g<1>", last=True),
        ),
    )


def flawed_writing() -> tuple[Recipe, ...]:
    """List markup that no signature may hide, signed by everybody."""

    def recipe(name: str, codes: tuple[str, ...], change: Change) -> Recipe:
        # The schema, too, knows no such attribute.
        return Recipe(name=name, errors=(*codes, "SIG-140"), written=change)

    return (
        recipe("xml-lang", ("SIG-130",), edit("<NHAN_XET>", '<NHAN_XET xml:lang="vi">')),
        recipe(
            "id-twice",
            ("SIG-131", "SIG-221"),
            edit("<GIAM_HIEU_KY_HOC_BA>", '<GIAM_HIEU_KY_HOC_BA Id="data">'),
        ),
        recipe(
            "id-misspelt",
            ("SIG-132",),
            edit("<GIAM_HIEU_KY_HOC_BA>", '<GIAM_HIEU_KY_HOC_BA ID="x">'),
        ),
    )


def flawed_seals(workshop: Workshop) -> tuple[Recipe, ...]:
    """List signatures of the school that are flawed and else whole."""

    def recipe(name: str, *codes: str, change: Change) -> Recipe:
        return Recipe(name=name, errors=codes, signed=sealed_with(workshop, change))

    certificate = "<ds:X509Certificate>[^<]*</ds:X509Certificate>"
    other = "http://www.w3.org/2000/09/xmldsig#"
    unsealed = Recipe(
        name="signature-value-of-something-else",
        errors=("SIG-320",),
        signed=_value_reversed,
    )
    return (
        recipe("algorithm-rsa-sha1", "SIG-211", change=edit(_METHOD, rf"\g<1>{other}rsa-sha1")),
        recipe("transform-base64", "SIG-222", change=edit(_TRANSFORM, rf"\g<1>{DS}base64")),
        recipe("covers-too-little", "SIG-220", change=edit(_URI, r"\g<1>#thongtinhocba")),
        recipe("refers-to-nothing", "SIG-221", change=edit(_URI, r"\g<1>#khong-co")),
        recipe(
            "refers-outside", "SIG-223", change=edit(_URI, r"\g<1>http://vi-du.localhost/a.xml")
        ),
        recipe("without-certificate", "SIG-310", "SIG-140", change=edit(certificate, "")),
        recipe("digest-is-no-base64", "SIG-212", change=edit("(<ds:DigestValue>)[^<]", r"\g<1>*")),
        recipe(
            "two-key-infos",
            "SIG-210",
            "SIG-140",
            change=edit("(<ds:KeyInfo>.*?</ds:KeyInfo>)", r"\g<1>\g<1>"),
        ),
        unsealed,
        Recipe(
            name="signature-twice-in-its-slot",
            errors=("SIG-140", "SIG-202"),
            signed=edit(f"(<KY_PHAT_HANH>)({_SIGNATURE})", r"\g<1>\g<2>\g<2>"),
        ),
        Recipe(
            name="signature-where-none-belongs",
            errors=("SIG-140", "SIG-201"),
            signed=edit(
                f"(<KY_PHAT_HANH>)({_SIGNATURE})(</KY_PHAT_HANH>.*)(</HOC_BA>)",
                r"\g<1>\g<2>\g<3>\g<2>\g<4>",
            ),
        ),
    )


def _value_reversed(xml: bytes) -> bytes:
    """Turn the value of the last signature round: still base64, of something else."""
    begin = xml.index(b"<KY_PHAT_HANH>")

    def turn(found: re.Match[bytes]) -> bytes:
        value = found[2].rstrip(b"=")
        return found[1] + value[:-1][::-1] + value[-1:] + b"=" * (len(found[2]) - len(value))

    return xml[:begin] + re.sub(rb"(<ds:SignatureValue>)([^<]*)", turn, xml[begin:], count=1)


def flawed_times(workshop: Workshop) -> tuple[Recipe, ...]:
    """List signing times and time stamps that cannot be."""
    at, tsa = workshop.created_at, workshop.pki.tsa

    def recipe(name: str, code: str, stamp: Callable[[bytes], bytes]) -> Recipe:
        style = SigningStyle(signing_time=at, timestamps=(stamp,))
        return Recipe(name=name, errors=(code,), style=style)

    good = stamper(tsa, at)
    return (
        Recipe(
            name="signed-in-the-future",
            errors=("SIG-340",),
            style=SigningStyle(signing_time=at.replace(year=2099)),
        ),
        recipe("timestamp-of-something-else", "SIG-350", lambda octets: good(octets + b" ")),
        recipe("timestamp-of-the-future", "SIG-351", stamper(tsa, at.replace(year=2044))),
        recipe("timestamp-unreadable", "SIG-352", lambda _: b"0\x03\x02\x01\x00"),
        recipe(
            "timestamp-with-a-wrong-signature",
            "SIG-353",
            lambda octets: good(octets)[:-1] + bytes([good(octets)[-1] ^ 1]),
        ),
        recipe("timestamp-by-a-school", "SIG-354", stamper(workshop.schools["03"].seal, at)),
    )


def wrong_signers(workshop: Workshop) -> tuple[Recipe, ...]:
    """List signatures by somebody who may not sign there, or with an unfit certificate."""
    school, primary = workshop.schools["03"], workshop.schools["02"]
    principal = school.principal.signer
    flaws = {
        Flaw.EXPIRED: ("certificate-expired", "SIG-402"),
        Flaw.WEAK_KEY: ("certificate-of-a-weak-key", "SIG-312"),
        Flaw.AUTHORITY: ("certificate-of-an-authority", "SIG-401"),
        Flaw.UNKNOWN_ROOT: ("certificate-of-an-unknown-authority", "SIG-400"),
    }
    request = _request(workshop)
    unfit = [(name, code, flawed(request, flaw)) for flaw, (name, code) in flaws.items()]
    young = replace(request, issued_year=workshop.issued_on.year)
    return (
        *(
            Recipe(name=name, errors=(code,), signers=_teacher_with(workshop, wanted))
            for name, code, wanted in (*unfit, ("certificate-too-young", "SIG-403", young))
        ),
        _signed_by("principal-not-registered", "SIG-500", principal=issue(workshop.pki, request)),
        _signed_by("seal-of-another-school", "SIG-503", school=primary.seal),
        _signed_by("school-signs-as-principal", "SIG-502", principal=school.seal),
        _signed_by("principal-signs-as-school", "SIG-502", school=principal),
        Recipe(
            name="principal-signs-for-a-teacher",
            notes=("SIG-504",),
            signers=_one_teacher(workshop, principal),
        ),
    )


def _signed_by(
    name: str, code: str, *, principal: Signer | None = None, school: Signer | None = None
) -> Recipe:
    def signers(rightful: Signers) -> Signers:
        return replace(
            rightful,
            principal=principal or rightful.principal,
            school=school or rightful.school,
        )

    return Recipe(name=name, errors=(code,), signers=signers)


def _request(workshop: Workshop) -> Request:
    """Ask a certificate for the name of the teacher of Toán."""
    teacher = workshop.schools["03"].teacher_of("15")
    named = x509.load_der_x509_certificate(teacher.signer.certificate_der)
    return Request(
        slug="kit-giao-vien",
        subject=named.subject,
        branch=Branch.G2,
        issued_year=workshop.issued_on.year - 1,
        key_kind=KeyKind.P256,
    )


def _teacher_with(workshop: Workshop, wanted: Request) -> Callable[[Signers], Signers]:
    return _one_teacher(workshop, issue(workshop.pki, wanted))


def _one_teacher(workshop: Workshop, signer: Signer) -> Callable[[Signers], Signers]:
    """Let somebody else sign for the teacher of Toán alone."""
    replaced = workshop.schools["03"].teacher_of("15").id

    def signers(rightful: Signers) -> Signers:
        def teacher(teacher_id: str, name: str) -> Signer:
            return signer if teacher_id == replaced else rightful.teacher(teacher_id, name)

        return replace(rightful, teacher=teacher)

    return signers
