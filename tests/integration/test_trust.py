from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy.exc import IntegrityError

from app.db import Database
from app.directory.schools import School, register_school
from app.errors import CertificateRefused, InvalidRequest
from app.signatures.trust import Registration
from app.transcripts.profile import Role
from app.trust.registry import register_certificate, registrations_of

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
SCHOOL = School(code="01000123", name="Trường THCS Mẫu", province_code="01")
APPROVED = {
    "school_code": SCHOOL.code,
    "approved_from": date(2026, 1, 1),
    "approved_by": "Sở GDĐT Mẫu",
    "now": NOW,
}


@pytest.fixture(scope="module")
def der() -> bytes:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SCHOOL.name)])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=NOW,
        not_valid_after=NOW + timedelta(days=365),
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


async def test_an_approved_certificate_is_listed_for_its_school(
    database: Database, worker_database: Database, der: bytes
) -> None:
    async with database.begin() as connection:
        await register_school(connection, SCHOOL, NOW)
        await register_certificate(connection, der=der, role=Role.SCHOOL, **APPROVED)
        await register_certificate(connection, der=der, role=Role.PRINCIPAL, **APPROVED)
        # Repeating it changes nothing.
        await register_certificate(connection, der=der, role=Role.SCHOOL, **APPROVED)
    async with worker_database.read() as connection:
        found = await registrations_of(connection, SCHOOL.code)
        assert await registrations_of(connection, "01000124") == ()
    assert set(found) == {
        Registration(
            certificate_sha256=sha256(der).hexdigest(),
            school_code=SCHOOL.code,
            role=role,
            approved_from=date(2026, 1, 1),
            approved_to=None,
        )
        for role in (Role.SCHOOL, Role.PRINCIPAL)
    }
    assert len(found) == 2


async def test_a_school_that_the_directory_does_not_have_gets_no_certificate(
    database: Database, der: bytes
) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as connection:
            await register_certificate(connection, der=der, role=Role.SCHOOL, **APPROVED)


async def test_a_teachers_certificate_is_not_registered(database: Database, der: bytes) -> None:
    async with database.begin() as connection:
        with pytest.raises(InvalidRequest):
            await register_certificate(connection, der=der, role=Role.SUBJECT_TEACHER, **APPROVED)


async def test_bytes_that_are_no_certificate_are_refused(database: Database) -> None:
    async with database.begin() as connection:
        with pytest.raises(CertificateRefused):
            await register_certificate(connection, der=b"x", role=Role.SCHOOL, **APPROVED)
