"""The journal: the order of its entries.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UP = (
    "CREATE SEQUENCE journal_order AS bigint MINVALUE 1 MAXVALUE 9999999999999999",
    # A sequence alone would not do: an entry is durable before its transaction commits, and what a
    # crashed server gave out since it last wrote its log, it gives out again. So an order is never
    # below the server's clock, in hundredths of a second; no two are equal, also within one.
    # The exception ends a subtransaction, and with it the lock, whatever happens to the caller;
    # sequences and variables stay as they are.
    """
    CREATE FUNCTION next_journal_order() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        given bigint;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('journal_order', 0));
        given := greatest(
            nextval('public.journal_order'),
            floor(extract(epoch FROM clock_timestamp()) * 100)::bigint
        );
        PERFORM setval('public.journal_order', given);
        RAISE SQLSTATE 'HB010';
    EXCEPTION
        WHEN SQLSTATE 'HB010' THEN RETURN given;
    END
    $$
    """,
    "REVOKE ALL ON FUNCTION next_journal_order() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION next_journal_order() TO hocba_web, hocba_worker",
    # What was given last, for fsck in the worker.
    "GRANT SELECT ON SEQUENCE journal_order TO hocba_worker",
)

DOWN = ("DROP FUNCTION next_journal_order()", "DROP SEQUENCE journal_order")


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
