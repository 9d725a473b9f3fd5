"""The public and the look-up routes alone, over a database and a vault of the test's own."""

import asyncio
from base64 import encodebytes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import text

from app.clients.accounts import Caller, Scope
from app.db import connect
from app.errors import NotAuthenticated
from app.lookup.routes import lookup_routes
from app.problems import install_problems
from app.register.accept import accept
from app.register.record import NewRecord
from app.transcripts.codes import format_code, transcript_code
from app.vault import open_vault
from app.verification.check import Stores
from app.verification.routes import verification_routes
from tests.records import new_record

CODES_KEY = b"k" * 32
NOW = datetime(2026, 8, 20, 7, 5, 9, tzinfo=UTC)
ORIGINAL = "<HOC_BA>Nguyễn Thị Mẫu Ánh</HOC_BA>\n".encode()

CALLERS = {
    "entitled": Caller(client_id="truong-mau", name="Mẫu", scopes=frozenset(Scope)),
    "elsewhere": Caller(client_id="truong-khac", name="Mẫu", scopes=frozenset(Scope)),
    "writer": Caller(client_id="truong-mau", name="Mẫu", scopes=frozenset({Scope.PACKAGES_WRITE})),
}


@dataclass(slots=True)
class Clock:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class Setting:
    """Where an application under test finds its data."""

    database_url: str
    vault_folder: Path
    clock: Clock = field(default_factory=Clock)


def public_app(setting: Setting, *, sandbox: bool = True) -> FastAPI:
    """Make an application of the look-up and verification routes; "Bearer <name>" is a caller."""
    web = connect(setting.database_url, role="hocba_web")
    verifier = connect(setting.database_url, role="hocba_verifier")
    vault = open_vault(setting.vault_folder.as_uri())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await web.dispose()
        await verifier.dispose()

    async def authenticate(request: Request) -> Caller:
        try:
            return CALLERS[request.headers.get("authorization", "").removeprefix("Bearer ")]
        except KeyError as error:
            raise NotAuthenticated from error

    app = FastAPI(lifespan=lifespan)
    install_problems(app)
    app.include_router(lookup_routes(web, vault, authenticate=authenticate, clock=setting.clock))
    stores = Stores(register=verifier, audit=web, vault=vault)
    app.include_router(verification_routes(stores, clock=setting.clock, sandbox=sandbox))
    return app


def keep(setting: Setting, original: bytes = ORIGINAL, **changes: Any) -> str:
    """Register an original and put its package into the vault; gives its formatted code."""
    coded = encodebytes(original)
    package = b"<BAN_TIN>" + coded + b"</BAN_TIN>"
    digest = sha256(original)
    code = transcript_code(CODES_KEY, digest.digest())
    new = new_record(
        f"HS-{code}",
        "",
        transcript_code=code,
        original_sha256=digest.hexdigest(),
        package_digest=sha256(package).hexdigest(),
        byte_offset=len(b"<BAN_TIN>"),
        byte_length=len(coded),
    )
    report = changes.pop("report", new.report)
    new = replace(new, record=replace(new.record, **changes), report=report)
    asyncio.run(_keep(setting, new, package))
    return format_code(code)


async def _keep(setting: Setting, new: NewRecord, package: bytes) -> None:
    await open_vault(setting.vault_folder.as_uri()).put_once(
        new.record.package_digest, BytesIO(package)
    )

    async def insert(database: Any) -> None:
        async with database.begin() as connection:
            await accept(connection, [new])

    await as_role(setting, "hocba_worker", insert)


async def as_role(setting: Setting, role: str | None, act: Callable[[Any], Awaitable[Any]]) -> Any:
    """Act on the database as a role, or as its owner, with connections of this call's own."""
    database = connect(setting.database_url, role=role)
    try:
        return await act(database)
    finally:
        await database.dispose()


def execute(setting: Setting, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement as the owner; gives its rows, if it has any."""

    async def run(database: Any) -> list[tuple[Any, ...]]:
        async with database.begin() as connection:
            result = await connection.execute(text(statement), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    return asyncio.run(as_role(setting, None, run))


def alter_vault(setting: Setting) -> None:
    """Change one byte of every kept package, as a failing disk or an intruder would."""
    for path in setting.vault_folder.rglob("*"):
        if path.is_file():
            content = bytearray(path.read_bytes())
            content[20] ^= 1
            path.chmod(0o644)
            path.write_bytes(content)
