"""The outsider's check finds what it is there to find."""

from pathlib import Path

import pytest

from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import with_changed_mark
from app.vault import open_vault
from tests.inspection import Stores, faults_of
from tests.working import Repository

DAMAGES = {
    "transcript out of force without a withdrawal": """
        UPDATE transcripts SET withdrawn_at = now()
        WHERE student_code = (SELECT student_code FROM package_items WHERE ordinal = 4)
    """,
    "withdrawal by message without its reason, its record, or a transcript out of force": """
        DELETE FROM transcript_withdrawals
    """,
    "chain of versions with a gap": """
        UPDATE transcripts SET version = 3
        WHERE student_code = (SELECT student_code FROM package_items WHERE ordinal = 5)
    """,
    "counts that differ from the items": """
        UPDATE packages SET accepted = 6, rejected = 0 WHERE purpose = '01'
    """,
    "counts that do not add up": "UPDATE packages SET total = total + 1",
    "state 04 without its record, or the other way round": """
        UPDATE packages SET state = '04', read_at = now()
    """,
    "package without a final state": "UPDATE packages SET state = '01'",
    "final package that is still leased": "UPDATE packages SET leases = 1",
    "refused item with a code or without a reason": """
        UPDATE package_items SET findings = '[]' WHERE result = '02'
    """,
    "accepted item that the register does not hold": """
        UPDATE transcripts SET student_code = 'khac'
        WHERE student_code = (SELECT student_code FROM package_items WHERE ordinal = 2)
    """,
    "transcript that no accepted item brought": """
        UPDATE package_items SET transcript_code = 'khac' WHERE ordinal = 3
    """,
    "transcript and code that do not belong together": """
        INSERT INTO transcript_codes (transcript_code, school_year, original_sha256)
        VALUES ('MA-KHAC', 2025, 'khong')
    """,
    "student with two transcripts in force": """
        INSERT INTO transcripts SELECT (jsonb_populate_record(t, '{"transcript_code": "MA-MAU"}')).*
        FROM transcripts t WHERE student_code = 'khac'
    """,
    "transcript not accepted at the moment of its package's decision": """
        UPDATE transcripts SET accepted_at = accepted_at - interval '1 second'
    """,
    "original that is not where its row says": """
        UPDATE transcripts SET byte_offset = byte_offset + 4
    """,
    "package not recorded once as received and once as processed": """
        INSERT INTO audit (at, actor, action, object)
        SELECT at, actor, action, object FROM audit WHERE action = 'package.processed'
    """,
    "record of a package that is not there": """
        INSERT INTO audit (at, actor, action, object) VALUES (now(), 'ai', 'package.received', 'x')
    """,
    "items with a gap": "DELETE FROM package_items WHERE ordinal = 3",
    "reply whose signature does not verify": """
        UPDATE package_replies SET body = convert_to(replace(
            convert_from(body, 'UTF8'), '<SO_DUYET>5', '<SO_DUYET>6'), 'UTF8')
    """,
    "package without a reply": "DELETE FROM package_replies",
}
"""What is done to the database, one after the other, by the fault that is then found."""


KEPT = (
    "audit",
    "package_items",
    "package_replies",
    "transcripts",
    "transcript_codes",
    "transcript_withdrawals",
)


@pytest.fixture
def stores(repository: Repository, tmp_path: Path) -> Stores:
    """A repository at rest that has accepted five transcripts and refused one."""
    first, *rest = repository.scenario.transcripts
    spoilt = SignedTranscript(student_code=first.student_code, xml=with_changed_mark(first.xml))
    repository.start_worker()
    repository.package(repository.scenario.repackaged([spoilt, *rest], number=2))
    repository.stop_worker()
    return Stores(
        database_url=repository.database_url,
        vault=open_vault(repository.vault_folder.as_uri()),
        reply_certificate=tmp_path / "keys" / "reply-certificate.pem",
    )


async def test_a_sound_repository_has_no_faults_and_every_damage_is_one(
    repository: Repository, stores: Stores
) -> None:
    [(last,)] = repository.execute("SELECT transcript_code FROM package_items WHERE ordinal = 6")
    repository.start_worker()
    repository.package(repository.scenario.withdrawing([(last, "Sai điểm mẫu")], number=3))
    repository.stop_worker()
    assert await names_of_faults(stores) == set()
    for table in KEPT:
        repository.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    repository.execute("DROP INDEX uq_transcripts_in_force, uq_transcripts_version")
    for fault, damage in DAMAGES.items():
        assert fault not in await names_of_faults(stores)
        repository.execute(damage)
        assert fault in await names_of_faults(stores)


async def test_a_damaged_or_lost_package_is_a_fault(repository: Repository, stores: Stores) -> None:
    [kept] = repository.vault_folder.rglob("sha256/*/*/*")
    kept.unlink()
    assert await names_of_faults(stores) == {"package that the vault does not give"}
    kept.write_bytes(b"<khac/>")
    assert await names_of_faults(stores) == {"package that the vault does not give"}


async def names_of_faults(stores: Stores) -> set[str]:
    return {fault.partition(":")[0] for fault in await faults_of(stores)}
