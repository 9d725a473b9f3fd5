"""The registry's and the evidence's tables, private to this package; migrations make the same."""

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
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
    Column("approved_from", Date),
    Column("approved_to", Date),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("state", CHAR(2), nullable=False),
    Column("wish_from", Date),
    Column("wish_to", Date),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("key_sha256", Text, nullable=False),
    Column("revoked_from", DateTime(timezone=True)),
    CheckConstraint("role IN ('CBQL', 'KY_PHAT_HANH')", name="role"),
    CheckConstraint("state IN ('01', '02', '03')", name="state"),
)
"""Each certificate as it stands; how it came to that is told by its events."""

Index("ix_certificates_school_code", certificates.c.school_code)
Index("ix_certificates_key_sha256", certificates.c.key_sha256)

certificate_events = Table(
    "certificate_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("certificate_sha256", Text, nullable=False),
    Column("school_code", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("revoked_from", DateTime(timezone=True)),
    Column("reason", Text),
    ForeignKeyConstraint(
        ["certificate_sha256", "school_code", "role"],
        ["certificates.certificate_sha256", "certificates.school_code", "certificates.role"],
        name="fk_certificate_events_certificates",
    ),
    CheckConstraint("event IN ('requested', 'approved', 'refused', 'revoked')", name="event"),
)
"""What was asked, decided and revoked; rows are only added."""

Index("ix_certificate_events_certificate_sha256", certificate_events.c.certificate_sha256)

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
