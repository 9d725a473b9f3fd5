"""The vault: which packages it holds under a lock, and which expired.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = (
    # The same bytes may be a package of several clients.
    "CREATE INDEX ix_packages_digest ON packages (digest)",
    """
    CREATE TABLE package_holds (
        package_id uuid CONSTRAINT pk_package_holds PRIMARY KEY
            CONSTRAINT fk_package_holds_package_id_packages REFERENCES packages,
        vault_version text,
        retained_until timestamptz NOT NULL,
        held_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE package_discards (
        package_id uuid CONSTRAINT pk_package_discards PRIMARY KEY
            CONSTRAINT fk_package_discards_package_id_packages REFERENCES packages,
        discarded_at timestamptz NOT NULL
    )
    """,
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("package_holds", "package_discards")
    ),
    "GRANT SELECT, INSERT ON package_holds, package_discards TO hocba_worker",
)

DOWN = ("DROP TABLE package_discards, package_holds", "DROP INDEX ix_packages_digest")


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
