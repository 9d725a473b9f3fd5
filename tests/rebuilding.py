"""A repository with some history, what it answers to everybody, and the command that remakes it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, TypeVar

import asyncpg
import httpx
from click.testing import Result
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from typer.testing import CliRunner

from app.__main__ import cli
from app.clients.accounts import Kind
from app.db import connect
from app.intake.keeping import REFUSED_KEPT, discard_refused
from app.intake.process import Processing
from app.intake.recheck import recheck_provisional
from app.main import read_clock
from app.sandbox.certificates import Revocation
from app.sandbox.holders import official_name
from app.sandbox.packaging import SignedTranscript
from app.sandbox.pki import Branch, KeyKind, Request, issue
from app.sandbox.scenario import without_signature
from app.sandbox.school import DEPARTMENT, PROVINCE_NAME
from app.signatures.trust import TrustSnapshot
from tests.revocation import issuer_of, list_of
from tests.working import NOW, XML, Repository

SENDER = "phan-mem-mau"
DEPARTMENT_CLIENT = "so-mau"
SEAL = "KY_PHAT_HANH"

TABLES = (
    "schools",
    "school_periods",
    "certificates",
    "certificate_events",
    "packages",
    "package_items",
    "package_replies",
    "package_holds",
    "package_discards",
    "message_ids",
    "transcripts",
    "transcript_codes",
    "transcript_withdrawals",
    "transcript_standings",
)
UNSTABLE = ("id", "lane", "turn", "lease_expires_at")
"""The number of a step and the place in the queue: nobody is told of them."""

_T = TypeVar("_T")

Answers = dict[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened in a repository.

    Attributes:
        packages: the ids of those with a reply.
        undecided: the id of one that no worker has looked at.
        undecided_bytes: what it is.
        codes: of everything that was ever accepted.
        certificate: SHA-256 of the one that a department approved.
    """

    packages: tuple[str, ...]
    undecided: str
    undecided_bytes: bytes
    codes: tuple[str, ...]
    certificate: str


@dataclass(slots=True)
class Sender:
    """Sends packages of the class, and remembers what became of them."""

    repository: Repository
    packages: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    number: int = 1

    def transcripts(self, *chosen: SignedTranscript) -> dict[str, Any]:
        return self.send(self.packed(*chosen))

    def withdrawal(self, code: str) -> dict[str, Any]:
        self.number += 1
        reasons = [(code, "Sai điểm Toán")]
        return self.send(self.repository.scenario.withdrawing(reasons, number=self.number))

    def send(self, package: bytes) -> dict[str, Any]:
        answer = self.repository.package(package)
        self.packages.append(answer["package_id"])
        found = [item["transcript_code"] for item in answer["items"]]
        self.codes += [code for code in found if code and code not in self.codes]
        return answer

    def packed(self, *chosen: SignedTranscript) -> bytes:
        self.number += 1
        return self.repository.scenario.repackaged(chosen, number=self.number)


def make_history(repository: Repository) -> History:
    """Let everything happen that a database remembers.

    Accepted and refused, provisional and revoked, withdrawn and issued anew, replied, read and left
    lying; the worker is stopped afterwards.
    """
    students = repository.scenario.transcripts
    sender = Sender(repository)
    repository.add_client(DEPARTMENT_CLIENT, Kind.DEPARTMENT, (repository.scenario.school.code,))
    _find_revoked(sender, students[0], students[1])
    # Two are in force for good, one is refused, one is withdrawn and issued anew.
    unsigned = SignedTranscript(
        student_code=students[5].student_code, xml=without_signature(students[5].xml, "GVCN")
    )
    [first, *_] = sender.transcripts(students[2], students[3], unsigned)["items"]
    sender.withdrawal(first["transcript_code"])
    read = sender.transcripts(_reissued(students[2]))
    repository.client().post(f"/v1/packages/{read['package_id']}/reply/read")
    sender.send(b"<khong-phai-goi-tin/>")
    certificate = _approve_certificate(repository)
    repository.stop_worker()
    package = sender.packed(students[4], students[3])
    left = repository.client().post("/v1/packages", content=package, headers=XML)
    assert left.status_code == httpx.codes.ACCEPTED, left.text
    return History(
        packages=tuple(sender.packages),
        undecided=left.json()["package_id"],
        undecided_bytes=package,
        codes=tuple(sender.codes),
        certificate=certificate,
    )


def answers_of(repository: Repository, history: History) -> Answers:
    """Ask for everything that sender, department and public may read."""
    paths = [f"/v1/certificates/{history.certificate}?school=79000701&role={SEAL}"]
    paths += ["/v1/certificates?school=79000701", "/v1/packages?state=03"]
    for package in history.packages:
        here = f"/v1/packages/{package}"
        paths += [here, f"{here}/original", f"{here}/reply"]
    for code in history.codes:
        here = f"/v1/transcripts/{code}"
        paths += [here, f"{here}/report", f"{here}/history", f"{here}/original"]
    answers: Answers = {}
    for who in (SENDER, DEPARTMENT_CLIENT):
        for path in paths:
            answers[f"{who} {path}"] = _asked(repository.client(who), path)
    with httpx.Client(base_url=repository.url) as public:
        for code in history.codes:
            for path in (f"/v1/verifications/{code}", f"/verify/{code}"):
                answers[f"public {path}"] = _asked(public, path)
    return answers


async def rows_of(database_url: str) -> dict[str, list[str]]:
    """Read every row that a rebuild gives back, as JSON; without what the queue alone needs."""
    connection = await asyncpg.connect(database_url)
    try:
        return {
            table: [
                row[0]
                for row in await connection.fetch(
                    f"SELECT (to_jsonb(t) - $1::text[])::text FROM {table} AS t ORDER BY 1",  # noqa: S608 -- reason: a name of `TABLES`
                    list(UNSTABLE),
                )
            ]
            for table in TABLES
        }
    finally:
        await connection.close()


def run_rebuild(settings: Mapping[str, str], *words: str) -> Result:
    """Run the command as an operator does."""
    return CliRunner().invoke(cli, ["rebuild", *words], env=dict(settings))


def counted(output: str) -> dict[str, tuple[str, str]]:
    """Read the printed table: thing → (restored, there already)."""
    rows = re.findall(r"│ ([^│]+?) +│ +(\S+) +│ +(\S+) +│", output)
    return {thing: (restored, present) for thing, restored, present in rows}


def _asked(client: httpx.Client, path: str) -> tuple[int, bytes]:
    answer = client.get(path)
    # A problem document names its own trace.
    return answer.status_code, answer.content if answer.is_success else b""


def _reissued(transcript: SignedTranscript) -> SignedTranscript:
    """Another original of the student: white space after the root is under no signature."""
    return SignedTranscript(student_code=transcript.student_code, xml=transcript.xml + b"\n")


def _find_revoked(sender: Sender, *accepted: SignedTranscript) -> None:
    """Have transcripts accepted provisionally and then found revoked; the first is replaced."""
    repository, trust = sender.repository, sender.repository.scenario.pki.trust
    _trust(repository, replace(trust, evidence=()))
    repository.start_worker()
    sender.transcripts(*accepted)
    seal = repository.scenario.school.seal.certificate_der
    revoked = Revocation(
        certificate=load_der_x509_certificate(seal), since=NOW - timedelta(days=100)
    )
    evidence = replace(
        list_of(issuer_of(seal), revoked, at=NOW + timedelta(hours=1)),
        fetched_at=NOW + timedelta(hours=2),
    )
    _trust(repository, replace(trust, evidence=(*trust.evidence, evidence)))
    done = repository.thread.run(_working(repository, recheck_provisional))
    assert (done.revoked, done.doubtful) == (len(accepted), ())
    _trust(repository, trust)
    sender.transcripts(_reissued(accepted[0]))


def discard_refused_packages(repository: Repository) -> None:
    """Let the bytes of refused packages expire, as a worker does after their time."""

    async def discard(parts: Processing) -> int:
        now = read_clock() + REFUSED_KEPT + timedelta(days=1)
        return await discard_refused(parts.database, parts.vault, parts.journal, now=now)

    assert repository.thread.run(_working(repository, discard)) == 1


def _trust(repository: Repository, trust: TrustSnapshot) -> None:
    repository.thread.run(repository.processes.renew(trust))


async def _working(repository: Repository, work: Callable[[Processing], Awaitable[_T]]) -> _T:
    """Do a part of a worker's work."""
    database = connect(repository.database_url, role="hocba_worker")
    try:
        return await work(
            Processing(
                database=database,
                vault=repository.vault,
                keys=repository.keys,
                processes=repository.processes,
                clock=lambda: NOW + timedelta(hours=2),
                retention=repository.journal.retention,
            )
        )
    finally:
        await database.dispose()


def _approve_certificate(repository: Repository) -> str:
    """Register the school's next certificate and let the department approve it."""
    scenario = repository.scenario
    subject = official_name(
        scenario.school.name,
        units=DEPARTMENT,
        province=PROVINCE_NAME,
        email=f"phat-hanh@{scenario.school.code}.localhost",
    )
    request = Request(
        slug=f"{scenario.school.code}-phat-hanh-moi",
        subject=subject,
        branch=Branch.G2,
        issued_year=2026,
        key_kind=KeyKind.P256,
    )
    der = issue(scenario.pki, request).certificate_der
    pem = load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
    whose = {"school": scenario.school.code, "role": SEAL}
    asked = repository.client().post("/v1/certificates", json=whose | {"certificate": pem})
    assert asked.status_code == httpx.codes.CREATED, asked.text
    digest = sha256(der).hexdigest()
    decided = repository.client(DEPARTMENT_CLIENT).post(
        f"/v1/certificates/{digest}/decision", json=whose | {"decision": "approve"}
    )
    assert decided.status_code == httpx.codes.OK, decided.text
    return digest
