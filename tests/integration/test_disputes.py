"""A transcript on which the two engines differ is kept apart: refused, recorded, reproducible."""

import asyncio
import json
from base64 import b64decode
from hashlib import sha256

from tests.disputes import disputed
from tests.working import Repository


def test_a_disputed_transcript_is_refused_recorded_and_kept_and_blocks_nobody(
    repository: Repository,
) -> None:
    repository.start_worker()
    item, others = disputed(repository.scenario), repository.scenario.transcripts[1:]
    answer = repository.package(repository.scenario.repackaged([item, *others], number=2))
    assert (answer["accepted"], answer["rejected"]) == (5, 1)
    (error,) = answer["items"][0]["errors"]
    assert (error["code"], error["severity"], error["slot"], error["value"]) == (
        "SIG-330",
        "error",
        "KY_PHAT_HANH",
        "InvalidDigest",
    )
    assert answer["items"][0]["transcript_code"] is None

    digest = sha256(item.xml).hexdigest()
    ((object_, detail),) = repository.execute(
        "SELECT object, detail FROM audit WHERE action = 'transcript.disputed'"
    )
    assert object_ == digest
    assert detail["package"] == answer["package_id"]
    bundle = json.loads(asyncio.run(repository.vault.get(detail["bundle"])))
    assert b64decode(bundle["original"]) == item.xml
    assert bundle["opinion"]["disagreements"] == [
        {"slot": "KY_PHAT_HANH", "intact": True, "reason": "InvalidDigest"}
    ]


def test_a_disputed_transcript_sent_again_gets_the_same_answer(repository: Repository) -> None:
    repository.start_worker()
    item = disputed(repository.scenario)
    for number in (3, 4):
        answer = repository.package(repository.scenario.repackaged([item], number=number))
        assert [error["code"] for error in answer["items"][0]["errors"]] == ["SIG-330"]
    bundles = repository.execute(
        "SELECT DISTINCT detail->>'bundle' FROM audit WHERE action = 'transcript.disputed'"
    )
    assert len(bundles) == 1
    assert repository.execute("SELECT count(*) FROM transcripts")[0][0] == 0
