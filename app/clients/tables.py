"""The clients' tables, private to this package; the migration makes the same ones."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.db import metadata

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("token_generation", Integer, nullable=False, server_default=text("0")),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
"""One row per account; tokens of an earlier `token_generation` are worth nothing."""

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("secret_id", Uuid, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), nullable=False, index=True),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
)

client_keys = Table(
    "client_keys",
    metadata,
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("jwk", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
)
"""Public keys only (RFC 7517)."""

client_grants = Table(
    "client_grants",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), nullable=False),
    Column("school_code", Text, ForeignKey("schools.school_code")),
    Column("province_code", Text),
    Column("level", Text),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_to", DateTime(timezone=True)),
)
"""For whom a client may act, and when; what is null does not narrow. Rows are only ended."""

Index("ix_client_grants_client_id", client_grants.c.client_id, client_grants.c.school_code)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("token_id", Uuid, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)
"""Single tokens that were revoked, until they would have run out."""

used_assertions = Table(
    "used_assertions",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("assertion_sha256", LargeBinary, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)
"""The `jti` of every accepted assertion as a digest, until it would have run out."""

client_buckets = Table(
    "client_buckets",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("full_at", DateTime(timezone=True), nullable=False),
)
"""Token buckets, each kept as the moment at which it will be full again. Unlogged."""
