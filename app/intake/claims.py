"""What a package claims at its beginning, before anything is proven."""

import re
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
"""How far into a package its school and message id are looked for when it is received: they stand
before the transcripts."""

_SCHOOL = re.compile(rb"<CO_QUAN_DON_VI_ID\s*>\s*([^<>&\s\x00]{1,20})\s*</CO_QUAN_DON_VI_ID")
_MESSAGE = re.compile(rb"<BAN_TIN_ID\s*>\s*([^<>&\s\x00]{1,256})\s*</BAN_TIN_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """Whose message with which id a package says that it is."""

    school_code: str
    message_id: str


def claimed_school(content: bytes) -> str | None:
    """Read which school a package claims to come from.

    It only chooses the lane of the queue, and whose certificates are offered to the verifier, which
    holds the signed message against them; a wrong claim therefore ends as a refusal.
    """
    return _first(_SCHOOL, content)


def claimed_message(content: bytes) -> ClaimedMessage | None:
    """Read which message a package claims to be.

    It only serves to refuse a used id early; what counts is read from the signed octets later.
    """
    school, message = _first(_SCHOOL, content), _first(_MESSAGE, content)
    if school is None or message is None:
        return None
    return ClaimedMessage(school_code=school, message_id=message)


def _first(pattern: re.Pattern[bytes], content: bytes) -> str | None:
    found = pattern.search(content)
    return None if found is None else found.group(1).decode(errors="replace")
