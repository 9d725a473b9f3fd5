"""The S3 gateway is killed around any call of the vault, and comes back after a while."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

import pytest

from app.vault import Vault
from tests.faults.breaking import Failure, Mishap, When
from tests.faults.places import LONG, at_calls
from tests.faults.stage import Stage
from tests.s3 import S3Server, running_s3
from tests.vaults import open_bucket
from tests.working import LoopThread

LIVES = 2
"""Each with a restart in every flow, which costs a second."""

AWAY_SECONDS = 0.3

pytestmark = pytest.mark.xdist_group("faults-s3")


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[S3Server]:
    """A server of these tests' own: others would wait until it has forgotten a killed gateway."""
    with running_s3() as server:
        yield server


@pytest.fixture(scope="module")
def stage(
    mortal_server: S3Server,
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
    lay_stage: Callable[..., AbstractContextManager[Stage]],
) -> Iterator[Stage]:
    """A repository whose originals and journal lie in a bucket."""
    bucket = f"vault-{uuid4()}"

    def opened() -> Vault:
        return open_bucket(mortal_server, bucket)

    folder: Path = tmp_path_factory.mktemp("stage")
    with fresh_database() as url, lay_stage(url, folder, opened) as made:
        yield made


def test_whenever_s3_goes_and_comes_back_a_package_ends_as_if_undisturbed(
    mortal_server: S3Server, stage: Stage, loop_thread: LoopThread
) -> None:
    returns: list[asyncio.Task[None]] = []

    async def fall() -> None:
        """Kill the gateway now and start it a little later, while the program goes on."""
        away = mortal_server.away()
        await asyncio.to_thread(away.__enter__)

        async def come_back() -> None:
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(away.__exit__, None, None, None)

        returns.append(asyncio.create_task(come_back()))

    async def fall_for_any() -> None:
        # The web process has an event loop of its own.
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(fall(), loop_thread.loop))

    async def live() -> None:
        for vault in stage.vaults.values():
            vault.disaster = fall_for_any
        places = await stage.count_places()
        mishaps = [Mishap(when=when, failure=Failure.DISASTER) for when in When]
        for faults in at_calls(places, *mishaps, lives=LIVES):
            await stage.live(faults)
            await asyncio.gather(*returns)
        await stage.assert_sound()

    loop_thread.run(live(), seconds=LONG)
    assert len(returns) >= LIVES
