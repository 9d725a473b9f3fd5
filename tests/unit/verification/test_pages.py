import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from importlib.resources import files

import pytest

from app.locale import Language
from app.signatures.report import Outcome
from app.transcripts.codes import MAX_TYPED
from app.verification.answer import NotChecked, PublicCheck, Status, conclude
from app.verification.page_words import PAGE
from app.verification.pages import (
    STATIC,
    Refusal,
    View,
    answer_page,
    form_page,
    refusal_page,
    static_path,
)
from app.verification.words import (
    CHECK_SENTENCES,
    CHECKS,
    LEVELS,
    NOT_CHECKED,
    OUTCOMES,
    STATUS_SENTENCES,
    STATUSES,
    Words,
)
from tests.records import PUBLIC_RECORD as RECORD

NOW = datetime(2026, 8, 20, tzinfo=UTC)
VI = View(language=Language.VIETNAMESE, chosen=False, sandbox=False)
EN = View(language=Language.ENGLISH, chosen=True, sandbox=True)
REFUSALS: tuple[Refusal, ...] = (
    "length",
    "character",
    "check",
    "unknown",
    "busy",
    "unavailable",
)
TABLES: tuple[dict[object, Words], ...] = tuple(
    dict(table)
    for table in (
        PAGE,
        CHECKS,
        CHECK_SENTENCES,
        LEVELS,
        NOT_CHECKED,
        OUTCOMES,
        STATUSES,
        STATUS_SENTENCES,
    )
)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_every_text_exists_in_both_languages() -> None:
    for table in TABLES:
        for words in table.values():
            assert set(words) == set(Language)
            assert all(text.strip() == text and text for text in words.values())


def test_every_outcome_of_every_check_has_its_sentence() -> None:
    assert set(CHECK_SENTENCES) == {(check, out) for check in PublicCheck for out in Outcome}
    assert set(CHECKS) == set(PublicCheck)
    assert set(NOT_CHECKED) == set(NotChecked)
    assert set(STATUSES) == set(STATUS_SENTENCES) == set(Status)


def test_every_text_of_the_page_is_used() -> None:
    templates = files("app.verification").joinpath("templates")
    source = "".join(template.read_text("utf-8") for template in templates.iterdir())
    used = set(re.findall(r"words\.(\w+)", source)) | {"title"}
    used |= {f"{refusal}_{part}" for refusal in REFUSALS for part in ("title", "sentence")}
    assert used == set(PAGE)


@pytest.mark.parametrize("view", [VI, EN])
def test_the_answer_page_tells_everything_of_the_answer_in_its_language(view: View) -> None:
    answer = conclude(RECORD, unaltered=True, now=NOW)
    page = answer_page(answer, view)
    text, language = text_of(page), view.language
    for expected in (
        "HHB8WG-CUCGKZ-ZA4SVQ",
        "N*** T*** M*** Á***",
        "2025-2026",
        "Trường THCS Mẫu Số Một",
        "Thành phố Hồ Chí Minh",
        LEVELS["03"][language],
        STATUSES[Status.IN_FORCE][language],
        *(CHECK_SENTENCES[check][language] for check in answer.checks),
        *(NOT_CHECKED[gap][language] for gap in NotChecked),
    ):
        assert expected in text
    assert f'<html lang="{language}">' in page


def test_times_are_shown_in_the_time_of_viet_nam() -> None:
    answer = conclude(RECORD, unaltered=True, now=NOW)
    assert "07:00:00, ngày 20/08/2026 (giờ Việt Nam, GMT+7)" in text_of(answer_page(answer, VI))
    assert "20 August 2026, 07:00:00 (Việt Nam time, GMT+7)" in text_of(answer_page(answer, EN))
    assert 'datetime="2026-08-20T07:00:00+07:00"' in answer_page(answer, VI)


def test_the_answer_page_tells_nothing_of_where_the_original_lies() -> None:
    page = answer_page(conclude(RECORD, unaltered=True, now=NOW), VI)
    assert RECORD.original_sha256 not in page
    assert RECORD.package_digest not in page


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_says_what_to_do(refusal: Refusal) -> None:
    page = refusal_page(refusal, VI, typed="ABC", retry_path=None, trace_id=None)
    text = text_of(page)
    assert PAGE[f"{refusal}_title"][Language.VIETNAMESE] in text
    assert PAGE[f"{refusal}_sentence"][Language.VIETNAMESE] in text
    assert 'value="ABC"' in page


def test_a_refusal_that_passes_offers_to_try_again_instead_of_the_form() -> None:
    page = refusal_page(
        "unavailable", EN, typed="ABC", retry_path="/verify/ABC?lang=en", trace_id="ab" * 16
    )
    assert 'href="/verify/ABC?lang=en"' in page
    assert "ab" * 16 in page
    assert "<form" not in page


def test_what_was_typed_is_escaped_and_cut() -> None:
    typed = '"><script>alert(1)</script>' + "x" * 1000
    page = refusal_page("character", VI, typed=typed, retry_path=None, trace_id=None)
    assert "<script" not in page
    assert "x" * MAX_TYPED not in page


def test_a_school_name_is_escaped() -> None:
    record = replace(RECORD, school_name="Trường <b>Mẫu</b> & bạn")
    page = answer_page(conclude(record, unaltered=True, now=NOW), VI)
    assert "Trường &lt;b&gt;Mẫu&lt;/b&gt; &amp; bạn" in page


def test_only_the_sandbox_says_that_it_is_one() -> None:
    assert "Test environment" in form_page(EN)
    assert "Môi trường thử nghiệm" not in form_page(VI)


def test_a_chosen_language_stays_chosen() -> None:
    assert '<input type="hidden" name="lang" value="en">' in form_page(EN)
    assert 'name="lang"' not in form_page(VI)
    assert 'href="/verify?lang=en"' in form_page(EN)


def test_pages_hold_no_script_and_no_style_of_their_own_and_no_foreign_address() -> None:
    for page in (form_page(VI), answer_page(conclude(RECORD, unaltered=True, now=NOW), EN)):
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", page)


def test_static_addresses_name_their_content() -> None:
    assert static_path("verification.css").startswith("/static/verification.css?v=")
    assert all(content for content in STATIC.values())
    assert b"url(" not in STATIC["verification.css"]
    assert b"@import" not in STATIC["verification.css"]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "ground"),
        ("quiet", "ground"),
        ("blue", "ground"),
        ("good", "good-light"),
        ("bad", "bad-light"),
        ("warn", "warn-light"),
        ("quiet", "good-light"),
        ("quiet", "bad-light"),
        ("quiet", "warn-light"),
        ("red", "ground"),
    ],
)
def test_text_has_the_contrast_of_wcag_aa(text: str, ground: str) -> None:
    css = STATIC["verification.css"].decode()
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
    assert contrast(colours[text], colours[ground]) >= 4.5
