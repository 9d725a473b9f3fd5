"""Signing a transcript's slots with other programs: Debian's xmlsec1 and the JDK."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import load_der_x509_certificate

from app.sandbox.classes import ClassSpec, StudentYear, make_class
from app.sandbox.transcript_writer import write_transcript
from app.signatures.canonical import Canonicalization
from app.signatures.writing import Signer
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS
from tests.xmlsec import ID_ELEMENTS

HERE = Path(__file__).parent
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the two programs are told to do."""

    canonicalization: Canonicalization
    enveloped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlan:
    """One slot to sign: where, over which references, by whom."""

    xpath: str
    uris: tuple[str, ...]
    signer: Signer


def student(number: int) -> StudentYear:
    """One student of a class of two, nothing signed yet."""
    scenario = scenario_of(STUDENTS)
    spec = ClassSpec(
        seed="peers",
        start_year=scenario.spec.start_year,
        grade=6,
        class_name="6A3",
        students=number + 1,
        issued_on=scenario.spec.issued_on,
    )
    return make_class(spec, scenario.school)[number]


def unsigned() -> bytes:
    """The transcript that the peers sign."""
    return write_transcript(student(0))


def plan() -> tuple[SlotPlan, ...]:
    """All slots in the order of signing."""
    year, school = student(0), scenario_of(STUDENTS).school
    data = "/HOC_BA/DU_LIEU_HOC_BA/DANH_SACH_THONG_TIN_KY"
    issue = "/HOC_BA/PHAT_HANH_HOC_BA"
    teachers = [
        SlotPlan(
            xpath=f"{data}/DANH_SACH_GVBM/GVBM[@Id='{teacher.id}']",
            uris=tuple(
                f"#mon-{subject.subject.code}"
                for subject in year.subjects
                if subject.teacher.id == teacher.id
            ),
            signer=teacher.signer,
        )
        for teacher in school.teachers
    ]
    return (
        *teachers,
        SlotPlan(xpath=f"{data}/GVCN", uris=("#thongtinhocba",), signer=year.homeroom.signer),
        SlotPlan(xpath=f"{issue}/CBQL", uris=("#data",), signer=school.principal.signer),
        SlotPlan(xpath=f"{issue}/KY_PHAT_HANH", uris=("#data",), signer=school.seal),
    )


def sign_with_xmlsec1(folder: Path, style: Style) -> bytes:
    """Fill one slot after the other with a template that xmlsec1 completes."""
    xml = folder / "transcript.xml"
    xml.write_bytes(unsigned())
    ids = [part for name in ID_ELEMENTS[:-1] for part in ("--id-attr:Id", name)]
    for number, slot in enumerate(plan()):
        key, certificate = _key_files(folder, number, slot.signer, Encoding.PEM)
        xml.write_bytes(_with_template(xml.read_bytes(), slot, style))
        _run(
            "xmlsec1", "--sign", *ids, "--enabled-key-data", "x509",
            "--privkey-pem", f"{key},{certificate}",
            "--node-xpath", f"{slot.xpath}/*", "--output", str(xml), str(xml),
        )  # fmt: skip
    return xml.read_bytes()


def compile_jdk_signer(folder: Path) -> None:
    """Compile the Java program into a folder."""
    _run("javac", "-d", str(folder), str(HERE / "SignWithJdk.java"))


def sign_with_jdk(classes: Path, folder: Path, style: Style) -> bytes:
    """Let the Java program fill all slots."""
    source, target, plan_file = folder / "in.xml", folder / "out.xml", folder / "plan"
    source.write_bytes(unsigned())
    lines = []
    for number, slot in enumerate(plan()):
        key, certificate = _key_files(folder, number, slot.signer, Encoding.DER)
        lines.append(f"{slot.xpath}|{' '.join(slot.uris)}|{key}|{certificate}")
    plan_file.write_text("\n".join(lines))
    _run(
        "java", "-cp", str(classes), "SignWithJdk", str(source), str(target), str(plan_file),
        style.canonicalization.value, str(style.enveloped).lower(),
    )  # fmt: skip
    return target.read_bytes()


def _key_files(folder: Path, number: int, signer: Signer, encoding: Encoding) -> tuple[Path, Path]:
    key, certificate = folder / f"{number}.key", folder / f"{number}.crt"
    key.write_bytes(signer.key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption()))
    der = signer.certificate_der
    certificate.write_bytes(_pem(der) if encoding is Encoding.PEM else der)
    return key, certificate


def _pem(der: bytes) -> bytes:
    return load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _with_template(xml: bytes, slot: SlotPlan, style: Style) -> bytes:
    ds = "http://www.w3.org/2000/09/xmldsig#"
    more = "http://www.w3.org/2001/04/xmldsig-more#"
    rsa = isinstance(slot.signer.key, RSAPrivateKey)
    method = f"{more}{'rsa' if rsa else 'ecdsa'}-sha256"
    c14n = style.canonicalization.value
    transforms = f'<ds:Transform Algorithm="{c14n}"/>'
    if style.enveloped:
        transforms = f'<ds:Transform Algorithm="{ENVELOPED}"/>{transforms}'
    references = "".join(
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        "<ds:DigestValue/></ds:Reference>"
        for uri in slot.uris
    )
    template = (
        f'<ds:Signature xmlns:ds="{ds}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/>{references}</ds:SignedInfo>'
        "<ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data>"
        "</ds:KeyInfo></ds:Signature>"
    )
    return _into_slot(xml, slot.xpath, template.encode())


def _into_slot(xml: bytes, xpath: str, content: bytes) -> bytes:
    step = xpath.rsplit("/", 1)[-1]
    name, _, person = step.rstrip("']").partition("[@Id='")
    opening = f'<{name} Id="{person}"/>' if person else f"<{name}/>"
    assert xml.count(opening.encode()) == 1, opening
    filled = opening[:-2].encode() + b">" + content + f"</{name}>".encode()
    return xml.replace(opening.encode(), filled)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- reason: fixed programs, our own files
    assert done.returncode == 0, done.stderr


def styles() -> Sequence[Style]:
    """Inclusive and exclusive C14N, with and without the enveloped transform."""
    return [
        Style(canonicalization=form, enveloped=enveloped)
        for form in (Canonicalization.INCLUSIVE_10, Canonicalization.EXCLUSIVE)
        for enveloped in (False, True)
    ]
