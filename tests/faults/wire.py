"""A way to PostgreSQL that breaks at a chosen statement, whatever the program does about it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.faults.talk import Talk
from tests.faults.trouble import Trouble

FOLLOWING = " >"


@dataclass(slots=True)
class Wire:
    """Hands on what clients and server say, and breaks when it is armed.

    Attributes:
        address: host and port of the server.
        port: where clients reach it on loopback.
        statements: beginnings of what came since `listen`.
        struck: the statement at which the trouble came; None while it has not.
        disaster: what happens besides when a connection dies.
        held: set when a statement is held up.
        go_on: lets it go.
    """

    address: tuple[str, int]
    port: int = 0
    statements: list[str] = field(default_factory=list)
    struck: str | None = None
    disaster: Callable[[], Awaitable[None]] | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    _fall: "asyncio.Future[None] | None" = None
    _position: int | None = None
    _wanted: str | None = None
    _trouble: Trouble | None = None
    _talks: set["asyncio.Task[None]"] = field(default_factory=set)

    def listen(self, position: int | None = None, trouble: Trouble | None = None) -> None:
        """Count from now on, and make trouble at a position (from 0)."""
        self.statements = []
        self.struck = None
        self._position, self._trouble = position, trouble
        self._wanted = None
        self.held.clear()
        self.go_on.clear()

    def listen_for(self, statement: str, trouble: Trouble) -> None:
        """Make trouble at the first statement that begins so, however many come before it.

        With " >" behind it, at the one that follows it on its connection.
        """
        self.listen(None, trouble)
        self._wanted = statement

    async def strike_down(self) -> None:
        """Let the disaster happen, if there is one."""
        if self.disaster is not None:
            # It may end this very connection, and goes on all the same.
            self._fall = asyncio.ensure_future(self.disaster())
            await asyncio.shield(self._fall)

    async def hold_up(self) -> None:
        """Wait until the test lets a statement go on."""
        self.held.set()
        await self.go_on.wait()

    def due(self, statement: str, before: str) -> Trouble | None:
        """Count a statement; gives the trouble that it is to have.

        Args:
            statement: its beginning.
            before: the one before it on its connection.
        """
        self.statements.append(statement)
        if self.struck is not None or not self._is_meant(statement, before):
            return None
        self.struck = statement
        return self._trouble

    def _is_meant(self, statement: str, before: str) -> bool:
        if self._wanted is None:
            return self._position == len(self.statements) - 1
        wanted = self._wanted.removesuffix(FOLLOWING)
        return (before if self._wanted.endswith(FOLLOWING) else statement).startswith(wanted)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        if (task := asyncio.current_task()) is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        try:
            from_server, to_server = await asyncio.open_connection(*self.address)
        except OSError:
            writer.transport.abort()
            return
        await Talk(self, reader, writer, from_server, to_server).hand_on()

    async def end(self) -> None:
        """End every connection."""
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)


@asynccontextmanager
async def wired(address: tuple[str, int]) -> AsyncGenerator[Wire]:
    """Stand between clients and a PostgreSQL until the block ends."""
    wire = Wire(address=address)
    listener = await asyncio.start_server(wire.talk, "127.0.0.1", 0)
    async with listener:
        wire.port = listener.sockets[0].getsockname()[1]
        yield wire
        await wire.end()
