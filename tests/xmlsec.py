"""Debian's xmlsec1 as a second opinion on signatures and certificate paths."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

ID_ELEMENTS = (
    "DU_LIEU_HOC_BA",
    "THONG_TIN_HOC_BA",
    "DIEM_TONG_KET",
    "NOI_DUNG",
    "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
)
"""Elements whose attribute Id a reference may name; xmlsec1 reads no schema."""


def accepts(file: Path, slot: str, *, options: Sequence[str | Path]) -> bool:
    """Say whether xmlsec1 verifies the signature in the slot at an XPath location."""
    ids = [part for name in ID_ELEMENTS for part in ("--id-attr:Id", name)]
    command: list[str | Path] = ["xmlsec1", "--verify", "--enabled-key-data", "x509", *ids]
    command += [*options, "--node-xpath", f"{slot}/*", file]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 -- reason: fixed program, our own files


def trusting(bundle: Path, at: str) -> list[str | Path]:
    """Options that trust a bundle of anchors and intermediates at a time "YYYY-MM-DD HH:MM:SS"."""
    anchors = [part for file in bundle.glob("anchors/*") for part in ("--trusted-pem", file)]
    others = [part for file in bundle.glob("intermediates/*") for part in ("--untrusted-pem", file)]
    return ["--verification-time", at, *anchors, *others]
