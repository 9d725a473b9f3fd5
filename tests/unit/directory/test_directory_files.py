"""An operator's files: every fault is told with its line, and nothing personal is kept."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory import tabular
from app.directory.files import (
    ASSIGNMENT_COLUMNS,
    SCHOOL_COLUMNS,
    STAFF_COLUMNS,
    changes,
    read_assignments,
    read_schools,
    read_staff,
    school_lines,
    staff_lines,
)
from app.directory.schools import EVER, SchoolHistory, SchoolPeriod
from app.directory_commands import FAULTS
from app.errors import FileRefused
from app.signatures.staff import Assignment, hash_personal_number

TODAY = date(2026, 6, 10)
KEY = b"k" * 32


def table(columns: tuple[str, ...], *lines: str) -> bytes:
    return "\n".join((",".join(columns), *lines)).encode()


READERS: dict[tuple[str, ...], Callable[[bytes], object]] = {
    SCHOOL_COLUMNS: lambda content: read_schools(content, TODAY),
    STAFF_COLUMNS: lambda content: read_staff(content, KEY),
    ASSIGNMENT_COLUMNS: read_assignments,
}


def faults_of(columns: tuple[str, ...], *lines: str) -> list[tuple[int, str, str]]:
    with pytest.raises(FileRefused) as refused:
        READERS[columns](table(columns, *lines))
    assert {reason for _, _, reason in refused.value.faults} <= FAULTS.keys()
    return list(refused.value.faults)


def test_a_school_is_read_with_its_history_in_order() -> None:
    [history] = read_schools(
        table(
            SCHOOL_COLUMNS,
            "77000001,Trường THCS Mẫu,03 04,79,26506,Phường Mẫu,2025-07-01,,",
            "77000001,Trường THCS Mẫu Cũ,03,77,,,,2025-06-30,",
        ),
        TODAY,
    )
    assert history == SchoolHistory(
        code="77000001",
        periods=(
            SchoolPeriod(
                valid_from=EVER,
                valid_to=date(2025, 6, 30),
                name="Trường THCS Mẫu Cũ",
                levels=("03",),
                province_code="77",
            ),
            SchoolPeriod(
                valid_from=date(2025, 7, 1),
                name="Trường THCS Mẫu",
                levels=("03", "04"),
                province_code="79",
                commune_code="26506",
                commune_name="Phường Mẫu",
            ),
        ),
    )
    assert school_lines(history)[1] == (
        "77000001 | Trường THCS Mẫu | 03 04 | 79 | 26506 Phường Mẫu | 2025-07-01.. | "
    )


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (",Trường Mẫu,03,79,,,,,", "school_code", "missing"),
        ("123456789012345678901,Trường Mẫu,03,79,,,,,", "school_code", "text"),
        ("1,,03,79,,,,,", "name", "missing"),
        ("1,Trường Mẫu,09,79,,,,,", "levels", "level"),
        ("1,Trường Mẫu,03,99,,,,,", "province_code", "province"),
        ("1,Trường Mẫu,03,02,,,,,", "province_code", "province"),
        ("1,Trường Mẫu,03,24,,,,,", "province_code", "province-changed"),
        ("1,Trường Mẫu,03,79,,,01/07/2025,,", "valid_from", "date"),
        ("1,Trường Mẫu,03,79,,,2025-07-02,2025-07-01,", "valid_to", "order"),
        ("1,Trường Mẫu,03,79,,,2026-06-11,,", "valid_from", "future"),
        ("1,Trường Mẫu,03,79", "", "fields"),
    ],
)
def test_a_faulty_line_of_schools_is_told(line: str, column: str, reason: str) -> None:
    assert (3, column, reason) in faults_of(SCHOOL_COLUMNS, "2,Trường Mẫu,,01,,,,,", line)


def test_periods_of_one_school_do_not_overlap() -> None:
    first, second = "1,Trường Mẫu,,79,,,,2025-07-01,", "1,Trường Mẫu,,79,,,2025-07-01,,"
    assert faults_of(SCHOOL_COLUMNS, second, first) == [(2, "valid_from", "overlap")]
    endless = "1,Trường Mẫu,,79,,,,,"
    assert faults_of(SCHOOL_COLUMNS, endless, second) == [(3, "valid_from", "overlap")]


def test_a_province_that_was_only_renamed_needs_no_second_line() -> None:
    [history] = read_schools(table(SCHOOL_COLUMNS, "1,Trường Mẫu,,46,,,,,"), TODAY)
    assert len(history.periods) == 1


def test_personal_numbers_of_staff_are_hashed_at_once() -> None:
    number = "079180000123"
    with_number, without = read_staff(
        table(STAFF_COLUMNS, f"GV1,Lê Văn Mẫu,{number},,", "GV2,Vũ Thị Mẫu,,2025-08-01,"), KEY
    )
    assert with_number.personal_number_hash == hash_personal_number(KEY, number)
    assert without.personal_number_hash is None
    written = "\n".join(staff_lines((with_number, without)))
    assert number not in written
    assert "CCCD #" in written.splitlines()[0]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("GV2,Lê Văn Mẫu,79180000123,,", "personal_number", "personal-number"),
        ("GV2,Lê Văn Mẫu,٠٧٩١٨٠٠٠٠١٢٣,,", "personal_number", "personal-number"),
        ("GV1,Lê Văn Mẫu,,,", "staff_code", "twice"),
        ("GV2,,,,", "name", "missing"),
    ],
)
def test_a_faulty_line_of_staff_is_told(line: str, column: str, reason: str) -> None:
    assert faults_of(STAFF_COLUMNS, "GV1,Lê Văn Mẫu,,,", line) == [(3, column, reason)]


def test_assignments_are_read_as_they_stand() -> None:
    assert read_assignments(table(ASSIGNMENT_COLUMNS, "2025,6A1,15,2,GV1", "")) == (
        Assignment(
            school_year=2025, class_id="6A1", subject_code="15", semester=2, staff_code="GV1"
        ),
    )


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("25,6A1,15,1,GV1", "school_year", "number"),
        ("năm,6A1,15,1,GV1", "school_year", "number"),
        ("2025,6A1,15,3,GV1", "semester", "number"),
        ("2025,,15,1,GV1", "class_id", "missing"),
        ("2025,6A1,15,2,GV1", "staff_code", "twice"),
    ],
)
def test_a_faulty_line_of_assignments_is_told(line: str, column: str, reason: str) -> None:
    assert faults_of(ASSIGNMENT_COLUMNS, "2025,6A1,15,2,GV1", line) == [(3, column, reason)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "columns"),
        (b"school_code,name\n", "columns"),
        (table(SCHOOL_COLUMNS, '1,"Tr"x,,79,,,,,'), "csv"),
        ("school_code".encode("utf-16"), "encoding"),
    ],
)
def test_what_is_no_such_table_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_schools(content, TODAY)
    assert [fault[2] for fault in refused.value.faults] == [reason]


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "FILE_LIMIT", 10)
    with pytest.raises(FileRefused) as refused:
        read_schools(b"x" * 11, TODAY)
    assert refused.value.faults == ((1, "", "too-large"),)


def test_only_so_many_faults_are_told() -> None:
    faulty = [f"{number},,03,79,,,,," for number in range(tabular.FAULT_LIMIT + 20)]
    assert len(faults_of(SCHOOL_COLUMNS, *faulty)) == tabular.FAULT_LIMIT


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    for start in (b"", table(SCHOOL_COLUMNS, "")):
        try:
            assert isinstance(read_schools(start + content, TODAY), tuple)
        except FileRefused as refused:
            assert refused.faults  # noqa: PT017 -- reason: one of two outcomes


_LINES = st.dictionaries(st.text("ab", max_size=2), st.lists(st.text("xy", max_size=2), max_size=3))


@given(_LINES, _LINES)
def test_changes_name_what_goes_and_what_comes_of_the_things_in_a_file(
    before: dict[str, list[str]], after: dict[str, list[str]]
) -> None:
    told = changes(before, after)
    assert changes(after, after) == ()
    for name, lines in after.items():
        for line in lines:
            assert (f"+ {line}" in told) >= (line not in before.get(name, []))
    assert len(told) <= sum(len(set(after[name]) ^ set(before.get(name, []))) for name in after)
