"""From provisional to final or revoked, when newer evidence comes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from app.db import Database, connect
from app.errors import Unavailable
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.intake.recheck import Rechecked, recheck_provisional
from app.journal import Kind
from app.sandbox.certificates import Revocation
from app.sandbox.pki import write_trust_bundle
from app.sandbox.responder import Publisher, replacements, responding
from app.signatures.trust import TrustSnapshot
from app.trust.bundle import MANIFEST
from app.trust.fetching import Reach
from app.worker.revocation import TrustKeeper, Upkeep
from tests.journals import agree, bodies, break_journal, mend_journal
from tests.revocation import certificate, issuer_of
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS, LoopThread, Repository, running_repository

PKI = scenario_of(STUDENTS).pki
BLIND = replace(PKI.trust, evidence=())
SCHOOL = scenario_of(STUDENTS).school
SEAL = SCHOOL.seal.certificate_der
LATER = NOW + timedelta(hours=3)


@pytest.fixture(scope="module")
def blind_processes(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    with VerificationProcesses(processes=1, trust=BLIND) as started:
        loop_thread.run(started.start())
        yield started


@pytest.fixture
def provisional(
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    loop_thread: LoopThread,
    blind_processes: VerificationProcesses,
) -> Iterator[Repository]:
    """A repository that has accepted a class while nothing was known about revocation."""
    loop_thread.run(blind_processes.renew(BLIND))
    tampered = request.node.get_closest_marker("tampered") is not None
    with running_repository(
        database_url, tmp_path, loop_thread, blind_processes, tampered=tampered
    ) as running:
        running.start_worker()
        answer = running.package()
        running.stop_worker()
        assert (answer["accepted"], answer["rejected"]) == (STUDENTS, 0)
        codes = {error["code"] for item in answer["items"] for error in item["errors"]}
        assert codes == {"SIG-412"}
        yield running


def recheck(repository: Repository, trust: TrustSnapshot) -> Rechecked:
    async def run() -> Rechecked:
        database = connect(repository.database_url, role="hocba_worker")
        try:
            await repository.processes.renew(trust)
            return await recheck_provisional(parts_of(repository, database))
        finally:
            await database.dispose()

    return repository.thread.run(run())


def parts_of(repository: Repository, database: Database) -> Processing:
    return Processing(
        database=database,
        vault=repository.vault,
        keys=repository.keys,
        processes=repository.processes,
        clock=lambda: LATER,
    )


def public_answer(repository: Repository) -> tuple[str, str]:
    """The status of one transcript and what is said about revocation."""
    (code,) = repository.execute("SELECT min(transcript_code) FROM transcript_codes")[0]
    answer = httpx.get(f"{repository.url}/v1/verifications/{code}").json()
    (check,) = [one for one in answer["checks"] if one["name"] == "revocation"]
    return answer["status"], check["outcome"]


def looked_up(repository: Repository) -> str:
    """How the look-up of an entitled client says that one transcript stands."""
    (code,) = repository.execute("SELECT min(transcript_code) FROM transcript_codes")[0]
    standing: str = repository.client().get(f"/v1/transcripts/{code}").json()["standing"]
    return standing


def standings(repository: Repository) -> set[str]:
    rows = repository.execute("SELECT standing FROM transcript_standings")
    assert len(rows) % STUDENTS == 0
    return {row.standing for row in rows}


def test_what_nothing_is_known_about_stands_provisionally(provisional: Repository) -> None:
    assert standings(provisional) == {"provisional"}
    assert public_answer(provisional) == ("in_force", "not_checked")
    assert looked_up(provisional) == "provisional"
    done = recheck(provisional, BLIND)
    assert (done.final, done.revoked, done.waiting, done.doubtful) == (0, 0, STUDENTS, ())
    assert SEAL in done.unanswered
    assert len(done.unanswered) == len(SCHOOL.teachers) + 2
    assert standings(provisional) == {"provisional"}


def test_clean_lists_make_it_final_once(provisional: Repository) -> None:
    assert recheck(provisional, PKI.trust).final == STUDENTS
    assert public_answer(provisional) == ("in_force", "passed")
    assert looked_up(provisional) == "final"
    assert standings(provisional) == {"provisional", "final"}
    again = recheck(provisional, PKI.trust)
    nothing = frozenset[bytes]()
    assert again == Rechecked(final=0, revoked=0, waiting=0, doubtful=(), unanswered=nothing)
    actions = provisional.execute("SELECT 1 FROM audit WHERE action = 'transcript.final'")
    assert len(actions) == STUDENTS
    [told] = bodies(agree(provisional), Kind.DECIDED)
    assert {one["provisional_under"] for one in told["transcripts"]} == {BLIND.sha256}


def test_no_transition_is_committed_that_the_journal_does_not_take(
    provisional: Repository,
) -> None:
    break_journal(provisional.vault_folder)
    with pytest.raises(Unavailable):
        recheck(provisional, PKI.trust)
    assert standings(provisional) == {"provisional"}
    mend_journal(provisional.vault_folder)
    assert recheck(provisional, PKI.trust).final == STUDENTS
    agree(provisional)


def upkeep_with(
    repository: Repository, publisher: Publisher, folder: Path, *rounds: Callable[[], None]
) -> None:
    """Do a worker's round with the sandbox's bundle, and one more after each change."""
    if not (folder / MANIFEST).exists():
        write_trust_bundle(folder, PKI)

    async def run() -> None:
        database = connect(repository.database_url, role="hocba_worker")
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
                keeper, parts = TrustKeeper(upkeep), parts_of(repository, database)
                await keeper.bring_up_to_date(parts)
                for change in rounds:
                    change()
                    await keeper.bring_up_to_date(parts)
        finally:
            await database.dispose()

    repository.thread.run(run())


def test_a_worker_that_fetches_a_revocation_takes_the_confirmation_back(
    provisional: Repository, tmp_path: Path
) -> None:
    entry = Revocation(certificate=certificate(SEAL), since=NOW - timedelta(days=100))
    publisher = Publisher(
        pki=PKI, clock=lambda: LATER, revoked={issuer_of(SEAL).issuer.slug: [entry]}
    )

    upkeep_with(provisional, publisher, tmp_path / "trust")
    assert public_answer(provisional) == ("not_confirmed", "failed")
    assert looked_up(provisional) == "revoked"
    rows = provisional.execute("SELECT code FROM transcript_standings WHERE standing = 'revoked'")
    assert [row.code for row in rows] == ["SIG-410"] * STUDENTS
    agree(provisional)
    # Once decided, newer lists change nothing.
    assert recheck(provisional, PKI.trust).final == 0


def test_whatever_else_is_wrong_now_is_shown_and_decides_nothing(provisional: Repository) -> None:
    provisional.execute("UPDATE certificates SET approved_to = approved_from")
    done = recheck(provisional, PKI.trust)
    assert (done.final, len(done.doubtful)) == (0, STUDENTS)
    assert standings(provisional) == {"provisional"}


@pytest.mark.tampered("the vault is damaged")
def test_kept_bytes_that_changed_are_shown_and_decide_nothing(provisional: Repository) -> None:
    for path in provisional.vault_folder.rglob("*"):
        if path.is_file() and path.stat().st_size > 100_000:
            path.chmod(0o600)
            octets = bytearray(path.read_bytes())
            middle = len(octets) // 2
            octets[middle : middle + 2000] = b"A" * 2000
            path.write_bytes(octets)
    done = recheck(provisional, PKI.trust)
    assert done.doubtful
    assert done.final + len(done.doubtful) == STUDENTS


@pytest.mark.tampered("the vault is damaged")
def test_a_package_that_is_gone_is_shown_and_stops_no_worker(provisional: Repository) -> None:
    for path in provisional.vault_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    assert len(recheck(provisional, PKI.trust).doubtful) == STUDENTS


def test_a_transition_cannot_be_taken_back(provisional: Repository) -> None:
    recheck(provisional, PKI.trust)
    second = "SELECT transcript_code, 'revoked', NULL, '', now() FROM transcript_codes"
    for statement in (
        "UPDATE transcript_standings SET standing = 'final'",
        "DELETE FROM transcript_standings",
        f"INSERT INTO transcript_standings {second}",
    ):
        with pytest.raises(DBAPIError, match=r"kept for ever|duplicate key"):
            provisional.execute(statement)
