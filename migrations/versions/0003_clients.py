"""Clients: kinds, credentials in rotation, grants over time, revocable tokens, buckets, lanes.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = (
    # A client of before sent for schools: a hub, which holds nothing beyond its grants.
    """
    ALTER TABLE clients
        ADD COLUMN kind text NOT NULL DEFAULT 'hub' CONSTRAINT ck_clients_kind
            CHECK (kind IN ('hub', 'school', 'department', 'relying_party', 'ministry')),
        ADD COLUMN token_generation integer NOT NULL DEFAULT 0
    """,
    "ALTER TABLE clients ALTER COLUMN kind DROP DEFAULT",
    """
    CREATE TABLE client_secrets (
        secret_id uuid CONSTRAINT pk_client_secrets PRIMARY KEY,
        client_id text NOT NULL
            CONSTRAINT fk_client_secrets_client_id_clients REFERENCES clients,
        secret_hash text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz
    )
    """,
    "CREATE INDEX ix_client_secrets_client_id ON client_secrets (client_id)",
    """
    INSERT INTO client_secrets (secret_id, client_id, secret_hash, created_at)
    SELECT gen_random_uuid(), client_id, secret_hash, created_at FROM clients
    """,
    "ALTER TABLE clients DROP COLUMN secret_hash",
    """
    CREATE TABLE client_keys (
        client_id text NOT NULL CONSTRAINT fk_client_keys_client_id_clients REFERENCES clients,
        kid text NOT NULL,
        algorithm text NOT NULL CONSTRAINT ck_client_keys_algorithm
            CHECK (algorithm IN ('RS256', 'PS256', 'ES256')),
        jwk jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        CONSTRAINT pk_client_keys PRIMARY KEY (client_id, kid)
    )
    """,
    # What is null does not narrow: a grant of a province holds for each of its schools and levels.
    """
    CREATE TABLE client_grants (
        grant_id uuid CONSTRAINT pk_client_grants PRIMARY KEY,
        client_id text NOT NULL CONSTRAINT fk_client_grants_client_id_clients REFERENCES clients,
        school_code text CONSTRAINT fk_client_grants_school_code_schools REFERENCES schools,
        province_code text,
        level text CONSTRAINT ck_client_grants_level CHECK (level IN ('02', '03', '04', '05')),
        valid_from timestamptz NOT NULL,
        valid_to timestamptz,
        CONSTRAINT ck_client_grants_order CHECK (valid_to >= valid_from)
    )
    """,
    "CREATE INDEX ix_client_grants_client_id ON client_grants (client_id, school_code)",
    """
    INSERT INTO client_grants (grant_id, client_id, school_code, valid_from)
    SELECT gen_random_uuid(), client_id, school_code, created_at
    FROM client_schools JOIN clients USING (client_id)
    """,
    "DROP TABLE client_schools",
    """
    CREATE TABLE revoked_tokens (
        token_id uuid CONSTRAINT pk_revoked_tokens PRIMARY KEY,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_revoked_tokens_expires_at ON revoked_tokens (expires_at)",
    """
    CREATE TABLE used_assertions (
        client_id text NOT NULL, assertion_sha256 bytea NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_used_assertions PRIMARY KEY (client_id, assertion_sha256)
    )
    """,
    "CREATE INDEX ix_used_assertions_expires_at ON used_assertions (expires_at)",
    # Unlogged: no commit waits for the disk, and a crash only fills every bucket.
    """
    CREATE UNLOGGED TABLE client_buckets (
        client_id text NOT NULL, bucket text NOT NULL,
        full_at timestamptz NOT NULL,
        CONSTRAINT pk_client_buckets PRIMARY KEY (client_id, bucket)
    ) WITH (fillfactor = 50)
    """,
    # The queue's order: turns are given at receipt, so that taking the next is one index look-up.
    """
    ALTER TABLE packages
        ADD COLUMN lane text NOT NULL DEFAULT '', ADD COLUMN turn bigint NOT NULL DEFAULT 1
    """,
    "DROP INDEX ix_packages_queue",
    """
    CREATE INDEX ix_packages_queue ON packages (turn, received_at)
        WHERE state IN ('00', '01', '02')
    """,
    "CREATE INDEX ix_packages_lane ON packages (lane, turn) WHERE state = '00'",
    "CREATE INDEX ix_packages_waiting ON packages (turn) WHERE state = '00'",
    """
    GRANT SELECT ON client_secrets, client_keys, client_grants, revoked_tokens, used_assertions,
        client_buckets TO hocba_web
    """,
    """
    GRANT INSERT ON clients, client_secrets, client_keys, client_grants, revoked_tokens,
        used_assertions, client_buckets TO hocba_web
    """,
    "GRANT UPDATE (name, scopes, enabled, token_generation) ON clients TO hocba_web",
    "GRANT UPDATE (expires_at) ON client_secrets, client_keys TO hocba_web",
    "GRANT UPDATE (valid_to) ON client_grants TO hocba_web",
    "GRANT UPDATE (full_at) ON client_buckets TO hocba_web",
    # Only what has run out anyway.
    "GRANT DELETE ON revoked_tokens, used_assertions TO hocba_web",
    "GRANT SELECT ON client_grants TO hocba_worker",
)

DOWN = (
    "DROP INDEX ix_packages_waiting, ix_packages_lane, ix_packages_queue",
    "ALTER TABLE packages DROP COLUMN lane, DROP COLUMN turn",
    "CREATE INDEX ix_packages_queue ON packages (received_at) WHERE state IN ('00', '01', '02')",
    """
    CREATE TABLE client_schools (
        client_id text NOT NULL
            CONSTRAINT fk_client_schools_client_id_clients REFERENCES clients,
        school_code text NOT NULL
            CONSTRAINT fk_client_schools_school_code_schools REFERENCES schools,
        CONSTRAINT pk_client_schools PRIMARY KEY (client_id, school_code)
    )
    """,
    "GRANT SELECT ON client_schools TO hocba_web, hocba_worker",
    """
    DROP TABLE client_buckets, used_assertions, revoked_tokens, client_grants, client_keys,
        client_secrets
    """,
    "REVOKE INSERT, UPDATE ON clients FROM hocba_web",
    "REVOKE UPDATE (name, scopes, enabled, token_generation) ON clients FROM hocba_web",
    "ALTER TABLE clients DROP COLUMN kind, DROP COLUMN token_generation",
    # Refused where clients are: their secrets are not given up for an older program.
    "ALTER TABLE clients ADD COLUMN secret_hash text NOT NULL",
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
