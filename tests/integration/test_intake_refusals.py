"""What is not taken: by the request alone, and as a whole package."""

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from time import sleep

import httpx
import pytest

from app.intake.limits import PACKAGE_LIMIT
from tests.working import XML, Repository

CHUNK = b" " * 1024 * 1024


@pytest.fixture
def working(repository: Repository) -> Repository:
    repository.start_worker()
    return repository


def refused(repository: Repository, package: bytes) -> list[str]:
    """Submit a package that is refused whole; gives its codes."""
    answer = repository.package(package)
    assert answer["items"] == []
    assert answer["accepted"] == 0
    assert answer["rejected"] == (answer["total"] or 0)
    assert answer["errors"][0]["severity"] == "error"
    assert "<Items></Items>" in repository.client().get(answer["links"]["reply"]).text
    return [error["code"] for error in answer["errors"]]


def resigned(repository: Repository, *replacements: tuple[bytes, bytes]) -> bytes:
    """The class's package with other words in it, signed again by the school."""
    return repository.resealed(repository.scenario.package, *replacements)


def test_what_is_no_xml_is_refused_with_its_code(working: Repository) -> None:
    assert refused(working, b"khong phai XML") == ["SIG-120"]


def test_a_package_that_was_changed_after_signing_is_refused(working: Repository) -> None:
    changed = working.scenario.package.replace(b"-0001</BAN_TIN_ID>", b"-0002</BAN_TIN_ID>")
    assert "SIG-300" in refused(working, changed)


def test_an_unsigned_package_is_refused(working: Repository) -> None:
    package = re.sub(
        rb"<KY_PHAT_HANH_GOI_TIN>.*</KY_PHAT_HANH_GOI_TIN>",
        b"<KY_PHAT_HANH_GOI_TIN/>",
        working.scenario.package,
        flags=re.DOTALL,
    )
    assert "SIG-200" in refused(working, package)


def test_a_school_that_the_directory_does_not_have_is_refused(working: Repository) -> None:
    package = resigned(working, (b"<CO_QUAN_DON_VI_ID>79000701", b"<CO_QUAN_DON_VI_ID>79009999"))
    assert refused(working, package) == ["PKG-110"]


def test_a_file_that_is_no_package_is_refused_for_that(working: Repository) -> None:
    assert "PKG-110" not in refused(working, b"<KHAC/>")


def test_a_package_that_names_no_school_is_refused_by_its_schema(working: Repository) -> None:
    package = resigned(working, (b"<CO_QUAN_DON_VI_ID>79000701</", b"<CO_QUAN_DON_VI_ID></"))
    assert refused(working, package) == ["SIG-140"]


def test_a_client_without_a_grant_for_the_school_is_refused(working: Repository) -> None:
    working.execute("UPDATE client_grants SET valid_to = valid_from")
    assert refused(working, working.scenario.package) == ["PKG-111"]


def test_an_account_of_another_level_may_not_send_these_transcripts(working: Repository) -> None:
    working.execute("UPDATE client_grants SET level = '02'")
    answer = working.package()
    assert (answer["accepted"], answer["rejected"]) == (0, 6)
    [error] = answer["items"][0]["errors"][-1:]
    assert (error["code"], error["value"]) == ("PKG-112", "03")
    assert working.execute("SELECT count(*) FROM transcripts")[0][0] == 0


def test_a_school_whose_certificate_is_not_registered_is_refused(working: Repository) -> None:
    working.rewrite("DELETE FROM certificates WHERE role = 'KY_PHAT_HANH'")
    assert refused(working, working.scenario.package) == ["SIG-500"]


def give_certificates_to_another_school(repository: Repository, role: str) -> None:
    repository.execute(
        "INSERT INTO schools (school_code, name, province_code, created_at) "
        "VALUES ('79000702', 'Trường THCS Mẫu Số Hai', '79', now())"
    )
    repository.rewrite(
        "UPDATE certificates SET school_code = '79000702' WHERE role = :role", role=role
    )


def test_a_package_sealed_with_another_schools_certificate_is_named_as_such(
    working: Repository,
) -> None:
    give_certificates_to_another_school(working, "KY_PHAT_HANH")
    assert refused(working, working.scenario.package) == ["SIG-503"]


def test_a_transcript_signed_by_another_schools_principal_is_named_as_such(
    working: Repository,
) -> None:
    give_certificates_to_another_school(working, "CBQL")
    answer = working.package()
    assert answer["accepted"] == 0
    for item in answer["items"]:
        assert [(e["code"], e["slot"]) for e in item["errors"]] == [("SIG-503", "CBQL")]


def test_without_a_token_nothing_is_taken(repository: Repository) -> None:
    answer = httpx.post(f"{repository.url}/v1/packages", content=b"<a/>", headers=XML)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "not-authenticated"


def test_a_token_that_may_only_read_submits_nothing(repository: Repository) -> None:
    reader = repository.client(scope="packages:read")
    answer = reader.post("/v1/packages", content=b"<a/>", headers=XML)
    assert answer.status_code == 403
    assert answer.json()["scope"] == "packages:write"
    assert 'scope="packages:write"' in answer.headers["WWW-Authenticate"]


def test_a_token_that_may_only_write_reads_nothing(repository: Repository) -> None:
    writer = repository.client(scope="packages:write")
    sent = writer.post("/v1/packages", content=b"<a/>", headers=XML).json()
    assert writer.get(sent["links"]["self"]).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": ""},
    ],
)
def test_a_body_that_is_not_plain_xml_by_its_headers_is_not_taken(
    repository: Repository, headers: dict[str, str]
) -> None:
    answer = repository.client().post("/v1/packages", content=b"<a/>", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["expected"].startswith("application/xml")


def test_an_empty_body_is_not_taken(repository: Repository) -> None:
    answer = repository.client().post("/v1/packages", content=b"", headers=XML)
    assert answer.status_code == 422
    assert answer.json()["reason"] == "empty"


def test_a_body_declared_too_large_is_refused_before_it_is_sent(repository: Repository) -> None:
    token = repository.client().headers["Authorization"]
    connection = HTTPConnection(repository.url.removeprefix("http://"))
    connection.putrequest("POST", "/v1/packages")
    for name, value in {**XML, "Authorization": token}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(PACKAGE_LIMIT + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_that_grows_too_large_is_refused_and_leaves_nothing(
    repository: Repository,
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(PACKAGE_LIMIT // len(CHUNK) + 1):
            yield CHUNK

    answer = repository.client().post("/v1/packages", content=endless(), headers=XML)
    assert answer.status_code == 413
    assert answer.json()["limit"] == PACKAGE_LIMIT
    assert repository.execute("SELECT count(*) FROM packages")[0][0] == 0
    assert not list(repository.vault_folder.rglob("sha256/*/*/*"))


def test_a_client_that_goes_away_in_the_middle_leaves_nothing(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    token = repository.client().headers["Authorization"]
    connection = HTTPConnection(repository.url.removeprefix("http://"))
    connection.putrequest("POST", "/v1/packages")
    for name, value in {**XML, "Authorization": token, "Content-Length": "1000"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"<BAN_TIN>")
    sleep(0.3)
    connection.close()
    for _ in range(50):
        if "request.abandoned" in capsys.readouterr().out:
            break
        sleep(0.05)
    else:
        pytest.fail("the service did not notice")
    assert repository.execute("SELECT count(*) FROM packages")[0][0] == 0
