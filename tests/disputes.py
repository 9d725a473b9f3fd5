"""A transcript on which the two engines really differ, without touching either of them.

An exclusive canonicalization may name further prefixes in `InclusiveNamespaces/@PrefixList`, white
space between them. The first engine takes any white space, as the standard says (NMTOKENS); signxml
knows the blank only, so with a line feed it digests other octets than were signed.
"""

from base64 import b64encode
from hashlib import sha256

from app.sandbox.classes import make_class
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import Scenario
from app.sandbox.school import signers_of
from app.sandbox.signing import sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.signatures import writing
from app.signatures.algorithms import DS
from app.signatures.canonical import Canonicalization, canonical_octets
from app.signatures.writing import SignatureForm
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml
from tests.verdicts import SEAL, in_slot

_EXCLUSIVE = Canonicalization.EXCLUSIVE.value
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def disputed(scenario: Scenario, number: int = 0) -> SignedTranscript:
    """One student's transcript, whose seal only the first engine can verify."""
    year = make_class(scenario.spec, scenario.school)[number]
    unsigned = write_transcript(year).replace(b"<HOC_BA>", f'<HOC_BA xmlns:ds="{DS}">'.encode(), 1)
    xml = sign_transcript(unsigned, signers_of(scenario.school, scenario.pki))
    seal = b"<KY_PHAT_HANH>" + _seal(xml, scenario) + b"</KY_PHAT_HANH>"
    return SignedTranscript(student_code=year.student.code, xml=in_slot(xml, SEAL, lambda _: seal))


def _seal(xml: bytes, scenario: Scenario) -> bytes:
    data = read_xml(xml, TRANSCRIPT_LIMITS).find("DU_LIEU_HOC_BA")
    assert data is not None
    octets = canonical_octets(data, Canonicalization.EXCLUSIVE, ("ec", "ds"))
    digest = b64encode(sha256(octets).digest()).decode()
    signer, form = scenario.school.seal, SignatureForm()
    inside = (
        f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{writing._method(signer, form)}"></ds:SignatureMethod>'
        '<ds:Reference URI="#data"><ds:Transforms>'
        f'<ds:Transform Algorithm="{_EXCLUSIVE}">'
        f'<ec:InclusiveNamespaces xmlns:ec="{_EXCLUSIVE}" PrefixList="ec&#xA;ds">'
        "</ec:InclusiveNamespaces></ds:Transform></ds:Transforms>"
        f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    signed = f'<ds:SignedInfo xmlns:ds="{DS}">{inside}'.encode()
    value = b64encode(writing._signature_value(signer, form, signed)).decode()
    certificate = b64encode(signer.certificate_der).decode()
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{inside}'
        f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</ds:Signature>"
    ).encode()
