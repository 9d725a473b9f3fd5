"""The code lists of the product: complete, consistent in time, and those that the program uses."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory import code_lists as module
from app.directory.code_lists import CodeList, Entry, code_lists, province_at
from app.intake.package import Result, State
from app.transcripts.content import Rating
from app.transcripts.curriculum import CURRICULA
from app.transcripts.message import CREATE
from app.trust.entry import RegistrationState

LAST_OF_63 = date(2025, 6, 30)
FIRST_OF_34 = date(2025, 7, 1)
CHANGED = {
    "15": ("Yên Bái", "Lào Cai"),
    "24": ("Bắc Giang", "Bắc Ninh"),
    "44": ("Quảng Bình", "Quảng Trị"),
    "52": ("Bình Định", "Gia Lai"),
    "80": ("Long An", "Tây Ninh"),
    "82": ("Tiền Giang", "Đồng Tháp"),
    "91": ("Kiên Giang", "An Giang"),
}
PROVINCES = code_lists()["provinces"]


def codes(name: str, scope: str | None = None) -> set[str]:
    return {entry.code for entry in code_lists()[name].entries if entry.scope == scope}


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2050, 1, 1)))
def test_there_are_63_provinces_before_july_2025_and_34_since(day: date) -> None:
    standing = PROVINCES.at(day)
    expected = 63 if day < FIRST_OF_34 else 34
    assert len(standing) == len({entry.code for entry in standing}) == expected
    assert len({entry.name for entry in standing}) == expected


@pytest.mark.parametrize("code", CHANGED)
def test_seven_codes_changed_their_meaning(code: str) -> None:
    before, after = province_at(code, LAST_OF_63), province_at(code, FIRST_OF_34)
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == CHANGED[code]


def test_no_other_code_changed_its_meaning_that_day() -> None:
    before = {entry.code: entry.name for entry in PROVINCES.at(LAST_OF_63)}
    after = {entry.code: entry.name for entry in PROVINCES.at(FIRST_OF_34)}
    assert {code for code in before.keys() & after if before[code] != after[code]} == set(CHANGED)
    assert after.keys() <= before.keys()


def test_every_province_that_ended_names_one_that_stands_since() -> None:
    ended = [entry for entry in PROVINCES.entries if entry.valid_to == LAST_OF_63]
    assert len(ended) == 63 - 34 + len(CHANGED)
    for entry in ended:
        [successor] = entry.successors
        assert province_at(successor, FIRST_OF_34) is not None


def test_hue_is_named_as_on_the_day() -> None:
    names = [province_at("46", day) for day in (date(2024, 12, 31), date(2025, 1, 1))]
    assert [entry and entry.name for entry in names] == ["Thừa Thiên Huế", "Huế"]


@pytest.mark.parametrize("known", code_lists().values(), ids=lambda known: known.name)
def test_a_code_of_a_list_has_one_meaning_at_a_time(known: CodeList) -> None:
    turns = {entry.valid_from for entry in known.entries if entry.valid_from}
    ends = {entry.valid_to + timedelta(days=1) for entry in known.entries if entry.valid_to}
    for day in {date(2020, 1, 1), *turns, *ends}:
        standing = [(entry.scope, entry.code) for entry in known.at(day)]
        assert len(standing) == len(set(standing)) > 0
    assert all(entry.name == entry.name.strip() != "" for entry in known.entries)
    assert date.fromisoformat(known.version) >= date(2026, 11, 22)


def test_an_unknown_code_is_no_province() -> None:
    assert province_at("99", FIRST_OF_34) is None
    assert province_at("02", FIRST_OF_34) is None


def test_a_list_that_differs_from_its_index_is_refused() -> None:
    described = {
        "name": "levels",
        "version": "2026-11-22",
        "sha256": "0",
        "title": "",
        "source": "",
    }
    with pytest.raises(ValueError, match="levels"):
        module._read(described)


def test_an_entry_holds_on_its_first_and_last_day_and_no_other() -> None:
    entry = Entry(code="1", name="Mẫu", valid_from=FIRST_OF_34, valid_to=FIRST_OF_34)
    assert [entry.holds_on(FIRST_OF_34 + timedelta(days=n)) for n in (-1, 0, 1)] == [
        False,
        True,
        False,
    ]


def test_the_lists_are_those_that_the_program_works_with() -> None:
    for level, curriculum in CURRICULA.items():
        subjects = {
            entry.code: entry for entry in code_lists()["subjects"].entries if entry.scope == level
        }
        assert {code: entry.name for code, entry in subjects.items()} == {
            code: subject.name for code, subject in curriculum.subjects.items()
        }
        commented = {code for code, subject in curriculum.subjects.items() if subject.by_comment}
        listed = {code for code, entry in subjects.items() if entry.kind == "comment"}
        # Primary subjects are all rated T, H or C; those without a test beside it are "comment".
        assert listed == (commented or {c for c, s in curriculum.subjects.items() if not s.tested})
        taught = {grade for programme in curriculum.programmes for grade in programme.grades}
        assert codes("grades", level) == taught
    assert codes("ratings", "03") == set(Rating)
    assert codes("message-states") == set(State)
    assert codes("item-results") == {"00", *Result}
    assert codes("certificate-states") == set(RegistrationState)
    assert CREATE in codes("message-purposes")
