"""Client accounts for tests: the whole web application in this process, and who calls it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import FastAPI
from sqlalchemy import text

from app.clients.accounts import SCOPES_OF, Kind, create_client
from app.clients.grants import Grant, add_grant
from app.db import Database, connect
from app.keys import WebKeys
from app.main import WebParts, create_app
from app.settings import Settings
from app.vault import open_vault

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
URL = "https://hocba.example"
SECRET = "mat-khau-mau-cua-tai-khoan-thu-nghiem"  # noqa: S105 -- reason: of a synthetic client
KEYS = WebKeys(tokens=generate_private_key(SECP256R1()), webhooks=b"w" * 32, journal=b"j" * 32)

Row = tuple[Any, ...]


@dataclass(slots=True)
class Clock:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **units: float) -> None:
        self.now += timedelta(**units)


@dataclass(slots=True)
class Service:
    """The web application over a database of the test's own."""

    app: FastAPI
    http: httpx.AsyncClient
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, client_id: str, secret: str = SECRET) -> str:
        """Log in; a client that did so before keeps its token."""
        if client_id not in self.tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
            }
            answer = await self.http.post("/v1/oauth/token", data=form)
            assert answer.status_code == 200, answer.text
            self.tokens[client_id] = answer.json()["access_token"]
        return self.tokens[client_id]

    async def ask(self, client_id: str, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as a client."""
        headers = options.pop("headers", {})
        bearer = {"Authorization": f"Bearer {await self.token(client_id)}"}
        return await self.http.request(method, path, headers=headers | bearer, **options)


@asynccontextmanager
async def running_service(database_url: str, folder: Path) -> AsyncIterator[Service]:
    """Run the application without a socket."""
    clock = Clock()
    parts = WebParts(
        settings=Settings(home=folder, public_url=URL),
        database=connect(database_url, role="hocba_web"),
        verifier=connect(database_url, role="hocba_verifier"),
        vault=open_vault((folder / "vault").as_uri()),
        keys=KEYS,
        clock=clock,
    )
    app = create_app(parts)
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
            yield Service(app=app, http=http, clock=clock)
    finally:
        await parts.database.dispose()
        await parts.verifier.dispose()


async def open_account(
    database: Database, client_id: str, kind: Kind, *, grants: Iterable[Grant] = ()
) -> None:
    """Make an account with all scopes of its kind and the secret of these tests."""
    async with database.begin() as connection:
        await create_client(
            connection,
            client_id=client_id,
            name="Đơn vị Mẫu",
            kind=kind,
            scopes=SCOPES_OF[kind],
            secret=SECRET,
            now=NOW,
        )
        for grant in grants:
            await add_grant(connection, client_id, grant)


async def rows(database: Database, statement: str, **values: Any) -> list[Row]:
    """Run one statement as the given role; gives its rows, if it has any."""
    async with database.begin() as connection:
        result = await connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []
