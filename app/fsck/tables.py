"""The table of the nightly examinations, private to this package; the migration makes the same."""

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata

fsck_runs = Table(
    "fsck_runs",
    metadata,
    Column("night", Date, primary_key=True),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("leased_by", Text),
    Column("lease_expires_at", DateTime(timezone=True)),
    Column("progress", JSONB, nullable=False),
    Column("errors", Integer),
    Column("report", JSONB),
    CheckConstraint(
        "(finished_at IS NULL) = (report IS NULL) AND (report IS NULL) = (errors IS NULL)",
        name="finished",
    ),
)
"""One row per night, by the day in Vietnam; `progress` is where a crash left it."""
