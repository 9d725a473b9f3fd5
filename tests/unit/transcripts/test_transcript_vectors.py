import json
from pathlib import Path

import pytest
from lxml import etree

from app.transcripts.content_reader import read_transcript
from app.transcripts.document import open_document
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.message import read_message
from app.transcripts.profile import BAN_TIN_1, HOC_BA_1, HOC_BA_1_THCS
from app.transcripts.rules import check_rules
from tests.vectors.transcripts.make import HERE, expected_file, vectors

EXPECTED: dict[str, str] = json.loads((HERE / "expected.json").read_bytes())


def read(path: Path) -> tuple[Finding, ...]:
    data = path.read_bytes()
    try:
        if path.parent.name == "transcript":
            return open_document(data, HOC_BA_1_THCS).findings
        if path.parent.name.startswith("level-"):
            return read_level(data)
        document = open_document(data, BAN_TIN_1)
        if not document.findings:
            read_message(data, etree.tostring(document.root[0], method="c14n"))
    except DocumentRefused as refusal:
        return refusal.findings
    return document.findings


def read_level(data: bytes) -> tuple[Finding, ...]:
    document = open_document(data, HOC_BA_1)
    if document.findings:
        return document.findings
    content = etree.tostring(document.root[0], method="c14n")
    return check_rules(read_transcript(content, document.profile))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_document_shows_exactly_the_flaw_that_its_file_is_named_after(name: str) -> None:
    assert " ".join(finding.code for finding in read(HERE / name)) == EXPECTED[name]


def test_the_committed_files_are_what_the_script_writes() -> None:
    written = vectors() | {"expected.json": expected_file()}
    committed = {
        path.relative_to(HERE).as_posix(): path.read_bytes()
        for path in HERE.rglob("*")
        if path.suffix in {".xml", ".json"}
    }
    assert committed == written


def test_every_vector_has_its_expected_codes() -> None:
    assert EXPECTED.keys() == vectors().keys()
