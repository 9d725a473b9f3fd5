"""A dry run says what a submission would come to, and keeps nothing of it."""

import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import with_changed_mark
from tests.working import XML, Repository

PATH = "/v1/packages/validate"


def validate(repository: Repository, package: bytes, **headers: str) -> httpx.Response:
    return repository.client().post(PATH, content=package, headers={**XML, **headers})


def results(answer: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Each item's result and codes, without that no revocation list was at hand (SIG-412)."""
    return [
        (item["result"], [e["code"] for e in item["errors"] if e["code"] != "SIG-412"])
        for item in answer["items"]
    ]


def again(one: SignedTranscript) -> SignedTranscript:
    """Another original of the same student."""
    return SignedTranscript(student_code=one.student_code, xml=one.xml + b"\n")


def test_a_dry_run_keeps_nothing_and_foresees_the_result(repository: Repository) -> None:
    first, *rest = repository.scenario.transcripts
    bad = SignedTranscript(student_code=first.student_code, xml=with_changed_mark(first.xml))
    package = repository.scenario.repackaged([bad, *rest], number=2)
    dry = validate(repository, package)
    assert dry.status_code == 200, dry.text
    told = dry.json()
    assert (told["total"], told["accepted"], told["rejected"]) == (6, 5, 1)
    assert {item["transcript_code"] for item in told["items"]} == {None}
    counts = "SELECT (SELECT count(*) FROM packages), (SELECT count(*) FROM transcripts)"
    assert tuple(repository.execute(counts)[0]) == (0, 0)
    assert not list(repository.vault_folder.rglob("sha256/*/*/*"))
    audited = "SELECT actor, object, detail FROM audit WHERE action = 'package.validated'"
    [(actor, digest, detail)] = repository.execute(audited)
    assert (actor, digest, detail) == ("phan-mem-mau", told["digest"], {"items": 6})
    repository.start_worker()
    assert results(repository.package(package)) == results(told)
    # what cannot be read, compressed or not, gets its codes with status 200
    sent = gzip.compress(b"khong phai XML")
    unreadable = validate(repository, sent, **{"Content-Encoding": "gzip"})
    assert unreadable.status_code == 200
    assert [error["code"] for error in unreadable.json()["errors"]] == ["SIG-120"]
    assert unreadable.json()["total"] is None


@pytest.mark.tampered("withdrawn by hand")
def test_a_dry_run_knows_what_the_register_holds(repository: Repository) -> None:
    repository.start_worker()
    one, two, three, four, *_ = repository.scenario.transcripts
    package = repository.scenario.repackaged([one, two, three], number=2)
    codes = [item["transcript_code"] for item in repository.package(package)["items"]]
    repository.package(repository.scenario.withdrawing([(codes[0], "Sai điểm mẫu")], number=3))
    repository.execute(
        "INSERT INTO transcript_standings VALUES (:code, 'revoked', 'SIG-420', 'ab', now())",
        code=codes[2].replace("-", ""),
    )
    whole = repository.scenario.repackaged([one, again(two), again(three), four], number=4)
    foreseen = validate(repository, whole).json()
    assert [codes for _, codes in results(foreseen)] == [["SIG-511"], ["SIG-512"], ["PKG-202"], []]
    repeat = validate(repository, repository.scenario.repackaged([two], number=5)).json()
    assert results(repeat) == [("01", ["PKG-200"])]
    assert repeat["items"][0]["transcript_code"] == codes[1]
    used = validate(repository, repository.scenario.repackaged([four], number=2)).json()
    assert [error["code"] for error in used["errors"]] == ["PKG-108"]
    wanted = [(codes[0], "Lại sai"), (codes[1], "Sai điểm mẫu"), (codes[2], None)]
    dry = validate(repository, repository.scenario.withdrawing(wanted, number=6)).json()
    assert results(dry) == [("01", ["PKG-201"]), ("01", []), ("02", ["PKG-303"])]
    assert repository.execute("SELECT count(*) FROM transcript_withdrawals")[0][0] == 1


def test_a_process_that_does_not_know_whom_to_trust_says_so(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "trust" / "manifest.json").unlink()
    answer = validate(repository, repository.scenario.package)
    assert answer.status_code == 503
    assert answer.json()["code"] == "start-refused"


def test_a_dry_run_needs_the_right_to_submit_and_holds_to_the_same_limits(
    repository: Repository,
) -> None:
    reader = repository.client(scope="packages:read")
    assert reader.post(PATH, content=b"<a/>", headers=XML).status_code == 403
    assert validate(repository, b"").status_code == 422
    wrong = {"Content-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"}
    assert validate(repository, b"<a/>", **wrong).status_code == 400
    assert repository.client().post(PATH, content=b"{}").status_code == 415
