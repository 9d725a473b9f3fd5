"""Adding to the audit."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.tables import audit


class Action(StrEnum):
    """What was done; the values are kept for ever and never change their meaning."""

    PACKAGE_RECEIVED = "package.received"
    PACKAGE_PROCESSED = "package.processed"
    PACKAGE_READ = "package.read"
    PACKAGE_VALIDATED = "package.validated"
    ORIGINAL_READ = "original.read"
    TRANSCRIPT_READ = "transcript.read"
    REPORT_READ = "report.read"
    REPLY_READ = "reply.read"
    REPLY_ACKNOWLEDGED = "reply.acknowledged"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 -- reason: the name of an action, no password
    TOKEN_REFUSED = "token.refused"  # noqa: S105 -- reason: the name of an action, no password
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 -- reason: the name of an action, no password
    CLIENT_CREATED = "client.created"
    CLIENT_CHANGED = "client.changed"
    CLIENT_SECRET_ADDED = "client.secret-added"  # noqa: S105 -- reason: the name of an action
    CLIENT_SECRET_ENDED = "client.secret-ended"  # noqa: S105 -- reason: the name of an action
    CLIENT_KEY_ADDED = "client.key-added"
    CLIENT_KEY_ENDED = "client.key-ended"
    CLIENT_GRANT_ADDED = "client.grant-added"
    CLIENT_GRANT_ENDED = "client.grant-ended"
    CLIENT_TOKENS_REVOKED = "client.tokens-revoked"
    VERIFICATION_CHECKED = "verification.checked"
    TRANSCRIPT_DISPUTED = "transcript.disputed"
    ARCHIVE_VERIFIED = "archive.verified"
    TRANSCRIPT_FINAL = "transcript.final"
    TRANSCRIPT_REVOKED = "transcript.revoked"
    DIRECTORY_LOADED = "directory.loaded"
    CERTIFICATE_REQUESTED = "certificate.requested"
    CERTIFICATE_APPROVED = "certificate.approved"
    CERTIFICATE_REFUSED = "certificate.refused"
    CERTIFICATE_REVOKED = "certificate.revoked"
    TRANSCRIPT_WITHDRAWN = "transcript.withdrawn"
    HISTORY_READ = "history.read"
    PACKAGE_DISCARDED = "package.discarded"
    WEBHOOK_ADDED = "webhook.added"
    WEBHOOK_ENDED = "webhook.ended"
    WEBHOOK_REPLAYED = "webhook.replayed"
    DATABASE_REBUILT = "database.rebuilt"


async def record(  # noqa: PLR0913 -- reason: the columns of one row
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    action: Action,
    object: str,  # noqa: A002 -- reason: the word of the field: who did what to which object
    detail: Mapping[str, str | int | bool | None] | None = None,
    trace_id: str | None = None,
) -> None:
    """Add one row; it becomes durable with the caller's transaction.

    Args:
        connection: an open transaction of any role that may insert here.
        at: when it was done.
        actor: the client id, "worker" or "public".
        action: what was done.
        object: the identifier of what it was done to: a package id, a transcript code, a client id.
        detail: counts, codes and digests; never personal data.
        trace_id: the trace of the request.
    """
    # Inline: the roles that write here may not read, so PostgreSQL must not return the new id.
    statement = insert(audit).inline()
    values = {
        "at": at,
        "actor": actor,
        "action": action.value,
        "object": object,
        "detail": dict(detail or {}),
        "trace_id": trace_id,
    }
    await connection.execute(statement.values(values))
