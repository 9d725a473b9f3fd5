"""Every place of a life at which something may go wrong, and a sample of them."""

import os
import random
from collections.abc import Iterator, Mapping, Sequence

from tests.faults.breaking import Mishap
from tests.faults.life import Fault, Faults, Flow, Places
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble

ALL = bool(os.environ.get("FAULTS_ALL"))
"""Whether every place is tried, and not a sample."""

SEED = int(os.environ.get("FAULTS_SEED", "1"))
"""Chooses the sample; a failure names its statement, whatever the seed."""

LONG = 3600.0
"""Seconds that all places may take."""


def at_statements(
    places: Mapping[Flow, Places], *troubles: Trouble, lives: int
) -> Iterator[Faults]:
    """Give each life one fault in each flow, so that together they try every statement."""
    yield from _spread({flow: len(of.statements) for flow, of in places.items()}, troubles, lives)


def at_calls(places: Mapping[Flow, Places], *mishaps: Mishap, lives: int) -> Iterator[Faults]:
    """Do the same for every call of the vault."""
    yield from _spread({flow: len(of.calls) for flow, of in places.items()}, mishaps, lives)


def at_both(
    places: Mapping[Flow, Places],
    troubles: Sequence[Trouble],
    mishaps: Sequence[Mishap],
    lives: int,
) -> Iterator[Faults]:
    """Give each life a fault on the wire and one in the vault in each flow, drawn at random."""
    chance = random.Random(SEED)  # noqa: S311 -- reason: a sample, no secret

    def fault(of: Sequence[str], kinds: Sequence[Trouble | Mishap]) -> tuple[Fault, ...]:
        if not of:
            return ()
        return (Fault(position=chance.randrange(len(of)), trouble=chance.choice(kinds)),)

    for _ in range(lives):
        yield {
            flow: fault(of.statements, troubles) + fault(of.calls, mishaps)
            for flow, of in places.items()
        }


def _spread(
    numbers: Mapping[Flow, int], kinds: tuple[Trouble | Mishap, ...], lives: int
) -> Iterator[Faults]:
    # Each kind has a sample of its own.
    chance = random.Random(f"{SEED} {kinds}")  # noqa: S311 -- reason: a sample, no secret
    ways: dict[Flow, list[Fault]] = {}
    for flow, number in numbers.items():
        ways[flow] = [Fault(position=at, trouble=kind) for kind in kinds for at in range(number)]
        chance.shuffle(ways[flow])
    needed = max(map(len, ways.values()))
    for life in range(needed if ALL else min(needed, lives)):
        yield {flow: (some[life % len(some)],) for flow, some in ways.items() if some}


async def live_through(stage: Stage, faults: Iterator[Faults]) -> list[int]:
    """Lead a life with each, then let the outsider look; gives the statuses that senders got."""
    statuses: list[int] = []
    for some in faults:
        told = ", ".join(
            f"{flow}[{one.position}] {one.trouble}" for flow, both in some.items() for one in both
        )
        try:
            life = await stage.live(some)
        except Exception as error:
            error.add_note(f"in the life with {told}; struck so far: {stage.struck[-6:]}")
            raise
        statuses += life.statuses
    await stage.assert_sound()
    return statuses
