"""The list of error codes over HTTP: complete, in both languages, and cheap to ask for again."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.problems import install_problems
from app.signatures.catalogue import CATALOGUE
from app.verification.error_codes import error_code_routes
from tests.serving import serving

LIST, PAGE = "/v1/error-codes", "/error-codes"


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    app = FastAPI()
    install_problems(app)
    app.include_router(error_code_routes(sandbox=True))
    with serving(app) as url, httpx.Client(base_url=url) as client:
        yield client


def test_the_list_names_every_code_of_the_catalogue_with_its_words(web: httpx.Client) -> None:
    answer = web.get(LIST)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == "vi"
    items = answer.json()["items"]
    assert [item["code"] for item in items] == list(CATALOGUE)
    for item in items:
        entry = CATALOGUE[item["code"]]
        assert (item["message"], item["cause"], item["fix"]) == (
            entry.vi.message,
            entry.vi.cause,
            entry.vi.fix,
        )
        assert (item["severity"], item["sub_indication"]) == (entry.severity, entry.sub_indication)


def test_the_words_follow_accept_language(web: httpx.Client) -> None:
    answer = web.get(LIST, headers={"Accept-Language": "en"})
    assert answer.headers["content-language"] == "en"
    assert "Accept-Language" in answer.headers["vary"]
    (broken,) = [item for item in answer.json()["items"] if item["code"] == "SIG-300"]
    assert broken["message"] == CATALOGUE["SIG-300"].en.message


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_the_list_can_be_narrowed_to_a_severity(web: httpx.Client, severity: str) -> None:
    items = web.get(LIST, params={"severity": severity}).json()["items"]
    assert [item["code"] for item in items] == [
        code for code, entry in CATALOGUE.items() if entry.severity == severity
    ]


def test_an_unknown_severity_is_a_problem(web: httpx.Client) -> None:
    answer = web.get(LIST, params={"severity": "fatal"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-request"


@pytest.mark.parametrize("path", [LIST, PAGE])
def test_who_has_the_list_is_told_that_it_is_the_same(web: httpx.Client, path: str) -> None:
    first = web.get(path)
    tag = first.headers["etag"]
    for known in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = web.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
    for other in ('"another"', ""):
        assert web.get(path, headers={"If-None-Match": other}).status_code == 200
    english = web.get(path, headers={"If-None-Match": tag, "Accept-Language": "en"})
    assert english.status_code == 200
    assert english.headers["etag"] != tag


def test_every_address_in_the_list_leads_to_its_code_on_the_page(web: httpx.Client) -> None:
    page = web.get(PAGE).text
    places = re.findall(r'id="((?:PKG|SIG|CON)-\d{3})"', page)
    assert sorted(places) == sorted(CATALOGUE)
    for item in web.get(LIST).json()["items"]:
        path, _, place = item["page"].partition("#")
        assert path == PAGE
        assert place in places


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_tells_every_word_in_its_language(web: httpx.Client, language: str) -> None:
    answer = web.get(PAGE, params={"lang": language})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in answer.text
    for entry in CATALOGUE.values():
        for sentence in (entry.text(language).message, entry.text(language).fix):
            assert sentence.replace("&", "&amp;").replace("'", "&#39;") in answer.text


def test_the_page_holds_nothing_that_its_policy_forbids(web: httpx.Client) -> None:
    answer = web.get(PAGE)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", answer.text)
    identifiers = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(identifiers) == len(set(identifiers))
