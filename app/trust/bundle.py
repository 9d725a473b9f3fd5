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
from app.signatures.trust import EvidenceKind, TrustSnapshot

MANIFEST = "manifest.json"
"""`{"version": 1, "revision", "previous", "entries": [{"file", "sha256", "purpose", "crl",
"ocsp"}]}`: revision counts the changes, previous is the digest of the manifest before (neither is
there in a first one), file is relative to the folder, sha256 is of the DER certificate, purpose is
"anchor", "intermediate" or "tsa" (a root for time stamps alone), crl and ocsp (not always there)
are where this authority publishes the list of what it revoked and answers about one certificate."""

HISTORY = "history"
"""Folder of the manifests before, `1.json` and so on: they prove that this one came after them."""

VERSION = 1

MAX_REVISION = 10_000
"""Changes of a bundle: a few a year; each is a file that every start reads."""

_ENTRY = {"file", "sha256", "purpose"}
_ADDRESSES = {"crl": EvidenceKind.CRL, "ocsp": EvidenceKind.OCSP}
_PURPOSES = ("anchor", "intermediate", "tsa")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Where an authority of the bundle says what it revoked.

    Attributes:
        issuer: the authority's certificate, DER.
        kind: a list of everything, or an answer about one certificate.
    """

    issuer: bytes
    url: str
    kind: EvidenceKind = EvidenceKind.CRL


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an administrator reviewed.

    Attributes:
        digests: of the manifests from the first one to this, SHA-256 in hexadecimal; the place of
            each is its revision.
    """

    digests: tuple[str, ...]
    entries: tuple[dict[str, str], ...]

    @property
    def revision(self) -> int:
        """Which one it is, from 1; a change always makes the next."""
        return len(self.digests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a folder pins, every digest proven.

    Attributes:
        trust: without evidence.
        publications: in the manifest's order.
    """

    manifest: Manifest
    trust: TrustSnapshot
    publications: tuple[Publication, ...]


def load_bundle(folder: Path) -> Bundle:
    """Read the certificates that the manifest pins, and nothing else.

    Raises:
        StartRefused: the manifest is malformed or does not follow the ones before; a file is
            missing, not in the manifest, differs from its digest or is no certificate; an anchor
            is no self-signed CA; there is none.
    """
    manifest = checked_manifest(folder)
    found: dict[str, list[bytes]] = {purpose: [] for purpose in _PURPOSES}
    publications = []
    for entry in manifest.entries:
        der = read_pinned(folder, entry)
        found[entry["purpose"]].append(der)
        publications += [
            Publication(issuer=der, url=entry[name], kind=kind)
            for name, kind in _ADDRESSES.items()
            if name in entry
        ]
    if not found["anchor"]:
        raise StartRefused(f"bộ tin cậy {folder} không có chứng thư gốc nào")
    trust = TrustSnapshot(
        anchors=tuple(sorted(found["anchor"])),
        intermediates=tuple(sorted(found["intermediate"])),
        tsa_anchors=tuple(sorted(found["tsa"])),
        bundle=manifest.digests[-1],
    )
    return Bundle(manifest=manifest, trust=trust, publications=tuple(publications))


def require_successor(found: Manifest, known: Manifest) -> None:
    """Go on only with a manifest that is the known one or came after it.

    Raises:
        StartRefused: it does not hold the known one among those before it.
    """
    if found.digests[: known.revision] != known.digests:
        raise StartRefused(f"bản kê không nối tiếp lần sửa đổi {known.revision}")


def checked_manifest(folder: Path) -> Manifest:
    """Read the manifest, hold it to those before it and its names against the folder's.

    Raises:
        StartRefused: the manifest is malformed, or names other files than there are.
    """
    manifest = _read_manifest(folder / MANIFEST)
    digests = _digests(folder, manifest)
    entries: list[dict[str, str]] = manifest["entries"]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    named = [entry["file"] for entry in entries]
    if len(set(named)) != len(named):
        raise StartRefused(f"{folder / MANIFEST} nêu một tệp hai lần")
    older = {f"{HISTORY}/{revision}.json" for revision in range(1, len(digests))}
    if different := files.symmetric_difference({*named, *older, MANIFEST}):
        raise StartRefused(
            f"bộ tin cậy {folder} khác với bản kê của nó: {', '.join(sorted(different))}"
        )
    return Manifest(digests=digests, entries=tuple(entries))


def _digests(folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Follow the digests back to the first manifest, and give them from there."""
    digests = [_digest(folder / MANIFEST)]
    for revision in range(_revision(manifest) - 1, 0, -1):
        path = folder / HISTORY / f"{revision}.json"
        older = _read_manifest(path)
        if _revision(older) != revision or _digest(path) != manifest.get("previous"):
            raise StartRefused(f"{path} is not the manifest that revision {revision + 1} names")
        digests.append(_digest(path))
        manifest = older
    return tuple(reversed(digests))


def _revision(manifest: Mapping[str, Any]) -> int:
    revision: int = manifest.get("revision", 1)
    return revision


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise StartRefused(f"không đọc được {path} của bộ tin cậy: {error.strerror}") from error
    except ValueError as error:
        raise StartRefused(f"{path} không phải là JSON") from error
    if not isinstance(manifest, dict) or not _is_manifest(manifest):
        raise StartRefused(f"{path} không phải là bản kê phiên bản {VERSION}")
    return manifest


def _is_manifest(manifest: Mapping[str, Any]) -> bool:
    entries, revision = manifest.get("entries"), manifest.get("revision", 1)
    return (
        isinstance(entries, list)
        and manifest.get("version") == VERSION
        and type(revision) is int
        and 1 <= revision <= MAX_REVISION
        and all(_is_entry(entry) for entry in entries)
    )


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() - _ADDRESSES.keys() == _ENTRY
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
        sound = entry["purpose"] == "intermediate" or is_self_signed_authority(certificate)
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
