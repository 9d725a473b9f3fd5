"""A school withdraws what it issued, and issues it anew: over HTTP, through a real worker."""

from typing import Any

import httpx
import pytest

from app.sandbox.client import Client
from app.sandbox.packaging import MessageHead, SignedTranscript
from app.transcripts.codes import format_code, transcript_code
from tests.working import SECRET, XML, Repository

REASON = "Sai điểm Ngữ văn của em Nguyễn Văn Mẫu"
NOBODYS = format_code(transcript_code(b"mau", bytes(32)))


@pytest.fixture
def working(repository: Repository) -> Repository:
    repository.start_worker()
    return repository


def accepted(repository: Repository, number: int = 2, students: int = 1) -> list[str]:
    """Have the first transcripts of the class accepted; gives their codes."""
    chosen = repository.scenario.transcripts[:students]
    answer = repository.package(repository.scenario.repackaged(chosen, number=number))
    return [item["transcript_code"] for item in answer["items"]]


def withdrawn(
    repository: Repository, *reasons: tuple[str, str | None], number: int = 50
) -> dict[str, Any]:
    return repository.package(repository.scenario.withdrawing(reasons, number=number))


def results(answer: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (item["result"], [error["code"] for error in item["errors"]]) for item in answer["items"]
    ]


def reissued(repository: Repository, text: bytes = b"\n") -> SignedTranscript:
    """Another original of the first student: white space after the root is under no signature."""
    first = repository.scenario.transcripts[0]
    return SignedTranscript(student_code=first.student_code, xml=first.xml + text)


def history(repository: Repository, code: str) -> list[dict[str, Any]]:
    answer = repository.client().get(f"/v1/transcripts/{code}/history")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_withdrawn_transcript_is_out_of_force_for_everybody(working: Repository) -> None:
    code, other = accepted(working, students=2)
    answer = withdrawn(working, (code, REASON))
    assert (answer["purpose"], answer["total"], answer["accepted"]) == ("03", 1, 1)
    [item] = answer["items"]
    assert item["transcript_code"] == code
    assert item["student_code"] == working.scenario.transcripts[0].student_code
    assert results(answer) == [("01", [])]
    seen = httpx.get(f"{working.url}/v1/verifications/{code}")
    assert seen.json()["status"] == "withdrawn"
    assert "Sai điểm" not in seen.text
    page = httpx.get(f"{working.url}/verify/{code}")
    assert "Sai điểm" not in page.text
    assert working.client().get(f"/v1/transcripts/{code}").json()["status"] == "withdrawn"
    assert working.client().get(f"/v1/transcripts/{other}").json()["status"] == "in_force"


def test_who_withdrew_and_why_is_on_the_record_for_ever(working: Repository) -> None:
    [code] = accepted(working)
    answer = withdrawn(working, (code, REASON))
    audited = "SELECT actor, object, detail FROM audit WHERE action = 'transcript.withdrawn'"
    [(actor, subject, detail)] = working.execute(audited)
    assert (actor, subject) == ("phan-mem-mau", code.replace("-", ""))
    assert detail == {"package": answer["package_id"], "school": "79000701"}
    kept = "SELECT cause, reason, package_id::text FROM transcript_withdrawals"
    assert working.execute(kept) == [("school", REASON, answer["package_id"])]
    reply = working.client().get(answer["links"]["reply"]).text
    assert "<MUC_DICH_BAN_TIN>03</MUC_DICH_BAN_TIN>" in reply
    assert f"<ma_dinh_danh_hoc_ba>{code}</ma_dinh_danh_hoc_ba><trang_thai>1" in reply


def test_each_withdrawal_gets_a_result_of_its_own(working: Repository) -> None:
    codes = accepted(working, students=4)
    withdrawn(working, (codes[0], REASON))
    typo = codes[1][:-1] + ("2" if codes[1][-1] != "2" else "3")
    answer = withdrawn(
        working,
        (codes[0], REASON),
        (NOBODYS, REASON),
        (typo, REASON),
        (codes[1], None),
        (codes[1], "   "),
        (typo, None),
        (codes[2].lower().replace("-", ""), REASON),
        (codes[2], "Nêu hai lần"),
        number=51,
    )
    assert results(answer) == [
        ("01", ["PKG-201"]),
        ("02", ["PKG-301"]),
        ("02", ["PKG-301"]),
        ("02", ["PKG-303"]),
        ("02", ["PKG-303"]),
        ("02", ["PKG-301", "PKG-303"]),
        ("01", []),
        ("01", ["PKG-201"]),
    ]
    assert (answer["total"], answer["accepted"], answer["rejected"]) == (8, 3, 5)
    assert [item["transcript_code"] for item in answer["items"]][2:4] == [None, codes[1]]
    assert working.client().get(f"/v1/transcripts/{codes[1]}").json()["status"] == "in_force"
    assert history(working, codes[2])[0]["withdrawal"]["reason"] == REASON


def test_a_school_cannot_withdraw_what_another_one_issued(working: Repository) -> None:
    [code] = accepted(working)
    working.execute(
        "INSERT INTO schools (school_code, name, province_code, created_at) "
        "VALUES ('79000702', 'Trường THCS Mẫu Số Hai', '79', now())"
    )
    working.execute(
        "INSERT INTO client_grants (grant_id, client_id, school_code, valid_from) "
        "VALUES (gen_random_uuid(), 'phan-mem-mau', '79000702', '2025-01-01')"
    )
    working.rewrite("UPDATE certificates SET school_code = '79000702'")
    package = working.scenario.withdrawing([(code, REASON)], number=52)
    foreign = working.resealed(package, (b"ID>79000701</", b"ID>79000702</"))
    answer = working.package(foreign)
    assert results(answer) == [("02", ["PKG-302"])]
    assert answer["items"][0]["student_code"] is None
    reply = working.client().get(answer["links"]["reply"]).text
    assert "<ten_hoc_sinh></ten_hoc_sinh>" in reply
    assert working.execute("SELECT count(*) FROM transcript_withdrawals")[0][0] == 0


def test_the_reserved_purpose_is_answered_with_what_to_do_instead(working: Repository) -> None:
    package = working.resealed(
        working.scenario.package, (b"<MUC_DICH_BAN_TIN>01", b"<MUC_DICH_BAN_TIN>02")
    )
    answer = working.package(package)
    [error] = answer["errors"]
    assert (error["code"], answer["purpose"], answer["items"]) == ("PKG-103", "02", [])
    assert "03" in error["fix"]


def test_a_correction_is_the_next_version_of_the_same_transcript(working: Repository) -> None:
    [first] = accepted(working)
    withdrawn(working, (first, REASON))
    answer = working.package(working.scenario.repackaged([reissued(working)], number=3))
    second = answer["items"][0]["transcript_code"]
    assert results(answer) == [("01", [])]
    withdrawn(working, (second, "Lại sai"), number=53)
    answer = working.package(working.scenario.repackaged([reissued(working, b"\n\n")], number=4))
    third = answer["items"][0]["transcript_code"]
    known = working.client().get(f"/v1/transcripts/{third}").json()
    assert (known["version"], known["previous_code"]) == (3, second)
    for code in (first, second, third):
        chain = history(working, code)
        assert [one["code"] for one in chain] == [first, second, third]
        assert [one["version"] for one in chain] == [1, 2, 3]
        assert [one["previous_code"] for one in chain] == [None, first, second]
        assert [one["status"] for one in chain] == ["withdrawn", "withdrawn", "in_force"]
        assert [one["withdrawal"] and one["withdrawal"]["reason"] for one in chain] == [
            REASON,
            "Lại sai",
            None,
        ]
    reads = "SELECT count(*) FROM audit WHERE action = 'history.read'"
    assert working.execute(reads)[0][0] == 3


def test_a_withdrawn_original_is_a_replay_beside_its_successor_too(working: Repository) -> None:
    [first] = accepted(working)
    withdrawn(working, (first, REASON))
    replay = working.scenario.transcripts[:1]
    answer = working.package(working.scenario.repackaged(replay, number=3))
    assert results(answer) == [("02", ["SIG-511"])]
    working.package(working.scenario.repackaged([reissued(working)], number=4))
    answer = working.package(working.scenario.repackaged(replay, number=5))
    assert results(answer) == [("02", ["SIG-511"])]
    another = reissued(working, b"\n\n")
    answer = working.package(working.scenario.repackaged([another], number=6))
    assert results(answer) == [("02", ["SIG-512"])]


def test_a_late_student_comes_alone_after_the_class(working: Repository) -> None:
    early = working.scenario.transcripts[1:]
    working.package(working.scenario.repackaged(early, number=2))
    answer = working.package(
        working.scenario.repackaged(working.scenario.transcripts[:1], number=3)
    )
    assert results(answer) == [("01", [])]


@pytest.mark.tampered("revoked by hand")
def test_a_revoked_transcript_makes_way_for_the_next_one(working: Repository) -> None:
    [first] = accepted(working)
    working.execute(
        "INSERT INTO transcript_standings VALUES (:code, 'revoked', 'SIG-420', 'ab', now())",
        code=first.replace("-", ""),
    )
    replay = working.package(
        working.scenario.repackaged(working.scenario.transcripts[:1], number=3)
    )
    assert results(replay) == [("01", ["PKG-200"])]
    answer = working.package(working.scenario.repackaged([reissued(working)], number=4))
    assert results(answer) == [("01", ["PKG-202"])]
    chain = history(working, first)
    assert [one["status"] for one in chain] == ["withdrawn", "in_force"]
    assert chain[0]["withdrawal"]["cause"] == "revocation"
    assert chain[0]["withdrawal"]["package_id"] == answer["package_id"]
    audited = "SELECT actor, object FROM audit WHERE action = 'transcript.withdrawn'"
    assert working.execute(audited) == [("worker", first.replace("-", ""))]


def test_the_history_is_for_those_who_may_read_the_transcript(working: Repository) -> None:
    [code] = accepted(working)
    working.add_client("phan-mem-khac")
    path = f"/v1/transcripts/{code}/history"
    assert working.client("phan-mem-khac").get(path).status_code == 404
    assert working.client(scope="packages:read").get(path).status_code == 403
    assert working.client().get(f"/v1/transcripts/{NOBODYS}/history").status_code == 404


def test_a_withdrawal_sent_again_gets_the_same_answer(working: Repository) -> None:
    [code] = accepted(working)
    package = working.scenario.withdrawing([(code, REASON)], number=54)
    first = working.package(package)
    assert working.package(package) == first
    again = working.client().post("/v1/packages", content=package, headers=XML)
    assert again.json()["package_id"] == first["package_id"]


def test_a_client_withdraws_and_repeats_it(working: Repository) -> None:
    codes = [item["transcript_code"] for item in working.package()["items"]]
    head = MessageHead(message_id="79000701-THU-HOI-MAU", created_at=working.scenario.created_at)
    with Client(working.url, "phan-mem-mau", SECRET) as client:
        told = client.withdraw(
            [(codes[0], "Sai điểm mẫu")], school=working.scenario.school, head=head
        )
        again = client.withdraw(
            [(codes[0], "Sai điểm mẫu")], school=working.scenario.school, head=head
        )
        answer = client.await_reply(told["package_id"], seconds=20)
    assert again["package_id"] == told["package_id"]
    assert [item["result"] for item in answer["items"]] == ["01"]
    assert working.client().get(f"/v1/transcripts/{codes[0]}").json()["status"] == "withdrawn"
