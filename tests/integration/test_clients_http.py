from base64 import b64encode
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from urllib.parse import quote_plus

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import FastAPI

from app.clients.accounts import Scope, create_client
from app.clients.routes import TOKENS_AT_ONCE, token_routes
from app.clients.tokens import authenticate
from app.db import Database
from app.keys import WebKeys
from app.problems import install_problems

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
URL = "https://hocba.example"
KEYS = WebKeys(tokens=generate_private_key(SECP256R1()), webhooks=b"w" * 32, journal=b"j" * 32)
SECRET = "khóa: có dấu + ký tự lạ"  # noqa: S105 -- reason: a sample
GRANT = {"grant_type": "client_credentials"}
FORM = GRANT | {"client_id": "pm-mau", "client_secret": SECRET}


@pytest.fixture
async def http(database: Database, web_database: Database) -> AsyncGenerator[httpx.AsyncClient]:
    async with database.begin() as connection:
        await create_client(
            connection,
            client_id="pm-mau",
            name="Phần mềm Mẫu",
            scopes=[Scope.PACKAGES_WRITE],
            schools=[],
            secret=SECRET,
            now=NOW,
        )
    app = FastAPI()
    app.include_router(token_routes(web_database, KEYS, clock=lambda: NOW, public_url=URL))
    install_problems(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield client


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Encode credentials as RFC 6749 section 2.3.1 asks for."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def test_the_form_and_http_basic_give_a_token(
    http: httpx.AsyncClient, web_database: Database
) -> None:
    by_form = await http.post("/v1/oauth/token", data=FORM)
    by_basic = await http.post("/v1/oauth/token", data=GRANT, headers=basic("pm-mau", SECRET))
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        token = body.pop("access_token")
        assert body == {"token_type": "Bearer", "expires_in": 900, "scope": "packages:write"}
        caller = await authenticate(web_database, KEYS, f"bearer {token}", NOW, URL)
        assert caller.client_id == "pm-mau"


@pytest.mark.parametrize(
    ("form", "headers", "status", "error"),
    [
        (FORM | {"client_secret": "x"}, {}, 401, "invalid_client"),
        (GRANT | {"client_id": "pm-mau"}, {}, 401, "invalid_client"),
        (GRANT, basic("pm-mau", "x"), 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic ?"}, 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic /w=="}, 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic cG0tbWF1"}, 401, "invalid_client"),
        (GRANT, {"Authorization": "Bearer cG06cA=="}, 401, "invalid_client"),
        (FORM, basic("pm-mau", SECRET), 400, "invalid_request"),
        ({"client_id": "pm-mau", "client_secret": SECRET}, {}, 400, "invalid_request"),
        (FORM | {"grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        (FORM | {"scope": "transcripts:read"}, {}, 400, "invalid_scope"),
    ],
)
async def test_a_refusal_says_why_in_the_words_of_oauth(
    http: httpx.AsyncClient, form: dict[str, str], headers: dict[str, str], status: int, error: str
) -> None:
    answer = await http.post("/v1/oauth/token", data=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert SECRET not in answer.text


async def test_whoever_asks_too_often_waits(http: httpx.AsyncClient) -> None:
    wrong = FORM | {"grant_type": "password"}
    for _ in range(TOKENS_AT_ONCE):
        assert (await http.post("/v1/oauth/token", data=wrong)).status_code == 400
    answer = await http.post("/v1/oauth/token", data=FORM)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
