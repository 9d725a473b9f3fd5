"""A worker's rounds: answers decide what stands provisionally, and the bundle may change."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.db import connect
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.sandbox.certificates import Revocation
from app.sandbox.pki import Branch, write_trust_bundle
from app.sandbox.responder import Publisher, replacements, responding
from app.trust.bundle import MANIFEST, load_bundle
from app.trust.curation import add_to_bundle
from app.trust.fetching import Reach
from app.worker.revocation import TrustKeeper, Upkeep
from tests.revocation import certificate, issuer_of
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS, LoopThread, Repository, running_repository

SCENARIO = scenario_of(STUDENTS)
PKI = SCENARIO.pki
BLIND = replace(PKI.trust, evidence=())
SEAL = SCENARIO.school.seal.certificate_der
LATER = NOW + timedelta(hours=3)
HONEST = Publisher(pki=PKI, clock=lambda: LATER)


@pytest.fixture(scope="module")
def blind_processes(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    with VerificationProcesses(processes=1, trust=BLIND) as started:
        loop_thread.run(started.start())
        yield started


@pytest.fixture
def repository(
    database_url: str,
    tmp_path: Path,
    loop_thread: LoopThread,
    blind_processes: VerificationProcesses,
) -> Iterator[Repository]:
    loop_thread.run(blind_processes.renew(BLIND))
    with running_repository(database_url, tmp_path, loop_thread, blind_processes) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle whose issuing authorities publish no list and answer one by one."""
    folder = tmp_path / "trust"
    write_trust_bundle(folder, PKI)
    manifest = json.loads((folder / MANIFEST).read_text())
    for entry in manifest["entries"]:
        if entry["purpose"] == "intermediate":
            del entry["crl"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def rounds(
    repository: Repository,
    folder: Path,
    *changes: Callable[[], None],
    publisher: Publisher = HONEST,
) -> None:
    """Do a worker's round, and one more after each change."""

    async def run() -> None:
        database = connect(repository.database_url, role="hocba_worker")
        parts = Processing(
            database=database,
            vault=repository.vault,
            keys=repository.keys,
            processes=repository.processes,
            clock=lambda: LATER,
        )
        try:
            async with responding(publisher) as base:
                upkeep = Upkeep(
                    folder=folder,
                    provisional=True,
                    reach=Reach(
                        hosts=frozenset({base.removeprefix("http://")}),
                        replacements=replacements(PKI, base),
                    ),
                    period=3600,
                )
                keeper = TrustKeeper(upkeep)
                await keeper.bring_up_to_date(parts)
                for change in changes:
                    change()
                    await keeper.bring_up_to_date(parts)
        finally:
            await database.dispose()

    repository.thread.run(run())


def accept_provisionally(repository: Repository) -> None:
    repository.start_worker()
    answer = repository.package()
    repository.stop_worker()
    assert (answer["accepted"], answer["rejected"]) == (STUDENTS, 0)


def decided(repository: Repository) -> set[str]:
    rows = repository.execute(
        "SELECT standing FROM transcript_standings WHERE standing <> 'provisional'"
    )
    assert len(rows) in {0, STUDENTS}
    return {row.standing for row in rows}


def test_answers_make_it_final(repository: Repository, folder: Path) -> None:
    accept_provisionally(repository)
    rounds(repository, folder)
    assert decided(repository) == {"final"}
    kinds = repository.execute(
        "SELECT kind, count(*) AS number FROM revocation_evidence GROUP BY kind"
    )
    asked = len(SCENARIO.school.teachers) + 2
    assert {row.kind: row.number for row in kinds} == {"crl": len(PKI.anchors), "ocsp": asked}


def test_an_answer_that_says_revoked_takes_the_confirmation_back(
    repository: Repository, folder: Path
) -> None:
    accept_provisionally(repository)
    entry = Revocation(certificate=certificate(SEAL), since=NOW - timedelta(days=100))
    slug = issuer_of(SEAL).issuer.slug
    rounds(repository, folder, publisher=replace(HONEST, revoked={slug: [entry]}))
    assert decided(repository) == {"revoked"}


def test_stale_answers_leave_it_open(repository: Repository, folder: Path) -> None:
    accept_provisionally(repository)
    rounds(repository, folder, publisher=replace(HONEST, shift=timedelta(days=-2)))
    assert decided(repository) == set()


def readiness(repository: Repository) -> str:
    told: str = httpx.get(f"{repository.url}/readyz").json()["trust_bundle"]
    return told


def noted(repository: Repository) -> list[tuple[int, bool]]:
    rows = repository.execute("SELECT revision, fault FROM trust_bundles ORDER BY id")
    return [(row.revision, row.fault is None) for row in rows]


def test_a_changed_bundle_is_taken_and_a_broken_one_left(
    repository: Repository, folder: Path
) -> None:
    stranger = PKI.issuers[Branch.UNKNOWN].certificate.public_bytes(Encoding.PEM)
    first = (folder / MANIFEST).read_bytes()
    assert readiness(repository) == "unknown"

    def nothing() -> None:
        assert readiness(repository) == "sound"

    def grow() -> None:
        add_to_bundle(folder, stranger, purpose="tsa", crl=None)

    def spoil() -> None:
        taken = repository.processes.trust
        assert taken.tsa_anchors
        assert taken.bundle == load_bundle(folder).manifest.digests[-1]
        (folder / "slipped-in.pem").write_bytes(stranger)

    def mend() -> None:
        assert readiness(repository) == "broken"
        assert repository.processes.trust.tsa_anchors
        (folder / "slipped-in.pem").unlink()

    def go_back() -> None:
        """Put the first revision in place again, sound in itself."""
        assert readiness(repository) == "sound"
        (folder / MANIFEST).write_bytes(first)
        for path in (*folder.glob("tsas/*"), *folder.glob("history/*")):
            path.unlink()
        assert load_bundle(folder).manifest.revision == 1

    rounds(repository, folder, nothing, grow, spoil, mend, go_back)
    assert noted(repository) == [(1, True), (2, True), (2, False), (2, True), (2, False)]
    assert repository.processes.trust.tsa_anchors
    assert readiness(repository) == "broken"
