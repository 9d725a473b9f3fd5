"""One connection between a client and PostgreSQL, read as far as faults need it.

Speaks the protocol (PostgreSQL 3.0, chapter "Frontend/Backend Protocol") only as far as it must to
know where a statement begins, where its answer ends and whether a transaction is open. BEGIN,
COMMIT and ROLLBACK are statements like all others; what only prepares one is not counted.
"""

import asyncio
import struct
from contextlib import suppress
from typing import Protocol

from tests.faults.trouble import LATE_SECONDS, Trouble, Way

SSL_REQUEST = 80877103
LABEL = 60
"""Characters of a statement that tell it from others."""

CHUNK = 65_536
HEAD = 5
"""Bytes before a message's content: its kind and its length."""

_SENT_AT_ONCE = b"QSH"
"""Messages that end what a client sends together: a query, Sync and Flush."""


class Watch(Protocol):
    """Who decides what happens to statements."""

    def due(self, statement: str, before: str) -> Trouble | None:
        """Count a statement that comes after another one; gives the trouble that it is to have."""

    async def strike_down(self) -> None:
        """Let happen what happens besides when a connection dies."""

    async def hold_up(self) -> None:
        """Wait until a statement may go on."""


class Talk:
    """One connection between a client and the server."""

    def __init__(
        self,
        watch: Watch,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        from_server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._watch = watch
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
                    trouble = self._watch.due(statement, self._last)
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
                await self._watch.strike_down()
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
        await self._watch.hold_up()

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
                    await self._watch.strike_down()
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
