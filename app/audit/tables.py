"""The audit's table, private to this package; the migration makes the same one."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("trace_id", Text),
)

# What an examination asks for, and no reads: few rows, found at once.
Index(
    "ix_audit_acts",
    audit.c.object,
    postgresql_where=audit.c.action.in_(
        (
            "package.received",
            "package.processed",
            "reply.acknowledged",
            "package.discarded",
            "database.rebuilt",
        )
    ),
)
Index("ix_audit_rebuilt", audit.c.at, postgresql_where=audit.c.action == "database.rebuilt")
Index("ix_audit_disputes", audit.c.object, postgresql_where=audit.c.action == "transcript.disputed")
