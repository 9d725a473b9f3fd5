"""Memory that runs out is nobody's fault: it must not become a verdict, nor be remembered."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.signatures import certificates, evidence, pkix, statements, validation, verify
from tests.chains import AT, chain, crl
from tests.revocation import issuer_of, list_of, path_of
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS, case_of

SEAL = scenario_of(STUDENTS).school.seal.certificate_der


def exhausted(*_: Any, **__: Any) -> Any:
    raise MemoryError


@pytest.mark.parametrize("name", ["open_plain_document", "take_inventory"])
def test_a_verdict_on_a_document(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, name, exhausted)
    with pytest.raises(MemoryError):
        case_of().verify()


def test_a_statement_about_revocation(monkeypatch: pytest.MonkeyPatch) -> None:
    published = list_of(issuer_of(SEAL))
    evidence.statement_about.cache_clear()
    monkeypatch.setattr(evidence, "_load_list", exhausted)
    with pytest.raises(MemoryError):
        evidence.statement_about(path_of(SEAL), published)
    monkeypatch.undo()
    said = evidence.statement_about(path_of(SEAL), published)
    assert said is not None
    assert said.standing is evidence.Standing.GOOD


def test_the_signature_of_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf, authority = (pkix.x509.Certificate.load(der) for der in path_of(SEAL)[:2])
    monkeypatch.setattr(pkix, "load_der_public_key", exhausted)
    with pytest.raises(MemoryError):
        pkix.signed_with(leaf, authority.public_key)
    monkeypatch.setattr(pkix, "load_der_public_key", load_der_public_key)
    assert pkix.signed_with(leaf, authority.public_key)


def test_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = chain().leaf.der
    certificates.read_certificate.cache_clear()
    monkeypatch.setattr(certificates.AsnCertificate, "load", exhausted)
    with pytest.raises(MemoryError):
        certificates.read_certificate(fresh)
    monkeypatch.undo()
    assert certificates.read_certificate(fresh) is not None


@pytest.mark.parametrize(
    ("module", "name"), [(validation, "read_statements"), (statements, "verify_crl")]
)
def test_a_path(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    one = chain()
    monkeypatch.setattr(module, name, exhausted)
    with pytest.raises(MemoryError):
        validation.validate_path(
            one.leaf.der,
            [one.authority.der],
            anchors=[one.root.der],
            crls=[crl(one.root), crl(one.authority)],
            at=AT,
        )
