"""A disagreement can be looked into again from its bundle alone."""

import json
from base64 import b64decode
from dataclasses import asdict, replace

from app.sandbox.scenario import with_changed_mark
from app.secondopinion.bundle import BUNDLE_FORMAT, write_bundle
from app.secondopinion.opinion import second_opinion
from tests.verdicts import case_of


def test_the_bundle_holds_what_both_engines_were_given_and_said() -> None:
    case = case_of()
    report = case.verify().report
    altered = with_changed_mark(case.xml)
    opinion = second_opinion(altered, report)
    assert not opinion.agrees
    bundle = json.loads(write_bundle(altered, report, opinion).content)
    assert bundle["format"] == BUNDLE_FORMAT
    original = b64decode(bundle["original"])
    assert original == altered
    again = second_opinion(original, report)
    assert bundle["opinion"] == json.loads(json.dumps(asdict(again)))
    assert bundle["report"]["document_sha256"] == report.document_sha256
    assert bundle["report"]["at"] == report.at.isoformat()
    assert set(bundle["versions"]) == {
        "python",
        "lxml",
        "libxml2",
        "cryptography",
        "openssl",
        "signxml",
    }


def test_the_same_disagreement_makes_the_same_bundle() -> None:
    case = case_of()
    report, opinion = case.verify().report, second_opinion(case.xml, case.verify().report)
    assert write_bundle(case.xml, report, opinion) == write_bundle(case.xml, report, opinion)
    other = replace(opinion, compared=())
    assert write_bundle(case.xml, report, opinion) != write_bundle(case.xml, report, other)
