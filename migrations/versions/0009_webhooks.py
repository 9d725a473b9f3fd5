"""Webhooks: addresses that clients registered, and the events that are sent to them.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE webhooks (
        webhook_id uuid CONSTRAINT pk_webhooks PRIMARY KEY,
        client_id text NOT NULL CONSTRAINT fk_webhooks_client_id_clients REFERENCES clients,
        url text NOT NULL,
        created_at timestamptz NOT NULL,
        ended_at timestamptz,
        failures integer NOT NULL DEFAULT 0,
        leased_by text,
        lease_expires_at timestamptz
    )
    """,
    # It also finds the webhooks of a client, for every reply that is made.
    """
    CREATE UNIQUE INDEX uq_webhooks_client_id ON webhooks (client_id, url)
        WHERE ended_at IS NULL
    """,
    """
    CREATE TABLE webhook_deliveries (
        delivery_id uuid CONSTRAINT pk_webhook_deliveries PRIMARY KEY,
        webhook_id uuid NOT NULL
            CONSTRAINT fk_webhook_deliveries_webhook_id_webhooks REFERENCES webhooks,
        event text NOT NULL,
        body text NOT NULL,
        created_at timestamptz NOT NULL,
        queued_at timestamptz NOT NULL,
        next_at timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'pending' CONSTRAINT ck_webhook_deliveries_state
            CHECK (state IN ('pending', 'delivered', 'dead')),
        attempts integer NOT NULL DEFAULT 0,
        last_status integer,
        last_fault text,
        finished_at timestamptz,
        CONSTRAINT ck_webhook_deliveries_finished
            CHECK ((state = 'pending') = (finished_at IS NULL))
    )
    """,
    """
    CREATE INDEX ix_webhook_deliveries_pending
        ON webhook_deliveries (webhook_id, queued_at, delivery_id) WHERE state = 'pending'
    """,
    """
    CREATE INDEX ix_webhook_deliveries_list
        ON webhook_deliveries (webhook_id, created_at, delivery_id)
    """,
    """
    CREATE INDEX ix_webhook_deliveries_finished_at ON webhook_deliveries (finished_at)
        WHERE finished_at IS NOT NULL
    """,
    "GRANT SELECT, INSERT ON webhooks TO hocba_web",
    "GRANT UPDATE (ended_at) ON webhooks TO hocba_web",
    "GRANT SELECT ON webhook_deliveries TO hocba_web",
    """
    GRANT UPDATE (state, queued_at, next_at, attempts, finished_at) ON webhook_deliveries
        TO hocba_web
    """,
    "GRANT SELECT ON webhooks TO hocba_worker",
    "GRANT UPDATE (failures, leased_by, lease_expires_at) ON webhooks TO hocba_worker",
    # What is told here is kept elsewhere: an event that is over goes after a month.
    "GRANT SELECT, INSERT, DELETE ON webhook_deliveries TO hocba_worker",
    """
    GRANT UPDATE (state, next_at, attempts, last_status, last_fault, finished_at)
        ON webhook_deliveries TO hocba_worker
    """,
)

DOWN = ("DROP TABLE webhook_deliveries, webhooks",)


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
