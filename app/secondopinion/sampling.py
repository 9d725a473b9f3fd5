"""Which transcripts get a second opinion when they come in."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

_PURPOSE = b"hocba second opinion\0"
"""Keeps what is derived here apart from everything else that the same key is used for."""

_STEPS = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the sample is drawn.

    Attributes:
        share: from 0 (none) to 1 (all).
        key: a secret of the repository: a sender who knows a flaw of the first engine must not be
            able to write transcripts until one falls outside the sample.
    """

    share: float
    key: bytes = field(repr=False)


NO_SAMPLE = Sampling(share=0.0, key=b"")
EVERYTHING = Sampling(share=1.0, key=b"")


def is_sampled(original_sha256: str, sampling: Sampling) -> bool:
    """Say whether an original belongs to the sample; a repetition gets the same answer.

    Args:
        original_sha256: digest of the transcript's own bytes, hexadecimal.
        sampling: share and key.
    """
    drawn = hmac.digest(sampling.key, _PURPOSE + bytes.fromhex(original_sha256), sha256)
    return int.from_bytes(drawn[:8]) < sampling.share * _STEPS
