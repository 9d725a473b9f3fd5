"""The path validation test suite of NIST, as the package cryptography-vectors ships it."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.signatures import validate_path
from tests import pkits

OUTCOMES = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "pkits" / "outcomes.toml").read_text("utf-8")
)
CASES = {name: code for section in OUTCOMES.values() for name, code in section.items()}

REFUSED_ALTHOUGH_VALID = {
    "ValidDSASignaturesTest4EE": "DSA is no algorithm of the field",
    "ValidDSAParameterInheritanceTest5EE": "DSA is no algorithm of the field",
}
PASSED_BY_DEFAULT = {
    "AllCertificatesNoPoliciesTest2EE": "fails only with initial-explicit-policy",
    "DifferentPoliciesTest3EE": "fails only with initial-explicit-policy",
    "inhibitAnyPolicyTest3EE": "fails only with initial-inhibit-any-policy",
    "OverlappingPoliciesTest6EE": "fails only with an initial policy set of another policy",
    "AllCertificatesSamePoliciesTest10EE": "valid with any initial policy set",
    "AllCertificatesSamePoliciesTest13EE": "valid with any initial policy set",
    "AllCertificatesanyPolicyTest11EE": "valid with any initial policy set",
    "AnyPolicyTest14EE": "fails only with an initial policy set of another policy",
    "UserNoticeQualifierTest15EE": "valid; asks only that the notice is shown",
    "UserNoticeQualifierTest16EE": "valid; asks only that the notice is shown",
    "UserNoticeQualifierTest17EE": "valid; asks only that the notice is shown",
    "UserNoticeQualifierTest18EE": "fails only with an initial policy set of another policy",
    "UserNoticeQualifierTest19EE": "valid; asks only that the notice is shown",
    "CPSPointerQualifierTest20EE": "valid; asks only that the pointer is shown",
}
"""Initial policies and inhibitions are no arguments: nobody in the field asks for a policy."""


@pytest.mark.parametrize("name", CASES)
def test_every_case_of_nist_pkits_ends_as_expected(name: str) -> None:
    case = pkits.cases()[name]
    result = validate_path(
        case.leaf,
        case.intermediates,
        anchors=[pkits.anchor()],
        crls=case.crls,
        at=datetime(2015, 1, 1, tzinfo=UTC),
    )
    assert (result.code or "passed") == CASES[name]


def test_the_expected_outcomes_are_those_that_nist_names() -> None:
    assert CASES.keys() == pkits.cases().keys()
    for name, code in CASES.items():
        valid = name.startswith("Valid")
        if name in REFUSED_ALTHOUGH_VALID:
            assert (valid, code) == (True, "SIG-401")
        elif name in PASSED_BY_DEFAULT:
            assert (valid, code) == (False, "passed")
        else:
            assert valid == (code == "passed"), name
