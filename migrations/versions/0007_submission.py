"""Submission in practice: message ids, lists of packages, the pace of the queue, dry runs.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UP = (
    "CREATE INDEX ix_packages_list ON packages (client_id, received_at, package_id)",
    """
    CREATE INDEX ix_packages_finished_at ON packages (finished_at) WHERE finished_at IS NOT NULL
    """,
    """
    CREATE TABLE message_ids (
        school_code text NOT NULL,
        message_id text NOT NULL,
        package_id uuid NOT NULL
            CONSTRAINT fk_message_ids_package_id_packages REFERENCES packages,
        digest text NOT NULL,
        CONSTRAINT pk_message_ids PRIMARY KEY (school_code, message_id)
    )
    """,
    """
    INSERT INTO message_ids (school_code, message_id, package_id, digest)
    SELECT DISTINCT ON (school_code, message_id) school_code, message_id, package_id, digest
    FROM packages WHERE school_code IS NOT NULL AND message_id IS NOT NULL
    ORDER BY school_code, message_id, finished_at, package_id
    """,
    """
    CREATE TRIGGER message_ids_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_ids
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "GRANT SELECT, INSERT ON message_ids TO hocba_worker",
    "GRANT SELECT ON message_ids TO hocba_web",
    # A dry run verifies in the web process what a submission would be judged by.
    "GRANT SELECT ON certificates, revocation_evidence TO hocba_web",
)

DOWN = (
    "REVOKE SELECT ON certificates, revocation_evidence FROM hocba_web",
    "DROP TABLE message_ids",
    "DROP INDEX ix_packages_finished_at, ix_packages_list",
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
