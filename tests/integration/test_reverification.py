"""The archive is verified again: what is as it was is confirmed, everything else is found."""

from collections.abc import Iterator

import pytest

from app.db import connect
from app.intake.processes import VerificationProcesses
from app.reverification.comparison import Result
from app.reverification.run import Parts, Selection, Tally, reverify
from app.transcripts.codes import parse_code
from tests.disputes import disputed
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS, LoopThread, Repository

YEAR = 2025
OTHER_SIGNER = (
    "report = regexp_replace(report::text, "
    r"""'("slot": "CBQL".*?"certificate_sha256": ")[0-9a-f]{64}', '\1' || repeat('0', 64))::json"""
)


@pytest.fixture
def archive(repository: Repository) -> Repository:
    """A repository that has accepted a class."""
    repository.start_worker()
    repository.package()
    repository.stop_worker()
    return repository


def run(archive: Repository, selection: Selection | None = None) -> Tally:
    tally, shown = Tally(), []

    async def all_of_it() -> None:
        database = connect(archive.database_url, role="hocba_worker")
        parts = Parts(
            database=database,
            vault=archive.vault,
            keys=archive.keys,
            processes=archive.processes,
            clock=lambda: NOW,
        )
        try:
            await reverify(parts, selection or Selection(), tally, show=lambda: shown.append(1))
        finally:
            await database.dispose()

    archive.thread.run(all_of_it())
    assert bool(shown) is bool(tally.done)
    return tally


def codes_of(archive: Repository) -> list[str]:
    rows = archive.execute("SELECT transcript_code FROM transcripts ORDER BY transcript_code")
    return [row[0] for row in rows]


def tamper(archive: Repository, change: str) -> None:
    """Change the register as somebody who owns the database could."""
    archive.execute("ALTER TABLE transcripts DISABLE TRIGGER ALL")
    statement = f"UPDATE transcripts SET {change} WHERE student_code = :student"  # noqa: S608 -- reason: our own text
    archive.execute(statement, student=student(archive))


def student(archive: Repository) -> str:
    return archive.scenario.transcripts[0].student_code


def only_finding(tally: Tally) -> tuple[Result, tuple[str, ...]]:
    (found,) = tally.findings
    assert tally.results == {Result.CONFIRMED: STUDENTS - 1, found.result: 1}
    assert not tally.confirmed
    return found.result, found.reasons


def test_an_archive_that_is_as_it_was_is_confirmed_and_the_run_is_on_record(
    archive: Repository,
) -> None:
    tally = run(archive)
    assert tally.confirmed
    assert (tally.year, tally.done, tally.expected) == (YEAR, STUDENTS, STUDENTS)
    assert tally.results == {Result.CONFIRMED: STUDENTS}
    rows = archive.execute("SELECT object, detail FROM audit WHERE action = 'archive.verified'")
    assert rows == [("2025", {"confirmed": STUDENTS})]


@pytest.mark.tampered("the archive is damaged")
def test_a_withdrawn_transcript_is_still_kept_and_confirmed(archive: Repository) -> None:
    archive.execute("UPDATE transcripts SET withdrawn_at = now()")
    assert run(archive).confirmed


def test_an_empty_archive_is_confirmed(repository: Repository) -> None:
    assert run(repository).confirmed
    assert run(repository, Selection(year=YEAR)).results == {}


def test_a_sample_is_of_the_size_asked_for_wherever_it_begins(archive: Repository) -> None:
    for after in ("", "H", "ZZZZ"):
        assert run(archive, Selection(sample=4, after=after)).done == 4
        assert run(archive, Selection(share=0.5, after=after)).done == STUDENTS // 2
    assert run(archive, Selection(sample=100, after="H")).done == STUDENTS


def test_a_stopped_run_goes_on_behind_the_last_code(archive: Repository) -> None:
    codes = codes_of(archive)
    tally = run(archive, Selection(year=YEAR, after=codes[1]))
    assert tally.done == STUDENTS - 2
    assert parse_code(tally.last_code) == codes[-1]
    assert run(archive, Selection(year=YEAR, after=codes[-1])).done == 0


@pytest.mark.tampered("the archive is damaged")
def test_one_changed_byte_in_the_vault_is_found(archive: Repository) -> None:
    ((offset,),) = archive.execute(
        "SELECT byte_offset FROM transcripts WHERE student_code = :student",
        student=student(archive),
    )
    (path,) = (p for p in archive.vault_folder.rglob("*") if p.is_file() and len(p.name) == 64)
    content = bytearray(path.read_bytes())
    content[offset + 1000] = ord("A") if content[offset + 1000] != ord("A") else ord("B")
    path.chmod(0o644)
    path.write_bytes(content)
    result, _ = only_finding(run(archive))
    assert result is Result.ALTERED
    content[offset + 1000] = ord("!")
    path.write_bytes(content)
    assert only_finding(run(archive)) == (Result.ALTERED, ("PKG-106",))
    path.write_bytes(content[:100])
    assert run(archive).results == {Result.ALTERED: STUDENTS}
    path.unlink()
    assert run(archive).results == {Result.MISSING: STUDENTS}


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ("student_name = 'Trần Văn Mẫu'", ("student_name",)),
        ("issued_on = '2026-05-01'", ("issued_on",)),
        ("personal_number_hash = NULL", ("personal_number_hash",)),
        ("transcript_code = 'HHB8WGCUCGKZZA4SVQ'", ("transcript_code",)),
        ("report = '{}'", ("report",)),
        ("""report = '{"at": null}'""", ("report",)),
        ("""report = '{"at": "2026-07-01T15:00:00+07:00"}'""", ("report",)),
        (
            "report = replace(report::text, 'KY_PHAT_HANH', 'KY_KHAC')::json",
            ("report",),
        ),
        (OTHER_SIGNER, ("CBQL",)),
    ],
)
@pytest.mark.tampered("the archive is damaged")
def test_a_register_that_says_something_else_than_was_signed_is_found(
    archive: Repository, change: str, reasons: tuple[str, ...]
) -> None:
    tamper(archive, change)
    assert only_finding(run(archive)) == (Result.CHANGED, reasons)


@pytest.mark.tampered("the archive is damaged")
def test_a_row_that_points_to_another_students_original_is_found(archive: Repository) -> None:
    other = archive.scenario.transcripts[1].student_code
    tamper(
        archive,
        "(byte_offset, byte_length) = (SELECT byte_offset, byte_length FROM transcripts "  # noqa: S608 -- reason: our own value
        f"WHERE student_code = '{other}')",
    )
    result, _ = only_finding(run(archive))
    assert result is Result.ALTERED


def test_a_transcript_whose_signer_is_no_longer_registered_is_found(archive: Repository) -> None:
    archive.execute("UPDATE certificates SET approved_from = '2026-06-30' WHERE role = 'CBQL'")
    tally = run(archive)
    assert tally.results == {Result.REFUSED: STUDENTS}
    assert tally.findings[0].reasons == ("SIG-501",)


@pytest.fixture
def unsampled(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    trust = scenario_of(STUDENTS).pki.trust
    with VerificationProcesses(processes=1, trust=trust) as started:
        loop_thread.run(started.start())
        yield started


def test_a_dispute_that_no_sample_caught_at_receipt_is_found_later(
    repository: Repository, unsampled: VerificationProcesses
) -> None:
    both, repository.processes = repository.processes, unsampled
    repository.start_worker()
    item, others = disputed(repository.scenario), repository.scenario.transcripts[1:]
    answer = repository.package(repository.scenario.repackaged([item, *others], number=2))
    assert answer["accepted"] == STUDENTS
    repository.stop_worker()
    repository.processes = both
    assert only_finding(run(repository)) == (Result.DISPUTED, ("SIG-330",))
    ((actor, detail),) = repository.execute(
        "SELECT actor, detail FROM audit WHERE action = 'transcript.disputed'"
    )
    assert actor == "reverify"
    bundle = repository.thread.run(repository.vault.get(detail["bundle"]))
    assert b"InvalidDigest" in bundle
