"""A way to PostgreSQL that breaks at a chosen statement, whatever the program does about it.

Speaks the protocol (PostgreSQL 3.0, chapter "Frontend/Backend Protocol") only as far as it must to
know where a statement begins, where its answer ends and whether a transaction is open. BEGIN,
COMMIT and ROLLBACK are statements like all others; what only prepares one is not counted.
"""

import asyncio
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

SSL_REQUEST = 80877103
LABEL = 60
"""Characters of a statement that tell it from others."""

FOLLOWING = " >"

CHUNK = 65_536
HEAD = 5
"""Bytes before a message's content: its kind and its length."""

_SENT_AT_ONCE = b"QSH"
"""Messages that end what a client sends together: a query, Sync and Flush."""


class Way(StrEnum):
    """How a statement fails."""

    BEFORE = "before"  # the connection dies, and the server never hears of the statement
    WITHIN = "within"  # it dies when half was sent, of a bulk insert some of the rows
    AFTER = "after"  # it dies when the server has done it, and the answer is lost
    REFUSED = "refused"  # the server refuses it and the connection stays
    ENDED = "ended"  # the server says that it ends the connection, and does
    SILENT = "silent"  # it is done, and no answer ever comes
    SLOW = "slow"  # the answer takes a while
    HELD = "held"  # it reaches the server when the test lets it go on
    LIED = "lied"  # of a COMMIT: it is rolled back, and the client is told that it was done


LATE_SECONDS = 0.2
"""What a slow answer takes: longer than anything else here, so that others overtake it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is to happen.

    Attributes:
        sqlstate: what the server says where it still says something.
    """

    way: Way
    sqlstate: str = "57P01"

    def __str__(self) -> str:
        said = f"-{self.sqlstate}" if self.way in {Way.REFUSED, Way.ENDED} else ""
        return f"{self.way}{said}"


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
        await _Talk(self, reader, writer, from_server, to_server).hand_on()

    async def end(self) -> None:
        """End every connection."""
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)


class _Talk:
    """One connection between a client and the server."""

    def __init__(
        self,
        wire: Wire,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._wire = wire
        self._reader, self._writer = reader, writer
        self._from_server, self._to_server = from_server, to_server
        self._prepared: dict[bytes, str] = {}
        self._open = b"I"
        self._last = ""
        self._trouble: Trouble | None = None

    async def hand_on(self) -> None:
        ways = [asyncio.create_task(self._ask()), asyncio.create_task(self._answer())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for out in (self._to_server, self._writer):
                out.close()
                with suppress(OSError):
                    await out.wait_closed()

    async def _ask(self) -> None:
        """Hand on what the client says, statement by statement."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._greet()
            while True:
                said, statement = await self._next_statement()
                trouble = None
                if statement is not None:
                    trouble = self._wire.due(statement, self._last)
                    self._last = statement
                if trouble is not None and not await self._strike(trouble, said, statement or ""):
                    return
                if trouble is None:
                    self._to_server.write(said)
                await self._to_server.drain()

    async def _greet(self) -> None:
        while True:
            length, request = struct.unpack("!ii", await self._reader.readexactly(8))
            rest = await self._reader.readexactly(length - 8)
            if request != SSL_REQUEST:
                self._to_server.write(struct.pack("!ii", length, request) + rest)
                return
            self._writer.write(b"N")

    async def _next_statement(self) -> tuple[bytes, str | None]:
        """Read what the client sends together; a statement only where something is executed."""
        said, statement, executes = b"", "", False
        while True:
            kind, content = await _message(self._reader)
            said += _framed(kind, content)
            match kind:
                case b"P":
                    name, query, _ = content.split(b"\0", 2)
                    self._prepared[name] = _label(query)
                case b"B":
                    statement = self._prepared[content.split(b"\0", 2)[1]]
                case b"E":
                    executes = True
                case b"Q":
                    return said, _label(content[:-1])
                case _:
                    pass
            if kind in _SENT_AT_ONCE or kind in b"pX":
                return said, statement if executes else None

    async def _strike(self, trouble: Trouble, said: bytes, statement: str) -> bool:
        """Make the trouble; false when the connection is over."""
        match trouble.way:
            case Way.BEFORE:
                await self._wire.strike_down()
                return False
            case Way.WITHIN:
                self._to_server.write(said[: len(said) // 2])
                await self._to_server.drain()
                return False
            case Way.ENDED:
                self._writer.write(_error(b"FATAL", trouble.sqlstate))
                await self._writer.drain()
                return False
            case Way.REFUSED:
                await self._refuse(trouble, statement)
            case Way.AFTER | Way.SILENT | Way.LIED:
                self._trouble = trouble
                lied = trouble.way is Way.LIED
                self._to_server.write(_framed(b"Q", b"ROLLBACK\0") if lied else said)
            case Way.SLOW | Way.HELD:
                await self._hold_up(trouble)
                self._to_server.write(said)
        return True

    async def _hold_up(self, trouble: Trouble) -> None:
        if trouble.way is Way.SLOW:
            await asyncio.sleep(LATE_SECONDS)
            return
        self._wire.held.set()
        await self._wire.go_on.wait()

    async def _refuse(self, trouble: Trouble, statement: str) -> None:
        """Say no in the server's place; a COMMIT that is refused has rolled back."""
        if statement.startswith("COMMIT"):
            self._trouble = trouble
            self._to_server.write(_framed(b"Q", b"ROLLBACK\0"))
            return
        state = b"E" if self._open != b"I" else b"I"
        self._writer.write(_error(b"ERROR", trouble.sqlstate) + _framed(b"Z", state))

    async def _answer(self) -> None:
        """Hand on what the server says, unless it is to be lost."""
        heard = b""
        with suppress(ConnectionError):
            while data := await self._from_server.read(CHUNK):
                heard += data
                whole = 0
                while (kind := heard[whole : whole + 1]) and len(heard) >= whole + HEAD:
                    (length,) = struct.unpack_from("!i", heard, whole + 1)
                    if len(heard) < whole + 1 + length:
                        break
                    whole += 1 + length
                    if kind == b"Z":
                        self._open = heard[whole - 1 : whole]
                if not await self._give(heard[:whole], done=heard[whole - 6 : whole - 5] == b"Z"):
                    return
                heard = heard[whole:]

    async def _give(self, said: bytes, *, done: bool) -> bool:
        """Give the client what the server said; false when the connection is over."""
        if self._trouble is None:
            self._writer.write(said)
            await self._writer.drain()
        elif done:
            match self._trouble.way:
                case Way.AFTER:
                    await self._wire.strike_down()
                    return False
                case Way.LIED:
                    self._trouble = None
                    self._writer.write(_framed(b"C", b"COMMIT\0") + _framed(b"Z", b"I"))
                case Way.REFUSED:
                    refusal = _error(b"ERROR", self._trouble.sqlstate)
                    self._trouble = None
                    self._writer.write(refusal + _framed(b"Z", b"I"))
                case _:  # silent from now on
                    pass
        return True


@asynccontextmanager
async def wired(address: tuple[str, int]) -> AsyncGenerator[Wire]:
    """Stand between clients and a PostgreSQL until the block ends."""
    wire = Wire(address=address)
    listener = await asyncio.start_server(wire.talk, "127.0.0.1", 0)
    async with listener:
        wire.port = listener.sockets[0].getsockname()[1]
        yield wire
        await wire.end()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind, length = struct.unpack("!ci", await reader.readexactly(5))
    return kind, await reader.readexactly(length - 4)


def _framed(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content


def _error(severity: bytes, sqlstate: str) -> bytes:
    fields = (b"S" + severity, b"V" + severity, b"C" + sqlstate.encode(), b"Mthe test's trouble")
    return _framed(b"E", b"\0".join(fields) + b"\0\0")


def _label(query: bytes) -> str:
    return " ".join(query.decode(errors="replace").split())[:LABEL]
