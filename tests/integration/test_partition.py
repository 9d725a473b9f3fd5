"""Every route for every kind of client: its own data, another's, and no right to any.

What is expected follows from what `DECLARED` says of a route. A route that is not declared fails.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from app.clients.accounts import SCOPES_OF, Kind
from app.clients.grants import Grant
from app.db import Database
from app.directory.schools import School, register_school
from app.register.accept import accept
from app.vault import open_vault
from tests.accounts import NOW, SECRET, Service, open_account, rows, running_service
from tests.declared import (
    CODE,
    CODED,
    DECLARED,
    ORIGINAL,
    PACKAGE,
    PACKAGE_DIGEST,
    PACKAGE_ID,
    VALUES,
    XML,
    Access,
    Data,
)
from tests.records import new_record

REASON = {"Access-Reason": "admission; case=TS10-2026-00123"}

HERE, ELSEWHERE = {"school_code": "79000701"}, {"school_code": "01000701"}
CLIENTS: dict[str, tuple[Kind, dict[str, str]]] = {
    "hub-own": (Kind.HUB, HERE),
    "hub-same-school": (Kind.HUB, HERE),
    "hub-other": (Kind.HUB, ELSEWHERE),
    "school-own": (Kind.SCHOOL, HERE),
    "school-other": (Kind.SCHOOL, ELSEWHERE),
    "department-own": (Kind.DEPARTMENT, {"province_code": "79"}),
    "department-other": (Kind.DEPARTMENT, {"province_code": "01"}),
    "relying-own": (Kind.RELYING_PARTY, {}),
    "relying-other": (Kind.RELYING_PARTY, {"province_code": "01", "level": "03"}),
    "ministry": (Kind.MINISTRY, {}),
}
SEES: dict[Data, set[str]] = {
    Data.NONE: set(CLIENTS),
    Data.SENT: {"hub-own"},
    Data.PACKAGE: {"hub-own", "school-own", "department-own", "ministry"},
    Data.TRANSCRIPT: {
        "hub-own",
        "hub-same-school",
        "school-own",
        "department-own",
        "relying-own",
        "ministry",
    },
}


@pytest.fixture
async def service(
    database: Database, worker_database: Database, database_url: str, tmp_path: Path
) -> AsyncIterator[Service]:
    await _enrol(database)
    await _keep(worker_database, tmp_path)
    async with running_service(database_url, tmp_path) as running:
        await rows(
            database,
            "INSERT INTO packages (package_id, client_id, digest, size, state, received_at, total, "
            "school_code, province_code, accepted, rejected, finished_at, replied_at) VALUES "
            "(:id, 'hub-own', :digest, 1, '03', now(), 1, '79000701', '79', 1, 0, now(), now())",
            id=PACKAGE_ID,
            digest=PACKAGE_DIGEST,
        )
        await rows(
            database,
            "INSERT INTO package_items VALUES (:id, 1, 'HS1', '01', :code, 'bb', '[]')",
            id=PACKAGE_ID,
            code=CODE,
        )
        reply = "INSERT INTO package_replies VALUES (:id, 'x', now())"
        await rows(database, reply, id=PACKAGE_ID)
        yield running


async def _enrol(database: Database) -> None:
    async with database.begin() as connection:
        for code, province in (("79000701", "79"), ("01000701", "01")):
            school = School(code=code, name="Trường THCS Mẫu", province_code=province)
            await register_school(connection, school, NOW)
    await open_account(database, "khach", Kind.HUB)
    for client_id, (kind, place) in CLIENTS.items():
        grants = () if kind is Kind.MINISTRY else (Grant(valid_from=NOW, **place),)  # type: ignore[arg-type]  # reason: a place names codes only
        await open_account(database, client_id, kind, grants=grants)


async def _keep(worker_database: Database, folder: Path) -> None:
    await open_vault((folder / "vault").as_uri()).put_once(PACKAGE_DIGEST, BytesIO(PACKAGE))
    new = new_record(
        "HS1",
        "",
        transcript_code=CODE,
        original_sha256=sha256(ORIGINAL).hexdigest(),
        package_digest=PACKAGE_DIGEST,
        byte_offset=len(b"<BAN_TIN>"),
        byte_length=len(CODED),
    )
    async with worker_database.begin() as connection:
        await accept(connection, [new])


def routes_of(service: Service) -> set[tuple[str, str]]:
    return {
        (method, route.path or "")
        for route in iter_route_contexts(service.app.routes)
        for method in set(route.methods or {"?"}) - {"HEAD"}
    }


def asked(method: str, path: str) -> dict[str, Any]:
    access = DECLARED[method, path]
    sent: dict[str, Any] = {"method": method, "path": path.format_map(VALUES)}
    if access.body is not None:
        sent["json"] = access.body
    if access.content is not None:
        sent |= {"content": access.content, "headers": XML}
    return sent


def expected(client_id: str, access: Access) -> int:
    if access.scope not in SCOPES_OF[CLIENTS[client_id][0]]:
        return 403
    return access.served if client_id in SEES[access.data] else 404


async def test_every_route_is_declared(service: Service) -> None:
    assert routes_of(service) == set(DECLARED)


async def test_every_client_sees_on_every_route_what_is_declared_and_nothing_else(
    service: Service,
) -> None:
    wanted, found = {}, {}
    for (method, path), access in DECLARED.items():
        for client_id in CLIENTS if access.scope else ():
            sent = asked(method, path)
            headers = sent.pop("headers", {}) | REASON
            answer = await service.ask(client_id, **sent, headers=headers)
            wanted[method, path, client_id] = expected(client_id, access)
            found[method, path, client_id] = answer.status_code
    assert found == wanted


async def test_the_list_of_packages_holds_those_that_a_client_may_read(service: Service) -> None:
    found = {}
    for client_id, (kind, _) in CLIENTS.items():
        answer = await service.ask(client_id, method="GET", path="/v1/packages", headers=REASON)
        if kind is Kind.RELYING_PARTY:
            assert answer.status_code == 403
            continue
        listed = [one["package_id"] for one in answer.json()["items"]]
        found[client_id] = listed == [str(PACKAGE_ID)]
        assert listed in ([], [str(PACKAGE_ID)])
    assert {client_id for client_id, listed in found.items() if listed} == SEES[Data.PACKAGE]


async def test_without_a_living_token_no_route_but_the_public_ones_answers(
    service: Service, database: Database
) -> None:
    """No token, one that ran out, one that was revoked, one of a disabled client."""
    expired = await service.token("hub-own")
    service.clock.forward(minutes=16)
    revoked = await service.token("ministry")
    form = {"client_id": "ministry", "client_secret": SECRET, "token": revoked}
    assert (await service.http.post("/v1/oauth/revoke", data=form)).status_code == 200
    disabled = await service.token("school-own")
    await rows(database, "UPDATE clients SET enabled = false WHERE client_id = 'school-own'")
    found = {}
    for (method, path), access in DECLARED.items():
        for token in (None, expired, revoked, disabled) if access.scope else (None,):
            sent = asked(method, path)
            headers = sent.pop("headers", {}) | REASON
            if token:
                headers["Authorization"] = f"Bearer {token}"
            url = sent.pop("path")
            answer = await service.http.request(url=url, headers=headers, **sent)
            refused = answer.status_code == 401
            found[method, path, token] = refused == (access.scope is not None)
    assert all(found.values()), [place for place, right in found.items() if not right]


async def test_a_relying_party_reads_only_with_a_reason_and_the_audit_keeps_it(
    service: Service, database: Database
) -> None:
    path = f"/v1/transcripts/{CODE}"
    for headers in ({}, {"Access-Reason": "to mo"}, {"Access-Reason": "admission; case=Lê Mẫu"}):
        encoded = {name: value.encode() for name, value in headers.items()}
        answer = await service.ask("relying-own", "GET", path, headers=encoded)
        assert (answer.status_code, answer.json()["parameter"]) == (422, "Access-Reason")
    assert (await service.ask("relying-own", "GET", path, headers=REASON)).status_code == 200
    assert (await service.ask("school-own", "GET", path)).status_code == 200
    read = "SELECT actor, detail FROM audit WHERE action = 'transcript.read' ORDER BY id"
    assert await rows(database, read) == [
        ("relying-own", {"purpose": "admission", "case": "TS10-2026-00123"}),
        ("school-own", {}),
    ]


@pytest.mark.parametrize(
    ("place", "days", "sees"),
    [
        ({"level": "03"}, (0, None), True),
        ({"level": "02"}, (0, None), False),
        ({"province_code": "79", "level": "03"}, (0, 1), True),
        ({"province_code": "79"}, (1, None), False),
        ({"school_code": "79000701"}, (-2, -1), False),
        ({"school_code": "79000701", "province_code": "01"}, (0, None), False),
    ],
)
async def test_a_grant_opens_its_place_while_it_lasts(
    service: Service,
    database: Database,
    place: dict[str, str],
    days: tuple[int, int | None],
    sees: bool,  # noqa: FBT001 -- reason: a column of the table above
) -> None:
    since, until = (None if day is None else NOW + timedelta(days=day) for day in days)
    grant = Grant(valid_from=since, valid_to=until, **place)  # type: ignore[arg-type]  # reason: a place names codes only
    await open_account(database, "moi", Kind.DEPARTMENT, grants=[grant])
    answer = await service.ask("moi", "GET", f"/v1/transcripts/{CODE}")
    assert answer.status_code == (200 if sees else 404)
    package = await service.ask("moi", "GET", f"/v1/packages/{PACKAGE_ID}")
    assert package.status_code == (200 if sees and "level" not in place else 404)


async def test_a_package_that_nobody_has_decided_on_belongs_to_its_sender_alone(
    service: Service,
) -> None:
    sent = await service.ask("hub-own", "POST", "/v1/packages", content=b"<x/>", headers=XML)
    path = sent.headers["Location"]
    readers = ("hub-own", "school-own", "department-own", "ministry")
    answers = [await service.ask(reader, "GET", path) for reader in readers]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 200]
