"""A bundle's revisions: each names the one before, and none can be left out or put back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from app.errors import StartRefused
from app.sandbox.pki import Authority, Branch
from app.signatures.trust import EvidenceKind
from app.trust.bundle import HISTORY, MANIFEST, load_bundle, require_successor
from app.trust.curation import add_to_bundle, list_bundle
from app.trust_commands import trust_commands
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS

PKI = scenario_of(STUDENTS).pki
URL = "http://ocsp.mau.vn/"


def pem(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.PEM)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle of three revisions."""
    folder = tmp_path / "trust"
    for one in PKI.anchors:
        add_to_bundle(folder, pem(one), purpose="anchor", crl=None, ocsp=URL)
    return folder


def manifest_of(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_every_change_is_a_revision_that_names_the_one_before(folder: Path) -> None:
    before = load_bundle(folder)
    assert before.manifest.revision == len(PKI.anchors)
    assert {(one.url, one.kind) for one in before.publications} == {(URL, EvidenceKind.OCSP)}
    unknown = PKI.issuers[Branch.UNKNOWN]
    add_to_bundle(folder, pem(unknown), purpose="tsa", crl=None)
    after = load_bundle(folder)
    assert after.manifest.digests[:-1] == before.manifest.digests
    assert after.trust.tsa_anchors == (unknown.certificate.public_bytes(Encoding.DER),)
    assert after.trust.anchors == before.trust.anchors
    assert after.trust.sha256 != before.trust.sha256
    require_successor(after.manifest, before.manifest)
    require_successor(after.manifest, after.manifest)
    with pytest.raises(StartRefused, match="không nối tiếp lần sửa đổi 4"):
        require_successor(before.manifest, after.manifest)


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**manifest_of(path), **changes}))


def change_history(folder: Path) -> None:
    rewrite(folder / HISTORY / "1.json", entries=[])


def swap_history(folder: Path) -> None:
    (folder / HISTORY / "2.json").write_bytes((folder / HISTORY / "1.json").read_bytes())


def lose_history(folder: Path) -> None:
    (folder / HISTORY / "1.json").unlink()


def skip_a_revision(folder: Path) -> None:
    rewrite(folder / MANIFEST, revision=5)


def go_back_in_number(folder: Path) -> None:
    rewrite(folder / MANIFEST, revision=1)


def forget_the_previous(folder: Path) -> None:
    rewrite(folder / MANIFEST, previous=None)


def count_from_nothing(folder: Path) -> None:
    rewrite(folder / MANIFEST, revision=0)


def count_by_yes(folder: Path) -> None:
    rewrite(folder / MANIFEST, revision=True)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (change_history, "is not the manifest that revision 2 names"),
        (swap_history, "is not the manifest that revision 3 names"),
        (lose_history, "không đọc được"),
        (skip_a_revision, "không đọc được"),
        (go_back_in_number, "khác với bản kê của nó: history/1.json, history/2.json"),
        (forget_the_previous, "is not the manifest that revision 3 names"),
        (count_from_nothing, "không phải là bản kê phiên bản 1"),
        (count_by_yes, "không phải là bản kê phiên bản 1"),
    ],
)
def test_a_history_with_a_gap_stops_the_start(
    folder: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(folder)
    with pytest.raises(StartRefused, match=reason):
        load_bundle(folder)


def test_the_commands_name_the_revision(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOCBA_TRUST_DIR", str(folder))
    digest = load_bundle(folder).manifest.digests[-1]
    runner = CliRunner()
    for command in ("list", "verify"):
        assert f"Phiên bản 3, mã băm {digest}" in runner.invoke(trust_commands, [command]).output
    assert URL in runner.invoke(trust_commands, ["list"]).output
    assert {one.ocsp for one in list_bundle(folder)} == {URL}
