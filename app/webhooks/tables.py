"""The webhooks' tables, private to this package; the migration makes the same ones."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid, text

from app.db import metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("leased_by", Text),
    Column("lease_expires_at", DateTime(timezone=True)),
)
"""One row per registered address; rows are only ended. The lease keeps its events in order: one
worker sends one of them at a time. A lease that is over tells when the webhook was last served.
`failures` counts those since the last success."""

Index(
    "uq_webhooks_client_id",
    webhooks.c.client_id,
    webhooks.c.url,
    unique=True,
    postgresql_where=webhooks.c.ended_at.is_(None),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column("webhook_id", Uuid, ForeignKey("webhooks.webhook_id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("last_status", Integer),
    Column("last_fault", Text),
    Column("finished_at", DateTime(timezone=True)),
)
"""One row per event and webhook. `queued_at` is its place; a replay takes a new place."""

Index(
    "ix_webhook_deliveries_pending",
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.queued_at,
    webhook_deliveries.c.delivery_id,
    postgresql_where=webhook_deliveries.c.state == "pending",
)
Index(
    "ix_webhook_deliveries_list",
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.created_at,
    webhook_deliveries.c.delivery_id,
)
Index(
    "ix_webhook_deliveries_finished_at",
    webhook_deliveries.c.finished_at,
    postgresql_where=webhook_deliveries.c.finished_at.is_not(None),
)
