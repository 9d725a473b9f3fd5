"""Withdrawals: who took a transcript out of force and why, and the versions that follow.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UP = (
    # The version makes the chain: two packages that race for the next one meet in the index.
    """
    ALTER TABLE transcripts
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN previous_code text
    """,
    # What was withdrawn by hand so far becomes a chain in the order of acceptance.
    "ALTER TABLE transcripts DISABLE TRIGGER transcripts_withdrawal",
    """
    UPDATE transcripts AS t SET version = chain.version, previous_code = chain.previous_code
    FROM (
        SELECT school_year, transcript_code,
            row_number() OVER place AS version, lag(transcript_code) OVER place AS previous_code
        FROM transcripts
        WINDOW place AS (
            PARTITION BY school_year, school_code, student_code, level
            ORDER BY accepted_at, transcript_code
        )
    ) AS chain
    WHERE chain.school_year = t.school_year AND chain.transcript_code = t.transcript_code
        AND chain.version > 1
    """,
    "ALTER TABLE transcripts ENABLE TRIGGER transcripts_withdrawal",
    """
    CREATE UNIQUE INDEX uq_transcripts_version
        ON transcripts (school_year, school_code, student_code, level, version)
    """,
    """
    CREATE TABLE transcript_withdrawals (
        transcript_code text CONSTRAINT pk_transcript_withdrawals PRIMARY KEY
            CONSTRAINT fk_transcript_withdrawals_transcript_code_transcript_codes
            REFERENCES transcript_codes,
        cause text NOT NULL
            CONSTRAINT ck_transcript_withdrawals_cause CHECK (cause IN ('school', 'revocation')),
        reason text
            CONSTRAINT ck_transcript_withdrawals_reason
            CHECK ((cause = 'school') = (reason IS NOT NULL)),
        package_id uuid NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TRIGGER transcript_withdrawals_append_only
        BEFORE UPDATE OR DELETE OR TRUNCATE ON transcript_withdrawals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    # A withdrawal that names no transcript of the school's own names no student either.
    "ALTER TABLE package_items ALTER COLUMN student_code DROP NOT NULL",
    "GRANT UPDATE (withdrawn_at) ON transcripts TO hocba_worker",
    "GRANT SELECT, INSERT ON transcript_withdrawals TO hocba_worker",
    "GRANT SELECT ON transcript_withdrawals TO hocba_web",
)

DOWN = (
    "DROP TABLE transcript_withdrawals",
    "REVOKE UPDATE (withdrawn_at) ON transcripts FROM hocba_worker",
    "ALTER TABLE package_items ALTER COLUMN student_code SET NOT NULL",
    "DROP INDEX uq_transcripts_version",
    "ALTER TABLE transcripts DROP COLUMN version, DROP COLUMN previous_code",
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
