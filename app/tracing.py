"""How one request is followed through answers, audit rows and logs, without personal data.

Logs name a failure by its type and its places in the code; its message is left out, because a
library may have put a value of the request into it.
"""

import re
import secrets
import traceback

from starlette.requests import Request

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def trace_id_from(traceparent: str | None) -> str:
    """Continue the caller's trace, or begin one: 32 hexadecimal digits (W3C Trace Context)."""
    known = _TRACEPARENT.fullmatch(traceparent or "")
    return known.group(1) if known else secrets.token_hex(16)


def trace_id_of(request: Request) -> str:
    """Read the trace that the outermost layer gave to this request."""
    trace_id: str = request.state.trace_id
    return trace_id


def places_of(error: BaseException) -> list[str]:
    """List where an exception passed, outermost first, as "file:line function"."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
