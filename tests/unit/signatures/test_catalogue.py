"""Every code that can be emitted has its words, and every word has its code."""

import re
from pathlib import Path

import pytest

from app.signatures.catalogue import CATALOGUE
from app.signatures.report import Indication

APP = Path(__file__).parents[3] / "app"
CODE = re.compile(r'"((?:PKG|SIG|CON)-\d{3})"')


def emitted() -> set[str]:
    return {
        code
        for source in APP.rglob("*.py")
        if "sandbox" not in source.parts
        for code in CODE.findall(source.read_text("utf-8"))
    }


def test_the_catalogue_holds_exactly_the_codes_that_the_program_knows() -> None:
    assert emitted() == set(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_says_what_is_wrong_why_and_what_to_do_in_both_languages(code: str) -> None:
    entry = CATALOGUE[code]
    for language in ("vi", "en"):
        text = entry.text(language)
        for sentence in (text.message, text.cause, text.fix):
            assert sentence.endswith(".")
            assert len(sentence) > 10
    assert entry.vi != entry.en
    assert entry.text("fr") == entry.vi


def test_only_errors_lead_to_a_refusal() -> None:
    for entry in CATALOGUE.values():
        passes = entry.indication is Indication.PASSED
        assert passes == (entry.sub_indication is None)
        provisional = (entry.severity, entry.sub_indication) == ("warning", "TRY_LATER")
        assert (not passes) == (entry.severity == "error" or provisional)
