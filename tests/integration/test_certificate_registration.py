"""A school asks, a department decides, the holder takes back: over HTTP, with real certificates."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from app.sandbox.pki import Branch, KeyKind
from app.trust.candidate import CERTIFICATE_LIMIT
from app.trust.routes import BODY_LIMIT
from tests.public import execute
from tests.registering import (
    OTHER,
    SCHOOL,
    Registry,
    public,
    running_registry,
    seal,
)


@pytest.fixture
def registry(database_url: str, tmp_path: Path) -> Iterator[Registry]:
    with running_registry(database_url, tmp_path) as running:
        yield running


def finding(answer: object) -> str:
    body = answer.json()  # type: ignore[attr-defined]  # reason: an httpx answer
    assert body["code"] == "certificate-refused"
    [error] = body["errors"]
    return str(error["code"])


def test_a_certificate_waits_is_approved_and_stands(registry: Registry) -> None:
    der = seal()
    asked = registry.register(der, wish_from="2025-08-15", wish_to="2027-07-31")
    assert asked.status_code == 201
    waiting = asked.json()
    assert (waiting["state"], waiting["state_name"]) == ("01", "Chờ duyệt")
    assert (waiting["valid_from"], waiting["remarks"]) == (None, [])
    assert waiting["certificate_sha256"] == sha256(der).hexdigest()
    here = asked.headers["location"].removeprefix("/v1/certificates")
    assert registry.get("truong-mau", here).json() == waiting
    decided = registry.decide(der, reason="Đúng hồ sơ").json()
    assert (decided["state"], decided["state_name"]) == ("02", "Duyệt")
    assert (decided["valid_from"], decided["valid_to"]) == ("2025-08-15", "2027-07-31")
    assert [(one["event"], one["actor"], one["reason"]) for one in decided["history"]] == [
        ("requested", "truong-mau", None),
        ("approved", "so-mau", "Đúng hồ sơ"),
    ]
    audited = execute(registry.setting, "SELECT actor, action, detail FROM audit ORDER BY id")
    detail = {"school_code": SCHOOL, "role": "KY_PHAT_HANH"}
    assert audited == [
        ("truong-mau", "certificate.requested", detail),
        ("so-mau", "certificate.approved", detail),
    ]


def test_sending_it_again_gives_what_stands_and_adds_nothing(registry: Registry) -> None:
    der = seal()
    first = registry.register(der)
    pem = load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
    again = registry.register(der, certificate=pem)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    approved = registry.decide(der).json()
    assert registry.decide(der).json() == registry.register(der).json() == approved


def test_at_once_only_one_request_for_a_certificate_is_new(registry: Registry) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: registry.register(seal()).status_code, range(4)))
    assert sorted(answers) == [200, 200, 200, 201]


def test_a_refusal_has_its_reason_and_the_school_may_ask_anew(registry: Registry) -> None:
    der = seal()
    registry.register(der)
    assert registry.decide(der, "refuse").json()["parameter"] == "reason"
    refused = registry.decide(der, "refuse", reason="Thiếu văn bản đề nghị").json()
    assert (refused["state"], refused["state_name"]) == ("03", "Từ chối")
    assert refused["history"][-1]["reason"] == "Thiếu văn bản đề nghị"
    assert registry.decide(der, "refuse", reason="Vẫn thiếu").json() == refused
    assert registry.decide(der).status_code == 409
    anew = registry.register(der, wish_from="2026-01-01")
    assert anew.status_code == 201
    assert registry.decide(der).json()["valid_from"] == "2026-01-01"
    events = registry.register(der).json()["history"]
    assert [one["event"] for one in events] == ["requested", "refused", "requested", "approved"]


def test_an_approval_is_not_decided_otherwise_later(registry: Registry) -> None:
    der = registry.approved(seal())
    assert registry.decide(der, "refuse", reason="Nhầm").status_code == 409
    assert registry.decide(der, valid_from="2026-01-01").status_code == 409


def test_without_a_wish_it_is_approved_from_the_first_day_of_the_certificate(
    registry: Registry,
) -> None:
    registry.register(seal())
    assert registry.decide(seal()).json()["valid_from"] == "2025-08-01"


UNFIT: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "root": (lambda: seal("khong-goc", branch=Branch.UNKNOWN), "KY_PHAT_HANH", "SIG-400"),
    "authority": (lambda: seal("to-chuc-ca", authority=True), "KY_PHAT_HANH", "SIG-401"),
    "expired": (lambda: seal("het-han", issued_year=2020), "KY_PHAT_HANH", "SIG-402"),
    "weak": (lambda: seal("khoa-yeu", key_kind=KeyKind.RSA_1024), "KY_PHAT_HANH", "SIG-312"),
    "person": (lambda: public("nguoi", "Vũ Mẫu", "CCCD:079180000001"), "KY_PHAT_HANH", "SIG-531"),
    "organisation": (lambda: public("to-chuc", "Trường", "MST:0312345678"), "CBQL", "SIG-532"),
    "school": (seal, "CBQL", "SIG-532"),
    "garbage": (lambda: b"khong phai chung thu", "CBQL", "SIG-530"),
}


def test_what_could_not_sign_anyway_is_not_registered(registry: Registry) -> None:
    for name, (der, role, code) in UNFIT.items():
        answer = registry.register(der(), role=role)
        assert (name, answer.status_code, finding(answer)) == (name, 422, code)


def test_who_signs_for_people_and_for_the_school_is_told_apart(registry: Registry) -> None:
    mixed = public("hieu-truong-2", "Vũ Văn Mẫu", "CCCD:079180000001", "MST:0312345678")
    assert registry.register(mixed, role="CBQL").status_code == 201
    assert registry.register(public("con-dau-2", "Trường Mẫu", "MST:0312345678")).status_code == 201
    named_otherwise = registry.register(seal("ten-khac", "THCS Mẫu 1"))
    assert named_otherwise.json()["remarks"] == ["SIG-506"]


def test_a_key_serves_one_school_and_one_role(registry: Registry) -> None:
    registry.register(seal())
    elsewhere = registry.register(seal(), school=OTHER, caller="truong-khac")
    assert finding(elsewhere) == "SIG-533"
    renewed = seal(name="Tên Khác Mẫu", issued_year=2024)
    assert finding(registry.register(renewed, role="CBQL")) == "SIG-534"
    registry.decide(seal(), "refuse", reason="Nhầm trường")
    assert registry.register(seal(), school=OTHER, caller="truong-khac").status_code == 201
    assert finding(registry.register(seal())) == "SIG-533"


def test_a_key_that_came_to_another_school_meanwhile_is_not_approved(registry: Registry) -> None:
    registry.register(seal())
    execute(registry.setting, "UPDATE certificates SET state = '03'")
    registry.register(seal(), school=OTHER, caller="truong-khac")
    execute(registry.setting, "UPDATE certificates SET state = '01'")
    assert finding(registry.decide(seal())) == "SIG-533"


def test_a_request_of_the_wrong_shape_names_what_is_wrong(registry: Registry) -> None:
    for parameter, changes in {
        "role": {"role": "GVBM"},
        "school": {"school": "co dau cach"},
        "certificate": {"certificate": ""},
        "wish_to": {"wish_from": "2026-08-01", "wish_to": "2026-07-31"},
        "wish_from": {"wish_from": "hôm nay"},
    }.items():
        answer = registry.register(seal(), **changes)
        assert (answer.status_code, answer.json()["parameter"]) == (422, parameter)


def test_days_of_an_approval_that_make_no_sense_are_refused(registry: Registry) -> None:
    registry.register(seal())
    answer = registry.decide(seal(), valid_from="2026-02-01", valid_to="2026-01-01")
    assert answer.json()["parameter"] == "valid_to"


def test_bodies_are_json_and_small(registry: Registry) -> None:
    headers = {"Authorization": "truong-mau"}
    json = headers | {"Content-Type": "application/json"}
    post = registry.web.post
    assert post("/v1/certificates", content=b"x", headers=headers).status_code == 415
    assert post("/v1/certificates", content=b"x", headers=json).json()["parameter"] == "body"
    large = b'{"certificate": "' + b"x" * BODY_LIMIT + b'"}'
    assert post("/v1/certificates", content=large, headers=json).status_code == 413


def test_a_broken_trust_bundle_registers_nobody_until_it_is_mended(registry: Registry) -> None:
    manifest = registry.trust_folder / "manifest.json"
    sound = manifest.read_bytes()
    manifest.write_bytes(b"{}")
    assert registry.register(seal()).status_code == 503
    manifest.write_bytes(sound)
    assert registry.register(seal()).status_code == 201


def test_a_certificate_larger_than_any_is_none(registry: Registry) -> None:
    large = public("rat-dai", "Trường Mẫu", *(f"MST:{number:010d}" for number in range(700)))
    assert len(large) > CERTIFICATE_LIMIT
    assert finding(registry.register(large)) == "SIG-530"
