"""Whatever is rolled back, what was committed comes back, and nothing contradicts it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.db import Database
from app.rebuild.choosing import choose
from app.rebuild.staging import Told, make_stage, page_of_work, prepare_choice, stage
from tests.working import as_owner

Step = tuple[int, int, bool]
"""Which package, what is done with its transcript, and whether the transaction is committed."""

STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 5), st.sampled_from([True, True, False])),
    min_size=5,
    max_size=40,
)

STAGES = ("packages", "undecided", "decisions", "replies", "readings")


@dataclass(slots=True)
class Model:
    """Five packages, three transcripts of two students, two message ids: what is committed.

    Attributes:
        names: of the last committed entry, by package and kind.
        versions: the codes of each student so far, the newest last.
        out: codes that were withdrawn.
        messages: which package has an id.
    """

    entries: list[Told] = field(default_factory=list)
    ids: dict[int, str] = field(default_factory=dict)
    names: dict[tuple[int, str], str] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    messages: dict[str, int] = field(default_factory=dict)

    def take(self, package: int, choice: int, *, committed: bool) -> None:
        """Do what comes next for a package."""
        for kind in ("received", "decided", "replied", "read"):
            if (package, kind) not in self.names:
                break
        else:
            return
        place = len(self.entries) + 1
        package_id = self.ids.get(package, str(UUID(int=place)))
        claims, needs = self._decide(package, choice) if kind == "decided" else ([], [])
        told = Told(
            name=f"{place:04d}",
            place=place,
            kind=f"package.{kind}",
            subject=package_id,
            client="phan-mem-mau" if kind == "received" else None,
            digest=str(package) if kind == "received" else None,
            claims=tuple((claim, package_id) for claim in claims),
            needs=tuple(needs),
        )
        self.entries.append(told)
        if committed:
            self.ids[package] = package_id
            self.names[package, kind] = told.name
            self._keep(package, claims)

    def _decide(self, package: int, choice: int) -> tuple[list[str], list[str]]:
        """Decide as the register stands, which holds nothing that was not committed."""
        message = f"message:79/{package % 2}"
        if self.messages.get(message, package) != package:
            return [], []
        student, original = str(choice % 2), choice // 2
        code, known = f"{student}-{original}", self.versions.get(student, [])
        if package >= 3:  # it withdraws
            wanted = code in known and code not in self.out
            return [message, *([f"withdrawn:{code}"] if wanted else [])], [code] if wanted else []
        if code in known or (known and known[-1] not in self.out):
            return [message], []
        return [message, f"code:{code}", f"version:{student}/{len(known) + 1}"], known[-1:]

    def _keep(self, package: int, claims: list[str]) -> None:
        for claim in claims:
            kind, _, what = claim.partition(":")
            if kind == "message":
                self.messages[claim] = package
            elif kind == "code":
                self.versions.setdefault(what.partition("-")[0], []).append(what)
            elif kind == "withdrawn":
                self.out.add(what)

    def finish(self) -> Iterator[tuple[int, str]]:
        """Do again whatever was rolled back, as senders and workers do."""
        for package in range(5):
            for kind in ("received", "decided", "replied"):
                if (package, kind) not in self.names:
                    yield package, kind


async def chosen(database: Database, entries: list[Told]) -> dict[str, set[str]]:
    """The names that are lined up, by stage, and of every live decision."""
    async with database.begin() as connection:
        await make_stage(connection)
        await stage(connection, entries)
        await prepare_choice(connection)
        await choose(connection)
        found = {
            name: {
                one.names[0] for one in await page_of_work(connection, name, after=0, limit=1000)
            }
            for name in STAGES
        }
        live = await connection.scalars(text("SELECT name FROM rebuild_decisions WHERE live"))
        return found | {"live": set(live)}


def committed(model: Model, kind: str) -> set[str]:
    return {name for (_, what), name in model.names.items() if what == kind}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_was_committed_is_always_chosen(database_url: str, steps: list[Step]) -> None:
    model = Model()
    for package, choice, ends_well in steps:
        model.take(package, choice, committed=ends_well)
    found = asyncio.run(as_owner(database_url, lambda to: chosen(to, model.entries)))
    assert committed(model, "received") <= found["packages"] | found["undecided"]
    assert committed(model, "decided") <= found["live"]
    assert committed(model, "replied") <= found["replies"]
    assert committed(model, "read") <= found["readings"]
    live = [one for one in model.entries if one.name in found["live"]]
    claims = [claim for one in live for claim, _ in one.claims]
    assert len(claims) == len(set(claims)), "two that exclude each other"
    assert {f"code:{code}" for one in live for code in one.needs} <= set(claims)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_was_done_again_counts_once(database_url: str, steps: list[Step]) -> None:
    model = Model()
    for package, choice, ends_well in steps:
        model.take(package, choice, committed=ends_well)
    for package, _ in list(model.finish()):
        model.take(package, 0, committed=True)
    found = asyncio.run(as_owner(database_url, lambda to: chosen(to, model.entries)))
    assert found["packages"] == committed(model, "received")
    assert found["undecided"] == set()
    assert found["decisions"] == committed(model, "decided")
    assert found["replies"] == committed(model, "replied")
