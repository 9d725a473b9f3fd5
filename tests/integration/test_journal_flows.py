"""After each flow the journal says what the rows say, and what it cannot say is not committed."""

import asyncio
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from app.errors import Unavailable
from app.journal import Kind
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import with_changed_mark
from app.vault.directory import DirectoryVault
from tests.journals import (
    agree,
    bodies,
    break_journal,
    decided,
    in_one_order,
    journal_of,
    mend_journal,
)
from tests.working import XML, Repository

REASON = "Sai điểm Ngữ văn của em Nguyễn Văn Mẫu"


class SilentVault(DirectoryVault):
    """A real vault whose first notes take effect, and nobody hears of it."""

    def __init__(self, root: Path, silences: int) -> None:
        super().__init__(root, unnamed_files=True)
        self.silences = silences

    @override
    async def note(self, name: str, content: bytes, *, until: datetime) -> None:
        await super().note(name, content, until=until)
        if self.silences:
            self.silences -= 1
            raise Unavailable(part="vault")


@pytest.fixture
def working(repository: Repository) -> Repository:
    repository.start_worker()
    return repository


def one_bad_in_the_class(repository: Repository) -> bytes:
    first, *rest = repository.scenario.transcripts
    bad = SignedTranscript(student_code=first.student_code, xml=with_changed_mark(first.xml))
    return repository.scenario.repackaged([bad, *rest], number=2)


def test_the_journal_tells_a_whole_story_as_its_rows_do(working: Repository) -> None:
    answer = working.package(one_bad_in_the_class(working))
    assert (answer["accepted"], answer["rejected"]) == (5, 1)
    working.package()  # the bad one's own original, and five that are in force already
    working.package(b"khong phai XML")
    codes = [item["transcript_code"] for item in answer["items"][1:3]]
    working.package(working.scenario.withdrawing([(codes[0], REASON)], number=50))
    second = working.scenario.transcripts[1]
    anew = SignedTranscript(student_code=second.student_code, xml=second.xml + b"\n")
    working.package(working.scenario.repackaged([anew], number=3))
    read = working.client().post(f"{answer['links']['reply']}/read")
    assert read.status_code == httpx.codes.NO_CONTENT

    entries = agree(working)
    assert len(bodies(entries, Kind.DECIDED)) == 5
    assert [entry.order for entry in entries] == sorted({entry.order for entry in entries})
    told = bodies(entries, Kind.DECIDED)
    assert [len(one["transcripts"]) for one in told] == [5, 1, 0, 0, 1]
    assert [one["reason"] for one in told[3]["withdrawn"]] == [REASON]
    assert told[4]["transcripts"][0]["version"] == 2
    assert [one["hold"] is None for one in told] == [False, False, True, False, False]


def test_the_same_bytes_again_are_no_new_entry(repository: Repository) -> None:
    client = repository.client()
    for _ in range(3):
        sent = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
        assert sent.is_success
    assert len(journal_of(repository, Kind.RECEIVED)) == 1


@pytest.mark.tampered("a standing that nobody decided has no entry")
def test_a_revoked_transcript_that_made_way_is_told_as_withdrawn(working: Repository) -> None:
    working.package()
    [[code]] = working.execute("SELECT min(transcript_code) FROM transcripts")
    [[student]] = working.execute(
        "SELECT student_code FROM transcripts WHERE transcript_code = :code", code=code
    )
    working.execute(
        "INSERT INTO transcript_standings VALUES (:code, 'revoked', 'SIG-410', 'x', now())",
        code=code,
    )
    [old] = [one for one in working.scenario.transcripts if one.student_code == student]
    anew = SignedTranscript(student_code=student, xml=old.xml + b"\n")
    answer = working.package(working.scenario.repackaged([anew], number=3))
    told = bodies(journal_of(working), Kind.DECIDED)
    assert in_one_order(told) == in_one_order(decided(working))
    assert told[1]["package_id"] == answer["package_id"]
    assert [(one["code"], one["cause"], one["reason"]) for one in told[1]["withdrawn"]] == [
        (code, "revocation", None)
    ]


def test_nothing_is_acknowledged_while_the_journal_takes_nothing(repository: Repository) -> None:
    client = repository.client()
    break_journal(repository.vault_folder)
    refused = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "retry-after" in refused.headers
    assert repository.execute("SELECT count(*) FROM packages") == [(0,)]
    assert repository.execute("SELECT count(*) FROM audit WHERE action = 'package.received'") == [
        (0,)
    ]
    mend_journal(repository.vault_folder)
    assert client.post("/v1/packages", content=repository.scenario.package, headers=XML).is_success
    agree(repository)


def test_nothing_is_decided_while_the_journal_takes_nothing(repository: Repository) -> None:
    client = repository.client()
    sent = client.post("/v1/packages", content=repository.scenario.package, headers=XML).json()
    break_journal(repository.vault_folder)
    repository.start_worker()
    for _ in range(400):
        if repository.execute("SELECT count(*) FROM package_holds") == [(1,)]:
            break
        repository.thread.run(asyncio.sleep(0.02))
    repository.thread.run(asyncio.sleep(0.3))  # the commit follows the hold at once
    counts = """
        SELECT (SELECT count(*) FROM package_items), (SELECT count(*) FROM transcripts),
            (SELECT count(*) FROM message_ids)
    """
    assert tuple(repository.execute(counts)[0]) == (0, 0, 0)
    mend_journal(repository.vault_folder)
    assert repository.replied(client, sent["package_id"])["accepted"] == 6
    agree(repository)


def test_a_reply_is_not_marked_read_while_the_journal_takes_nothing(working: Repository) -> None:
    answer = working.package()
    path = f"{answer['links']['reply']}/read"
    break_journal(working.vault_folder)
    assert working.client().post(path).status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert working.execute("SELECT state, read_at FROM packages") == [("03", None)]
    mend_journal(working.vault_folder)
    assert working.client().post(path).status_code == httpx.codes.NO_CONTENT
    assert working.client().post(path).status_code == httpx.codes.NO_CONTENT
    agree(working)


def test_an_entry_that_nobody_heard_of_is_followed_by_a_higher_one(repository: Repository) -> None:
    client = repository.client()
    sent = client.post("/v1/packages", content=repository.scenario.package, headers=XML).json()
    repository.start_worker(vault=SilentVault(repository.vault_folder, 1))
    repository.replied(client, sent["package_id"])
    repository.stop_worker()
    told = bodies(journal_of(repository), Kind.DECIDED)
    assert len(told) == 2
    assert told[-1:] == decided(repository)
    codes = [{one["code"] for one in each["transcripts"]} for each in told]
    assert codes[0] == codes[1]
    assert len(codes[0]) == 6
