"""Secrets and signatures of webhooks (Standard Webhooks 1.0, symmetric signatures)."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

_LABEL = b"hocba webhook secret 1\x00"
"""Keeps what is derived here apart from whatever else the key may ever derive."""


def secret_of(key: bytes, webhook_id: UUID) -> bytes:
    """Derive the secret of a webhook: 32 octets that only the holder of the key can make."""
    return hmac.digest(key, _LABEL + webhook_id.bytes, sha256)


def shown_secret(secret: bytes) -> str:
    """Write a secret as the standard's libraries read it."""
    return f"whsec_{b64encode(secret).decode()}"


def signed_headers(secret: bytes, message: UUID, body: bytes, *, at: datetime) -> Mapping[str, str]:
    """Sign an event for one attempt.

    Args:
        secret: the webhook's.
        message: the same at every attempt, so that the receiver knows a repeat.
        body: as it is sent.
        at: the time of this attempt: the receiver refuses one that is minutes old.
    """
    timestamp = str(int(at.timestamp()))
    content = b".".join((str(message).encode(), timestamp.encode(), body))
    signature = b64encode(hmac.digest(secret, content, sha256)).decode()
    return {
        "webhook-id": str(message),
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
