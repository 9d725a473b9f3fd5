"""The registry's and the evidence's tables, private to this package; migrations make the same."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
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

revocation_evidence = Table(
    "revocation_evidence",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("issuer_sha256", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("certificate_sha256", Text),
    Column("this_update", DateTime(timezone=True), nullable=False),
    Column("next_update", DateTime(timezone=True), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
    Column("url", Text, nullable=False),
    CheckConstraint("kind IN ('crl', 'ocsp')", name="kind"),
)
"""What authorities published, as it was fetched; rows are only added."""

Index(
    "ix_revocation_evidence_newest",
    revocation_evidence.c.issuer_sha256,
    revocation_evidence.c.this_update.desc(),
)

Index(
    "ix_revocation_evidence_answers",
    revocation_evidence.c.certificate_sha256,
    revocation_evidence.c.this_update.desc(),
    postgresql_where=revocation_evidence.c.certificate_sha256.is_not(None),
)

trust_bundles = Table(
    "trust_bundles",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("manifest_sha256", Text, nullable=False),
    Column("fault", Text),
)
"""Which bundle the workers trust, a row for each change; `fault` says why a newer one was left."""
