import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.errors import StartRefused
from app.trust.bundle import load_bundle

START = datetime(2020, 1, 1, tzinfo=UTC)
KEYS = {name: generate_private_key(SECP256R1()) for name in ("root", "sub", "other")}


def certificate(subject: str, *, issuer: str, ca: bool | None = True) -> x509.Certificate:
    def named(common_name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{common_name} Mẫu")])

    builder = x509.CertificateBuilder(
        issuer_name=named(issuer),
        subject_name=named(subject),
        public_key=KEYS[subject].public_key(),
        serial_number=7,
        not_valid_before=START,
        not_valid_after=START + timedelta(days=3650),
    )
    if ca is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=ca, path_length=None), critical=True
        )
    return builder.sign(KEYS[issuer], SHA256())


@dataclass
class Bundle:
    """A sound bundle that a test then spoils."""

    folder: Path
    manifest: dict[str, Any]

    def add(self, file: str, found: x509.Certificate, purpose: str) -> None:
        path = self.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(found.public_bytes(Encoding.PEM))
        digest = sha256(found.public_bytes(Encoding.DER)).hexdigest()
        self.manifest["entries"].append({"file": file, "sha256": digest, "purpose": purpose})
        self.save()

    def save(self) -> None:
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest))


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    bundle = Bundle(tmp_path, {"version": 1, "entries": []})
    bundle.add("anchors/root.pem", certificate("root", issuer="root"), "anchor")
    bundle.add("intermediates/sub.pem", certificate("sub", issuer="root"), "intermediate")
    return bundle


def test_a_sound_bundle_becomes_a_snapshot(bundle: Bundle) -> None:
    snapshot = load_bundle(bundle.folder).trust
    [root] = snapshot.anchors
    [sub] = snapshot.intermediates
    assert x509.load_der_x509_certificate(root).subject.rfc4514_string() == "CN=root Mẫu"
    assert x509.load_der_x509_certificate(sub).subject.rfc4514_string() == "CN=sub Mẫu"
    assert load_bundle(bundle.folder).trust.sha256 == snapshot.sha256


def lose_file(bundle: Bundle) -> None:
    (bundle.folder / "anchors" / "root.pem").unlink()


def slip_in_file(bundle: Bundle) -> None:
    (bundle.folder / "anchors" / "extra.pem").write_bytes(b"")


def change_certificate(bundle: Bundle) -> None:
    other = certificate("other", issuer="other").public_bytes(Encoding.PEM)
    (bundle.folder / "anchors" / "root.pem").write_bytes(other)


def spoil_certificate(bundle: Bundle) -> None:
    (bundle.folder / "anchors" / "root.pem").write_bytes(b"no certificate")


def double_certificate(bundle: Bundle) -> None:
    path = bundle.folder / "anchors" / "root.pem"
    path.write_bytes(path.read_bytes() * 2)


def close_file(bundle: Bundle) -> None:
    path = bundle.folder / "anchors" / "root.pem"
    path.unlink()
    path.symlink_to("/proc/self/mem")  # a file that nobody can read from its beginning


def name_file_twice(bundle: Bundle) -> None:
    bundle.manifest["entries"].append(bundle.manifest["entries"][0])
    bundle.save()


def forget_anchors(bundle: Bundle) -> None:
    lose_file(bundle)
    del bundle.manifest["entries"][0]
    bundle.save()


def anchor_subordinate(bundle: Bundle) -> None:
    bundle.add("anchors/sub.pem", certificate("sub", issuer="root"), "anchor")


def anchor_leaf(bundle: Bundle) -> None:
    bundle.add("anchors/leaf.pem", certificate("other", issuer="other", ca=False), "anchor")


def anchor_without_constraints(bundle: Bundle) -> None:
    bundle.add("anchors/old.pem", certificate("other", issuer="other", ca=None), "anchor")


def raise_version(bundle: Bundle) -> None:
    bundle.manifest["version"] = 2
    bundle.save()


def invent_purpose(bundle: Bundle) -> None:
    bundle.manifest["entries"][0]["purpose"] = "root"
    bundle.save()


def drop_digest(bundle: Bundle) -> None:
    del bundle.manifest["entries"][0]["sha256"]
    bundle.save()


def lose_manifest(bundle: Bundle) -> None:
    (bundle.folder / "manifest.json").unlink()


def spoil_manifest(bundle: Bundle) -> None:
    (bundle.folder / "manifest.json").write_text("{")


def write_other_json(bundle: Bundle) -> None:
    (bundle.folder / "manifest.json").write_text("[]")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lose_file, "bản kê của nó: anchors/root.pem"),
        (slip_in_file, "bản kê của nó: anchors/extra.pem"),
        (change_certificate, "không phải chứng thư mà bản kê đã ghim"),
        (spoil_certificate, "đúng một chứng thư PEM"),
        (double_certificate, "đúng một chứng thư PEM"),
        (close_file, "không đọc được"),
        (name_file_twice, "nêu một tệp hai lần"),
        (forget_anchors, "không có chứng thư gốc"),
        (anchor_subordinate, "không phải CA tự ký"),
        (anchor_leaf, "không phải CA tự ký"),
        (anchor_without_constraints, "không phải CA tự ký"),
        (raise_version, "không phải là bản kê phiên bản 1"),
        (invent_purpose, "không phải là bản kê phiên bản 1"),
        (drop_digest, "không phải là bản kê phiên bản 1"),
        (lose_manifest, "không đọc được"),
        (spoil_manifest, "không phải là JSON"),
        (write_other_json, "không phải là bản kê phiên bản 1"),
    ],
)
def test_whatever_differs_from_the_manifest_stops_the_start(
    bundle: Bundle, spoil: Callable[[Bundle], None], reason: str
) -> None:
    spoil(bundle)
    with pytest.raises(StartRefused, match=reason):
        load_bundle(bundle.folder)
