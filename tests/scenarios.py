"""The sandbox's school and class as the tests use them, with keys that are looked for only once."""

from datetime import date
from functools import cache
from pathlib import Path

from app.sandbox.keys import KeyStore
from app.sandbox.scenario import Scenario, make_scenario

KEY_CACHE = Path(__file__).parent.parent / ".cache" / "sandbox-keys"
"""RSA keys of all runs and workers: finding the two dozen of one seed takes some seconds."""

SEED = "mau"
TODAY = date(2026, 7, 1)


@cache
def keys() -> KeyStore:
    return KeyStore(seed=SEED, folder=KEY_CACHE)


@cache
def scenario_of(students: int) -> Scenario:
    """A signed class of `SEED` and `TODAY`; values are frozen, so tests share them."""
    return make_scenario(SEED, today=TODAY, students=students, cache=KEY_CACHE)
