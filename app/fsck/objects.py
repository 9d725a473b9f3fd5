"""Whether the vault keeps what the rows of one package say, byte for byte."""

import asyncio
from collections.abc import Iterator
from hashlib import sha256

from app.errors import IntegrityFailure, NotFound
from app.fsck.findings import Code, Finding
from app.fsck.package_rows import PackageRows
from app.keys import WorkerKeys
from app.register.record import TranscriptRecord
from app.reverification.comparison import changed_facts
from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.content import Transcript
from app.transcripts.content_reader import read_transcript
from app.transcripts.document import open_document
from app.transcripts.finding import DocumentRefused
from app.transcripts.finding import Finding as Fault
from app.transcripts.message import transcript_range
from app.transcripts.profile import HOC_BA_1
from app.vault import Vault
from app.vault.vault import Standing


async def check_object(
    rows: PackageRows, vault: Vault, keys: WorkerKeys, *, reading: bool
) -> tuple[Finding, ...]:
    """Ask how a package's object stands, and read and hash it if so wished.

    Raises:
        Unavailable: the vault cannot answer now.
    """
    row = rows.row
    if row.discarded_at is not None:
        return ()  # that it is gone shows in the vault's own list
    try:
        standing = await vault.standing(row.digest)
        content = await vault.get(row.digest) if reading else None
    except (NotFound, ValueError):  # a digest that is none names nothing
        return (Finding(code=Code.OBJECT_LOST, object=row.digest, detail=rows.name),)
    except IntegrityFailure:
        return (Finding(code=Code.OBJECT_ALTERED, object=row.digest, detail=rows.name),)
    found = tuple(_standing_findings(rows, standing))
    if content is None:
        return found
    return found + await asyncio.to_thread(_content_findings, rows, content, keys)


def _standing_findings(rows: PackageRows, standing: Standing) -> Iterator[Finding]:
    row = rows.row
    if standing.size != row.size:
        yield Finding(code=Code.OBJECT_ALTERED, object=row.digest, detail=f"{rows.name} size")
    if row.retained_until is None:
        return
    # A folder has no versions and no locks, only a mark.
    locked = (
        standing.held
        if standing.version is None
        else standing.locked_until is not None and standing.locked_until >= row.retained_until
    )
    if not locked:
        yield Finding(code=Code.OBJECT_UNLOCKED, object=row.digest, detail=rows.name)


def _content_findings(rows: PackageRows, content: bytes, keys: WorkerKeys) -> tuple[Finding, ...]:
    digest = rows.row.digest
    if sha256(content).hexdigest() != digest or len(content) != rows.row.size:
        return (Finding(code=Code.OBJECT_ALTERED, object=digest, detail=rows.name),)
    return tuple(
        finding for record in rows.brought for finding in _original_findings(record, content, keys)
    )


def _original_findings(
    record: TranscriptRecord, package: bytes, keys: WorkerKeys
) -> Iterator[Finding]:
    """Hold one row of the register to the original that lies where it says."""
    name = record.transcript_code
    kept = package[record.byte_offset : record.byte_offset + record.byte_length]
    try:
        original = transcript_range(kept)
    except DocumentRefused as refused:
        detail = refused.findings[0].code
        yield Finding(code=Code.TRANSCRIPT_BYTES, object=name, detail=detail)
        return
    if sha256(original).hexdigest() != record.original_sha256:
        yield Finding(code=Code.TRANSCRIPT_BYTES, object=name, detail="original_sha256")
        return
    try:
        said = read_original(original)
    except DocumentRefused as refused:
        detail = refused.findings[0].code
        yield Finding(code=Code.TRANSCRIPT_CONTENT, object=name, detail=detail)
        return
    # A code that the keys do not give is found beside its row, whether bytes are read or not.
    wrong = [fact for fact in changed_facts(record, said, keys) if fact != "transcript_code"]
    if wrong:
        yield Finding(code=Code.TRANSCRIPT_CONTENT, object=name, detail=" ".join(wrong))


def read_original(original: bytes) -> Transcript:
    """Read what an original says, whose digest proves that it is the one that was verified.

    Raises:
        DocumentRefused: it cannot be read as it could when it came in.
    """
    document = open_document(original, HOC_BA_1)
    step = document.profile.content.split("/")[2]
    signed = document.root.find(step)
    if signed is None:
        raise DocumentRefused(Fault(code="SIG-140", xpath=document.profile.content))
    octets = canonical_octets(signed, Canonicalization.INCLUSIVE_10)
    return read_transcript(octets, document.profile)
