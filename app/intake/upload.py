"""The body of a submission: what its headers declare, spooled to disk, decoded, held to its digest.

Content-Digest (RFC 9530) and the older Digest (RFC 3230) are of the content as sent, compressed or
not. Repr-Digest is by RFC 9530 of the coded representation too, but senders also compute it of the
file that they compressed: either proves the same bytes, so either is taken.
"""

import asyncio
import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Protocol, cast

from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
from starlette.datastructures import Headers

from app.errors import (
    DigestMismatch,
    InvalidRequest,
    TooLarge,
    WrongEncoding,
    WrongMediaType,
)
from app.intake.limits import (
    EXPANSION_FREE,
    EXPANSION_LIMIT,
    PACKAGE_LIMIT,
    PIECE,
    SPOOL_MEMORY,
    WINDOW_LOG,
)

XML = "application/xml"

_SHA256 = re.compile(r"(?:^|,)\s*sha-256=([^,]*?)\s*(?=,|$)", re.IGNORECASE)
_DIGEST_FIELDS = ("content-digest", "digest", "repr-digest")


class Encoding(StrEnum):
    """Content codings that a package may be sent in (RFC 9110 section 8.4.1, RFC 8878)."""

    IDENTITY = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"


ACCEPTED_ENCODINGS = ", ".join(one for one in Encoding if one is not Encoding.IDENTITY)
"""What Accept-Encoding of a refusal says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the headers say about a body.

    Attributes:
        digests: by the name of its field, the SHA-256 that the body must have, in hexadecimal.
    """

    encoding: Encoding = Encoding.IDENTITY
    digests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A body that was read to its end, its position at the start."""

    content: BinaryIO
    digest: str
    size: int


def declared_in(headers: Headers) -> Declared:
    """Read what a request declares, and refuse by that alone what would be refused after reading.

    Raises:
        WrongMediaType: the body is declared as something else than XML.
        WrongEncoding: it is coded in another way than `Encoding`, or in several.
        TooLarge: its declared length exceeds the limit.
        InvalidRequest: its declared length is no number, or a digest field is malformed.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {XML, "text/xml"}:
        raise WrongMediaType(expected=XML)
    coding = ", ".join(headers.getlist("content-encoding")).strip().lower() or Encoding.IDENTITY
    if coding not in set(Encoding):
        raise WrongEncoding(accepted=ACCEPTED_ENCODINGS)
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise InvalidRequest(parameter="content-length", reason="malformed")
    if int(length) > PACKAGE_LIMIT:
        raise TooLarge(limit=PACKAGE_LIMIT)
    digests = tuple(
        (field, digest) for field in _DIGEST_FIELDS if (digest := _digest_in(headers, field))
    )
    return Declared(encoding=Encoding(coding), digests=digests)


@asynccontextmanager
async def uploaded(
    body: AsyncIterable[bytes], declared: Declared, *, limit: int = PACKAGE_LIMIT
) -> AsyncGenerator[Spooled]:
    """Read a body, hold it to its declared digests and decode it; gone when the block ends.

    Raises:
        TooLarge: the body as sent or as decoded exceeds `limit` bytes; reading stops at once.
        DigestMismatch: it is not what its sender hashed.
        InvalidRequest: it is empty, or is not of its coding, or expands too far.
    """
    async with spooled(body, limit=limit) as sent:
        wrong = [one for one in declared.digests if one[1] != sent.digest]
        if declared.encoding is Encoding.IDENTITY:
            _require_equal(wrong, sent.digest)
            yield sent
            return
        _require_equal([one for one in wrong if one[0] != "repr-digest"], sent.digest)
        with SpooledTemporaryFile[bytes](max_size=SPOOL_MEMORY) as file:
            plain = await asyncio.to_thread(_expand, sent, declared.encoding, file, limit)
            _require_equal([one for one in wrong if one[1] != plain.digest], plain.digest)
            yield plain


@asynccontextmanager
async def spooled(body: AsyncIterable[bytes], *, limit: int) -> AsyncGenerator[Spooled]:
    """Read a body into a temporary file while hashing it; it is gone when the block ends.

    Raises:
        TooLarge: the body exceeds `limit` bytes; reading stops at once.
        InvalidRequest: the body is empty.
    """
    with SpooledTemporaryFile[bytes](max_size=SPOOL_MEMORY) as file:
        digest, size, piece = sha256(), 0, bytearray()

        def keep(data: bytes) -> None:
            digest.update(data)
            file.write(data)

        async for chunk in body:
            size += len(chunk)
            if size > limit:
                raise TooLarge(limit=limit)
            piece += chunk
            if len(piece) >= PIECE:
                await asyncio.to_thread(keep, bytes(piece))
                piece.clear()
        await asyncio.to_thread(keep, bytes(piece))
        if size == 0:
            raise InvalidRequest(parameter="body", reason="empty")
        file.seek(0)
        # A spooled file is a binary file in all but its declared base class.
        yield Spooled(content=cast(BinaryIO, file), digest=digest.hexdigest(), size=size)


def _digest_in(headers: Headers, field: str) -> str | None:
    """Read the SHA-256 of a digest field; None without one, other algorithms are not looked at."""
    found = _SHA256.search(", ".join(headers.getlist(field)))
    if found is None:
        return None
    value = found.group(1)
    if field != "digest":  # a byte sequence of RFC 8941 stands between colons
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == ":" else ""
    try:
        digest = b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != sha256().digest_size:
        raise InvalidRequest(parameter=field, reason="malformed")
    return digest.hex()


def _require_equal(wrong: list[tuple[str, str]], actual: str) -> None:
    if wrong:
        field, declared = wrong[0]
        raise DigestMismatch(field=field, declared=declared, actual=actual)


def _expand(
    sent: Spooled, encoding: Encoding, file: SpooledTemporaryFile[bytes], limit: int
) -> Spooled:
    """Decode a whole body, piece by piece, into a file; blocking."""
    most = min(limit, max(EXPANSION_FREE, EXPANSION_LIMIT * sent.size))
    digest, size = sha256(), 0
    for piece in _pieces(sent.content, encoding):
        size += len(piece)
        if size > limit:
            raise TooLarge(limit=limit)
        if size > most:
            raise InvalidRequest(parameter="content-encoding", reason="expands-too-far")
        digest.update(piece)
        file.write(piece)
    if size == 0:
        raise InvalidRequest(parameter="body", reason="empty")
    file.seek(0)
    return Spooled(content=cast(BinaryIO, file), digest=digest.hexdigest(), size=size)


class _Decoder(Protocol):
    """What zstd's decompressor offers, and gzip's through `_Gzip`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """One gzip member (RFC 1952), decoded in bounded pieces."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._member.decompress(self._member.unconsumed_tail + data, max_length)


def _pieces(source: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    """Decode one gzip member or one zstd frame, and nothing after it.

    A body of many small members would cost much time for few bytes, and no sender makes one.
    """
    malformed = InvalidRequest(parameter="content-encoding", reason="malformed")
    decoder = _decoder(encoding)
    try:
        while not decoder.eof:
            data = source.read(PIECE) if decoder.needs_input else b""
            piece = decoder.decompress(data, PIECE)
            if not piece and not data and not decoder.eof:
                raise malformed
            yield piece
    except (zlib.error, ZstdError) as error:
        raise malformed from error
    if decoder.unused_data or source.read(1):
        raise malformed


def _decoder(encoding: Encoding) -> _Decoder:
    if encoding is Encoding.ZSTD:
        return ZstdDecompressor(options={DecompressionParameter.window_log_max: WINDOW_LOG})
    return _Gzip()
