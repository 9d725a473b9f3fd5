"""Looking after the trust bundle: what is in it, one more certificate, what is wrong with it."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    load_der_x509_certificate,
    load_pem_x509_certificate,
)

from app.errors import StartRefused
from app.trust.bundle import (
    HISTORY,
    MANIFEST,
    VERSION,
    Manifest,
    checked_manifest,
    is_authority,
    is_self_signed_authority,
    read_pinned,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """One certificate of the bundle.

    Attributes:
        purpose: "anchor", "intermediate" or "tsa".
        crl: where this authority publishes its revocation list; None when the bundle does not say.
        ocsp: where it answers about one certificate; None likewise.
    """

    sha256: str
    purpose: str
    crl: str | None
    ocsp: str | None
    certificate: Certificate


def list_bundle(folder: Path) -> tuple[Pinned, ...]:
    """List the certificates of a bundle in the manifest's order.

    Raises:
        StartRefused: the bundle differs from its manifest.
    """
    return tuple(
        Pinned(
            sha256=entry["sha256"],
            purpose=entry["purpose"],
            crl=entry.get("crl"),
            ocsp=entry.get("ocsp"),
            certificate=load_der_x509_certificate(read_pinned(folder, entry)),
        )
        for entry in checked_manifest(folder).entries
    )


def faults_of_bundle(folder: Path, now: datetime) -> tuple[str, ...]:
    """Name what keeps paths of a bundle from being valid now; empty for a sound one.

    Raises:
        StartRefused: the bundle differs from its manifest.
    """
    pinned = list_bundle(folder)
    faults = []
    for one in pinned:
        certificate = one.certificate
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            faults.append(f"{one.sha256}: ngoài thời hạn hiệu lực")
        if not any(_issued(other.certificate, certificate) for other in pinned):
            faults.append(f"{one.sha256}: không có nơi cấp trong bộ tin cậy")
    return tuple(faults)


def add_to_bundle(
    folder: Path, data: bytes, *, purpose: str, crl: str | None, ocsp: str | None = None
) -> str:
    """Pin one more certificate in a new revision; gives its digest.

    Adding it again changes nothing. A crash leaves the bundle as it was, or with a file that the
    manifest does not name: the next start refuses and names it.

    Args:
        folder: of the bundle; a new one is begun where there is no manifest.
        data: a certificate, PEM or DER.
        purpose: "anchor", "intermediate" or "tsa".
        crl: where this authority publishes its revocation list.
        ocsp: where it answers about one certificate.

    Raises:
        StartRefused: no certificate, not fit for the purpose, or the bundle is malformed.
    """
    certificate = _read(data)
    fit = is_authority if purpose == "intermediate" else is_self_signed_authority
    if not fit(certificate):
        raise StartRefused(f"chứng thư này không thể dùng làm {purpose}")
    digest = sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    known = checked_manifest(folder) if (folder / MANIFEST).exists() else None
    entries = () if known is None else known.entries
    if any(entry["sha256"] == digest for entry in entries):
        return digest
    path = folder / f"{purpose}s" / f"{digest[:16]}.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    file = path.relative_to(folder).as_posix()
    entry = {"file": file, "sha256": digest, "purpose": purpose}
    addresses = {name: url for name, url in (("crl", crl), ("ocsp", ocsp)) if url is not None}
    _write_manifest(folder, known, (*entries, entry | addresses))
    return digest


def _write_manifest(
    folder: Path, known: Manifest | None, entries: tuple[dict[str, str], ...]
) -> None:
    """Write the next revision; the one before it is kept first."""
    revision, previous = 1, None
    if known is not None:
        revision, previous = known.revision + 1, known.digests[-1]
        kept = folder / HISTORY / f"{known.revision}.json"
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes((folder / MANIFEST).read_bytes())
    manifest = {
        "version": VERSION,
        "revision": revision,
        "previous": previous,
        "entries": entries,
    }
    beside = folder.with_name(f"{folder.name}.{MANIFEST}")  # a file inside would be a stranger
    beside.write_text(f"{json.dumps(manifest, indent=2)}\n", encoding="utf-8")
    beside.replace(folder / MANIFEST)


def _read(data: bytes) -> Certificate:
    try:
        pem = b"-----BEGIN" in data
        return load_pem_x509_certificate(data) if pem else load_der_x509_certificate(data)
    except ValueError as error:
        raise StartRefused("tệp không chứa chứng thư số") from error


def _issued(authority: Certificate, certificate: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True
