from dataclasses import replace

from app.signatures.coverage import map_coverage
from app.transcripts.document import open_document
from app.transcripts.profile import HOC_BA_1_THCS
from tests.verdicts import case_of


def test_without_intact_signatures_every_part_is_uncovered() -> None:
    coverage = map_coverage(open_document(case_of().xml, HOC_BA_1_THCS), [])
    assert not coverage.complete
    assert coverage.uncovered == tuple(xpath for xpath, _ in coverage.nodes)
    assert all(over == () for _, over in coverage.nodes)


def test_a_document_without_its_content_is_not_covered() -> None:
    document = open_document(case_of().xml, HOC_BA_1_THCS)
    elsewhere = replace(document, profile=replace(HOC_BA_1_THCS, content="/HOC_BA/KHONG_CO"))
    assert map_coverage(elsewhere, []).uncovered == ("/HOC_BA/KHONG_CO",)
