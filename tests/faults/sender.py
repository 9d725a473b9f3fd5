"""School software: it repeats the same bytes until there is an answer."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from tests.faults.life import Life
from tests.working import XML, Repository

PATIENCE = 40
"""Tries of a sender or a worker: each fault takes one or two, a restart some more."""

PAUSE = 0.01
"""Seconds to the second repetition, and so much more to each further one: 8 in all."""


@dataclass(slots=True)
class Sender:
    """The client of a repository."""

    repository: Repository

    async def receive(self, life: Life) -> None:
        """Send the same bytes until they are acknowledged."""
        answer = await self.insist(life, "POST", "/v1/packages", content=life.package, headers=XML)
        assert answer.status_code in {200, 202}, answer.text
        life.package_id = answer.json()["package_id"]

    async def read(self, life: Life) -> None:
        """Read the result and the reply, and tell that the reply was read."""
        here = f"/v1/packages/{life.package_id}"
        answer = await self.insist(life, "GET", here)
        assert answer.json()["state"] in {"03", "04"}, answer.text
        assert (await self.insist(life, "GET", f"{here}/original")).content == life.package
        assert (await self.insist(life, "GET", f"{here}/reply")).status_code == httpx.codes.OK
        read = await self.insist(life, "POST", f"{here}/reply/read")
        assert read.status_code == httpx.codes.NO_CONTENT, read.text

    async def insist(self, life: Life, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask until there is an answer that says something about the request."""
        for tried in range(PATIENCE):
            try:
                answer = await asyncio.to_thread(self._ask, method, path, options)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE * tried)
                continue
            life.statuses.append(answer.status_code)
            if answer.status_code == httpx.codes.UNAUTHORIZED:  # the token has run out
                while self.repository._clients:
                    self.repository._clients.popitem()[1].close()
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            await asyncio.sleep(PAUSE * tried)
        raise AssertionError(f"{method} {path} is never answered: {life.statuses}")

    def _ask(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        # Logging in blocks too, so it belongs into this thread.
        return self.repository.client().request(method, path, **options)
