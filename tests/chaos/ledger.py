"""What a service told its clients while it was killed again and again, and what must be true of it.

Threads of clients write; the judgement at the end holds everything that was ever told against what
the service says when it has come to rest.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

import asyncpg

from app.sandbox.client import Answer
from tests.inspection import Stores, faults_of

POISON = "PKG-199"
"""Three workers died with the package: refused by policy, and final."""


class Reader:
    """Asks the service until it answers; what `tests.chaos.software.Software` does."""

    def package(self, package_id: str) -> Answer:
        raise NotImplementedError

    def original(self, package_id: str) -> bytes:
        raise NotImplementedError

    def by_digest(self, sha256: str) -> Answer:
        raise NotImplementedError

    def submit(self, package: bytes) -> Answer:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A package as one account sent it.

    Attributes:
        originals: SHA-256 of its transcripts, in order; empty where there are none.
        good: the ordinals that must be accepted, unless the package was poison; None leaves the
            result open, as of a withdrawal beside another.
    """

    account: str
    content: bytes
    originals: tuple[str, ...] = ()
    good: frozenset[int] | None = None

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


@dataclass(slots=True)
class Ledger:
    """Everything that was sent and told.

    Attributes:
        acknowledged: package ids by account and digest: more than one is a fault.
        codes: told for an original: more than one is a fault.
        decided: results of a package when they were first told, as a later answer repeats them.
        faults: what a client saw that must not be.
    """

    sent: dict[tuple[str, str], Sent] = field(default_factory=dict)
    acknowledged: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    decided: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def sending(self, sent: Sent) -> None:
        """Note what is about to be sent."""
        with self._lock:
            self.sent[sent.account, sent.digest] = sent

    def told(self, sent: Sent, answer: Answer) -> None:
        """Note an answer about a package."""
        with self._lock:
            self.acknowledged[sent.account, sent.digest].add(answer["package_id"])
            if answer["digest"] != sent.digest:
                self.faults.append(f"answer about other bytes: {answer['package_id']}")
            if answer["state"] < "02":
                return
            results = str(
                [(item["result"], item["transcript_code"]) for item in answer["items"]]
                + [error["code"] for error in answer["errors"]]
            )
            if self.decided.setdefault(answer["package_id"], results) != results:
                self.faults.append(f"another result than before: {answer['package_id']}")
            for original, item in zip(sent.originals, answer["items"], strict=False):
                if item["transcript_code"]:
                    self.codes[original].add(item["transcript_code"])

    def fault(self, words: str) -> None:
        """Note what must not be."""
        with self._lock:
            self.faults.append(words)


@dataclass(slots=True)
class Verdict:
    """What the end came to; the faults are what counts. One thread for each account adds to it."""

    faults: list[str] = field(default_factory=list)
    poisoned: int = 0


async def judge(
    ledger: Ledger,
    readers: Mapping[str, Reader],
    stores: Stores,
    code_of: Callable[[str], str],
) -> Verdict:
    """Hold a service at rest against everything that it told.

    Args:
        ledger: what was told.
        readers: by account.
        stores: of the service.
        code_of: the code that an original (SHA-256) must have.
    """
    verdict = Verdict()
    accounts = [
        asyncio.to_thread(_judge_account, ledger, account, reader, verdict)
        for account, reader in readers.items()
    ]
    await asyncio.gather(*accounts)
    for original, told in ledger.codes.items():
        if told != {code_of(original)}:
            verdict.faults.append(f"wrong code for an original: {original} {sorted(told)}")
    verdict.faults += await _rows(ledger, stores.database_url)
    verdict.faults += [f"fsck: {fault}" for fault in await faults_of(stores)]
    verdict.faults += ledger.faults  # last: looking has added to them
    return verdict


def _judge_account(ledger: Ledger, account: str, reader: Reader, verdict: Verdict) -> None:
    for key in tuple(ledger.acknowledged):
        if key[0] == account:
            _judge_package(ledger, key, reader, verdict)


def _judge_package(ledger: Ledger, key: tuple[str, str], reader: Reader, verdict: Verdict) -> None:
    sent, ids = ledger.sent[key], ledger.acknowledged[key]
    if len(ids) != 1:
        verdict.faults.append(f"several packages for the same bytes: {key} {sorted(ids)}")
    for package_id in ids:
        try:
            answer = reader.package(package_id)
            again = {reader.by_digest(sent.digest)["package_id"]}
            again |= {reader.submit(sent.content)["package_id"]}
            original = reader.original(package_id)
        except Exception as error:  # noqa: BLE001 -- reason: whatever it is, the package is lost
            verdict.faults.append(f"lost: {package_id} ({error})")
            continue
        ledger.told(sent, answer)
        if original != sent.content:
            verdict.faults.append(f"original altered: {package_id}")
        if again != {package_id}:
            verdict.faults.append(f"the same bytes got another package: {package_id} {again}")
        if answer["state"] < "03":
            verdict.faults.append(f"no final state: {package_id} {answer['state']}")
            continue
        if POISON in {error["code"] for error in answer["errors"]}:
            verdict.poisoned += 1
        else:
            verdict.faults += _wrong_results(sent, answer)


def _wrong_results(sent: Sent, answer: Answer) -> list[str]:
    if sent.good is None:
        return []
    accepted = {item["ordinal"] for item in answer["items"] if item["result"] == "01"}
    if accepted == sent.good:
        return []
    errors = sorted({one["code"] for item in answer["items"] for one in item["errors"]})
    return [f"wrong results: {answer['package_id']} {sorted(accepted)} {errors}"]


async def _rows(ledger: Ledger, url: str) -> Sequence[str]:
    """Look for packages that nobody sent and originals that came into force twice."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT client_id, digest, package_id FROM packages")
        twice = await connection.fetch(
            "SELECT original_sha256 FROM transcripts GROUP BY 1 HAVING count(*) > 1"
        )
    finally:
        await connection.close()
    strangers = [row for row in rows if (row["client_id"], row["digest"]) not in ledger.sent]
    kept = {str(row["package_id"]) for row in rows}
    lost = {one for ids in ledger.acknowledged.values() for one in ids} - kept
    return [
        *(f"package that nobody sent: {row['package_id']}" for row in strangers),
        *(f"acknowledged and without a row: {one}" for one in sorted(lost)),
        *(f"original in force twice: {row[0]}" for row in twice),
    ]
