"""What a document means to a verifier, in octets: two that agree here are canonically equal."""

from base64 import b64decode

from lxml import etree

from app.signatures.algorithms import DS
from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.finding import DocumentRefused
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.message import Message, original_of
from app.transcripts.xml import elements_at, read_xml

_CONTENT = {"HOC_BA": "DU_LIEU_HOC_BA", "BAN_TIN": "NOI_DUNG"}
_SIGNATURES = etree.XPath("//*[local-name()='Signature']")


def meaning(xml: bytes) -> tuple[bytes, ...]:
    """Everything signed, and everything that signs.

    The canonical octets of the content, then for each signature in document order its SignedInfo,
    its value and the certificates beside it.

    Raises:
        DocumentRefused: the hardened reader does not take the document.
    """
    root = read_xml(xml, PACKAGE_LIMITS)
    content = root.find(_CONTENT.get(str(root.tag), "khong-co"))
    parts = [] if content is None else [_octets(content)]
    for signature in elements_at(_SIGNATURES, root):
        parts += [_octets(part) for part in signature.iter(f"{{{DS}}}SignedInfo")]
        for name in ("SignatureValue", "X509Certificate"):
            parts += [b64decode(part.text or "") for part in signature.iter(f"{{{DS}}}{name}")]
    return tuple(parts)


def same_meaning(xml: bytes, other: bytes) -> bool:
    """Prove two documents canonically equal."""
    try:
        return meaning(xml) == meaning(other)
    except DocumentRefused:
        return False


def read(value: object, xml: bytes) -> object:
    """What business code gets from an accepted document, wherever its octets stand in the file."""
    if not isinstance(value, Message):
        return value
    items = [(item.student_code, original_of(xml, item)) for item in value.items]
    head = (value.message_id, value.purpose, value.school_code, value.school_name)
    return (*head, value.created_at, items)


def _octets(element: etree._Element) -> bytes:
    return canonical_octets(element, Canonicalization.INCLUSIVE_10)
