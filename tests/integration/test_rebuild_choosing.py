"""Which entries of a journal count when some were written for transactions that never committed."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.rebuild.choosing import choose, summary, was_void
from app.rebuild.staging import Told, make_stage, page_of_work, prepare_choice, stage
from app.rebuild.stop import Reason, Stopped

A, B, C = (str(UUID(int=number)) for number in (1, 2, 3))
CODE, OTHER = "CODE1", "CODE2"

Queue = list[tuple[str, list[str]]]


def received(place: int, package: str, digest: str = "d", known: str | None = None) -> Told:
    return Told(
        name=f"{place}-r",
        place=place,
        kind="package.received",
        subject=package,
        client="phan-mem-mau",
        digest=digest,
        known=known,
    )


def decided(
    place: int,
    package: str,
    *claims: str,
    needs: tuple[str, ...] = (),
    holder: str | None = None,
    known: str | None = None,
) -> Told:
    return Told(
        name=f"{place}-d",
        place=place,
        kind="package.decided",
        subject=package,
        known=known,
        claims=tuple((claim, holder or package) for claim in claims),
        needs=needs,
    )


def told(
    place: int, kind: str, subject: str, known: str | None = None, digest: str | None = None
) -> Told:
    return Told(
        name=f"{place}-{kind}",
        place=place,
        kind=kind,
        subject=subject,
        digest=digest,
        known=known,
    )


async def queue(connection: AsyncConnection, name: str) -> Queue:
    work = await page_of_work(connection, name, after=0, limit=100)
    return [(one.subject, list(one.names)) for one in work]


async def chosen(database: Database, *entries: Told) -> dict[str, Queue]:
    """What is lined up of some entries, by stage; stages with nothing are left out."""
    stages = (
        "schools", "certificates", "packages", "undecided", "decisions", "replies", "readings",
        "standings", "discards",
    )  # fmt: skip
    async with database.begin() as connection:
        await make_stage(connection)
        await stage(connection, entries)
        await prepare_choice(connection)
        await choose(connection)
        found = {name: await queue(connection, name) for name in stages}
        assert (await summary(connection))["highest"] == max(one.place for one in entries)
        return {name: lined_up for name, lined_up in found.items() if lined_up}


async def test_of_two_receipts_of_the_same_bytes_the_later_counts(database: Database) -> None:
    found = await chosen(database, received(1, A), received(2, B), received(3, C, digest="e"))
    assert found == {"undecided": [(B, ["2-r"]), (C, ["3-r"])]}


async def test_a_package_in_the_database_is_the_one_that_was_committed(database: Database) -> None:
    found = await chosen(database, received(1, A, known="00"), received(2, B))
    assert found == {}


async def test_of_two_decisions_about_a_package_the_later_counts(database: Database) -> None:
    found = await chosen(database, received(1, A), decided(2, A), decided(3, A))
    assert found == {"packages": [(A, ["1-r"])], "decisions": [(A, ["3-d"])]}


async def test_a_decision_of_an_older_database_is_made_up_for(database: Database) -> None:
    found = await chosen(database, received(1, A, known="01"), decided(2, A, known="01"))
    assert found == {"decisions": [(A, ["2-d"])]}


async def test_what_the_database_decided_stays(database: Database) -> None:
    known = (received(1, A, known="02"), decided(2, A, known="02"), decided(3, A, known="02"))
    assert await chosen(database, *known) == {}


@pytest.mark.parametrize(
    "claim", [f"code:{CODE}", "version:2025/79000701/HS1/03/1", "withdrawn:X", "message:79/1"]
)
async def test_of_two_that_claim_the_same_the_earlier_is_undecided(
    database: Database, claim: str
) -> None:
    found = await chosen(
        database,
        received(1, A, "d"),
        received(2, B, "e"),
        decided(3, A, claim),
        decided(4, B, claim),
        told(5, "transcript.standing", "Y"),
    )
    assert found["undecided"] == [(A, ["1-r"])]
    assert found["decisions"] == [(B, ["4-d"])]


async def test_an_excluded_decision_excludes_nobody(database: Database) -> None:
    packages = (received(1, A, "a"), received(2, B, "b"), received(3, C, "c"))
    found = await chosen(
        database,
        *packages,
        decided(4, A, "code:X"),
        decided(5, B, "code:X", "code:Y"),
        decided(6, C, "code:Y"),
    )
    assert found["decisions"] == [(A, ["4-d"]), (C, ["6-d"])]


async def test_what_the_database_has_excludes_a_later_entry(database: Database) -> None:
    found = await chosen(
        database,
        received(1, A, "a", known="03"),
        received(2, B, "b"),
        decided(3, A, "code:X", known="03"),
        decided(4, B, "code:X"),
    )
    assert found == {"undecided": [(B, ["2-r"])]}


async def test_two_clients_may_bring_the_same_message(database: Database) -> None:
    found = await chosen(
        database,
        received(1, A, "d"),
        received(2, B, "d2"),
        decided(3, A, "message:79/1", holder="d"),
        decided(4, B, "message:79/1", holder="d"),
    )
    assert len(found["decisions"]) == 2


async def test_what_rests_on_a_void_decision_is_void_too(database: Database) -> None:
    packages = (received(1, A, "a"), received(2, B, "b"), received(3, C, "c"))
    written = (
        *packages,
        decided(4, A, f"code:{CODE}", "code:X"),
        decided(5, B, f"withdrawn:{CODE}", needs=(CODE,)),
        decided(6, C, "code:X"),
    )
    found = await chosen(database, *written)
    assert found["decisions"] == [(C, ["6-d"])]
    assert found["undecided"] == [(A, ["1-r"]), (B, ["2-r"])]
    async with database.begin() as connection:
        await make_stage(connection)
        await stage(connection, written)
        assert await was_void(connection, CODE)
        assert not await was_void(connection, OTHER)


async def test_a_withdrawal_of_what_was_never_accepted_stops_it(database: Database) -> None:
    with pytest.raises(Stopped) as stopped:
        await chosen(database, received(1, A), decided(2, A, needs=(CODE, OTHER)))
    assert (stopped.value.reason, stopped.value.object) == (Reason.INCOMPLETE, f"{CODE}, {OTHER}")


@pytest.mark.parametrize("kind", ["decided", "replied", "read", "discarded"])
async def test_a_package_that_was_never_received_stops_it(database: Database, kind: str) -> None:
    with pytest.raises(Stopped) as stopped:
        await chosen(database, told(2, f"package.{kind}", A))
    assert (stopped.value.reason, stopped.value.object) == (Reason.INCOMPLETE, A)


async def test_a_reply_belongs_to_the_decision_before_it(database: Database) -> None:
    found = await chosen(
        database,
        received(1, A, "a"),
        decided(2, A),
        told(3, "package.replied", A),
        told(4, "package.replied", A),
        told(5, "package.read", A),
        received(6, B, "b"),
        told(7, "package.replied", B),
        decided(8, B),
        told(9, "package.discarded", B),
    )
    assert found["replies"] == [(A, ["4-package.replied"])]
    assert found["readings"] == [(A, ["5-package.read"])]
    assert found["discards"] == [(B, ["9-package.discarded"])]


@pytest.mark.parametrize(
    ("state", "stages"),
    [("02", {"replies", "readings"}), ("03", {"readings"}), ("04", set())],
)
async def test_an_older_database_moves_forward(
    database: Database, state: str, stages: set[str]
) -> None:
    found = await chosen(
        database,
        received(1, A, known=state),
        decided(2, A, known=state),
        told(3, "package.replied", A, known=state),
        told(4, "package.read", A, known=state),
    )
    assert set(found) == stages


async def test_a_decision_older_than_the_journal_can_be_replied_to(database: Database) -> None:
    found = await chosen(
        database,
        told(1, "package.replied", A, known="02"),
        told(2, "package.read", B, known="03"),
    )
    assert found == {
        "replies": [(A, ["1-package.replied"])],
        "readings": [(B, ["2-package.read"])],
    }


async def test_the_newest_of_a_school_and_every_step_of_a_certificate(database: Database) -> None:
    found = await chosen(
        database,
        told(1, "directory.loaded", "79000701"),
        told(2, "directory.loaded", "79000702"),
        told(3, "directory.loaded", "79000701"),
        told(4, "certificate.changed", "ab/79000701/CBQL"),
        told(5, "certificate.changed", "ab/79000701/CBQL"),
    )
    assert found == {
        "schools": [
            ("79000702", ["2-directory.loaded"]),
            ("79000701", ["3-directory.loaded"]),
        ],
        "certificates": [("ab/79000701/CBQL", ["4-certificate.changed", "5-certificate.changed"])],
    }


async def test_nobody_discards_what_a_package_waits_for(database: Database) -> None:
    found = await chosen(
        database,
        received(1, A, "d"),
        decided(2, A),
        replace(received(3, B, "d"), client="phan-mem-khac"),
        told(4, "package.discarded", A, digest="d"),
        replace(received(5, C, "d"), client="truong-mau"),
    )
    assert found == {
        "packages": [(A, ["1-r"])],
        "undecided": [(C, ["5-r"])],
        "decisions": [(A, ["2-d"])],
        "discards": [(A, ["4-package.discarded"])],
    }
