"""Transcripts signed by other programs are accepted; altered by one octet they are refused."""

import random
from pathlib import Path

import pytest

from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml
from tests.peers.signing import (
    Style,
    compile_jdk_signer,
    sign_with_jdk,
    sign_with_xmlsec1,
    student,
    styles,
)
from tests.verdicts import Case, case_of, codes

ALTERATIONS = 60
"""Octets changed for each signed file: a sample, drawn anew from a fixed seed for each style."""


def name_of(style: Style) -> str:
    form = "exclusive" if style.canonicalization is Canonicalization.EXCLUSIVE else "inclusive"
    return f"{form}-enveloped" if style.enveloped else form


@pytest.fixture(scope="session")
def jdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jdk")
    compile_jdk_signer(folder)
    return folder


def case() -> Case:
    return case_of().of_student(student(0).student.code)


def data_of(xml: bytes) -> bytes:
    data = read_xml(xml, TRANSCRIPT_LIMITS).find("DU_LIEU_HOC_BA")
    assert data is not None
    return canonical_octets(data, Canonicalization.INCLUSIVE_10)


def assert_no_octet_can_change(xml: bytes, seed: str) -> None:
    start, end = xml.index(b"<DU_LIEU_HOC_BA"), xml.index(b"</DU_LIEU_HOC_BA>")
    choose = random.Random(seed)  # noqa: S311 -- reason: a reproducible sample, no secret
    refused = 0
    for _ in range(ALTERATIONS):
        place = choose.randrange(start, end)
        other = (xml[place] ^ (1 << choose.randrange(7))) & 0xFF
        altered = xml[:place] + bytes([other]) + xml[place + 1 :]
        verdict = case().verify(altered)
        if verdict.transcript is None:
            refused += 1
        else:
            assert data_of(altered) == data_of(xml), place
    assert refused > ALTERATIONS * 0.9


@pytest.mark.parametrize("style", styles(), ids=name_of)
def test_xmlsec1s_signatures_are_accepted_until_one_octet_changes(
    style: Style, tmp_path: Path
) -> None:
    xml = sign_with_xmlsec1(tmp_path, style)
    assert codes(case().verify(xml)) == []
    assert_no_octet_can_change(xml, f"xmlsec1 {name_of(style)}")


@pytest.mark.parametrize("style", styles(), ids=name_of)
def test_the_jdks_signatures_are_accepted_until_one_octet_changes(
    style: Style, tmp_path: Path, jdk: Path
) -> None:
    xml = sign_with_jdk(jdk, tmp_path, style)
    assert codes(case().verify(xml)) == []
    assert_no_octet_can_change(xml, f"jdk {name_of(style)}")
