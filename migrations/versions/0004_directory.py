"""The directory over time, staff lists of schools, and the registration of certificates.

Revision ID: 0004
Revises: 0003
"""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = (
    # `schools` stays what a school is today; its history stands beside it.
    "ALTER TABLE schools ADD COLUMN levels text[] NOT NULL DEFAULT '{}'",
    """
    CREATE TABLE school_periods (
        school_code text NOT NULL
            CONSTRAINT fk_school_periods_school_code_schools REFERENCES schools,
        valid_from date NOT NULL, valid_to date,
        name text NOT NULL, levels text[] NOT NULL,
        province_code text NOT NULL,
        commune_code text, commune_name text,
        successor_code text,
        CONSTRAINT pk_school_periods PRIMARY KEY (school_code, valid_from),
        CONSTRAINT ck_school_periods_order CHECK (valid_to IS NULL OR valid_from <= valid_to)
    )
    """,
    # Seven codes changed their meaning on 1/7/2025: what was before is not known for those schools.
    """
    INSERT INTO school_periods (school_code, valid_from, name, levels, province_code)
    SELECT school_code,
        CASE WHEN province_code IN ('15', '24', '44', '52', '80', '82', '91')
            THEN DATE '2025-07-01' ELSE DATE '0001-01-01' END,
        name, levels, province_code
    FROM schools
    """,
    """
    CREATE TABLE school_staff (
        school_code text NOT NULL
            CONSTRAINT fk_school_staff_school_code_schools REFERENCES schools,
        staff_code text NOT NULL,
        valid_from date NOT NULL, valid_to date,
        name text NOT NULL,
        personal_number_hash bytea,
        CONSTRAINT pk_school_staff PRIMARY KEY (school_code, staff_code, valid_from),
        CONSTRAINT ck_school_staff_order CHECK (valid_to IS NULL OR valid_from <= valid_to)
    )
    """,
    """
    CREATE TABLE teaching_assignments (
        school_code text NOT NULL
            CONSTRAINT fk_teaching_assignments_school_code_schools REFERENCES schools,
        school_year integer NOT NULL,
        class_id text NOT NULL,
        subject_code text NOT NULL,
        semester smallint NOT NULL
            CONSTRAINT ck_teaching_assignments_semester CHECK (semester IN (1, 2)),
        staff_code text NOT NULL,
        CONSTRAINT pk_teaching_assignments
            PRIMARY KEY (school_code, school_year, class_id, subject_code, semester, staff_code)
    )
    """,
    """
    ALTER TABLE certificates
        ALTER COLUMN approved_from DROP NOT NULL,
        ALTER COLUMN approved_by DROP NOT NULL,
        ALTER COLUMN approved_at DROP NOT NULL,
        ADD COLUMN state char(2) NOT NULL DEFAULT '02'
            CONSTRAINT ck_certificates_state CHECK (state IN ('01', '02', '03')),
        ADD COLUMN wish_from date,
        ADD COLUMN wish_to date,
        ADD COLUMN requested_by text,
        ADD COLUMN requested_at timestamptz,
        ADD COLUMN key_sha256 text,
        ADD COLUMN revoked_from timestamptz
    """,
)

NARROW = (
    "UPDATE certificates SET requested_by = approved_by, requested_at = approved_at",
    """
    ALTER TABLE certificates
        ALTER COLUMN state DROP DEFAULT,
        ALTER COLUMN requested_by SET NOT NULL,
        ALTER COLUMN requested_at SET NOT NULL,
        ALTER COLUMN key_sha256 SET NOT NULL,
        ADD CONSTRAINT ck_certificates_approved CHECK (
            state <> '02' OR (approved_from IS NOT NULL AND approved_at IS NOT NULL)),
        ADD CONSTRAINT ck_certificates_revoked CHECK (revoked_from IS NULL OR state = '02')
    """,
    "CREATE INDEX ix_certificates_key_sha256 ON certificates (key_sha256)",
    """
    CREATE TABLE certificate_events (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_certificate_events PRIMARY KEY,
        certificate_sha256 text NOT NULL, school_code text NOT NULL, role text NOT NULL,
        at timestamptz NOT NULL, actor text NOT NULL,
        event text NOT NULL CONSTRAINT ck_certificate_events_event
            CHECK (event IN ('requested', 'approved', 'refused', 'revoked')),
        valid_from date, valid_to date,
        revoked_from timestamptz,
        reason text,
        CONSTRAINT fk_certificate_events_certificates
            FOREIGN KEY (certificate_sha256, school_code, role) REFERENCES certificates
    )
    """,
    """
    CREATE INDEX ix_certificate_events_certificate_sha256
        ON certificate_events (certificate_sha256)
    """,
    """
    INSERT INTO certificate_events
        (certificate_sha256, school_code, role, at, actor, event, valid_from, valid_to)
    SELECT certificate_sha256, school_code, role, approved_at, approved_by, 'approved',
        approved_from, approved_to
    FROM certificates
    """,
    """
    CREATE TRIGGER certificate_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
        ON certificate_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER certificates_kept BEFORE DELETE OR TRUNCATE
        ON certificates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "GRANT SELECT ON school_periods, school_staff, teaching_assignments TO hocba_worker",
    "GRANT SELECT ON school_periods, certificates, certificate_events TO hocba_web",
    "GRANT INSERT ON certificates, certificate_events TO hocba_web",
    # Which certificate, whose and in which role stays as it was asked for.
    """
    GRANT UPDATE (state, wish_from, wish_to, requested_by, requested_at, approved_from, approved_to,
        approved_by, approved_at, revoked_from) ON certificates TO hocba_web
    """,
)

DOWN = (
    "DROP TABLE certificate_events, teaching_assignments, school_staff, school_periods",
    "DROP TRIGGER certificates_kept ON certificates",
    "REVOKE ALL ON certificates FROM hocba_web",
    "DELETE FROM certificates WHERE state <> '02'",
    """
    ALTER TABLE certificates
        DROP COLUMN state, DROP COLUMN wish_from, DROP COLUMN wish_to, DROP COLUMN requested_by,
        DROP COLUMN requested_at, DROP COLUMN key_sha256, DROP COLUMN revoked_from,
        ALTER COLUMN approved_from SET NOT NULL,
        ALTER COLUMN approved_by SET NOT NULL,
        ALTER COLUMN approved_at SET NOT NULL
    """,
    "ALTER TABLE schools DROP COLUMN levels",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    _name_keys()
    for statement in NARROW:
        op.execute(statement)


def _name_keys() -> None:
    """Write down the digest of the key of every certificate that was approved before."""
    connection = op.get_bind()
    known = connection.execute(sa.text("SELECT DISTINCT certificate_sha256, der FROM certificates"))
    for row in known.all():
        key = load_der_x509_certificate(row.der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        connection.execute(
            sa.text("UPDATE certificates SET key_sha256 = :key WHERE certificate_sha256 = :known"),
            {"key": sha256(spki).hexdigest(), "known": row.certificate_sha256},
        )


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
