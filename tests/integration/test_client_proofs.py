"""How clients prove themselves, and how fast a proof or a token is worth nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from app.clients.accounts import Kind
from app.clients.act import Act
from app.clients.assertions import ASSERTION_TYPE, read_public_key
from app.clients.proof import ByAssertion
from app.clients.rotation import rotate_key, rotate_secret
from app.clients.tokens import TokenRequest, issue_token
from app.db import Database, connect
from app.errors import InvalidClient
from tests.accounts import KEYS, NOW, SECRET, URL, Service, open_account, rows, running_service

PRIVATE = {kid: ECKey.generate_key("P-256") for kid in ("k1", "k2", "k3")}
GRANT = {"grant_type": "client_credentials"}
FORM = GRANT | {"client_id": "hub-mau", "client_secret": SECRET}


@pytest.fixture
async def service(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    await open_account(database, "hub-mau", Kind.HUB)
    await open_account(database, "hub-khac", Kind.HUB)
    await add_key(database, "k1")
    async with running_service(database_url, tmp_path) as running:
        yield running


async def add_key(database: Database, kid: str, **overlap: float) -> None:
    jwk = PRIVATE[kid].as_dict(private=False) | {"kid": kid, "alg": "ES256"}
    act = Act(database=database, actor="operator", now=NOW)
    await rotate_key(act, "hub-mau", read_public_key(jwk), timedelta(**overlap))


def assertion(jti: str, kid: str = "k1", **changes: Any) -> str:
    seconds = int(NOW.timestamp())
    claims = {"iss": "hub-mau", "sub": "hub-mau", "aud": URL, "exp": seconds + 240, "jti": jti}
    return jwt.encode({"alg": "ES256", "kid": kid}, claims | changes, PRIVATE[kid])


def by_assertion(jti: str, kid: str = "k1", **changes: Any) -> dict[str, str]:
    return GRANT | {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(jti, kid, **changes),
    }


async def token(service: Service, form: dict[str, str]) -> httpx.Response:
    return await service.http.post("/v1/oauth/token", data=form)


async def status_of(service: Service, access_token: str) -> int:
    bearer = {"Authorization": f"Bearer {access_token}"}
    path = "/v1/packages/0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10"
    return (await service.http.get(path, headers=bearer)).status_code


async def test_an_assertion_gives_a_token_once(service: Service, database: Database) -> None:
    form = by_assertion("mot")
    first = await token(service, form)
    assert first.status_code == 200
    assert await status_of(service, first.json()["access_token"]) == 404
    again = await token(service, form)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    audited = "SELECT action, object FROM audit WHERE action LIKE 'token%' ORDER BY id"
    assert await rows(database, audited) == [
        ("token.issued", "hub-mau"),
        ("token.refused", "hub-mau"),
    ]


async def test_an_assertion_counts_once_even_in_several_processes_at_once(
    service: Service, database_url: str
) -> None:
    assert service
    asked = TokenRequest(proof=ByAssertion(assertion=assertion("dong-thoi")))
    processes = [connect(database_url, role="hocba_web", pool_size=2) for _ in range(4)]
    try:
        outcomes = await asyncio.gather(
            *(issue_token(one, KEYS, asked, now=NOW, public_url=URL) for one in processes * 2),
            return_exceptions=True,
        )
    finally:
        for one in processes:
            await one.dispose()
    refused = [one for one in outcomes if isinstance(one, InvalidClient)]
    assert len(refused) == len(outcomes) - 1


async def test_what_has_run_out_is_not_remembered(service: Service, database: Database) -> None:
    await token(service, by_assertion("cu"))
    service.clock.forward(minutes=5)
    late = int(service.clock.now.timestamp()) + 60
    assert (await token(service, by_assertion("moi", exp=late))).status_code == 200
    assert await rows(database, "SELECT count(*) FROM used_assertions") == [(1,)]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (by_assertion("a", sub="hub-khac", iss="hub-khac"), 401, "invalid_client"),
        (by_assertion("b", sub="khong-co", iss="khong-co"), 401, "invalid_client"),
        (by_assertion("c", "k2"), 401, "invalid_client"),
        (by_assertion("d") | {"client_id": "hub-khac"}, 401, "invalid_client"),
        (by_assertion("e") | {"client_assertion": "a.b.c"}, 401, "invalid_client"),
        (by_assertion("e") | {"client_assertion": "x" * 9000}, 401, "invalid_client"),
        (by_assertion("f", aud="https://khac.example"), 401, "invalid_client"),
        (by_assertion("g") | {"client_secret": SECRET}, 400, "invalid_request"),
        (by_assertion("h") | {"client_assertion_type": "saml"}, 400, "invalid_request"),
        (GRANT | {"client_assertion_type": ASSERTION_TYPE}, 400, "invalid_request"),
    ],
    ids=range(10),
)
async def test_an_assertion_in_doubt_is_refused(
    service: Service, form: dict[str, str], status: int, error: str
) -> None:
    answer = await token(service, form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_during_a_rotation_both_keys_are_valid_and_then_the_new_one_alone(
    service: Service, database: Database
) -> None:
    await add_key(database, "k2", hours=1)
    assert (await token(service, by_assertion("1"))).status_code == 200
    assert (await token(service, by_assertion("2", "k2"))).status_code == 200
    service.clock.forward(hours=1)
    late = int(service.clock.now.timestamp()) + 60
    assert (await token(service, by_assertion("3", exp=late))).status_code == 401
    assert (await token(service, by_assertion("4", "k2", exp=late))).status_code == 200


async def test_at_most_two_secrets_are_valid_during_a_rotation(
    service: Service, database: Database
) -> None:
    secrets = [SECRET]
    for minute in (1, 2):
        now = NOW + timedelta(minutes=minute)
        act = Act(database=database, actor="operator", now=now)
        secrets.append(await rotate_secret(act, "hub-mau", timedelta(hours=1)))

    async def statuses() -> list[int]:
        forms = [FORM | {"client_secret": secret} for secret in secrets]
        return [(await token(service, form)).status_code for form in forms]

    service.clock.forward(minutes=3)
    assert await statuses() == [401, 200, 200]
    service.clock.forward(hours=1)
    assert await statuses() == [401, 401, 200]


async def test_a_revoked_token_is_worthless_at_once_and_the_others_are_not(
    service: Service, database: Database
) -> None:
    one, other = [(await token(service, FORM)).json()["access_token"] for _ in range(2)]
    assert await status_of(service, one) == 404
    proof = {"client_id": "hub-mau", "client_secret": SECRET}
    for _ in range(2):
        answer = await service.http.post("/v1/oauth/revoke", data=proof | {"token": one})
        assert (answer.status_code, answer.content) == (200, b"")
    assert await status_of(service, one) == 401
    assert await status_of(service, other) == 404
    assert ("token.revoked", "hub-mau", "hub-mau") in await rows(
        database, "SELECT action, actor, object FROM audit"
    )


async def test_only_a_proven_client_revokes_and_only_its_own_tokens(service: Service) -> None:
    mine = (await token(service, FORM)).json()["access_token"]
    stranger = {"client_id": "hub-khac", "client_secret": SECRET, "token": mine}
    assert (await service.http.post("/v1/oauth/revoke", data=stranger)).status_code == 200
    unproven = await service.http.post("/v1/oauth/revoke", data=stranger | {"client_secret": "sai"})
    assert (unproven.status_code, unproven.json()["error"]) == (401, "invalid_client")
    nothing = {"client_id": "hub-mau", "client_secret": SECRET, "token": "khong phai ma"}
    assert (await service.http.post("/v1/oauth/revoke", data=nothing)).status_code == 200
    assert await status_of(service, mine) == 404


async def test_revoked_tokens_are_forgotten_once_they_have_run_out(
    service: Service, database: Database
) -> None:
    for _ in range(2):
        old = (await token(service, FORM)).json()["access_token"]
        proof = {"client_id": "hub-mau", "client_secret": SECRET, "token": old}
        await service.http.post("/v1/oauth/revoke", data=proof)
        service.clock.forward(hours=1)
    assert await rows(database, "SELECT count(*) FROM revoked_tokens") == [(1,)]
