"""The registry of certificates over HTTP for tests: two schools, their software, a department."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request

from app.clients.accounts import Caller, Scope
from app.db import connect
from app.errors import NotAuthenticated
from app.journal import Journal, Kind
from app.problems import install_problems
from app.sandbox.holders import official_name, public_name
from app.sandbox.pki import Branch, KeyKind, Pki, issue, make_pki, write_trust_bundle
from app.sandbox.pki import Request as Order
from app.trust.routes import CertificateParts, certificate_routes
from app.vault import open_vault
from tests.journals import bodies, entries_in
from tests.public import Setting, execute
from tests.scenarios import keys
from tests.serving import serving

NOW = datetime.fromisoformat("2026-06-10T08:00:00+07:00")
SCHOOL, OTHER = "79000701", "79000702"
SCHOOL_NAME = "Trường THCS Mẫu Số Một"
HOLDING = frozenset({Scope.CERTIFICATES_READ, Scope.CERTIFICATES_WRITE})

JOURNAL_KEY = b"j" * 32

CALLERS = {
    "truong-mau": HOLDING,
    "truong-khac": HOLDING,
    "so-mau": frozenset({Scope.CERTIFICATES_READ, Scope.CERTIFICATES_DECIDE}),
    "ca-hai": HOLDING | {Scope.CERTIFICATES_DECIDE},
    "ngoai": frozenset(Scope),
}


@cache
def pki() -> Pki:
    return make_pki(keys())


def seal(slug: str = "con-dau", name: str = SCHOOL_NAME, **changes: Any) -> bytes:
    """A certificate of a school from the government's authority, valid from August 2025."""
    subject = official_name(
        name, units=("Sở Giáo dục và Đào tạo",), province="Mẫu", email=f"{slug}@mau.localhost"
    )
    return _ordered(slug, subject, **{"branch": Branch.G2, **changes})


def person(slug: str = "hieu-truong", name: str = "Vũ Văn Mẫu", **changes: Any) -> bytes:
    """A principal's certificate from the government's authority."""
    return seal(slug, name, **changes)


def public(slug: str, name: str, *uids: str, **changes: Any) -> bytes:
    """A certificate from a public authority, with these identifiers."""
    return _ordered(slug, public_name(name, uids=uids), branch=Branch.PUBLIC, **changes)


def _ordered(slug: str, subject: Any, **changes: Any) -> bytes:
    order = {"slug": slug, "issued_year": 2025, "key_kind": KeyKind.P256}
    return issue(pki(), Order(subject=subject, **{**order, **changes})).certificate_der


def text_of(der: bytes) -> str:
    return b64encode(der).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The running routes."""

    setting: Setting
    web: httpx.Client
    trust_folder: Path

    def post(self, caller: str, path: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": caller}
        return self.web.post(f"/v1/certificates{path}", json=body, headers=headers)

    def get(self, caller: str, path: str = "", **query: Any) -> httpx.Response:
        headers = {"Authorization": caller}
        return self.web.get(f"/v1/certificates{path}", params=query or None, headers=headers)

    def register(self, der: bytes, **changes: Any) -> httpx.Response:
        caller = changes.pop("caller", "truong-mau")
        asked = {"certificate": text_of(der), "school": SCHOOL, "role": "KY_PHAT_HANH"}
        return self.post(caller, "", **(asked | changes))

    def decide(self, der: bytes, decision: str = "approve", **changes: Any) -> httpx.Response:
        return self._about(der, "decision", {"caller": "so-mau", "decision": decision} | changes)

    def revoke(self, der: bytes, **changes: Any) -> httpx.Response:
        told = {"caller": "truong-mau", "reason": "Mất thiết bị ký"}
        return self._about(der, "revocation", told | changes)

    def approved(self, der: bytes, **changes: Any) -> bytes:
        """Register a certificate and have it approved."""
        whose = {name: changes[name] for name in ("school", "role") if name in changes}
        assert self.register(der, **changes).status_code == httpx.codes.CREATED
        assert self.decide(der, **whose).status_code == httpx.codes.OK
        return der

    def _about(self, der: bytes, what: str, body: dict[str, Any]) -> httpx.Response:
        whose = {"school": SCHOOL, "role": "KY_PHAT_HANH"} | body
        return self.post(whose.pop("caller"), f"/{sha256(der).hexdigest()}/{what}", **whose)

    def journal(self) -> list[dict[str, Any]]:
        """What the journal says of certificates, in order."""
        vault = open_vault((self.setting.vault_folder / "vault").as_uri())
        entries = asyncio.run(entries_in(vault, JOURNAL_KEY))
        return bodies(entries, Kind.CERTIFICATE)

    def forward(self, **span: float) -> None:
        self.setting.clock.now += timedelta(**span)


@contextmanager
def running_registry(database_url: str, folder: Path) -> Iterator[Registry]:
    setting = Setting(database_url=database_url, vault_folder=folder)
    setting.clock.now = NOW
    write_trust_bundle(folder / "trust", pki())
    execute(
        setting,
        "INSERT INTO schools (school_code, name, province_code, created_at) "
        "VALUES (:one, :name, '79', now()), (:two, 'Trường THCS Mẫu Số Hai', '79', now())",
        one=SCHOOL,
        two=OTHER,
        name=SCHOOL_NAME,
    )
    execute(
        setting,
        "INSERT INTO clients (client_id, name, kind, scopes, created_at) "
        "SELECT unnest(CAST(:clients AS text[])), 'Mẫu', 'hub', '{}', now()",
        clients=list(CALLERS),
    )
    execute(
        setting,
        "INSERT INTO client_grants (grant_id, client_id, school_code, valid_from) "
        "SELECT gen_random_uuid(), client_id, school_code, :since "
        "FROM clients, schools WHERE client_id IN ('so-mau', 'ca-hai') "
        "OR (client_id, school_code) IN (('truong-mau', :one), ('truong-khac', :two))",
        one=SCHOOL,
        two=OTHER,
        since=NOW,
    )
    with serving(_app(setting, folder / "trust")) as url, httpx.Client(base_url=url) as web:
        yield Registry(setting=setting, web=web, trust_folder=folder / "trust")


def _app(setting: Setting, trust_folder: Path) -> FastAPI:
    database = connect(setting.database_url, role="hocba_web")
    vault = open_vault((setting.vault_folder / "vault").as_uri())
    journal = Journal(vault=vault, key=JOURNAL_KEY, retention=timedelta(days=90))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await database.dispose()

    async def authenticate(request: Request) -> Caller:
        known_as = request.headers.get("authorization", "")
        if known_as not in CALLERS:
            raise NotAuthenticated
        return Caller(client_id=known_as, name="Mẫu", scopes=CALLERS[known_as])

    app = FastAPI(lifespan=lifespan)
    install_problems(app)
    app.include_router(
        certificate_routes(
            CertificateParts(
                database=database,
                journal=journal,
                trust_folder=trust_folder,
                authenticate=authenticate,
                clock=setting.clock,
            )
        )
    )
    return app
