"""The trust bundle: a folder of certificates and a manifest that pins each of them.

The manifest is what an administrator reviewed. Whatever differs from it, by a byte or by a file,
stops the start: a root that slipped in would let anybody sign for any school.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtensionNotFound,
    load_pem_x509_certificates,
)

from app.errors import StartRefused
from app.signatures.trust import TrustSnapshot

MANIFEST = "manifest.json"
"""`{"version": 1, "entries": [{"file", "sha256", "purpose", "crl"}]}`: file is relative to the
folder, sha256 is of the DER certificate, purpose is "anchor" or "intermediate", crl (not always
there) is where this authority publishes the list of what it revoked."""

VERSION = 1
_ENTRY = {"file", "sha256", "purpose"}
_OPTIONAL = {"crl"}
_PURPOSES = ("anchor", "intermediate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Where an authority of the bundle publishes its revocation list.

    Attributes:
        issuer: the authority's certificate, DER.
    """

    issuer: bytes
    url: str


def load_bundle(folder: Path) -> TrustSnapshot:
    """Read the certificates that the manifest pins, and nothing else.

    Raises:
        StartRefused: the manifest is malformed; a file is missing, not in the manifest, differs
            from its digest or is no certificate; an anchor is no self-signed CA; there is none.
    """
    entries = checked_entries(folder)
    found: dict[str, list[bytes]] = {purpose: [] for purpose in _PURPOSES}
    for entry in entries:
        found[entry["purpose"]].append(read_pinned(folder, entry))
    if not found["anchor"]:
        raise StartRefused(f"bộ tin cậy {folder} không có chứng thư gốc nào")
    return TrustSnapshot(
        anchors=tuple(sorted(found["anchor"])), intermediates=tuple(sorted(found["intermediate"]))
    )


def load_publications(folder: Path) -> tuple[Publication, ...]:
    """Read where the authorities of a bundle publish their revocation lists.

    Raises:
        StartRefused: as `load_bundle`.
    """
    return tuple(
        Publication(issuer=read_pinned(folder, entry), url=entry["crl"])
        for entry in checked_entries(folder)
        if "crl" in entry
    )


def checked_entries(folder: Path) -> list[dict[str, str]]:
    """Read the manifest's entries and hold its names against the folder's.

    Raises:
        StartRefused: the manifest is malformed, or names other files than there are.
    """
    entries = _read_manifest(folder / MANIFEST)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    named = [entry["file"] for entry in entries]
    if len(set(named)) != len(named):
        raise StartRefused(f"{folder / MANIFEST} nêu một tệp hai lần")
    if different := files.symmetric_difference({*named, MANIFEST}):
        raise StartRefused(
            f"bộ tin cậy {folder} khác với bản kê của nó: {', '.join(sorted(different))}"
        )
    return entries


def _read_manifest(path: Path) -> list[dict[str, str]]:
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise StartRefused(f"không đọc được {path} của bộ tin cậy: {error.strerror}") from error
    except ValueError as error:
        raise StartRefused(f"{path} không phải là JSON") from error
    entries = manifest.get("entries") if isinstance(manifest, dict) else None
    well_formed = (
        isinstance(entries, list)
        and manifest.get("version") == VERSION
        and all(_is_entry(entry) for entry in entries)
    )
    if not isinstance(entries, list) or not well_formed:
        raise StartRefused(f"{path} không phải là bản kê phiên bản {VERSION}")
    return entries


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() - _OPTIONAL == _ENTRY
        and all(isinstance(value, str) for value in entry.values())
        and entry["purpose"] in _PURPOSES
    )


def read_pinned(folder: Path, entry: Mapping[str, str]) -> bytes:
    """Read the certificate of an entry, DER.

    Raises:
        StartRefused: it is not the one that the manifest pins, or not fit for its purpose.
    """
    path = folder / entry["file"]
    try:
        [certificate] = load_pem_x509_certificates(path.read_bytes())
        sound = entry["purpose"] != "anchor" or is_self_signed_authority(certificate)
    except OSError as error:
        raise StartRefused(f"không đọc được {path}: {error.strerror}") from error
    except ValueError as error:
        raise StartRefused(f"{path} không chứa đúng một chứng thư PEM") from error
    der = certificate.public_bytes(Encoding.DER)
    if sha256(der).hexdigest() != entry["sha256"]:
        raise StartRefused(f"{path} không phải chứng thư mà bản kê đã ghim")
    if not sound:
        raise StartRefused(f"{path} không phải CA tự ký nên không thể là chứng thư gốc")
    return der


def is_authority(certificate: Certificate) -> bool:
    """Say whether a certificate is a certification authority's."""
    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ExtensionNotFound, ValueError):
        return False


def is_self_signed_authority(certificate: Certificate) -> bool:
    """Say whether a certificate can be an anchor."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return is_authority(certificate)
