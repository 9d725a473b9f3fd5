"""The code lists over HTTP: public, of a day, and not fetched again while they are the same."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from app.directory.code_lists import code_lists
from app.directory.routes import code_list_routes
from app.problems import install_problems
from tests.public import Clock
from tests.serving import serving

CLOCK = Clock()


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    app = FastAPI()
    install_problems(app)
    app.include_router(code_list_routes(clock=CLOCK))
    with serving(app) as url, httpx.Client(base_url=url) as client:
        yield client


def names(answer: httpx.Response) -> dict[str, str]:
    return {item["code"]: item["name"] for item in answer.json()["items"]}


def test_every_list_is_listed_with_its_version_and_address(web: httpx.Client) -> None:
    items = web.get("/v1/code-lists").json()["items"]
    assert [item["name"] for item in items] == list(code_lists())
    for item in items:
        answer = web.get(item["link"])
        assert answer.json()["sha256"] == item["sha256"]
        assert answer.json()["items"]


def test_a_transcript_of_june_2025_is_read_with_the_list_of_its_own_day(web: httpx.Client) -> None:
    before, after = (
        web.get("/v1/code-lists/provinces", params={"at": f"2025-{day}"})
        for day in ("06-30", "07-01")
    )
    assert (names(before)["24"], len(names(before))) == ("Bắc Giang", 63)
    assert (names(after)["24"], len(names(after))) == ("Bắc Ninh", 34)
    assert before.json()["at"] == "2025-06-30"
    merged = next(item for item in before.json()["items"] if item["code"] == "02")
    assert (merged["valid_to"], merged["successors"]) == ("2025-06-30", ["08"])


def test_without_a_day_it_is_the_list_of_today_in_viet_nam(web: httpx.Client) -> None:
    assert len(names(web.get("/v1/code-lists/provinces"))) == 34
    assert web.get("/v1/code-lists/provinces").json()["at"] is None


def test_with_history_every_meaning_is_there(web: httpx.Client) -> None:
    items = web.get("/v1/code-lists/provinces", params={"history": True}).json()["items"]
    assert [item["name"] for item in items if item["code"] == "15"] == ["Yên Bái", "Lào Cai"]
    both = web.get("/v1/code-lists/provinces", params={"history": True, "at": "2025-06-30"})
    assert (both.status_code, both.json()["parameter"]) == (422, "history")


@pytest.mark.parametrize("path", ["", "/provinces", "/subjects?at=2025-05-30"])
def test_who_has_the_list_need_not_fetch_it_again(web: httpx.Client, path: str) -> None:
    first = web.get(f"/v1/code-lists{path}")
    assert first.headers["cache-control"] == "public, max-age=3600"
    CLOCK.forward(3600 * 24)
    again = web.get(
        f"/v1/code-lists{path}", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert web.get(f"/v1/code-lists{path}", headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/tinh", 404), ("/provinces?at=2025-02-30", 422), ("/../error-codes", 404)],
)
def test_what_is_no_list_and_no_day_is_refused(web: httpx.Client, path: str, status: int) -> None:
    assert web.get(f"/v1/code-lists{path}").status_code == status
