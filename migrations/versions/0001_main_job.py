"""The main job: packages come in, transcripts are registered, everything is recorded.

Revision ID: 0001
Revises:
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLES = ("hocba_web", "hocba_worker", "hocba_verifier")
SCHOOL_YEARS = range(2020, 2041)
"""One partition a school year, named by its first year; any other lands in the default."""

APPEND_ONLY = ("audit", "transcript_codes", "package_replies", "package_items")
NEVER_DELETED = ("packages", "transcripts")

TABLES = (
    """
    CREATE TABLE schools (
        school_code text CONSTRAINT pk_schools PRIMARY KEY,
        name text NOT NULL, province_code text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE certificates (
        certificate_sha256 text NOT NULL,
        school_code text NOT NULL
            CONSTRAINT fk_certificates_school_code_schools REFERENCES schools,
        role text NOT NULL CONSTRAINT ck_certificates_role CHECK (role IN ('CBQL', 'KY_PHAT_HANH')),
        der bytea NOT NULL,
        approved_from date NOT NULL, approved_to date,
        approved_by text NOT NULL, approved_at timestamptz NOT NULL,
        CONSTRAINT pk_certificates PRIMARY KEY (certificate_sha256, school_code, role)
    )
    """,
    "CREATE INDEX ix_certificates_school_code ON certificates (school_code)",
    """
    CREATE TABLE clients (
        client_id text CONSTRAINT pk_clients PRIMARY KEY,
        name text NOT NULL, secret_hash text NOT NULL, scopes text[] NOT NULL,
        enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE client_schools (
        client_id text NOT NULL
            CONSTRAINT fk_client_schools_client_id_clients REFERENCES clients,
        school_code text NOT NULL
            CONSTRAINT fk_client_schools_school_code_schools REFERENCES schools,
        CONSTRAINT pk_client_schools PRIMARY KEY (client_id, school_code)
    )
    """,
    # The table is the queue too: a row is work until its reply stands (state 03).
    """
    CREATE TABLE packages (
        package_id uuid CONSTRAINT pk_packages PRIMARY KEY,
        client_id text NOT NULL CONSTRAINT fk_packages_client_id_clients REFERENCES clients,
        digest text NOT NULL, size bigint NOT NULL,
        state char(2) NOT NULL
            CONSTRAINT ck_packages_state CHECK (state IN ('00', '01', '02', '03', '04')),
        received_at timestamptz NOT NULL,
        message_id text, purpose text, school_code text, province_code text,
        total integer, accepted integer, rejected integer,
        errors jsonb NOT NULL DEFAULT '[]',
        finished_at timestamptz, replied_at timestamptz, read_at timestamptz,
        leased_by text, lease_expires_at timestamptz, leases integer NOT NULL DEFAULT 0,
        CONSTRAINT uq_packages_client_id_digest UNIQUE (client_id, digest),
        CONSTRAINT ck_packages_finished CHECK (state < '02' OR finished_at IS NOT NULL),
        CONSTRAINT ck_packages_replied CHECK (state < '03' OR replied_at IS NOT NULL),
        CONSTRAINT ck_packages_read CHECK (state < '04' OR read_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_packages_queue ON packages (received_at) WHERE state IN ('00', '01', '02')",
    """
    CREATE TABLE package_items (
        package_id uuid NOT NULL
            CONSTRAINT fk_package_items_package_id_packages REFERENCES packages,
        ordinal integer NOT NULL,
        student_code text NOT NULL,
        result char(2) NOT NULL CONSTRAINT ck_package_items_result CHECK (result IN ('01', '02')),
        transcript_code text,
        original_sha256 text,
        findings jsonb NOT NULL,
        CONSTRAINT pk_package_items PRIMARY KEY (package_id, ordinal)
    )
    """,
    """
    CREATE TABLE package_replies (
        package_id uuid CONSTRAINT pk_package_replies PRIMARY KEY
            CONSTRAINT fk_package_replies_package_id_packages REFERENCES packages,
        body bytea NOT NULL, created_at timestamptz NOT NULL
    )
    """,
    # A partitioned table has no unique key without its partition column: this one keeps codes and
    # originals unique across years, and names the year to look in.
    """
    CREATE TABLE transcript_codes (
        transcript_code text CONSTRAINT pk_transcript_codes PRIMARY KEY,
        school_year integer NOT NULL,
        original_sha256 text NOT NULL CONSTRAINT uq_transcript_codes_original_sha256 UNIQUE
    )
    """,
    # `report` is json and not jsonb: it is given back exactly as the verifier wrote it.
    """
    CREATE TABLE transcripts (
        school_year integer NOT NULL, transcript_code text NOT NULL, original_sha256 text NOT NULL,
        level text NOT NULL, grade text NOT NULL, class_id text NOT NULL, class_name text NOT NULL,
        school_code text NOT NULL, school_name text NOT NULL,
        province_code text NOT NULL, province_name text NOT NULL,
        student_code text NOT NULL, student_name text NOT NULL, student_name_masked text NOT NULL,
        personal_number_hash bytea,
        issued_on date NOT NULL,
        package_id uuid NOT NULL,
        package_digest text NOT NULL, byte_offset bigint NOT NULL, byte_length bigint NOT NULL,
        accepted_at timestamptz NOT NULL,
        withdrawn_at timestamptz,
        report json NOT NULL,
        CONSTRAINT pk_transcripts PRIMARY KEY (school_year, transcript_code)
    ) PARTITION BY LIST (school_year)
    """,
    *(
        f"CREATE TABLE transcripts_{year} PARTITION OF transcripts FOR VALUES IN ({year})"
        for year in SCHOOL_YEARS
    ),
    "CREATE TABLE transcripts_default PARTITION OF transcripts DEFAULT",
    """
    CREATE UNIQUE INDEX uq_transcripts_in_force
        ON transcripts (school_year, school_code, student_code, level) WHERE withdrawn_at IS NULL
    """,
    """
    CREATE INDEX ix_transcripts_school_year_personal_number_hash
        ON transcripts (school_year, personal_number_hash)
    """,
    """
    CREATE TABLE audit (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_audit PRIMARY KEY,
        at timestamptz NOT NULL,
        actor text NOT NULL, action text NOT NULL, object text NOT NULL,
        detail jsonb NOT NULL DEFAULT '{}',
        trace_id text
    )
    """,
    # What anybody with a code may cause to be read: of the report only outcomes, for the rest names
    # teachers. The codes table comes first so that one partition is searched and not all.
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
)

FUNCTIONS = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% on % is refused: records are kept for ever', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    # `*<>` compares whole rows as stored: json has no equality of its own.
    """
    CREATE FUNCTION refuse_all_but_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        unchanged record;
    BEGIN
        unchanged := NEW;
        unchanged.withdrawn_at := OLD.withdrawn_at;
        IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR unchanged *<> OLD THEN
            RAISE EXCEPTION 'a transcript changes only once, by its withdrawal'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END
    $$
    """,
)

# A trigger binds the owner too, whom no privilege can; a role's missing privilege refuses first.
TRIGGERS = (
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ),
    # A statement that names a partition fires only the partition's own statement triggers.
    *(
        f"CREATE TRIGGER {table}_kept BEFORE DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in (
            *NEVER_DELETED,
            *(f"transcripts_{part}" for part in (*SCHOOL_YEARS, "default")),
        )
    ),
    """
    CREATE TRIGGER transcripts_withdrawal BEFORE UPDATE ON transcripts
        FOR EACH ROW EXECUTE FUNCTION refuse_all_but_withdrawal()
    """,
)

GRANTS = (
    """
    GRANT SELECT ON alembic_version, schools, clients, client_schools, packages, package_items,
        package_replies, transcripts, transcript_codes TO hocba_web
    """,
    "GRANT INSERT ON packages, audit TO hocba_web",
    "GRANT UPDATE (state, read_at) ON packages TO hocba_web",
    """
    GRANT SELECT ON alembic_version, schools, certificates, client_schools, packages,
        package_items, package_replies, transcripts, transcript_codes TO hocba_worker
    """,
    "GRANT SELECT (client_id, name, enabled) ON clients TO hocba_worker",
    # What identifies a package stays as received: the worker writes only what processing finds.
    """
    GRANT UPDATE (state, message_id, purpose, school_code, province_code, total, accepted, rejected,
        errors, finished_at, replied_at, leased_by, lease_expires_at, leases)
        ON packages TO hocba_worker
    """,
    """
    GRANT INSERT ON package_items, package_replies, transcripts, transcript_codes, audit
        TO hocba_worker
    """,
    "GRANT SELECT ON public_transcripts TO hocba_verifier",
)


def _make_role(role: str) -> str:
    """Create a group role if absent and let the current user act as it.

    Roles belong to the whole cluster: another database's migration may create one at this moment,
    or an administrator may have made them all and given us no right over them.
    """
    return f"""
    DO $$
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
            BEGIN
                CREATE ROLE {role} NOLOGIN;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            BEGIN
                GRANT {role} TO CURRENT_USER;
            EXCEPTION WHEN insufficient_privilege THEN
                IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN RAISE; END IF;
            END;
        END IF;
    END
    $$
    """  # noqa: S608 -- reason: a role of `ROLES` above; PostgreSQL takes no parameters here


def upgrade() -> None:
    roles = tuple(_make_role(role) for role in ROLES)
    for statement in (*roles, *TABLES, *FUNCTIONS, *TRIGGERS, *GRANTS):
        op.execute(statement)


def downgrade() -> None:
    # The roles stay: other databases of the cluster may use them. Records stay as well.
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
    op.execute("DROP VIEW public_transcripts")
    op.execute(
        "DROP TABLE audit, transcripts, transcript_codes, package_replies, package_items, "
        "packages, client_schools, clients, certificates, schools"
    )
    op.execute("DROP FUNCTION refuse_change(), refuse_all_but_withdrawal()")
