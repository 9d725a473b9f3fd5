import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog

from app.intake.checks import report_to_json
from app.register.record import TranscriptRecord
from app.transcripts.codes import format_code, transcript_code
from app.verification.answer import NotChecked, PublicCheck
from app.verification.routes import CHECKS_AT_ONCE
from tests.public import NOW, Setting, alter_vault, execute, keep, public_app
from tests.records import new_record
from tests.serving import serving
from tests.verdicts import case_of

UNKNOWN = format_code(transcript_code(b"another key", bytes(32)))


@pytest.fixture
def setting(database_url: str, tmp_path: Path) -> Setting:
    return Setting(database_url=database_url, vault_folder=tmp_path)


@pytest.fixture
def web(setting: Setting) -> Iterator[httpx.Client]:
    with serving(public_app(setting)) as url, httpx.Client(base_url=url) as client:
        yield client


def withdraw(setting: Setting, code: str) -> None:
    execute(
        setting,
        "UPDATE transcripts SET withdrawn_at = :now WHERE transcript_code = :code",
        now=NOW,
        code=code.replace("-", ""),
    )


def test_whoever_types_the_bare_address_is_led_to_the_form(web: httpx.Client) -> None:
    answer = web.get("/")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/verify"
    assert "<form" in web.get("/", follow_redirects=True).text


def typo(code: str) -> str:
    return code[:-1] + ("2" if code[-1] != "2" else "3")


def test_a_code_is_answered_with_the_named_checks_and_nothing_more(
    setting: Setting, web: httpx.Client
) -> None:
    code = keep(setting)
    response = web.get(f"/v1/verifications/{code}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-language"] == "vi"
    answer = response.json()
    checks = {check["name"]: check["outcome"] for check in answer.pop("checks")}
    assert checks == {
        "original_unaltered": "passed",
        "signatures_complete_and_valid": "passed",
        "certificates_valid_at_signing": "passed",
        "revocation": "not_checked",
        "in_force": "passed",
    }
    assert len(answer.pop("not_checked")) == len(NotChecked)
    assert answer == {
        "code": code,
        "status": "in_force",
        "school_name": "Trường THCS Mẫu Số Một",
        "province_name": "Thành phố Hồ Chí Minh",
        "school_year": "2025-2026",
        "level": "03",
        "level_name": "Trung học cơ sở",
        "student_name_masked": "N*** T*** M*** Á***",
        "accepted_at": "2026-06-12T09:30:00+07:00",
        "checked_at": "2026-08-20T14:05:09+07:00",
    }


def test_neither_answer_shows_anything_else_that_the_register_keeps(
    setting: Setting, web: httpx.Client
) -> None:
    code = keep(setting, personal_number_hash=b"\x01" * 32)
    secret = (
        *("student_code", "student_name", "class_id", "class_name", "school_code"),
        *("original_sha256", "package_digest", "package_id", "personal_number_hash"),
    )
    record: TranscriptRecord = new_record("x", "").record
    (row,) = execute(setting, f"SELECT {', '.join(secret)} FROM transcripts")  # noqa: S608 -- reason: column names of this test
    for path in (f"/v1/verifications/{code}", f"/verify/{code}"):
        body = web.get(path).text
        assert record.school_name in body
        for name, value in zip(secret, row, strict=True):
            shown = value.hex() if isinstance(value, bytes) else str(value)
            assert shown not in body, name
        assert "Lê Văn Mẫu" not in body


def test_the_words_follow_the_reader(setting: Setting, web: httpx.Client) -> None:
    code = keep(setting)
    english = {"Accept-Language": "en"}
    answer = web.get(f"/v1/verifications/{code}", headers=english).json()
    assert answer["level_name"] == "Lower secondary"
    assert any("revocation lists" in gap for gap in answer["not_checked"])
    page = web.get(f"/verify/{code}", headers=english)
    assert '<html lang="en">' in page.text
    assert page.headers["content-language"] == "en"


def test_a_code_may_be_typed_in_lower_case_and_with_spaces(
    setting: Setting, web: httpx.Client
) -> None:
    code = keep(setting)
    typed = code.lower().replace("-", " ")
    assert web.get(f"/v1/verifications/{typed}").json()["code"] == code


def test_a_withdrawn_transcript_says_so(setting: Setting, web: httpx.Client) -> None:
    code = keep(setting)
    withdraw(setting, code)
    answer = web.get(f"/v1/verifications/{code}").json()
    assert answer["status"] == "withdrawn"
    assert answer["checks"][-1]["outcome"] == "failed"
    assert "Học bạ đã bị thu hồi" in web.get(f"/verify/{code}").text


@pytest.mark.parametrize("loss", ["altered", "lost", "no base64"])
def test_an_original_that_is_not_what_was_accepted_is_never_confirmed(
    setting: Setting, web: httpx.Client, loss: str
) -> None:
    code = keep(setting, byte_offset=0) if loss == "no base64" else keep(setting)
    if loss == "altered":
        alter_vault(setting)
    if loss == "lost":
        for path in setting.vault_folder.rglob("*"):
            if path.is_file():
                path.unlink()
    with structlog.testing.capture_logs() as logs:
        answer = web.get(f"/v1/verifications/{code}").json()
    assert answer["status"] == "not_confirmed"
    assert answer["checks"][0] == {
        "name": PublicCheck.ORIGINAL_UNALTERED,
        "outcome": "failed",
        "message": answer["checks"][0]["message"],
    }
    incident = next(log for log in logs if log["event"] == "transcript.integrity_failed")
    assert incident["log_level"] == "error"
    assert code.replace("-", "") not in json.dumps(incident)
    assert "Không xác nhận được học bạ" in web.get(f"/verify/{code}").text


def test_an_unknown_code_is_not_found(web: httpx.Client) -> None:
    response = web.get(f"/v1/verifications/{UNKNOWN}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "not-found"
    page = web.get(f"/verify/{UNKNOWN}")
    assert page.status_code == 404
    assert "Không có học bạ với mã này" in page.text


@pytest.mark.parametrize(
    ("typed", "reason", "title"),
    [
        ("HHB8WG-CUCGKZ-ZA4SV", "length", "Mã thiếu hoặc thừa ký tự"),
        ("HHB8WG-CUCGKZ-ZA4SV0", "character", "Mã có ký tự không hợp lệ"),
        ("HHB8WG-CUCGKZ-ZA4SV2", "check", "Mã bị gõ sai"),
    ],
)
def test_a_typing_error_says_which_kind(
    web: httpx.Client, typed: str, reason: str, title: str
) -> None:
    response = web.get(f"/v1/verifications/{typed}")
    assert response.status_code == 422
    assert (response.json()["code"], response.json()["reason"]) == ("invalid-code", reason)
    page = web.get(f"/verify/{typed}")
    assert page.status_code == 422
    assert title in page.text
    assert f'value="{typed}"' in page.text


def test_every_check_is_recorded_without_the_address_and_a_typing_error_reaches_no_store(
    setting: Setting, web: httpx.Client
) -> None:
    code = keep(setting)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    web.get(
        f"/v1/verifications/{code}",
        headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
    )
    web.get(f"/verify/{UNKNOWN}")
    web.get(f"/v1/verifications/{typo(code)}")
    rows = execute(
        setting, "SELECT at, actor, action, object, detail, trace_id FROM audit ORDER BY id"
    )
    assert rows[0] == (
        NOW,
        "public",
        "verification.checked",
        code.replace("-", ""),
        {"found": True},
        trace,
    )
    assert rows[1][:5] == (
        NOW,
        "public",
        "verification.checked",
        UNKNOWN.replace("-", ""),
        {"found": False},
    )
    assert len(rows) == 2


def test_no_answer_is_given_that_could_not_be_recorded(setting: Setting, web: httpx.Client) -> None:
    code = keep(setting)
    execute(setting, "REVOKE INSERT ON audit FROM hocba_web")
    response = web.get(f"/v1/verifications/{code}")
    assert response.status_code == 500
    assert "Trường" not in response.text


@pytest.mark.parametrize("place", ["/v1/verifications", "/verify"])
def test_one_network_that_asks_too_often_waits(
    setting: Setting, web: httpx.Client, place: str
) -> None:
    path = f"{place}/{typo(UNKNOWN)}"
    for _ in range(CHECKS_AT_ONCE):
        assert web.get(path).status_code == 422
    refused = web.get(path)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    setting.clock.forward(seconds=1)
    assert web.get(path).status_code == 422


def test_the_page_of_a_network_that_asks_too_often_offers_to_try_again(
    web: httpx.Client,
) -> None:
    for _ in range(CHECKS_AT_ONCE):
        web.get("/verify?code=2")
    page = web.get("/verify/A%2FB%22?lang=en")
    assert page.status_code == 404  # a slash is no part of a code
    page = web.get("/verify/AB%22?lang=en")
    assert page.status_code == 429
    assert "Too many checks" in page.text
    assert 'href="/verify/AB%22?lang=en"' in page.text


def test_without_the_database_the_page_says_that_this_says_nothing_of_the_transcript(
    tmp_path: Path,
) -> None:
    away = Setting(database_url="postgresql://hocba:x@127.0.0.1:9/hocba", vault_folder=tmp_path)
    with serving(public_app(away)) as url, httpx.Client(base_url=url) as web:
        page = web.get(f"/verify/{UNKNOWN}")
        answer = web.get(f"/v1/verifications/{UNKNOWN}")
    assert page.status_code == answer.status_code == 503
    assert page.headers["retry-after"] == answer.headers["retry-after"]
    assert "Tạm thời chưa kiểm tra được" in page.text
    assert page.headers["x-trace-id"] in page.text
    assert answer.json()["code"] == "unavailable"


def test_a_transcript_whose_package_cannot_be_read_now_is_unavailable_and_no_incident(
    setting: Setting, web: httpx.Client
) -> None:
    code = keep(setting)
    for path in setting.vault_folder.rglob("*"):
        if path.is_file():
            path.unlink()
            path.mkdir()
    assert web.get(f"/v1/verifications/{code}").status_code == 503


def test_the_form_leads_to_the_page_of_the_code(setting: Setting, web: httpx.Client) -> None:
    code = keep(setting)
    assert "<form" in web.get("/verify").text
    assert "<form" in web.get("/verify?code=+").text
    typed = {"code": code.lower().replace("-", " ")}
    plain = web.get("/verify", params=typed)
    assert (plain.status_code, plain.headers["location"]) == (303, f"/verify/{code}")
    chosen = web.get("/verify", params=typed | {"lang": "en"})
    assert chosen.headers["location"] == f"/verify/{code}?lang=en"
    assert web.get("/verify?code=ABC").status_code == 422


def test_a_language_that_does_not_exist_is_as_good_as_none(web: httpx.Client) -> None:
    page = web.get("/verify?lang=xx", headers={"Accept-Language": "en"})
    assert '<html lang="en">' in page.text
    assert 'name="lang"' not in page.text


def test_pages_tell_browsers_to_load_nothing_else_and_to_keep_nothing(web: httpx.Client) -> None:
    for path in ("/verify", f"/verify/{UNKNOWN}", "/verify/ABC"):
        headers = web.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["cache-control"] == "no-store"
        assert headers["vary"] == "Accept-Language"


def test_the_files_of_the_page_may_be_kept_for_ever_and_there_are_no_others(
    web: httpx.Client,
) -> None:
    for name, kind in (("verification.css", "text/css"), ("mark.svg", "image/svg+xml")):
        response = web.get(f"/static/{name}")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kind)
        assert "immutable" in response.headers["cache-control"]
    for name in ("", "verification.html", "..%2Fpages.py", "%2e%2e/pages.py"):
        assert web.get(f"/static/{name}").status_code == 404


def test_the_report_of_a_real_verification_confirms_its_transcript(
    setting: Setting, web: httpx.Client
) -> None:
    case = case_of()
    report = report_to_json(case.verify().report)
    code = keep(setting, case.xml, report=report)
    answer = web.get(f"/v1/verifications/{code}").json()
    assert {check["outcome"] for check in answer["checks"] if check["name"] != "revocation"} == {
        "passed"
    }
    assert answer["status"] == "in_force"
