"""The register's tables, private to this package; the migration makes the same ones."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata

transcripts = Table(
    "transcripts",
    metadata,
    Column("school_year", Integer, primary_key=True),
    Column("transcript_code", Text, primary_key=True),
    Column("original_sha256", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("class_id", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("school_code", Text, nullable=False),
    Column("school_name", Text, nullable=False),
    Column("province_code", Text, nullable=False),
    Column("province_name", Text, nullable=False),
    Column("student_code", Text, nullable=False),
    Column("student_name", Text, nullable=False),
    Column("student_name_masked", Text, nullable=False),
    Column("personal_number_hash", LargeBinary),
    Column("issued_on", Date, nullable=False),
    Column("package_id", Uuid, nullable=False),
    Column("package_digest", Text, nullable=False),
    Column("byte_offset", BigInteger, nullable=False),
    Column("byte_length", BigInteger, nullable=False),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("report", JSON, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("previous_code", Text),
    postgresql_partition_by="LIST (school_year)",
)
"""One row per accepted original; a partition per school year, named by the year it starts in.

`report` is json and not jsonb: it comes back as the verifier wrote it.
"""

Index(
    "uq_transcripts_in_force",
    transcripts.c.school_year,
    transcripts.c.school_code,
    transcripts.c.student_code,
    transcripts.c.level,
    unique=True,
    postgresql_where=transcripts.c.withdrawn_at.is_(None),
)
Index(
    "uq_transcripts_version",
    transcripts.c.school_year,
    transcripts.c.school_code,
    transcripts.c.student_code,
    transcripts.c.level,
    transcripts.c.version,
    unique=True,
)
Index(
    "ix_transcripts_school_year_personal_number_hash",
    transcripts.c.school_year,
    transcripts.c.personal_number_hash,
)

transcript_codes = Table(
    "transcript_codes",
    metadata,
    Column("transcript_code", Text, primary_key=True),
    Column("school_year", Integer, nullable=False),
    Column("original_sha256", Text, nullable=False, unique=True),
)
"""Where a code's row lies: codes stay unique across partitions, and a look-up reads one of them."""

transcript_standings = Table(
    "transcript_standings",
    metadata,
    Column(
        "transcript_code",
        Text,
        ForeignKey("transcript_codes.transcript_code"),
        primary_key=True,
    ),
    Column("standing", Text, primary_key=True),
    Column("code", Text),
    Column("trust_snapshot_sha256", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("standing IN ('provisional', 'final', 'revoked')", name="standing"),
)
"""What evidence about revocation made of a transcript; none for one that was final from the start.

Rows are only added: "provisional" first, then once "final" or "revoked".
"""

Index(
    "uq_transcript_standings_decided",
    transcript_standings.c.transcript_code,
    unique=True,
    postgresql_where=transcript_standings.c.standing != "provisional",
)

transcript_withdrawals = Table(
    "transcript_withdrawals",
    metadata,
    Column(
        "transcript_code",
        Text,
        ForeignKey("transcript_codes.transcript_code"),
        primary_key=True,
    ),
    Column("cause", Text, nullable=False),
    Column("reason", Text),
    Column("package_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("cause IN ('school', 'revocation')", name="cause"),
    CheckConstraint("(cause = 'school') = (reason IS NOT NULL)", name="reason"),
)
"""Why a transcript left force: its school's reason, or that a newer one replaced a revoked one.

`package_id` is the package that withdrew it, or the one that brought its successor.
"""

public_transcripts = table(
    "public_transcripts",
    column("transcript_code", Text),
    column("school_year", Integer),
    column("level", Text),
    column("school_name", Text),
    column("province_name", Text),
    column("student_name_masked", Text),
    column("accepted_at", DateTime(timezone=True)),
    column("withdrawn_at", DateTime(timezone=True)),
    column("original_sha256", Text),
    column("package_digest", Text),
    column("byte_offset", BigInteger),
    column("byte_length", BigInteger),
    column("indication", Text),
    column("coverage_complete", Boolean),
    column("checks", JSONB),
    column("standing", Text),
)
"""The view for the public verifier, which alone it may read.

It offers no name, student code, class or personal number. `indication`, `coverage_complete` and
`checks` (an array of {name, outcome, code} over all signature slots) come out of the report,
without any holder's name.
"""
