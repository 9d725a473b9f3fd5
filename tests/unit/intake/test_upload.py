"""Bodies on their way in: codings, bombs, digests."""

import asyncio
import gzip
import random
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256, sha512

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from app.errors import (
    DigestMismatch,
    InvalidRequest,
    RepositoryError,
    TooLarge,
    WrongEncoding,
)
from app.intake.limits import EXPANSION_FREE, PACKAGE_LIMIT, PIECE
from app.intake.upload import Declared, Encoding, declared_in, uploaded

LEARNT = random.Random(7).randbytes(3 * PIECE)  # noqa: S311 -- reason: noise for a compressor


def coded(data: bytes, encoding: Encoding) -> bytes:
    match encoding:
        case Encoding.GZIP:
            return gzip.compress(data, 1)
        case Encoding.ZSTD:
            return zstd.compress(data)
        case Encoding.IDENTITY:
            return data


def received(
    sent: bytes,
    encoding: Encoding = Encoding.IDENTITY,
    *,
    limit: int = PACKAGE_LIMIT,
    digests: tuple[tuple[str, str], ...] = (),
) -> tuple[bytes, str, int]:
    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(sent), 70_001):
            yield sent[start : start + 70_001]

    async def read() -> tuple[bytes, str, int]:
        declared = Declared(encoding=encoding, digests=digests)
        async with uploaded(body(), declared, limit=limit) as upload:
            return upload.content.read(), upload.digest, upload.size

    return asyncio.run(read())


def refusal(sent: bytes, encoding: Encoding, *, limit: int = PACKAGE_LIMIT) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        received(sent, encoding, limit=limit)
    return caught.value


def reason(error: RepositoryError) -> tuple[str, str]:
    assert isinstance(error, InvalidRequest)
    return error.parameter, error.reason


@pytest.mark.parametrize("encoding", Encoding)
@given(data=st.binary(min_size=1, max_size=5000), times=st.sampled_from([1, 40]))
def test_what_was_coded_comes_back_with_its_own_digest(
    encoding: Encoding, data: bytes, times: int
) -> None:
    plain = data * times
    expected = (plain, sha256(plain).hexdigest(), len(plain))
    assert received(coded(plain, encoding), encoding) == expected


@pytest.mark.parametrize("encoding", Encoding)
def test_a_body_of_several_pieces_comes_back_whole(encoding: Encoding) -> None:
    assert received(coded(LEARNT, encoding), encoding)[0] == LEARNT


@pytest.mark.parametrize("encoding", [Encoding.GZIP, Encoding.ZSTD])
def test_a_body_that_is_not_of_its_coding_is_refused(encoding: Encoding) -> None:
    whole = coded(LEARNT, encoding)
    malformed = ("content-encoding", "malformed")
    for sent in (b"<BAN_TIN/>", whole[:-1], whole[:100], whole + b"x", whole + whole, whole[4:]):
        assert reason(refusal(sent, encoding)) == malformed
    changed = whole[: len(whole) // 2] + b"\x00\x00\x00" + whole[len(whole) // 2 + 3 :]
    if encoding is Encoding.GZIP:  # a zstd frame has a checksum only when its maker asked for one
        assert reason(refusal(changed, encoding)) == malformed


@pytest.mark.parametrize("encoding", Encoding)
def test_a_body_without_content_is_refused(encoding: Encoding) -> None:
    sent = b"" if encoding is Encoding.IDENTITY else coded(b"", encoding)
    assert reason(refusal(sent, encoding)) == ("body", "empty")


@pytest.mark.parametrize("encoding", Encoding)
def test_the_limit_is_of_the_decoded_body(encoding: Encoding) -> None:
    sent = coded(LEARNT, encoding)
    assert received(sent, encoding, limit=len(sent) + 1000)[2] == len(LEARNT)
    assert isinstance(refusal(sent, encoding, limit=len(LEARNT) - 1), TooLarge)


@pytest.mark.parametrize("encoding", [Encoding.GZIP, Encoding.ZSTD])
def test_a_bomb_is_refused_when_it_begins_to_expand(encoding: Encoding) -> None:
    bomb = coded(bytes(PACKAGE_LIMIT // 2), encoding)
    assert reason(refusal(bomb, encoding)) == ("content-encoding", "expands-too-far")
    small = coded(bytes(EXPANSION_FREE), encoding)
    assert received(small, encoding)[2] == EXPANSION_FREE


def test_a_frame_that_asks_for_much_memory_is_refused() -> None:
    parameters = {zstd.CompressionParameter.window_log: 24}
    frame = zstd.ZstdCompressor(options=parameters)
    sent = frame.compress(LEARNT * 25) + frame.flush()
    assert reason(refusal(sent, Encoding.ZSTD)) == ("content-encoding", "malformed")


def test_a_digest_is_held_to_what_was_sent_or_for_the_representation_to_either() -> None:
    sent = coded(LEARNT, Encoding.GZIP)
    coded_digest, plain_digest = sha256(sent).hexdigest(), sha256(LEARNT).hexdigest()
    good = (
        ("content-digest", coded_digest),
        ("digest", coded_digest),
        ("repr-digest", coded_digest),
        ("repr-digest", plain_digest),
    )
    for one in good:
        assert received(sent, Encoding.GZIP, digests=(one,))[1] == plain_digest
    for field, digest in (
        ("content-digest", plain_digest),
        ("digest", plain_digest),
        ("repr-digest", "ab" * 32),
    ):
        with pytest.raises(DigestMismatch) as caught:
            received(sent, Encoding.GZIP, digests=((field, digest),))
        assert (caught.value.field, caught.value.declared) == (field, digest)


def declared(**headers: str) -> Declared:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return declared_in(Headers({"content-type": "application/xml", **named}))


BASE64 = b64encode(sha256(b"x").digest()).decode()
HEX = sha256(b"x").hexdigest()
OTHER = b64encode(sha512(b"x").digest()).decode()


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("content_digest", f"sha-256=:{BASE64}:", HEX),
        ("content_digest", f"sha-512=:{OTHER}:, sha-256=:{BASE64}:", HEX),
        ("repr_digest", f"SHA-256=:{BASE64}: ,sha-512=:{OTHER}:", HEX),
        ("digest", f"SHA-256={BASE64}", HEX),
        ("digest", f"md5=abc, sha-256={BASE64}", HEX),
        ("content_digest", f"sha-512=:{OTHER}:", None),
        ("content_digest", "", None),
    ],
)
def test_the_digest_that_can_be_checked_is_read(field: str, value: str, read: str | None) -> None:
    expected = () if read is None else ((field.replace("_", "-"), read),)
    assert declared(**{field: value}).digests == expected


@pytest.mark.parametrize(
    "value", [f"sha-256={BASE64}", "sha-256=::", "sha-256=:TWFu:", "sha-256=:***:", "sha-256="]
)
def test_a_digest_that_cannot_be_read_is_refused_and_not_ignored(value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        declared(content_digest=value)
    assert reason(caught.value) == ("content-digest", "malformed")


@pytest.mark.parametrize("value", ["br", "gzip, zstd", "deflate", "x-gzip"])
def test_another_coding_is_refused_with_what_is_taken(value: str) -> None:
    with pytest.raises(WrongEncoding) as caught:
        declared(content_encoding=value)
    assert caught.value.accepted == "gzip, zstd"


def test_a_coding_is_read_in_any_case() -> None:
    assert declared(content_encoding=" GZip ").encoding is Encoding.GZIP
    assert declared(content_encoding="").encoding is Encoding.IDENTITY
