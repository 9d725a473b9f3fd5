"""Lists of packages: pages, filters, and nobody else's."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.working import NOW, Repository

pytestmark = pytest.mark.tampered("packages are inserted as rows alone")

PATH = "/v1/packages"


@pytest.fixture
def filled(repository: Repository) -> Repository:
    """Seven packages of the client's own, two of them of the same moment, and one stranger's."""
    repository.add_client("phan-mem-khac")
    for number in range(7):
        at = NOW + timedelta(minutes=min(number, 5))
        add(repository, at, school=f"7900070{number % 2}", state="00" if number < 5 else "02")
    add(repository, NOW, client="phan-mem-khac")
    return repository


def add(
    repository: Repository,
    at: datetime,
    *,
    client: str = "phan-mem-mau",
    school: str = "79000700",
    state: str = "00",
) -> None:
    repository.execute(
        "INSERT INTO packages (package_id, client_id, digest, size, state, received_at, "
        "school_code, province_code, finished_at) VALUES (:id, :client, :digest, 1, :state, :at, "
        ":school, '79', :finished)",
        id=uuid4(),
        client=client,
        digest=uuid4().hex,
        at=at,
        school=school,
        state=state,
        finished=at if state == "02" else None,
    )


def listed(repository: Repository, **query: Any) -> list[dict[str, Any]]:
    """Follow every page."""
    found: list[dict[str, Any]] = []
    while True:
        answer = repository.client().get(PATH, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            return found
        assert len(page["items"]) == query.get("limit", 50)
        query["after"] = page["next"]


def test_pages_hold_every_package_once_newest_first(filled: Repository) -> None:
    whole = listed(filled)
    assert len(whole) == 7
    assert [one["received_at"] for one in whole] == sorted(
        (one["received_at"] for one in whole), reverse=True
    )
    for limit in (1, 2, 3, 7):
        assert listed(filled, limit=limit) == whole
    assert {"items", "errors", "student_code"}.isdisjoint(whole[0])


def test_a_new_package_does_not_shift_the_pages_behind_it(filled: Repository) -> None:
    whole = listed(filled)
    first = filled.client().get(PATH, params={"limit": 3}).json()
    add(filled, NOW + timedelta(hours=1))
    rest = filled.client().get(PATH, params={"limit": 50, "after": first["next"]}).json()
    assert first["items"] + rest["items"] == whole


def test_filters_narrow_the_list(filled: Repository) -> None:
    assert len(listed(filled, school="79000701")) == 3
    assert len(listed(filled, province="79")) == 7
    assert listed(filled, province="01") == []
    assert len(listed(filled, state="02")) == 2
    assert len(listed(filled, **{"from": NOW.isoformat(), "to": NOW.isoformat()})) == 0
    until = (NOW + timedelta(minutes=2)).isoformat()
    assert len(listed(filled, to=until)) == 2
    assert len(listed(filled, **{"from": until})) == 5
    assert len(listed(filled, school="79000700", state="00", limit=1)) == 3


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"state": "09"},
        {"from": "2026-07-01T15:00:00"},
        {"after": "khong-phai"},
        {"after": "////"},
        {"after": "MjAyNi0wNy0wMVQxNTowMDowMCA2ZjFmMmQwZS00YTdjLTRjNTgtOWQyZS0wZDZmNGIxYzlhMTA="},
    ],
)
def test_a_question_of_the_wrong_shape_is_refused(
    repository: Repository, query: dict[str, str]
) -> None:
    answer = repository.client().get(PATH, params=query)
    assert answer.status_code == 422
    assert answer.json()["parameter"] in query


def test_a_list_needs_the_right_to_read(filled: Repository) -> None:
    assert filled.client(scope="packages:write").get(PATH).status_code == 403
    assert len(filled.client("phan-mem-khac").get(PATH).json()["items"]) == 1
