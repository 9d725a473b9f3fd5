"""The clients' tables, private to this package; the migration makes the same ones."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Table, Text, true
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import metadata

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

client_schools = Table(
    "client_schools",
    metadata,
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("school_code", Text, ForeignKey("schools.school_code"), primary_key=True),
)
