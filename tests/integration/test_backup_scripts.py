"""The scripts of `deploy/backup` refuse what would make a backup worthless."""

import gzip
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from app.errors import StartRefused
from tests.cluster import SCRIPTS, Cluster, backed_up_cluster

SEGMENT = "0000000900000000000000AB"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with backed_up_cluster() as running:
        yield running


def archive(segment: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- reason: our own script
        [str(SCRIPTS / "archive-wal.sh"), str(segment), str(target)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_segment_is_kept_once_and_a_repeat_is_no_fault(tmp_path: Path) -> None:
    segment, kept = tmp_path / "segment", tmp_path / f"{SEGMENT}.gz"
    segment.write_bytes(os.urandom(100_000) + bytes(100_000))
    for _ in range(2):
        assert archive(segment, tmp_path / SEGMENT).returncode == 0
    assert gzip.decompress(kept.read_bytes()) == segment.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [kept.name, "segment"]


def test_other_bytes_under_a_segments_name_are_refused(tmp_path: Path) -> None:
    segment = tmp_path / "segment"
    segment.write_bytes(b"one")
    assert archive(segment, tmp_path / SEGMENT).returncode == 0
    before = (tmp_path / f"{SEGMENT}.gz").read_bytes()
    segment.write_bytes(b"other")
    refused = archive(segment, tmp_path / SEGMENT)
    assert (refused.returncode, "do two clusters share" in refused.stderr) == (1, True)
    assert (tmp_path / f"{SEGMENT}.gz").read_bytes() == before


def test_an_archive_that_is_not_mounted_takes_nothing(tmp_path: Path) -> None:
    segment = tmp_path / "segment"
    segment.write_bytes(b"one")
    assert archive(segment, tmp_path / "unmounted" / SEGMENT).returncode != 0
    assert not (tmp_path / "unmounted").exists()


def test_a_database_without_an_archive_gets_no_base_backup(
    cluster: Cluster, database_url: str
) -> None:
    url, cluster.url = cluster.url, database_url
    refused = cluster.run("base-backup.sh", cluster.backups)
    cluster.url = url
    assert (refused.returncode, "archive_mode is off" in refused.stderr) == (1, True)
    assert list(cluster.backups.iterdir()) == []


Step = Callable[[Cluster], tuple[Path, str]]
"""Gives the data folder and the target of a restore."""


def occupied(cluster: Cluster) -> tuple[Path, str]:
    return cluster.folder / "postgres" / "data", "latest"


def new(cluster: Cluster) -> Path:
    return cluster.backups / "restored"


REFUSALS: dict[str, tuple[Step, str]] = {
    "occupied": (occupied, "not empty"),
    "before any backup": (lambda c: (new(c), "2020-01-01 00:00:00+07"), "no base backup"),
    "without offset": (lambda c: (new(c), "2026-06-01 09:30:00"), "needs its offset"),
    "no time": (lambda c: (new(c), "hôm qua+07"), "is no time"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_restore_that_cannot_be_right_is_refused(cluster: Cluster, name: str) -> None:
    step, reason = REFUSALS[name]
    if not list(cluster.backups.glob("base-*")):
        cluster.back_up()
    data, target = step(cluster)
    refused = cluster.run("restore.sh", cluster.backups, cluster.wal, data, target)
    assert refused.returncode == 1
    assert reason in refused.stderr
    assert not new(cluster).exists()


def test_a_backup_that_was_changed_is_not_restored(cluster: Cluster) -> None:
    backup = cluster.back_up()
    (backup / "PG_VERSION").write_text("15\n")
    refused = cluster.run("restore.sh", cluster.backups, cluster.wal, new(cluster), "latest")
    assert refused.returncode != 0
    assert "PG_VERSION" in refused.stderr
    assert not new(cluster).exists()


def test_an_archive_with_a_hole_is_not_restored(cluster: Cluster) -> None:
    cluster.back_up()
    cluster.ask("SELECT pg_switch_wal() FROM pg_logical_emit_message(true, 'a', '')")
    cluster.await_archive()
    segments = sorted(path for path in cluster.wal.glob("*.gz") if len(path.stem) == len(SEGMENT))
    hole = segments[-2]
    kept = hole.rename(cluster.folder / hole.name)
    refused = cluster.run("restore.sh", cluster.backups, cluster.wal, new(cluster), "latest")
    kept.rename(hole)
    assert refused.returncode == 1
    assert f"between {segments[-3].stem} and {segments[-1].stem}" in refused.stderr


def test_a_damaged_segment_stops_the_recovery(cluster: Cluster) -> None:
    cluster.back_up()
    cluster.ask("CREATE TABLE younger (number int)")
    cluster.await_archive()
    cluster.lose()
    last = max(path for path in cluster.wal.glob("*.gz") if len(path.stem) == len(SEGMENT))
    content = last.read_bytes()
    last.write_bytes(content[: len(content) // 2])
    with pytest.raises(StartRefused):
        cluster.restore("latest")
    last.write_bytes(content)
    cluster.start()
    cluster.await_recovery()
    cluster.allow_changes()
    assert cluster.ask("SELECT count(*) FROM younger") == [0]


def test_everything_archived_comes_back_twice_over(cluster: Cluster) -> None:
    cluster.ask("CREATE TABLE kept AS SELECT 1 AS number")
    cluster.back_up()
    for expected in ([1, 2], [1, 2, 3]):
        cluster.ask("INSERT INTO kept SELECT max(number) + 1 FROM kept")
        cluster.await_archive()
        cluster.lose()
        # The second time onto the timeline that the first restore began.
        cluster.restore("latest")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            cluster.ask("INSERT INTO kept VALUES (0)")
        cluster.allow_changes()
        assert cluster.ask("SELECT number FROM kept ORDER BY number") == expected
    marks = sorted(cluster.wal.glob("*.backup.gz"))
    cluster.back_up()
    assert len(list(cluster.wal.glob("*.backup.gz"))) >= len(marks)
    before = {path.name for path in cluster.wal.iterdir()}
    done = cluster.run(
        "pg_archivecleanup", "-x", ".gz", str(cluster.wal), marks[-1].name.removesuffix(".gz")
    )
    assert done.returncode == 0, done.stderr
    gone = before - {path.name for path in cluster.wal.iterdir()}
    assert gone
    assert max(gone) < marks[-1].name
