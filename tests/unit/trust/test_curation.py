import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from app.errors import StartRefused
from app.sandbox.pki import AUTHORITIES_TO, Authority, Branch, write_trust_bundle
from app.trust.bundle import load_bundle
from app.trust.curation import add_to_bundle, faults_of_bundle, list_bundle
from app.trust_commands import trust_commands
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS

PKI = scenario_of(STUDENTS).pki
NOW = datetime(2026, 7, 1, tzinfo=UTC)
URL = "http://crl.mau.vn/ca.crl"


def pem(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.PEM)


def test_a_bundle_that_is_built_one_by_one_trusts_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    for one in PKI.anchors:
        add_to_bundle(folder, pem(one), purpose="anchor", crl=URL)
    for one in PKI.intermediates:
        der = one.certificate.public_bytes(Encoding.DER)
        digest = add_to_bundle(folder, der, purpose="intermediate", crl=None)
        assert add_to_bundle(folder, der, purpose="intermediate", crl=None) == digest
    bundle = load_bundle(folder)
    assert replace(bundle.trust, bundle="") == replace(PKI.trust, evidence=())
    assert {one.url for one in bundle.publications} == {URL}
    assert len(bundle.publications) == len(PKI.anchors)
    assert bundle.manifest.revision == len(PKI.anchors) + len(PKI.intermediates)
    assert faults_of_bundle(folder, NOW) == ()


@pytest.mark.parametrize(
    ("data", "purpose", "reason"),
    [
        (b"no certificate", "anchor", "không chứa chứng thư"),
        (pem(PKI.issuers[Branch.G1]), "anchor", "không thể dùng làm anchor"),
        (
            scenario_of(STUDENTS).school.seal.certificate_der,
            "intermediate",
            "không thể dùng làm intermediate",
        ),
        (scenario_of(STUDENTS).school.seal.certificate_der, "anchor", "không thể dùng làm anchor"),
    ],
)
def test_what_is_not_fit_is_not_added(
    tmp_path: Path, data: bytes, purpose: str, reason: str
) -> None:
    with pytest.raises(StartRefused, match=reason):
        add_to_bundle(tmp_path, data, purpose=purpose, crl=None)
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_bundle_is_named(tmp_path: Path) -> None:
    stray = add_to_bundle(tmp_path, pem(PKI.issuers[Branch.G1]), purpose="intermediate", crl=None)
    assert faults_of_bundle(tmp_path, NOW) == (f"{stray}: không có nơi cấp trong bộ tin cậy",)
    assert f"{stray}: ngoài thời hạn hiệu lực" in faults_of_bundle(
        tmp_path, AUTHORITIES_TO.replace(year=2050)
    )


def test_a_publication_of_another_shape_is_no_entry(tmp_path: Path) -> None:
    write_trust_bundle(tmp_path, PKI)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["entries"][0]["crl"] = 7
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StartRefused, match="không phải là bản kê"):
        list_bundle(tmp_path)


def test_the_commands_list_add_and_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOCBA_TRUST_DIR", str(tmp_path / "trust"))
    file = tmp_path / "root.pem"
    file.write_bytes(pem(PKI.anchors[0]))
    runner = CliRunner()
    added = runner.invoke(trust_commands, ["add", str(file), "--purpose=anchor", f"--crl={URL}"])
    assert added.exit_code == 0
    listed = runner.invoke(trust_commands, ["list"]).output
    assert list_bundle(tmp_path / "trust")[0].sha256 in listed
    assert URL in listed
    assert "1 chứng thư" in runner.invoke(trust_commands, ["verify"]).output
    file.write_bytes(pem(PKI.issuers[Branch.G2]))
    runner.invoke(trust_commands, ["add", str(file), "--purpose=intermediate"])
    refused = runner.invoke(trust_commands, ["verify"])
    assert isinstance(refused.exception, StartRefused)
