"""A class comes in over HTTP and is decided transcript by transcript."""

import re
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import with_changed_mark, without_signature
from tests.working import XML, Repository
from tests.xmlsec import accepts

CODE = re.compile(r"[2-9A-HJKMNP-Z]{6}-[2-9A-HJKMNP-Z]{6}-[2-9A-HJKMNP-Z]{6}")


@pytest.fixture
def working(repository: Repository) -> Repository:
    repository.start_worker()
    return repository


def codes_of(answer: dict[str, Any], ordinal: int) -> list[str]:
    return [error["code"] for error in answer["items"][ordinal - 1]["errors"]]


def tampered(repository: Repository) -> list[SignedTranscript]:
    """The class with a better mark for the first student and no principal for the second."""
    first, second, *rest = repository.scenario.transcripts
    return [
        SignedTranscript(student_code=first.student_code, xml=with_changed_mark(first.xml)),
        SignedTranscript(
            student_code=second.student_code, xml=without_signature(second.xml, "CBQL")
        ),
        *rest,
    ]


def test_a_whole_class_is_accepted_with_a_code_for_each_student(working: Repository) -> None:
    answer = working.package()
    assert answer["state"] == "03"
    assert (answer["total"], answer["accepted"], answer["rejected"]) == (6, 6, 0)
    assert answer["school"] == "79000701"
    assert answer["province"] == "79"
    assert answer["purpose"] == "01"
    assert answer["received_at"] == "2026-07-01T15:00:00+07:00"
    codes = [item["transcript_code"] for item in answer["items"]]
    assert len(set(codes)) == 6
    assert all(CODE.fullmatch(code) for code in codes)
    assert [item["student_code"] for item in answer["items"]] == [
        one.student_code for one in working.scenario.transcripts
    ]


def test_a_bad_transcript_is_refused_with_its_reason_and_blocks_nobody(
    working: Repository,
) -> None:
    answer = working.package(working.scenario.repackaged(tampered(working), number=2))
    assert (answer["accepted"], answer["rejected"]) == (4, 2)
    assert [item["result"] for item in answer["items"]] == ["02", "02", "01", "01", "01", "01"]
    assert "SIG-300" in codes_of(answer, 1)
    [missing] = [e for e in answer["items"][1]["errors"] if e["code"] == "SIG-200"]
    assert missing["slot"] == "CBQL"
    assert missing["severity"] == "error"
    assert missing["message"]
    assert missing["fix"]
    assert answer["items"][0]["transcript_code"] is None


def test_a_class_sent_again_after_mending_two_accepts_the_two_and_keeps_the_other_codes(
    working: Repository,
) -> None:
    first = working.package(working.scenario.repackaged(tampered(working), number=2))
    again = working.package(working.scenario.repackaged(working.scenario.transcripts, number=3))
    assert (again["accepted"], again["rejected"]) == (6, 0)
    assert codes_of(again, 1) == []
    assert codes_of(again, 3) == ["PKG-200"]
    assert [i["transcript_code"] for i in again["items"][2:]] == [
        i["transcript_code"] for i in first["items"][2:]
    ]
    assert working.execute("SELECT count(*) FROM transcripts")[0][0] == 6


def test_another_original_for_the_same_student_conflicts_with_the_one_in_force(
    working: Repository,
) -> None:
    working.package()
    one = working.scenario.transcripts[0]
    other = SignedTranscript(student_code=one.student_code, xml=one.xml + b"\n")
    answer = working.package(working.scenario.repackaged([other], number=4))
    assert codes_of(answer, 1) == ["SIG-512"]


@pytest.mark.tampered("withdrawn by hand")
def test_a_withdrawn_original_does_not_come_back(working: Repository) -> None:
    working.package()
    working.execute("UPDATE transcripts SET withdrawn_at = now()")
    answer = working.package(
        working.scenario.repackaged(working.scenario.transcripts[:1], number=5)
    )
    assert codes_of(answer, 1) == ["SIG-511"]


def test_an_item_that_is_no_transcript_refuses_only_itself(working: Repository) -> None:
    code = working.scenario.transcripts[1].student_code
    stranger = SignedTranscript(student_code=code, xml=b"<khong-phai-hoc-ba/>")
    answer = working.package(
        working.scenario.repackaged([stranger, working.scenario.transcripts[0]], number=7)
    )
    assert [item["result"] for item in answer["items"]] == ["02", "01"]
    assert "SIG-140" in codes_of(answer, 1)


def test_the_same_bytes_are_one_package_before_and_after_the_result(
    repository: Repository,
) -> None:
    client = repository.client()
    first = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
    assert first.status_code == 202
    assert first.json()["state"] == "00"
    assert first.json()["position"] == 1
    assert first.json()["items"] == []
    assert first.headers["Location"] == f"/v1/packages/{first.json()['package_id']}"
    assert int(first.headers["Retry-After"]) > 0
    second = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
    assert second.status_code == 200
    assert second.json() == first.json()
    repository.start_worker()
    decided = repository.replied(client, first.json()["package_id"])
    third = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
    assert third.status_code == 200
    assert third.json() == decided


def test_two_submissions_of_the_same_bytes_at_once_are_one_package(
    repository: Repository,
) -> None:
    client = repository.client()

    def submit(_: int) -> httpx.Response:
        return client.post("/v1/packages", content=repository.scenario.package, headers=XML)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(submit, range(8)))
    assert {answer.json()["package_id"] for answer in answers} == {answers[0].json()["package_id"]}
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert repository.execute("SELECT count(*) FROM packages")[0][0] == 1
    received = "SELECT count(*) FROM audit WHERE action = 'package.received'"
    assert repository.execute(received)[0][0] == 1


def test_a_client_that_waits_gets_the_result_with_the_answer(working: Repository) -> None:
    answer = working.client().post(
        "/v1/packages",
        content=working.scenario.package,
        headers={**XML, "Prefer": "respond-async, wait=20"},
    )
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert "Retry-After" not in answer.headers
    assert answer.json()["accepted"] == 6


def test_a_client_that_waits_in_vain_is_told_to_come_back(repository: Repository) -> None:
    answer = repository.client().post(
        "/v1/packages",
        content=repository.scenario.package,
        headers={**XML, "Prefer": "wait=1"},
    )
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["Retry-After"]


def test_the_original_comes_back_byte_for_byte_with_its_digest(working: Repository) -> None:
    answer = working.package()
    original = working.client().get(answer["links"]["original"])
    assert original.content == working.scenario.package
    assert original.headers["Content-Type"] == "application/xml"
    assert original.headers["ETag"] == f'"{sha256(original.content).hexdigest()}"'
    assert original.headers["Repr-Digest"].startswith("sha-256=:")
    read = "SELECT actor, object FROM audit WHERE action = 'original.read'"
    assert working.execute(read) == [("phan-mem-mau", answer["package_id"])]


def test_a_package_is_found_by_the_digest_of_its_bytes(working: Repository) -> None:
    answer = working.package()
    digest = sha256(working.scenario.package).hexdigest()
    client = working.client()
    assert client.get(f"/v1/packages/by-digest/{digest.upper()}").json() == answer
    assert client.get(f"/v1/packages/by-digest/{'0' * 64}").status_code == 404


def test_a_read_of_results_is_recorded_and_a_look_at_a_pending_package_is_not(
    repository: Repository,
) -> None:
    client = repository.client()
    sent = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
    client.get(f"/v1/packages/{sent.json()['package_id']}")
    reads = "SELECT count(*) FROM audit WHERE action = 'package.read'"
    assert repository.execute(reads)[0][0] == 0
    repository.start_worker()
    repository.replied(client, sent.json()["package_id"])
    assert repository.execute(reads)[0][0] >= 1


def test_the_reply_is_signed_and_names_every_student_result_and_reason(
    working: Repository, tmp_path: Path
) -> None:
    answer = working.package(working.scenario.repackaged(tampered(working), number=2))
    reply = working.client().get(answer["links"]["reply"])
    assert reply.headers["Content-Type"] == "application/xml"
    file = tmp_path / "tra-loi.xml"
    file.write_bytes(reply.content)
    certificate = tmp_path / "keys" / "reply-certificate.pem"
    options = ["--trusted-pem", certificate, "--verification-time", "2026-07-02 00:00:00"]
    assert accepts(file, "/BAN_TIN_TRA_LOI/KY_TRA_LOI", options=options)
    assert not accepts(_altered(file), "/BAN_TIN_TRA_LOI/KY_TRA_LOI", options=options)
    text = reply.text
    assert text.count("<Item>") == 6
    assert text.count("<trang_thai>1</trang_thai>") == 4
    assert "<loi_xu_ly_du_lieu_id>SIG-200</loi_xu_ly_du_lieu_id>" in text
    assert "<TONG_SO>6</TONG_SO><SO_DUYET>4</SO_DUYET><SO_TU_CHOI>2</SO_TU_CHOI>" in text
    assert "so_cccd" not in text
    for item in answer["items"][2:]:
        assert f"<ma_dinh_danh_hoc_ba>{item['transcript_code']}</ma_dinh_danh_hoc_ba>" in text


def _altered(file: Path) -> Path:
    altered = file.with_name("da-sua.xml")
    altered.write_bytes(file.read_bytes().replace(b"<SO_DUYET>4", b"<SO_DUYET>5"))
    return altered


def test_acknowledging_the_reply_ends_the_exchange_once_and_for_all(
    repository: Repository,
) -> None:
    client = repository.client()
    sent = client.post("/v1/packages", content=repository.scenario.package, headers=XML).json()
    path = f"/v1/packages/{sent['package_id']}"
    assert client.get(f"{path}/reply").status_code == 404
    assert client.post(f"{path}/reply/read").status_code == 404
    repository.start_worker()
    repository.replied(client, sent["package_id"])
    assert client.post(f"{path}/reply/read").status_code == 204
    assert client.post(f"{path}/reply/read").status_code == 204
    assert client.get(path).json()["state"] == "04"
    assert client.get(path).json()["state_name"] == "Đã đọc bản tin trả lời"
    acknowledged = "SELECT count(*) FROM audit WHERE action = 'reply.acknowledged'"
    assert repository.execute(acknowledged)[0][0] == 1


def test_another_client_sees_nothing_of_a_package(working: Repository) -> None:
    answer = working.package()
    working.add_client("phan-mem-khac")
    other = working.client("phan-mem-khac")
    path = f"/v1/packages/{answer['package_id']}"
    for suffix in ("", "/original", "/reply"):
        assert other.get(path + suffix).status_code == 404
    assert other.post(f"{path}/reply/read").status_code == 404
    assert other.get(f"/v1/packages/by-digest/{answer['digest']}").status_code == 404


def test_an_answer_speaks_english_when_asked(working: Repository) -> None:
    answer = working.package(working.scenario.repackaged(tampered(working), number=2))
    english = working.client().get(
        f"/v1/packages/{answer['package_id']}", headers={"Accept-Language": "en"}
    )
    assert english.headers["Content-Language"] == "en"
    assert english.json()["state_name"] == "Replied"
    assert english.json()["items"][1]["errors"] != answer["items"][1]["errors"]
