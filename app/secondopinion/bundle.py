"""Everything that is needed to look into a disagreement again, as one object for the vault."""

import json
import platform
from base64 import b64encode
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version

from cryptography.hazmat.backends.openssl import backend
from lxml import etree

from app.secondopinion.opinion import Opinion
from app.signatures.report import Report

BUNDLE_FORMAT = "hocba-disagreement-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A disagreement, ready for the vault.

    Attributes:
        original_sha256: digest of the transcript's own bytes.
        content: JSON that holds the child's transcript: for the vault and nowhere else.
    """

    original_sha256: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The vault's key of the content."""
        return sha256(self.content).hexdigest()


def write_bundle(original: bytes, report: Report, opinion: Opinion) -> Bundle:
    """Write what both engines were given and said as JSON; the same input gives the same bytes.

    Args:
        original: the transcript's own bytes.
        report: what the first engine said.
        opinion: what the second engine said.
    """
    bundle = {
        "format": BUNDLE_FORMAT,
        "original": b64encode(original).decode(),
        "report": asdict(report),
        "opinion": asdict(opinion),
        "versions": _versions(),
    }
    text = json.dumps(bundle, ensure_ascii=False, sort_keys=True, default=datetime.isoformat)
    return Bundle(original_sha256=report.document_sha256, content=text.encode())


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "lxml": version("lxml"),
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "cryptography": version("cryptography"),
        "openssl": backend.openssl_version_text(),
        "signxml": version("signxml"),
    }
