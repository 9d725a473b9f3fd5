"""A way to a server that may lose what is said on it, or wrap it in TLS."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65_536


@dataclass(slots=True)
class Relay:
    """Hands on what clients and server say.

    Attributes:
        address: where clients reach it.
        lose_answers_to: beginnings of requests whose next answer is lost, each once; the server has
            acted on them.
        over: set when every connection is to end.
        talks: the connections.
        requests: the first word of each request that was handed on whole.
    """

    server: str
    address: str = ""
    lose_answers_to: list[bytes] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    talks: set["asyncio.Task[None] | None"] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks.add(asyncio.current_task())
        host, _, port = self.server.partition(":")
        from_server, to_server = await asyncio.open_connection(host, int(port))
        lost = asyncio.Event()
        ways = [
            asyncio.create_task(self._hand_on_requests(reader, to_server, lost)),
            asyncio.create_task(self._hand_on_answers(from_server, writer, lost)),
            asyncio.create_task(self._until_over()),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for way_out in (to_server, writer):
            way_out.transport.abort()
            with suppress(OSError):
                await way_out.wait_closed()

    async def _until_over(self) -> None:
        await self.over.wait()

    async def _hand_on_requests(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while said := await reader.read(CHUNK):
            word = said.split(b" ", 1)[0]
            if word in {b"GET", b"PUT", b"HEAD", b"DELETE", b"POST"}:
                self.requests.append(word.decode())
            for beginning in self.lose_answers_to:
                if said.startswith(beginning):
                    self.lose_answers_to.remove(beginning)
                    lost.set()
                    break
            server.write(said)
            await server.drain()

    async def _hand_on_answers(
        self, server: asyncio.StreamReader, client: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while said := await server.read(CHUNK):
            if lost.is_set():
                return
            client.write(said)
            await client.drain()


@asynccontextmanager
async def relaying(server: str, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Relay]:
    """Stand between clients and a server until the block ends."""
    relay = Relay(server=server)
    listener = await asyncio.start_server(relay.talk, "127.0.0.1", 0, ssl=tls)
    async with listener:
        relay.address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield relay
        relay.over.set()
        await asyncio.gather(*filter(None, relay.talks))
