"""Registration of certificates: a school asks, a department decides, the holder may take it back.

Each step is one transaction with its event, its line in the audit and its entry in the journal;
events are only added. A crash before the commit leaves at most an entry that nobody was told of.
A package that is on its way is judged by the time at which it was received: what came before a
revocation counts, what comes from then on does not, whatever day it names.
"""

import asyncio
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

from cryptography.x509 import load_der_x509_certificate
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.directory.schools import find_school
from app.errors import CertificateRefused, Conflict, InvalidRequest, NotAllowed
from app.journal import Journal
from app.locale import VIETNAM
from app.signatures.trust import TrustSnapshot
from app.trust.candidate import Candidate, check_candidate, key_digest
from app.trust.entry import (
    Act,
    RegistrationKey,
    RegistrationState,
    RegistryEntry,
    Ruling,
    Wish,
)
from app.trust.ledger import (
    add_entry,
    entries_for_key,
    find_entry,
    lock_key,
    update_entry,
)
from app.trust.rights import require_decider, require_holder
from app.trust.steps import note_step


async def request_certificate(
    database: Database, journal: Journal, trust: TrustSnapshot, wish: Wish, act: Act
) -> tuple[RegistryEntry, bool]:
    """Put a certificate up for approval; asking again gives what stands, a refused one a new turn.

    Returns:
        The entry, and whether it was put up now.

    Raises:
        NotAllowed: the caller may not act for the school.
        CertificateRefused: as `check_candidate`; SIG-533 its key belongs to another school,
            SIG-534 to another role.
        InvalidRequest: the wish ends before it begins.
        Conflict: its holder has revoked it: a new certificate is needed.
    """
    _require_order(wish.first, wish.last, "wish_to")
    key = RegistrationKey(
        certificate_sha256=sha256(wish.der).hexdigest(),
        school_code=wish.school_code,
        role=wish.role,
    )
    # 1 who asks, and for what: the same again is answered even when it could not be asked today
    async with database.read() as connection:
        await require_holder(connection, act.caller, wish.school_code, act.now)
        school = await find_school(connection, wish.school_code)
        known = await find_entry(connection, key, lock=False)
    if school is None:
        raise NotAllowed
    if known is not None and not _may_be_asked_anew(known):
        return known, False
    # 2 the certificate by itself
    candidate = await asyncio.to_thread(
        check_candidate, wish.der, wish.role, school.name, trust=trust, now=act.now
    )
    # 3 the certificate among the others, and the commit point
    async with database.begin() as connection:
        await _require_own_key(connection, key, candidate)
        known = await find_entry(connection, key, lock=True)
        if known is not None and not _may_be_asked_anew(known):
            return known, False
        entry = _asked_for(key, wish, act)
        if known is None:
            await add_entry(connection, entry, candidate.key_sha256)
        else:
            await update_entry(connection, entry)
        await note_step(
            journal, connection, entry, act, event="requested", valid=(wish.first, wish.last)
        )
    return entry, True


async def decide_certificate(
    database: Database,
    journal: Journal,
    trust: TrustSnapshot,
    key: RegistrationKey,
    ruling: Ruling,
    act: Act,
) -> RegistryEntry:
    """Approve or refuse a certificate that waits; the same decision again changes nothing.

    Raises:
        NotAllowed: the caller may not decide for this school, or asked for it itself.
        InvalidRequest: a refusal without a reason, or days that make no sense.
        CertificateRefused: as `request_certificate`: it no longer can be approved.
        Conflict: it was decided otherwise; an approval ends by a revocation.
    """
    if ruling.decision == "refuse" and not ruling.reason:
        raise InvalidRequest(parameter="reason", reason="missing")
    async with database.begin() as connection:
        seen = await find_entry(connection, key, lock=False)
        if seen is None:
            raise NotAllowed
        # The key first and then the entry, as a request does: otherwise two could wait for ever.
        await lock_key(connection, key_digest(seen.der) or "")
        entry = await find_entry(connection, key, lock=True) or seen
        await require_decider(
            connection,
            act.caller,
            key.school_code,
            requested_by=entry.requested_by,
            now=act.now,
        )
        decided = _decided(entry, ruling, act)
        if entry.state is not RegistrationState.WAITING:
            _require_same(entry, decided)
            return entry
        if ruling.decision == "approve":
            await _check_again(connection, trust, entry, act)
        await update_entry(connection, decided)
        await note_step(
            journal,
            connection,
            decided,
            act,
            event="approved" if ruling.decision == "approve" else "refused",
            valid=(decided.valid_from, decided.valid_to),
            reason=ruling.reason,
        )
    return decided


async def revoke_certificate(
    database: Database,
    journal: Journal,
    key: RegistrationKey,
    since: datetime,
    reason: str,
    act: Act,
) -> RegistryEntry:
    """Take an approved certificate back from a time on; a second time can only be an earlier one.

    Transcripts that were received before stay; what is received from then on with this certificate
    is refused (SIG-520), back-dated or not.

    Raises:
        NotAllowed: the caller may not act for the school.
        Conflict: the certificate is not approved.
    """
    async with database.begin() as connection:
        entry = await find_entry(connection, key, lock=True)
        await require_holder(connection, act.caller, key.school_code, act.now)
        if entry is None or entry.state is not RegistrationState.APPROVED:
            raise Conflict
        if entry.revoked_from is not None and entry.revoked_from <= since:
            return entry
        revoked = replace(entry, revoked_from=since)
        await update_entry(connection, revoked)
        await note_step(
            journal, connection, revoked, act, event="revoked", reason=reason, revoked_from=since
        )
    return revoked


def _may_be_asked_anew(known: RegistryEntry) -> bool:
    """Say whether an entry may wait again.

    Raises:
        Conflict: its holder took it back, which nothing undoes.
    """
    if known.revoked_from is not None:
        raise Conflict
    return known.state is RegistrationState.REFUSED


def _asked_for(key: RegistrationKey, wish: Wish, act: Act) -> RegistryEntry:
    return RegistryEntry(
        key=key,
        der=wish.der,
        state=RegistrationState.WAITING,
        requested_by=act.caller.client_id,
        requested_at=act.now,
        wish_from=wish.first,
        wish_to=wish.last,
        valid_from=None,
        valid_to=None,
        decided_by=None,
        decided_at=None,
        revoked_from=None,
    )


def _decided(entry: RegistryEntry, ruling: Ruling, act: Act) -> RegistryEntry:
    if ruling.decision == "refuse":
        return replace(entry, state=RegistrationState.REFUSED)
    first = ruling.first or entry.wish_from or _first_day(entry.der)
    last = ruling.last or entry.wish_to
    _require_order(first, last, "valid_to")
    return replace(
        entry,
        state=RegistrationState.APPROVED,
        valid_from=first,
        valid_to=last,
        decided_by=act.caller.client_id,
        decided_at=act.now,
    )


def _require_same(entry: RegistryEntry, decided: RegistryEntry) -> None:
    told = (decided.state, decided.valid_from, decided.valid_to)
    if told != (entry.state, entry.valid_from, entry.valid_to):
        raise Conflict


def _require_order(first: date | None, last: date | None, parameter: str) -> None:
    if first is not None and last is not None and last < first:
        raise InvalidRequest(parameter=parameter, reason="before-beginning")


def _first_day(der: bytes) -> date:
    return load_der_x509_certificate(der).not_valid_before_utc.astimezone(VIETNAM).date()


async def _require_own_key(
    connection: AsyncConnection, key: RegistrationKey, candidate: Candidate
) -> None:
    """Refuse a key that another school, or another role of this one, has put up already.

    Two requests with one key wait for each other, so that only the first can succeed.

    Raises:
        CertificateRefused: SIG-533 another school's key, SIG-534 the key of another role.
    """
    await lock_key(connection, candidate.key_sha256)
    for other in await entries_for_key(connection, candidate.key_sha256):
        if other.state is RegistrationState.REFUSED:
            continue
        if other.key.school_code != key.school_code:
            raise CertificateRefused("SIG-533")
        if other.key.role is not key.role:
            raise CertificateRefused("SIG-534")


async def _check_again(
    connection: AsyncConnection, trust: TrustSnapshot, entry: RegistryEntry, act: Act
) -> None:
    """Hold a certificate to the rules once more: weeks may lie between request and decision."""
    school = await find_school(connection, entry.key.school_code)
    candidate = await asyncio.to_thread(
        check_candidate,
        entry.der,
        entry.key.role,
        "" if school is None else school.name,
        trust=trust,
        now=act.now,
    )
    await _require_own_key(connection, entry.key, candidate)
