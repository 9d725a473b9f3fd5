"""Submission in practice: compressed bodies, digests, used message ids, waiting, replies."""

import gzip
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from time import monotonic
from typing import Any

import httpx
import pytest
from backports import zstd

from app.intake.limits import PACKAGE_LIMIT, TRANSCRIPTS_LIMIT
from app.intake.package import State
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.xml import read_xml
from tests.working import XML, Repository

CODINGS = {"gzip": gzip.compress, "zstd": zstd.compress}


@pytest.fixture
def working(repository: Repository) -> Repository:
    repository.start_worker()
    return repository


def field_of(data: bytes) -> str:
    return f"sha-256=:{b64encode(sha256(data).digest()).decode()}:"


def post(repository: Repository, content: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return repository.client().post("/v1/packages", content=content, headers={**XML, **named})


def kept(repository: Repository) -> tuple[int, int]:
    """How many packages the database and the vault hold."""
    objects = list(repository.vault_folder.rglob("sha256/*/*/*"))
    return repository.execute("SELECT count(*) FROM packages")[0][0], len(objects)


def test_a_compressed_package_is_the_same_package(repository: Repository) -> None:
    package = repository.scenario.package
    plain = post(repository, package, content_digest=field_of(package))
    assert plain.status_code == 202
    assert plain.json()["digest"] == sha256(package).hexdigest()
    for name, compress in CODINGS.items():
        sent = compress(package)
        answer = post(
            repository,
            sent,
            content_encoding=name,
            content_digest=field_of(sent),
            repr_digest=field_of(package),
        )
        assert answer.status_code == 200
        assert answer.json() == plain.json()
    original = repository.client().get(plain.json()["links"]["original"])
    assert original.content == package
    assert kept(repository) == (1, 1)


@pytest.mark.parametrize("name", ["Content-Digest", "Repr-Digest", "Digest"])
def test_a_body_that_is_not_what_was_hashed_is_not_kept(repository: Repository, name: str) -> None:
    value = field_of(b"another file")
    value = value.replace(":", "") if name == "Digest" else value
    answer = post(repository, repository.scenario.package, **{name: value})
    assert answer.status_code == 400
    problem = answer.json()
    assert (problem["code"], problem["field"]) == ("digest-mismatch", name.lower())
    assert problem["actual"] == sha256(repository.scenario.package).hexdigest()
    assert kept(repository) == (0, 0)


def test_a_bomb_and_an_unknown_coding_are_not_kept(repository: Repository) -> None:
    bomb = post(repository, gzip.compress(bytes(PACKAGE_LIMIT + 1)), content_encoding="gzip")
    assert bomb.status_code == 422
    assert bomb.json()["reason"] == "expands-too-far"
    unknown = post(repository, b"<a/>", content_encoding="br")
    assert unknown.status_code == 415
    assert unknown.headers["Accept-Encoding"] == unknown.json()["accepted"] == "gzip, zstd"
    assert kept(repository) == (0, 0)


def test_a_used_message_id_with_other_bytes_is_refused_with_both_digests(
    working: Repository,
) -> None:
    first = working.package()
    other = working.resealed(working.scenario.package, (b"09:30:00", b"09:31:00"))
    answer = post(working, other)
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "duplicate-message"
    assert problem["message_id"] == first["message_id"]
    assert problem["known_digest"] == first["digest"]
    assert problem["digest"] == sha256(other).hexdigest()
    assert kept(working) == (1, 1)
    assert post(working, working.scenario.package).json()["package_id"] == first["package_id"]


def test_of_two_pending_packages_with_one_message_id_the_first_decided_has_it(
    repository: Repository,
) -> None:
    other = repository.resealed(repository.scenario.package, (b"09:30:00", b"09:31:00"))
    sent = [post(repository, package).json() for package in (repository.scenario.package, other)]
    repository.start_worker()
    answers = [repository.replied(repository.client(), one["package_id"]) for one in sent]
    answers.sort(key=lambda answer: -answer["accepted"])
    assert [answer["accepted"] for answer in answers] == [6, 0]
    [error] = answers[1]["errors"]
    assert error["code"] == "PKG-108"
    assert error["value"] == f"{answers[1]['digest']} ≠ {answers[0]['digest']}"
    assert (answers[1]["total"], answers[1]["rejected"], answers[1]["items"]) == (6, 6, [])


def test_an_id_is_not_used_up_by_a_package_that_the_school_did_not_seal(
    working: Repository,
) -> None:
    forged = working.scenario.package.replace(b"09:30:00", b"09:31:00")
    assert "SIG-300" in [error["code"] for error in working.package(forged)["errors"]]
    assert working.package()["accepted"] == 6


def test_a_stranger_learns_nothing_about_a_schools_message_ids(working: Repository) -> None:
    working.package()
    working.add_client("phan-mem-khac")
    other = working.resealed(working.scenario.package, (b"09:30:00", b"09:31:00"))
    answer = working.client("phan-mem-khac").post("/v1/packages", content=other, headers=XML)
    assert answer.status_code == 202


def test_a_request_for_a_result_waits_for_it(repository: Repository) -> None:
    sent = post(repository, repository.scenario.package).json()
    path = sent["links"]["self"]
    client = repository.client()
    client.get(path)
    with ThreadPoolExecutor(2) as threads:
        waiting = [
            threads.submit(client.get, path, headers={"Prefer": "wait=20"}) for _ in range(2)
        ]
        repository.start_worker()
        answers = [one.result() for one in waiting]
    for answer in answers:
        assert answer.headers["Preference-Applied"] == "wait=20"
        assert answer.json()["state"] >= State.DECIDED
        assert answer.json()["position"] is None
    began = monotonic()
    assert client.get(path, headers={"Prefer": "wait=20"}).json()["finished_at"]
    assert monotonic() - began < 5


def test_a_pending_package_tells_its_place_and_when_to_expect_its_result(
    repository: Repository,
) -> None:
    first = post(repository, repository.scenario.package)
    second = post(repository, b"<BAN_TIN/>", prefer="wait=1")
    assert "Preference-Applied" not in second.headers
    told = [
        repository.client().get(answer.json()["links"]["self"]).json() for answer in (first, second)
    ]
    assert told[0]["position"] >= 1
    assert [answer["estimated_seconds"] > 0 for answer in told] == [True, True]


def test_the_reply_is_told_as_json_to_those_who_ask(working: Repository) -> None:
    answer = working.package()
    client = working.client()
    path = answer["links"]["reply"]
    told = client.get(path, headers={"Accept": "application/json"})
    assert told.headers["Content-Type"] == "application/json"
    assert told.headers["Vary"] == "Accept"
    signed = read_xml(client.get(path).content, PACKAGE_LIMITS)[0]
    reply: dict[str, Any] = told.json()
    assert reply["BAN_TIN_ID"] == signed.findtext("BAN_TIN_ID") == answer["message_id"]
    items = reply["Body"]["Result"]["Items"]["Item"]
    assert [item["ma_dinh_danh_hoc_ba"] for item in items] == [
        item["transcript_code"] for item in answer["items"]
    ]
    assert {item["trang_thai"] for item in items} == {"1"}
    assert all(item["ten_hoc_sinh"] for item in items)
    for accept in ("application/xml, application/json;q=0.5", "*/*", "application/json;q=x"):
        xml = client.get(path, headers={"Accept": accept})
        assert xml.headers["Content-Type"] == "application/xml"


def test_a_reply_with_errors_tells_them_as_json_too(working: Repository) -> None:
    answer = working.package(b"khong phai XML")
    reply = working.client().get(answer["links"]["reply"], headers={"Accept": "application/json"})
    assert reply.json()["DANH_SACH_LOI"][0]["loi_xu_ly_du_lieu_id"] == "SIG-120"
    assert reply.json()["Body"]["Result"]["Items"]["Item"] == []


def test_a_message_of_the_most_transcripts_is_read_and_of_one_more_is_refused(
    working: Repository,
) -> None:
    def message(count: int) -> bytes:
        entries = "".join(
            f"<HOC_BA_SO><MA_HOC_SINH>HS{n}</MA_HOC_SINH><DU_LIEU_SO_GOC/></HOC_BA_SO>"
            for n in range(count)
        )
        start = working.scenario.package.index(b"<DANH_SACH_HOC_BA")
        end = working.scenario.package.index(b"</NOI_DUNG>")
        listed = f'<DANH_SACH_HOC_BA SO_LUONG="{count}">{entries}</DANH_SACH_HOC_BA>'.encode()
        whole = working.scenario.package[:start] + listed + working.scenario.package[end:]
        return working.resealed(whole, (b"-0001<", f"-{count:04d}<".encode()))

    assert working.package(message(TRANSCRIPTS_LIMIT))["rejected"] == TRANSCRIPTS_LIMIT
    refused = working.package(message(TRANSCRIPTS_LIMIT + 1))
    assert [error["code"] for error in refused["errors"]] == ["SIG-140"]
