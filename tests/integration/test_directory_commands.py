"""The operator's commands on the directory, on a database of their own."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.__main__ import cli
from app.directory.files import ASSIGNMENT_COLUMNS, SCHOOL_COLUMNS, STAFF_COLUMNS
from app.errors import InvalidRequest
from app.sandbox.repository_keys import make_repository_keys
from tests.scenarios import TODAY, keys

SCHOOL = "79000701,Trường THCS Mẫu,03,79,,,,,"


@pytest.fixture(autouse=True)
def _settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository_keys(tmp_path / "keys", today=TODAY, keys=keys())
    for name, value in {
        "HOME": tmp_path,
        "DATABASE_URL": database_url,
        "KEYS_DIR": tmp_path / "keys",
        "TRUST_DIR": tmp_path / "trust",
    }.items():
        monkeypatch.setenv(f"HOCBA_{name}", str(value))


def table(folder: Path, columns: tuple[str, ...], *lines: str) -> str:
    file = folder / "du-lieu.csv"
    file.write_text("\n".join((",".join(columns), *lines)), encoding="utf-8")
    return str(file)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["directory", *words])


def test_a_file_is_shown_loaded_and_then_changes_nothing_more(tmp_path: Path) -> None:
    file = table(tmp_path, SCHOOL_COLUMNS, SCHOOL)
    line = "+ 79000701 | Trường THCS Mẫu | 03 | 79 |  | .. | \n"
    assert run("diff", "schools", file).output == f"{line}Sẽ thay đổi 1 dòng\n"
    assert run("load", "schools", file, "--dry-run").output == f"{line}Sẽ thay đổi 1 dòng\n"
    assert run("load", "schools", file).output == f"{line}Đã thay đổi 1 dòng\n"
    assert run("load", "schools", file).output == "Không có gì thay đổi\n"


def test_the_lists_of_a_school_are_loaded_without_showing_a_personal_number(tmp_path: Path) -> None:
    run("load", "schools", table(tmp_path, SCHOOL_COLUMNS, SCHOOL))
    staff = table(tmp_path, STAFF_COLUMNS, "GV1,Lê Văn Mẫu,079180000123,,")
    shown = run("load", "staff", staff, "--school", "79000701")
    assert shown.exit_code == 0
    assert "GV1 | Lê Văn Mẫu | CCCD #" in shown.output
    assert "079180000123" not in shown.output
    assigned = table(tmp_path, ASSIGNMENT_COLUMNS, "2025,6A1,15,1,GV1")
    shown = run("load", "assignments", assigned, "--school", "79000701")
    assert shown.output == "+ 2025 | 6A1 | 15 | 1 | GV1\nĐã thay đổi 1 dòng\n"


def test_a_faulty_file_is_told_line_by_line(tmp_path: Path) -> None:
    file = table(tmp_path, SCHOOL_COLUMNS, "1,,03,79,,,,,", "2,Trường Mẫu,03,24,,,,,")
    result = run("load", "schools", file)
    assert result.exit_code == 1
    assert result.stderr == (
        "du-lieu.csv, dòng 2, name: thiếu giá trị\n"
        "du-lieu.csv, dòng 3, province_code: mã tỉnh đổi nghĩa trong thời gian này: hãy tách "
        "thành hai dòng\n"
    )


def test_a_list_of_no_school_is_refused(tmp_path: Path) -> None:
    result = run("load", "staff", table(tmp_path, STAFF_COLUMNS))
    assert isinstance(result.exception, InvalidRequest)
