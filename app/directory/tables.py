"""The directory's table, private to this package; the migration makes the same one."""

from sqlalchemy import Column, DateTime, Table, Text

from app.db import metadata

schools = Table(
    "schools",
    metadata,
    Column("school_code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("province_code", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
