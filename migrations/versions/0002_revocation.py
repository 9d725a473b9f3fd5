"""Revocation: evidence as it was fetched, and what it made of transcripts.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE revocation_evidence (
        sha256 text NOT NULL,
        issuer_sha256 text NOT NULL,
        kind text NOT NULL CONSTRAINT ck_revocation_evidence_kind CHECK (kind IN ('crl', 'ocsp')),
        this_update timestamptz NOT NULL, next_update timestamptz NOT NULL,
        der bytea NOT NULL,
        fetched_at timestamptz NOT NULL, url text NOT NULL,
        CONSTRAINT pk_revocation_evidence PRIMARY KEY (sha256, issuer_sha256)
    )
    """,
    """
    CREATE INDEX ix_revocation_evidence_newest
        ON revocation_evidence (issuer_sha256, this_update DESC)
    """,
    # No row for a transcript that was final from the start, which nearly all are.
    """
    CREATE TABLE transcript_standings (
        transcript_code text NOT NULL
            CONSTRAINT fk_transcript_standings_transcript_code_transcript_codes
            REFERENCES transcript_codes,
        standing text NOT NULL
            CONSTRAINT ck_transcript_standings_standing
            CHECK (standing IN ('provisional', 'final', 'revoked')),
        code text,
        trust_snapshot_sha256 text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_transcript_standings PRIMARY KEY (transcript_code, standing)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_transcript_standings_decided
        ON transcript_standings (transcript_code) WHERE standing <> 'provisional'
    """,
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("revocation_evidence", "transcript_standings")
    ),
    "GRANT SELECT, INSERT ON revocation_evidence, transcript_standings TO hocba_worker",
    "GRANT SELECT ON transcript_standings TO hocba_web",
    # As before, and the standing: null for a transcript that was final from the start.
    """
    CREATE OR REPLACE VIEW public_transcripts AS
    SELECT t.transcript_code, t.school_year, t.level, t.school_name, t.province_name,
        t.student_name_masked, t.accepted_at, t.withdrawn_at, t.original_sha256, t.package_digest,
        t.byte_offset, t.byte_length,
        t.report ->> 'indication' AS indication,
        coalesce(CAST(t.report -> 'coverage' ->> 'complete' AS boolean), false)
            AS coverage_complete,
        coalesce((
            SELECT jsonb_agg(
                jsonb_build_object('name', k.value ->> 'name', 'outcome', k.value ->> 'outcome',
                    'code', k.value ->> 'code')
                ORDER BY s.ordinality, k.ordinality)
            FROM json_array_elements(t.report -> 'slots') WITH ORDINALITY AS s,
                json_array_elements(s.value -> 'checks') WITH ORDINALITY AS k
        ), '[]') AS checks,
        (
            SELECT s.standing FROM transcript_standings AS s
            WHERE s.transcript_code = t.transcript_code
            ORDER BY s.standing = 'provisional' LIMIT 1
        ) AS standing
    FROM transcript_codes AS c
    JOIN transcripts AS t
        ON t.school_year = c.school_year AND t.transcript_code = c.transcript_code
    """,
)

DOWN = (
    "DROP VIEW public_transcripts",
    """
    CREATE VIEW public_transcripts AS
    SELECT t.transcript_code, t.school_year, t.level, t.school_name, t.province_name,
        t.student_name_masked, t.accepted_at, t.withdrawn_at, t.original_sha256, t.package_digest,
        t.byte_offset, t.byte_length,
        t.report ->> 'indication' AS indication,
        coalesce(CAST(t.report -> 'coverage' ->> 'complete' AS boolean), false)
            AS coverage_complete,
        coalesce((
            SELECT jsonb_agg(
                jsonb_build_object('name', k.value ->> 'name', 'outcome', k.value ->> 'outcome',
                    'code', k.value ->> 'code')
                ORDER BY s.ordinality, k.ordinality)
            FROM json_array_elements(t.report -> 'slots') WITH ORDINALITY AS s,
                json_array_elements(s.value -> 'checks') WITH ORDINALITY AS k
        ), '[]') AS checks
    FROM transcript_codes AS c
    JOIN transcripts AS t
        ON t.school_year = c.school_year AND t.transcript_code = c.transcript_code
    """,
    "GRANT SELECT ON public_transcripts TO hocba_verifier",
    "DROP TABLE transcript_standings, revocation_evidence",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        """
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM packages) OR EXISTS (SELECT FROM audit) THEN
                RAISE EXCEPTION 'this database holds records: it is not taken down';
            END IF;
        END
        $$
        """
    )
    for statement in DOWN:
        op.execute(statement)
