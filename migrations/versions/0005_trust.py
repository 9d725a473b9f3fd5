"""Trust: answers about one certificate, and which revision of the bundle the workers trust.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UP = (
    # Null for a list, which speaks of every certificate of its authority.
    "ALTER TABLE revocation_evidence ADD COLUMN certificate_sha256 text",
    """
    CREATE INDEX ix_revocation_evidence_answers
        ON revocation_evidence (certificate_sha256, this_update DESC)
        WHERE certificate_sha256 IS NOT NULL
    """,
    """
    CREATE TABLE trust_bundles (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_trust_bundles PRIMARY KEY,
        at timestamptz NOT NULL,
        revision integer NOT NULL,
        manifest_sha256 text NOT NULL,
        fault text
    )
    """,
    """
    CREATE TRIGGER trust_bundles_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trust_bundles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "GRANT SELECT, INSERT ON trust_bundles TO hocba_worker",
    "GRANT SELECT ON trust_bundles TO hocba_web",
)

DOWN = (
    "DROP TABLE trust_bundles",
    "DROP INDEX ix_revocation_evidence_answers",
    "ALTER TABLE revocation_evidence DROP COLUMN certificate_sha256",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
