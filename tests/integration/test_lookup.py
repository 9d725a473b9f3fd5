from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from app.intake.checks import report_to_json
from app.transcripts.codes import format_code, transcript_code
from tests.public import NOW, ORIGINAL, Setting, alter_vault, execute, keep, public_app
from tests.records import CHECKS
from tests.serving import serving
from tests.verdicts import case_of

UNKNOWN = format_code(transcript_code(b"another key", bytes(32)))
PARTS = ("", "/original", "/report")


@pytest.fixture
def setting(database_url: str, tmp_path: Path) -> Setting:
    return Setting(database_url=database_url, vault_folder=tmp_path)


@pytest.fixture
def code(setting: Setting) -> str:
    """A registered transcript of a school that the client truong-mau may act for."""
    execute(
        setting,
        "INSERT INTO schools (school_code, name, province_code, created_at) "
        "VALUES ('79000701', 'Trường THCS Mẫu Số Một', '79', now())",
    )
    execute(
        setting,
        "INSERT INTO clients (client_id, name, kind, scopes, created_at) VALUES "
        "('truong-mau', 'Mẫu', 'hub', '{}', now()), ('truong-khac', 'Mẫu', 'hub', '{}', now())",
    )
    execute(
        setting,
        "INSERT INTO client_grants (grant_id, client_id, school_code, valid_from) "
        "VALUES (gen_random_uuid(), 'truong-mau', '79000701', '2026-01-01')",
    )
    return keep(setting)


@pytest.fixture
def web(setting: Setting) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer entitled"}
    with (
        serving(public_app(setting)) as url,
        httpx.Client(base_url=url, headers=headers) as client,
    ):
        yield client


def audit(setting: Setting) -> list[tuple[object, ...]]:
    return execute(setting, "SELECT at, actor, action, object FROM audit ORDER BY id")


def test_an_entitled_client_reads_what_the_register_keeps(
    setting: Setting, web: httpx.Client, code: str
) -> None:
    response = web.get(f"/v1/transcripts/{code.lower()}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "private, no-store"
    answer = response.json()
    assert answer.pop("student_code").startswith("HS-")
    assert answer.pop("package_id") == "00000000-0000-0000-0000-000000000001"
    assert answer == {
        "code": code,
        "status": "in_force",
        "standing": "final",
        "school_year": "2025-2026",
        "level": "03",
        "grade": "06",
        "class_id": "79000701-6A1-2025",
        "class_name": "6A1",
        "school_code": "79000701",
        "school_name": "Trường THCS Mẫu Số Một",
        "province_code": "79",
        "province_name": "Thành phố Hồ Chí Minh",
        "student_name": "Nguyễn Thị Mẫu Ánh",
        "issued_on": "2026-05-30",
        "accepted_at": "2026-06-12T09:30:00+07:00",
        "withdrawn_at": None,
        "version": 1,
        "previous_code": None,
        "original_sha256": sha256(ORIGINAL).hexdigest(),
        "links": {
            "original": f"/v1/transcripts/{code}/original",
            "history": f"/v1/transcripts/{code}/history",
            "report": f"/v1/transcripts/{code}/report",
            "verification": f"/verify/{code}",
        },
    }
    assert audit(setting) == [(NOW, "truong-mau", "transcript.read", code.replace("-", ""))]


def test_a_withdrawn_transcript_says_since_when(
    setting: Setting, web: httpx.Client, code: str
) -> None:
    execute(setting, "UPDATE transcripts SET withdrawn_at = :now", now=NOW)
    answer = web.get(f"/v1/transcripts/{code}").json()
    assert (answer["status"], answer["withdrawn_at"]) == (
        "withdrawn",
        "2026-08-20T14:05:09+07:00",
    )


def test_the_original_comes_back_byte_for_byte(
    setting: Setting, web: httpx.Client, code: str
) -> None:
    response = web.get(f"/v1/transcripts/{code}/original")
    digest = sha256(ORIGINAL)
    assert response.content == ORIGINAL
    assert response.headers["content-type"] == "application/xml"
    assert response.headers["etag"] == f'"{digest.hexdigest()}"'
    assert response.headers["repr-digest"] == f"sha-256=:{b64encode(digest.digest()).decode()}:"
    assert response.headers["content-disposition"] == f'attachment; filename="{code}.xml"'
    assert audit(setting) == [(NOW, "truong-mau", "original.read", code.replace("-", ""))]


@pytest.mark.parametrize("loss", ["altered", "lost"])
def test_an_original_that_is_not_what_was_accepted_is_not_handed_out(
    setting: Setting, web: httpx.Client, code: str, loss: str
) -> None:
    if loss == "altered":
        alter_vault(setting)
    else:
        for path in setting.vault_folder.rglob("*"):
            if path.is_file():
                path.unlink()
    response = web.get(f"/v1/transcripts/{code}/original")
    assert response.status_code == 500
    assert response.json()["code"] == "integrity-failure"


def test_the_report_shows_every_slot_in_words(
    setting: Setting, web: httpx.Client, code: str
) -> None:
    response = web.get(f"/v1/transcripts/{code}/report")
    assert response.status_code == 200
    report = response.json()
    assert report["code"] == code
    assert report["indication"] == "PASSED"
    assert report["coverage_complete"]
    assert report["at"] == "2026-06-12T09:30:00+07:00"
    assert [slot["slot"] for slot in report["slots"]] == ["GVCN", "CBQL", "KY_PHAT_HANH"]
    for slot in report["slots"]:
        assert [check["name"] for check in slot["checks"]] == [*CHECKS, "revocation"]
        assert slot["checks"][-1]["reason"]["message"]
        assert slot["signer"]["name"] == slot["holder"] == "Lê Văn Mẫu"
        assert slot["judged_at"] == "2026-06-12T09:30:00+07:00"
        assert slot["warnings"][0]["severity"] == "warning"
        assert slot["warnings"][0]["fix"]
    assert [gap["code"] for gap in report["not_checked"]] == ["SIG-419"]
    assert audit(setting) == [(NOW, "truong-mau", "report.read", code.replace("-", ""))]


def test_the_report_follows_the_reader_and_repeats_no_value(web: httpx.Client, code: str) -> None:
    vietnamese = web.get(f"/v1/transcripts/{code}/report")
    english = web.get(f"/v1/transcripts/{code}/report", headers={"Accept-Language": "en"})
    assert english.headers["content-language"] == "en"
    assert vietnamese.json()["findings"][0] != english.json()["findings"][0]
    assert "Nguyễn Thị Mẫu Ánh" not in vietnamese.text + english.text


@pytest.mark.parametrize("part", PARTS)
def test_another_schools_transcript_looks_like_one_that_does_not_exist(
    setting: Setting, web: httpx.Client, code: str, part: str
) -> None:
    elsewhere = {"Authorization": "Bearer elsewhere"}
    forbidden = web.get(f"/v1/transcripts/{code}{part}", headers=elsewhere)
    unknown = web.get(f"/v1/transcripts/{UNKNOWN}{part}")
    assert forbidden.status_code == unknown.status_code == 404
    mine, theirs = forbidden.json(), unknown.json()
    assert mine.pop("trace_id") != theirs.pop("trace_id")
    assert mine == theirs
    assert forbidden.headers.keys() == unknown.headers.keys()
    assert audit(setting) == []


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("caller", "status"), [("Bearer writer", 403), ("Bearer nobody", 401), ("", 401)]
)
def test_a_client_without_the_scope_or_without_a_token_reads_nothing(
    setting: Setting, web: httpx.Client, code: str, part: str, caller: str, status: int
) -> None:
    response = web.get(f"/v1/transcripts/{code}{part}", headers={"Authorization": caller})
    assert response.status_code == status
    assert audit(setting) == []


@pytest.mark.parametrize("part", PARTS)
def test_a_typing_error_is_told_before_anything_is_looked_up(web: httpx.Client, part: str) -> None:
    response = web.get(f"/v1/transcripts/ABC{part}")
    assert response.status_code == 422
    assert response.json()["reason"] == "length"


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_read_that_could_not_be_recorded(
    setting: Setting, web: httpx.Client, code: str, part: str
) -> None:
    execute(setting, "REVOKE INSERT ON audit FROM hocba_web")
    response = web.get(f"/v1/transcripts/{code}{part}")
    assert response.status_code == 500
    assert "Mẫu" not in response.text


def test_the_report_of_a_real_verification_shows_all_of_its_slots(
    setting: Setting, web: httpx.Client, code: str
) -> None:
    report = case_of().verify().report
    execute(setting, "ALTER TABLE transcripts DISABLE TRIGGER USER")
    execute(setting, "UPDATE transcripts SET report = :report", report=report_to_json(report))
    shown = web.get(f"/v1/transcripts/{code}/report").json()
    assert [slot["slot"] for slot in shown["slots"]] == [slot.slot for slot in report.slots]
    assert all(slot["indication"] == "PASSED" for slot in shown["slots"])
