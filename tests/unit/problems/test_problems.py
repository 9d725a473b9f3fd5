"""Every error has an answer, in two languages, that tells what the caller may know and no more."""

import asyncio
import string
from collections.abc import Iterator
from http import HTTPStatus

import httpx
import pytest
from fastapi import FastAPI

import app.main  # noqa: F401 -- reason: every member of the family is then defined
from app import errors
from app.locale import Language
from app.problem_texts import KINDS
from app.problems import install_problems, members_of, problem_responses
from app.transcripts.finding import DocumentRefused, Finding

SAMPLES: list[errors.RepositoryError] = [
    errors.NotAuthenticated(),
    errors.InvalidClient(),
    errors.NotAllowed(scope="packages:write"),
    errors.NotFound(),
    errors.Conflict(),
    errors.TooLarge(limit=10),
    errors.WrongMediaType(expected="application/xml"),
    errors.InvalidRequest(parameter="code", reason="missing"),
    errors.InvalidCode(reason="check"),
    errors.TooManyRequests(retry_after=7),
    errors.WrongEncoding(accepted="gzip, zstd"),
    errors.DigestMismatch(field="content-digest", declared="ef" * 32, actual="cd" * 32),
    errors.DuplicateMessage(message_id="79000701-1", digest="ef" * 32, known_digest="cd" * 32),
    errors.Unavailable(part="database"),
    errors.IntegrityFailure(digest="ab" * 32),
    errors.CertificateRefused("SIG-530"),
    errors.FileRefused((2, "name", "missing")),
    errors.StartRefused("the key file /secret/place cannot be read"),
    DocumentRefused(Finding(code="SIG-120", value="Nguyễn Thị Mẫu")),
]


def family(of: type[errors.RepositoryError]) -> Iterator[type[errors.RepositoryError]]:
    for member in of.__subclasses__():
        yield member
        yield from family(member)


def answer_to(error: Exception, **headers: str) -> httpx.Response:
    """Ask a service that fails with this error."""
    app = FastAPI()

    @app.get("/")
    async def fail() -> None:
        raise error

    install_problems(app)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/", headers=headers)

    return asyncio.run(ask())


def test_every_member_of_the_family_has_its_kind_and_a_sample() -> None:
    served = {
        member for member in family(errors.RepositoryError) if "sandbox" not in member.__module__
    }
    assert served == {type(sample) for sample in SAMPLES}
    assert {member.code for member in served} <= set(KINDS)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: error.code)
@pytest.mark.parametrize("language", list(Language))
def test_an_error_becomes_a_problem_document(
    error: errors.RepositoryError, language: Language
) -> None:
    answer = answer_to(error, **{"Accept-Language": language.value})
    problem = answer.json()
    words = KINDS[error.code].words(language)
    assert answer.status_code == KINDS[error.code].status == problem["status"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"/problems/{error.code}"
    assert problem["title"] == words.title
    assert problem["code"] == error.code
    assert "{" not in problem["detail"]
    assert problem["trace_id"] == answer.headers["X-Trace-Id"]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: error.code)
def test_the_words_use_only_what_the_error_tells(error: errors.RepositoryError) -> None:
    for language in Language:
        detail = KINDS[error.code].words(language).detail
        used = {name for _, name, _, _ in string.Formatter().parse(detail) if name}
        assert used <= set(members_of(error))


def test_what_only_operators_may_know_is_not_told() -> None:
    for error in SAMPLES:
        text = answer_to(error).text
        assert "/secret" not in text
        assert "ab" * 32 not in text
        assert "Nguyễn" not in text


def test_an_unforeseen_error_tells_nothing_and_is_logged_without_its_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = answer_to(RuntimeError("079313000123"))
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    logged = capsys.readouterr().out
    assert "RuntimeError" in logged
    assert answer.json()["trace_id"] in logged
    assert "079313000123" not in logged + answer.text


def test_an_error_of_the_family_without_a_kind_is_opaque() -> None:
    answer = answer_to(errors.RepositoryError())
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"


def test_waiting_times_stand_in_the_header_too() -> None:
    assert answer_to(errors.TooManyRequests(retry_after=7)).headers["Retry-After"] == "7"
    assert answer_to(errors.Unavailable(part="vault")).headers["Retry-After"] == "5"


def test_a_missing_scope_is_named_in_the_challenge() -> None:
    challenge = answer_to(errors.NotAllowed(scope="a:b")).headers["WWW-Authenticate"]
    assert challenge == 'Bearer error="insufficient_scope", scope="a:b"'
    assert "WWW-Authenticate" not in answer_to(errors.NotAllowed()).headers


def test_a_route_describes_its_problems_for_openapi() -> None:
    described = problem_responses(HTTPStatus.NOT_FOUND)
    assert list(described) == [404]
    assert "application/problem+json" in described[404]["content"]
