from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from sqlalchemy import text

from app.clients.accounts import Caller, Scope, create_client
from app.clients.proof import BySecret
from app.clients.tokens import IssuedToken, TokenRequest, authenticate, issue_token
from app.db import Database
from app.directory.schools import School, register_school
from app.errors import Conflict, InvalidClient, InvalidRequest, NotAuthenticated
from app.keys import WebKeys

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
URL = "https://hocba.example"
KEYS = WebKeys(tokens=generate_private_key(SECP256R1()), webhooks=b"w" * 32, journal=b"j" * 32)
SECRET = "khoa-bi-mat-cua-phan-mem-mau"  # noqa: S105 -- reason: a sample


@pytest.fixture
async def client(database: Database) -> str:
    async with database.begin() as connection:
        for code in ("S1", "S2"):
            school = School(code=code, name=f"Trường THCS {code} Mẫu", province_code="01")
            await register_school(connection, school, NOW)
        await create_client(
            connection,
            client_id="pm-mau",
            name="Phần mềm Mẫu",
            scopes=[Scope.PACKAGES_WRITE, Scope.PACKAGES_READ],
            schools=["S1"],
            secret=SECRET,
            now=NOW,
        )
    return "pm-mau"


async def issue(
    web: Database, secret: str = SECRET, client_id: str = "pm-mau", scope: str | None = None
) -> IssuedToken:
    asked = TokenRequest(proof=BySecret(client_id=client_id, secret=secret), scope=scope)
    return await issue_token(web, KEYS, asked, now=NOW, public_url=URL)


async def known(web: Database, token: str, now: datetime = NOW) -> Caller:
    return await authenticate(web, KEYS, f"Bearer {token}", now, URL)


async def execute(database: Database, statement: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text(statement))


async def audit(database: Database) -> list[tuple[str, str, str]]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT actor, action, object FROM audit ORDER BY id"))
        return [(row.actor, row.action, row.object) for row in rows]


async def test_a_client_with_its_secret_gets_a_token_that_names_it(
    client: str, database: Database, web_database: Database
) -> None:
    issued = await issue(web_database)
    caller = await known(web_database, issued.access_token)
    assert caller == Caller(
        client_id=client,
        name="Phần mềm Mẫu",
        scopes=frozenset({Scope.PACKAGES_WRITE, Scope.PACKAGES_READ}),
    )
    assert (issued.expires_in, issued.scope) == (900, "packages:read packages:write")
    assert await audit(database) == [("public", "token.issued", client)]


async def test_a_token_has_only_the_scopes_that_were_asked_for(
    client: str, web_database: Database
) -> None:
    issued = await issue(web_database, scope="packages:read")
    assert issued.scope == "packages:read"
    caller = await known(web_database, issued.access_token)
    assert (caller.client_id, caller.scopes) == (client, {Scope.PACKAGES_READ})


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("scope", ["transcripts:read", "packages:read admin", "", " "])
async def test_a_scope_that_the_client_does_not_have_is_refused(
    web_database: Database, scope: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await issue(web_database, scope=scope)
    assert refused.value.parameter == "scope"


@pytest.mark.parametrize(
    ("client_id", "secret", "recorded"),
    [
        ("pm-mau", "wrong", "pm-mau"),
        ("pm-mau", "", "pm-mau"),
        ("pm-mau", SECRET + "x" * 10_000, "pm-mau"),
        ("unknown", SECRET, "unknown"),
        ("Nguyễn Văn Mẫu\0", SECRET, "unknown"),
    ],
)
async def test_an_id_and_a_secret_that_do_not_belong_together_get_no_token(
    client: str,
    database: Database,
    web_database: Database,
    client_id: str,
    secret: str,
    recorded: str,
) -> None:
    assert client
    with pytest.raises(InvalidClient):
        await issue(web_database, secret, client_id)
    assert await audit(database) == [("public", "token.refused", recorded)]


async def test_a_disabled_client_is_out_at_once(
    client: str, database: Database, web_database: Database
) -> None:
    issued = await issue(web_database)
    await execute(database, "UPDATE clients SET enabled = false")
    with pytest.raises(NotAuthenticated):
        await known(web_database, issued.access_token)
    with pytest.raises(InvalidClient):
        await issue(web_database)
    assert (await audit(database))[-1] == ("public", "token.refused", client)


@pytest.mark.usefixtures("client")
async def test_a_scope_that_was_taken_away_no_longer_counts(
    database: Database, web_database: Database
) -> None:
    issued = await issue(web_database)
    await execute(database, "UPDATE clients SET scopes = '{packages:read,future:scope}'")
    assert (await known(web_database, issued.access_token)).scopes == {Scope.PACKAGES_READ}


@pytest.mark.usefixtures("client")
async def test_a_token_lives_for_15_minutes(web_database: Database) -> None:
    issued = await issue(web_database)
    await known(web_database, issued.access_token, NOW + timedelta(minutes=14, seconds=59))
    with pytest.raises(NotAuthenticated):
        await known(web_database, issued.access_token, NOW + timedelta(minutes=15, seconds=6))


@pytest.mark.usefixtures("client")
async def test_a_token_of_another_service_is_none_here(web_database: Database) -> None:
    issued = await issue(web_database)
    with pytest.raises(NotAuthenticated):
        await authenticate(
            web_database, KEYS, f"Bearer {issued.access_token}", NOW, "https://sandbox.example"
        )


def forged(key: ECKey | OctKey, **changes: Any) -> str:
    header = {"alg": "ES256", "typ": "at+jwt"} | changes.pop("header", {})
    issued_at = int(NOW.timestamp())
    claims = {
        "iss": URL,
        "aud": URL,
        "sub": "pm-mau",
        "iat": issued_at,
        "exp": issued_at + 60,
        "scope": "packages:read",
        "jti": "5f2b3c1e-8d4a-4c7e-9b1f-0a2d3c4e5f60",
        "generation": 0,
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(header, claims, key, algorithms=["ES256", "HS256"])


def unsigned() -> str:
    header = urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    return f"{header}.{forged(OURS).split('.')[1]}."


OURS = ECKey.import_key(KEYS.tokens)
SHARED = OctKey.import_key(b"a secret of the caller, not ours.")


async def test_a_token_of_our_own_making_is_accepted(client: str, web_database: Database) -> None:
    assert (await known(web_database, forged(OURS))).client_id == client


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    "token",
    [
        forged(ECKey.import_key(generate_private_key(SECP256R1()))),
        forged(SHARED, header={"alg": "HS256"}),
        unsigned(),
        forged(OURS, header={"typ": "JWT"}),
        forged(OURS, sub="unknown"),
        forged(OURS, sub=7),
        forged(OURS, sub=None),
        forged(OURS, scope=None),
        forged(OURS, scope=["packages:read"]),
        forged(OURS, jti=None),
        forged(OURS, jti="x"),
        forged(OURS, jti=7),
        forged(OURS, generation=None),
        forged(OURS, generation=1),
        forged(OURS, exp=None),
        forged(OURS, exp="tomorrow"),
        forged(OURS, iss=None),
        forged(OURS, aud="https://other.example"),
        forged(OURS, iat=int(NOW.timestamp()) + 600),
        forged(OURS)[:-4],
        forged(OURS) + "=",
        "x" * 5000,
        "a.b.c",
        "eyJhbGciOiJFUzI1NiJ9..",
        "é.é.é",
        "W10.W10.W10",
    ],
    ids=range(26),
)
async def test_a_token_in_doubt_is_refused(web_database: Database, token: str) -> None:
    with pytest.raises(NotAuthenticated):
        await known(web_database, token)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic cG06cA==", "x y"])
async def test_without_a_bearer_token_nobody_is_known(
    web_database: Database, authorization: str | None
) -> None:
    with pytest.raises(NotAuthenticated):
        await authenticate(web_database, KEYS, authorization, NOW, URL)


@pytest.mark.parametrize(
    ("client_id", "error"), [("pm-mau", Conflict), ("phần mềm", InvalidRequest)]
)
async def test_an_account_needs_an_id_of_its_own(
    client: str, database: Database, client_id: str, error: type[Exception]
) -> None:
    assert client
    async with database.begin() as connection:
        with pytest.raises(error):
            await create_client(
                connection,
                client_id=client_id,
                name="Mẫu",
                scopes=[],
                schools=[],
                secret=SECRET,
                now=NOW,
            )


def test_a_secret_is_not_shown() -> None:
    assert SECRET not in repr(TokenRequest(proof=BySecret(client_id="pm-mau", secret=SECRET)))


@pytest.mark.usefixtures("client")
async def test_a_secret_is_kept_only_as_a_hash(database: Database) -> None:
    async with database.read() as connection:
        kept = await connection.scalar(text("SELECT secret_hash FROM client_secrets"))
    assert str(kept).startswith("$argon2id$")
