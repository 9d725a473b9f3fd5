"""The registry's table, private to this package; the migration makes the same one."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
)

from app.db import metadata

certificates = Table(
    "certificates",
    metadata,
    Column("certificate_sha256", Text, primary_key=True),
    Column("school_code", Text, ForeignKey("schools.school_code"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("der", LargeBinary, nullable=False),
    Column("approved_from", Date, nullable=False),
    Column("approved_to", Date),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("role IN ('CBQL', 'KY_PHAT_HANH')", name="role"),
)

Index("ix_certificates_school_code", certificates.c.school_code)
