"""Looking certificates up, each caller among the schools that are its own."""

from app.db import Database
from app.directory.schools import find_school
from app.errors import InvalidRequest, NotFound
from app.signatures.certificates import read_certificate
from app.trust.candidate import remarks_on
from app.trust.entry import Act, RegistrationKey, RegistryEntry, RegistryEvent
from app.trust.ledger import Filter, history_of_entry, list_entries
from app.trust.rights import visible_schools


async def read_entries(
    database: Database, act: Act, wanted: Filter, *, after: str | None, limit: int
) -> tuple[tuple[RegistryEntry, ...], str | None]:
    """List a page of the entries that the caller may see, and the cursor of the next page.

    Raises:
        NotAllowed: the token has none of the scopes of certificates.
        InvalidRequest: the cursor is none of ours.
    """
    schools = visible_schools(act.caller, act.now)
    async with database.read() as connection:
        return await list_entries(connection, wanted, schools, after=after, limit=limit)


async def which_entry(database: Database, act: Act, wanted: Filter) -> RegistrationKey:
    """Find the one entry that the caller means by a certificate, and a school and role if need be.

    Raises:
        NotAllowed: the token has none of the scopes of certificates.
        NotFound: no such entry, or it belongs to a school that the caller may not see.
        InvalidRequest: it stands for several schools or roles, and the caller did not say which.
    """
    schools = visible_schools(act.caller, act.now)
    async with database.read() as connection:
        found, _ = await list_entries(connection, wanted, schools, after=None, limit=2)
    if not found:
        raise NotFound
    if len(found) > 1:
        raise InvalidRequest(parameter="school", reason="ambiguous")
    return found[0].key


async def read_entry(
    database: Database, act: Act, key: RegistrationKey
) -> tuple[RegistryEntry, tuple[str, ...], tuple[RegistryEvent, ...]]:
    """Tell how a certificate stands, what is remarkable about it, and how it came to that.

    Raises:
        NotAllowed: the token has none of the scopes of certificates.
        NotFound: no such entry, or it belongs to a school that the caller may not see.
    """
    wanted = Filter(
        school_code=key.school_code, role=key.role, certificate_sha256=key.certificate_sha256
    )
    schools = visible_schools(act.caller, act.now)
    async with database.read() as connection:
        found, _ = await list_entries(connection, wanted, schools, after=None, limit=1)
        if not found:
            raise NotFound
        school = await find_school(connection, key.school_code)
        history = await history_of_entry(connection, key)
    certificate = read_certificate(found[0].der)
    remarks = (
        ()
        if certificate is None or school is None
        else remarks_on(certificate.signer, key.role, school.name)
    )
    return found[0], remarks, history
