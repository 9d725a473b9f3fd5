"""The judgement of a chaos run can fail: what is lost, altered or doubled is reported."""

import asyncio
import re
from collections.abc import Iterator
from hashlib import sha256

import pytest

from app.transcripts.codes import format_code, transcript_code
from tests.chaos.ledger import Ledger, Sent, judge
from tests.chaos.software import Software
from tests.inspection import Stores
from tests.working import SECRET, Repository

ACCOUNT = "phan-mem-mau"


@pytest.fixture
def software(repository: Repository) -> Iterator[Software]:
    one = Software([repository.url], (ACCOUNT, SECRET), Ledger(), patience=0.5)
    yield one
    one.close()


@pytest.fixture
def sent(repository: Repository, software: Software) -> Sent:
    """A class that was acknowledged, decided and told."""
    scenario = repository.scenario
    originals = tuple(sha256(one.xml).hexdigest() for one in scenario.transcripts)
    sent = Sent(
        account=ACCOUNT,
        content=scenario.package,
        originals=originals,
        good=frozenset(range(1, len(originals) + 1)),
    )
    software.ledger.sending(sent)
    repository.start_worker()
    software.ledger.told(sent, repository.package())
    return sent


def faults(repository: Repository, software: Software) -> list[str]:
    folder = repository.vault_folder.parent
    stores = Stores(
        database_url=repository.database_url,
        vault=repository.vault,
        reply_certificate=folder / "keys" / "reply-certificate.pem",
    )

    def code_of(original: str) -> str:
        return format_code(transcript_code(repository.keys.codes, bytes.fromhex(original)))

    verdict = asyncio.run(judge(software.ledger, {ACCOUNT: software}, stores, code_of))
    return verdict.faults


def seen(told: list[str], words: str) -> bool:
    return any(re.search(words, one) for one in told)


@pytest.mark.usefixtures("sent")
def test_a_repository_in_order_has_no_faults(repository: Repository, software: Software) -> None:
    assert faults(repository, software) == []


@pytest.mark.tampered("the judgement must see it")
def test_a_lost_row_is_reported(repository: Repository, software: Software, sent: Sent) -> None:
    repository.stop_worker()
    repository.rewrite("DELETE FROM packages WHERE digest = :digest", digest=sent.digest)
    told = faults(repository, software)
    assert seen(told, "^lost: ")
    assert seen(told, "^acknowledged and without a row: ")


@pytest.mark.tampered("the judgement must see it")
def test_a_lost_object_is_reported(repository: Repository, software: Software, sent: Sent) -> None:
    [kept] = repository.vault_folder.rglob(sent.digest)
    kept.unlink()
    told = faults(repository, software)
    assert seen(told, "^lost: ")
    assert seen(told, f"^fsck: .*{sent.digest}")


@pytest.mark.tampered("the judgement must see it")
def test_a_package_without_a_final_state_is_reported(
    repository: Repository, software: Software, sent: Sent
) -> None:
    repository.stop_worker()
    repository.rewrite(
        "UPDATE packages SET state = '01', finished_at = NULL WHERE digest = :digest",
        digest=sent.digest,
    )
    assert seen(faults(repository, software), "^no final state: ")


def test_another_answer_than_before_is_reported(
    repository: Repository, software: Software, sent: Sent
) -> None:
    software.ledger.acknowledged[ACCOUNT, sent.digest].add("00000000-0000-0000-0000-000000000000")
    software.ledger.codes[sent.originals[0]].add("KHAC")
    told = faults(repository, software)
    assert seen(told, "^several packages for the same bytes: ")
    assert seen(told, "^wrong code for an original: ")


@pytest.mark.tampered("the judgement must see it")
def test_a_good_transcript_that_was_refused_is_reported(
    repository: Repository, software: Software, sent: Sent
) -> None:
    repository.rewrite("UPDATE package_items SET result = '02' WHERE ordinal = 1")
    told = faults(repository, software)
    assert seen(told, "^wrong results: ")
    assert seen(told, "^another result than before: ")
    assert sent.good is not None


def test_a_package_that_nobody_sent_is_reported(
    repository: Repository, software: Software, sent: Sent
) -> None:
    del software.ledger.sent[ACCOUNT, sent.digest]
    software.ledger.acknowledged.clear()
    assert seen(faults(repository, software), "^package that nobody sent: ")
