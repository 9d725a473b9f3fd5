import stat
from datetime import date
from pathlib import Path

import pytest

from app.errors import StartRefused
from app.keys import load_web_keys, load_worker_keys
from app.sandbox.repository_keys import FILES, make_repository_keys
from tests.scenarios import keys

TODAY = date(2026, 7, 1)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_service_reads_the_keys(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "keys"
    make_repository_keys(folder, today=TODAY)
    load_web_keys(folder)
    worker = load_worker_keys(folder)
    assert worker.codes != worker.identity
    assert worker.reply_certificate.not_valid_before_utc.date() == TODAY


def test_only_the_owner_may_read_the_keys(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    make_repository_keys(folder, today=TODAY, keys=keys())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_keys_are_never_made_twice(tmp_path: Path) -> None:
    make_repository_keys(tmp_path / "keys", today=TODAY, keys=keys())
    before = contents(tmp_path / "keys")
    make_repository_keys(tmp_path / "keys", today=TODAY)
    assert contents(tmp_path / "keys") == before
    assert set(before) == set(FILES)


def test_an_empty_folder_is_filled_and_nothing_else_stays_behind(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    make_repository_keys(folder, today=TODAY, keys=keys())
    assert set(contents(folder)) == set(FILES)
    assert list(tmp_path.iterdir()) == [folder]


def test_an_incomplete_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    make_repository_keys(folder, today=TODAY, keys=keys())
    (folder / "codes.key").unlink()
    before = contents(folder)
    with pytest.raises(StartRefused):
        make_repository_keys(folder, today=TODAY, keys=keys())
    assert contents(folder) == before


def test_a_seed_gives_the_same_keys_and_no_seed_gives_others(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_repository_keys(tmp_path / name, today=TODAY, keys=keys())
    make_repository_keys(tmp_path / "c", today=TODAY)
    seeded, again, random = (contents(tmp_path / name) for name in "abc")
    assert seeded == again
    assert all(seeded[name] != random[name] for name in FILES)
