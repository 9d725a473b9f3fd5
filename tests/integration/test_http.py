"""What every answer of the service has in common, and what it says when a store is away."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import FastAPI

from app.db import connect
from app.keys import WebKeys
from app.main import WebParts, create_app
from app.settings import Settings
from app.vault import open_vault
from tests.serving import serving
from tests.working import NOW, XML

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NOWHERE = "postgresql://hocba:khong@127.0.0.1:1/hocba"


def application(database: str, folder: Path, /, **settings: str) -> FastAPI:
    return create_app(
        WebParts(
            settings=Settings(home=folder, **settings),  # type: ignore[arg-type]  # reason: of strings
            database=connect(database, role="hocba_web"),
            verifier=connect(database, role="hocba_verifier"),
            vault=open_vault((folder / "vault").as_uri()),
            keys=WebKeys(
                tokens=generate_private_key(SECP256R1()), webhooks=b"w" * 32, journal=b"j" * 32
            ),
            clock=lambda: NOW,
        )
    )


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        serving(application(database_url, tmp_path)) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


@pytest.fixture
def stranded(tmp_path: Path) -> Iterator[httpx.Client]:
    """A service whose database does not answer."""
    with serving(application(NOWHERE, tmp_path)) as url, httpx.Client(base_url=url) as client:
        yield client


def test_the_process_says_that_it_lives_and_that_it_is_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "trust_bundle": "unknown"}


def test_an_older_schema_is_not_ready(blank: httpx.Client) -> None:
    answer = blank.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["code"] == "start-refused"


@pytest.fixture
def blank(blank_database: object, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        blank_database() as url,  # type: ignore[operator]  # reason: a factory fixture
        serving(application(url, tmp_path)) as address,
        httpx.Client(base_url=address) as client,
    ):
        # Roles are of the cluster, so a blank database still lets hocba_web in.
        yield client


def test_every_answer_forbids_caching_sniffing_and_framing(client: httpx.Client) -> None:
    for path in ("/healthz", "/v1/packages/x", "/khong-co"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in headers


def test_a_service_behind_https_tells_browsers_to_insist_on_it(
    database_url: str, tmp_path: Path
) -> None:
    app = application(database_url, tmp_path, public_url="https://hocba.example")
    with serving(app) as url:
        assert "Strict-Transport-Security" in httpx.get(f"{url}/healthz").headers


def test_an_answer_carries_the_trace_of_its_request(client: httpx.Client) -> None:
    answer = client.get("/khong-co", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert answer.headers["X-Trace-Id"] == TRACE
    assert answer.json()["trace_id"] == TRACE


@pytest.mark.parametrize("traceparent", ["", "00-xyz-1-1", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
def test_a_malformed_trace_is_replaced_by_a_fresh_one(
    client: httpx.Client, traceparent: str
) -> None:
    answer = client.get("/healthz", headers={"traceparent": traceparent})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Trace-Id"])
    assert answer.headers["X-Trace-Id"] not in traceparent


def test_an_unknown_address_is_a_problem_document_in_the_readers_language(
    client: httpx.Client,
) -> None:
    vietnamese = client.get("/khong-co")
    english = client.get("/khong-co", headers={"Accept-Language": "en-GB,vi;q=0.5"})
    assert vietnamese.status_code == english.status_code == 404
    assert vietnamese.headers["Content-Type"] == "application/problem+json"
    assert vietnamese.json()["type"] == "/problems/not-found"
    assert vietnamese.json()["title"] == "Không tìm thấy"
    assert english.json()["title"] == "Not found"
    assert english.headers["Content-Language"] == "en"


def test_a_wrong_method_names_the_right_ones(client: httpx.Client) -> None:
    answer = client.delete("/healthz")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method-not-allowed"
    assert answer.headers["Allow"] == "GET"
    assert client.patch("/v1/packages").headers["Allow"] == "GET, POST"


def test_a_malformed_parameter_is_named_and_its_value_is_not_repeated(
    client: httpx.Client,
) -> None:
    answer = client.get("/v1/error-codes?severity=079313000123")
    assert answer.status_code == 422
    assert answer.json()["parameter"] == "severity"
    assert "079313000123" not in answer.text


@pytest.mark.parametrize(
    ("form", "status", "name"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (
            {"grant_type": "client_credentials", "client_id": "ai", "client_secret": "sai"},
            401,
            "invalid_client",
        ),
    ],
)
def test_the_token_endpoint_names_errors_as_oauth_does(
    client: httpx.Client, form: dict[str, str], status: int, name: str
) -> None:
    answer = client.post("/v1/oauth/token", data=form)
    assert answer.status_code == status
    assert answer.json()["error"] == name


def test_the_api_describes_itself_and_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_without_its_database_the_service_says_when_to_come_back(stranded: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": "ai", "client_secret": "sai"}
    answer = stranded.post("/v1/oauth/token", data=form)
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["Retry-After"] == str(answer.json()["retry_after"])
    assert stranded.get("/readyz").status_code == 503
    assert stranded.get("/healthz").status_code == 200
    sent = stranded.post("/v1/packages", content=b"<a/>", headers=XML)
    assert sent.status_code == 401
