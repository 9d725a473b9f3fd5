"""Certificates that stand: renewed, taken back, and seen only by those whom they concern."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from tests.public import execute
from tests.registering import OTHER, SCHOOL, Registry, person, running_registry, seal


@pytest.fixture
def registry(database_url: str, tmp_path: Path) -> Iterator[Registry]:
    with running_registry(database_url, tmp_path) as running:
        yield running


def test_a_renewal_is_registered_in_time_and_both_stand_side_by_side(registry: Registry) -> None:
    old = registry.approved(seal())
    new = registry.approved(seal("con-dau-moi", issued_year=2026))
    wanted = {"school": SCHOOL, "role": "KY_PHAT_HANH"}

    def at(day: str) -> set[str]:
        items = registry.get("so-mau", **wanted, at=day).json()["items"]
        return {one["certificate_sha256"] for one in items}

    digests = [sha256(der).hexdigest() for der in (old, new)]
    assert at("2025-07-31") == set()
    assert at("2026-06-10") == {digests[0]}
    assert at("2026-08-01") == set(digests)


def test_a_holder_takes_a_certificate_back_from_a_time_on(registry: Registry) -> None:
    der = registry.approved(seal())
    revoked = registry.revoke(der).json()
    assert (revoked["state"], revoked["revoked_from"]) == ("02", "2026-06-10T08:00:00+07:00")
    assert revoked["history"][-1]["event"] == "revoked"
    registry.forward(hours=1)
    assert registry.revoke(der).json() == revoked, "a later time changes nothing"
    earlier = registry.revoke(der, revoked_from="2026-06-09T00:00:00+07:00").json()
    assert earlier["revoked_from"] == "2026-06-09T00:00:00+07:00"
    assert [one["event"] for one in earlier["history"]][-2:] == ["revoked", "revoked"]
    for day, count in ((date(2026, 6, 8), 1), (date(2026, 6, 9), 0)):
        assert len(registry.get("so-mau", at=day.isoformat()).json()["items"]) == count
    assert registry.register(der).status_code == 409, "it does not come back"


def test_only_an_approved_certificate_can_be_taken_back(registry: Registry) -> None:
    assert registry.revoke(seal()).status_code == 404
    registry.register(seal())
    assert registry.revoke(seal()).status_code == 409


def test_nobody_registers_or_takes_back_for_another_school(registry: Registry) -> None:
    registry.approved(seal())
    for caller, *statuses in (
        ("truong-khac", 403, 404),
        ("so-mau", 403, 403),
        ("ngoai", 403, 404),
        ("la", 401, 401),
    ):
        asked, told = (
            registry.register(seal("moi"), caller=caller),
            registry.revoke(seal(), caller=caller),
        )
        assert [asked.status_code, told.status_code] == statuses
    [only] = registry.get("truong-mau").json()["items"]
    assert only["revoked_from"] is None


def test_nobody_without_the_right_decides(registry: Registry) -> None:
    registry.register(seal())
    for caller in ("truong-mau", "truong-khac", "ngoai", "la"):
        assert registry.decide(seal(), caller=caller).status_code in {401, 403, 404}
    assert registry.get("truong-mau").json()["items"][0]["state"] == "01"


def test_whoever_asked_does_not_decide(registry: Registry) -> None:
    registry.register(seal(), caller="ca-hai")
    assert registry.decide(seal(), caller="ca-hai").status_code == 403
    assert registry.decide(seal("khong-co")).status_code == 404


def test_each_sees_the_certificates_of_its_own_schools(registry: Registry) -> None:
    registry.register(seal())
    registry.register(person(), school=OTHER, role="CBQL", caller="truong-khac")

    def schools(caller: str) -> list[str]:
        return [one["school"] for one in registry.get(caller).json()["items"]]

    assert schools("truong-mau") == [SCHOOL]
    assert schools("truong-khac") == [OTHER]
    assert schools("so-mau") == [SCHOOL, OTHER]
    assert schools("ngoai") == []
    path = f"/{sha256(seal()).hexdigest()}"
    query = {"school": SCHOOL, "role": "KY_PHAT_HANH"}
    assert registry.get("truong-khac", path, **query).status_code == 404


def test_pages_hold_every_entry_once(registry: Registry) -> None:
    for number in range(5):
        registry.register(seal(f"con-dau-{number}"))
    registry.approved(person(), role="CBQL")
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = registry.get("so-mau", limit=2, **after).json()
        found += [one["certificate_sha256"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(found) == len(set(found)) == 6
    assert len(registry.get("so-mau", role="CBQL").json()["items"]) == 1
    assert len(registry.get("so-mau", state="02").json()["items"]) == 1


def test_a_cursor_of_nobody_is_refused(registry: Registry) -> None:
    for after in ("x", "!!!!", "AAAA", "Ojo6", "/w==", "AHh4OkNCUUw6eA=="):
        answer = registry.get("so-mau", after=after)
        assert answer.status_code == 422 or answer.json()["items"] == [], after


def test_the_certificate_alone_names_its_entry_where_there_is_one(registry: Registry) -> None:
    registry.approved(seal())
    path = f"/{sha256(seal()).hexdigest()}"
    assert registry.get("truong-mau", path).json()["school"] == SCHOOL
    told = registry.post("truong-mau", f"{path}/revocation", reason="Mất thiết bị ký")
    assert told.json()["revoked_from"] is not None


def test_where_a_certificate_stands_twice_the_caller_says_which(registry: Registry) -> None:
    registry.register(seal())
    execute(registry.setting, "UPDATE certificates SET state = '03'")
    registry.register(seal(), school=OTHER, caller="truong-khac")
    path = f"/{sha256(seal()).hexdigest()}"
    answer = registry.get("so-mau", path)
    assert (answer.status_code, answer.json()["reason"]) == (422, "ambiguous")
    assert registry.get("so-mau", path, school=OTHER).json()["state"] == "01"
    assert registry.get("truong-mau", path).json()["state"] == "03"


def test_who_asked_is_answered_the_same_after_the_certificate_ran_out(registry: Registry) -> None:
    der = registry.approved(seal())
    registry.forward(days=365 * 3)
    assert (registry.register(der).status_code, registry.register(der).json()["state"]) == (
        200,
        "02",
    )
