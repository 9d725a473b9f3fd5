"""Examinations: what the audit says of packages, without the reads; and the worker's nightly runs.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UP = (
    # The worker writes the audit and may not read who read what: only these acts.
    """
    CREATE VIEW recorded_acts AS
    SELECT at, action, object FROM audit
    WHERE action IN ('package.received', 'package.processed', 'reply.acknowledged',
        'package.discarded', 'database.rebuilt')
    """,
    """
    CREATE INDEX ix_audit_acts ON audit (object)
        WHERE action IN ('package.received', 'package.processed', 'reply.acknowledged',
            'package.discarded', 'database.rebuilt')
    """,
    "CREATE INDEX ix_audit_rebuilt ON audit (at) WHERE action = 'database.rebuilt'",
    """
    CREATE VIEW recorded_disputes AS
    SELECT detail ->> 'bundle' AS bundle FROM audit WHERE action = 'transcript.disputed'
    """,
    "CREATE INDEX ix_audit_disputes ON audit (object) WHERE action = 'transcript.disputed'",
    "GRANT SELECT ON recorded_acts, recorded_disputes, certificate_events TO hocba_worker",
    """
    CREATE TABLE fsck_runs (
        night date CONSTRAINT pk_fsck_runs PRIMARY KEY,
        started_at timestamptz NOT NULL,
        finished_at timestamptz,
        leased_by text,
        lease_expires_at timestamptz,
        progress jsonb NOT NULL,
        errors integer,
        report jsonb,
        CONSTRAINT ck_fsck_runs_finished CHECK (
            (finished_at IS NULL) = (report IS NULL) AND (report IS NULL) = (errors IS NULL))
    )
    """,
    """
    CREATE TRIGGER fsck_runs_kept BEFORE DELETE OR TRUNCATE ON fsck_runs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "GRANT SELECT, INSERT ON fsck_runs TO hocba_worker",
    """
    GRANT UPDATE (finished_at, leased_by, lease_expires_at, progress, errors, report) ON fsck_runs
        TO hocba_worker
    """,
)

DOWN = (
    "DROP TABLE fsck_runs",
    "REVOKE SELECT ON certificate_events FROM hocba_worker",
    "DROP VIEW recorded_disputes, recorded_acts",
    "DROP INDEX ix_audit_disputes, ix_audit_rebuilt, ix_audit_acts",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
