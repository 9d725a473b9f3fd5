"""A lost database: vault and keys give it back, and everybody gets the same answers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.intake.processes import VerificationProcesses
from app.vault import Vault, open_vault
from tests.inspection import Stores, faults_of
from tests.rebuilding import (
    DEPARTMENT_CLIENT,
    SENDER,
    History,
    answers_of,
    counted,
    make_history,
    run_rebuild,
)
from tests.scenarios import scenario_of
from tests.vaults import open_bucket
from tests.working import (
    STUDENTS,
    LoopThread,
    Repository,
    opened_repository,
    running_repository,
)

SINCE = "2025-08-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the vault, the keys and the trust lie."""

    folder: Path
    settings: dict[str, str]
    open_store: Callable[[], Vault]


@pytest.fixture(scope="module")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="module")
def processes(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    with VerificationProcesses(processes=1, trust=scenario_of(STUDENTS).pki.trust) as started:
        loop_thread.run(started.start())
        yield started


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.xdist_group("s3"))])
def site(request: pytest.FixtureRequest, tmp_path: Path, loop_thread: LoopThread) -> Site:
    settings = {
        "HOCBA_HOME": str(tmp_path),
        "HOCBA_KEYS_DIR": str(tmp_path / "keys"),
        "HOCBA_TRUST_DIR": str(tmp_path / "trust"),
    }
    if request.param == "folder":
        address = (tmp_path / "vault").as_uri()
        return Site(
            folder=tmp_path,
            settings=settings | {"HOCBA_VAULT_URL": address},
            open_store=lambda: open_vault(address),
        )
    server, bucket = request.getfixturevalue("s3_server"), f"hoc-ba-{uuid4()}"
    loop_thread.run(open_bucket(server, bucket).check())  # makes it
    return Site(
        folder=tmp_path,
        settings=settings
        | {
            "HOCBA_VAULT_URL": server.url(bucket),
            "HOCBA_S3_ACCESS_KEY": server.access_key,
            "HOCBA_S3_SECRET_KEY": server.secret_key,
        },
        open_store=lambda: open_bucket(server, bucket),
    )


def run(settings: dict[str, str], *words: str) -> str:
    result = CliRunner().invoke(cli, words, env=settings)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def give_rights_back(settings: dict[str, str], school_code: str) -> dict[str, str]:
    """Do what the Ministry does after a rebuild; gives the new secrets."""
    grants = ("--school", school_code, "--since", SINCE)
    secret = run(settings, "clients", "reinstate", SENDER, *grants)
    words = ("Sở Mẫu", "--kind", "department")
    other = run(settings, "clients", "add", DEPARTMENT_CLIENT, *words)
    run(settings, "clients", "grant", DEPARTMENT_CLIENT, *grants)
    return {SENDER: secret, DEPARTMENT_CLIENT: other}


def restore(settings: dict[str, str], history: History) -> None:
    """Rebuild, and once more for nothing."""
    done = run_rebuild(settings)
    assert done.exit_code == 0, done.output
    table = counted(done.output)
    assert table["gói tin"] == (str(len(history.packages) + 1), "–")
    assert table["học bạ"] == (str(len(history.codes)), "–")
    assert SENDER in done.output
    again = run_rebuild(settings)
    assert again.exit_code == 0, again.output
    assert {restored for restored, _ in counted(again.output).values()} == {"0"}


def test_a_lost_database_comes_back_and_nobody_notices(
    site: Site,
    fresh_database: Callable[[], AbstractContextManager[str]],
    loop_thread: LoopThread,
    processes: VerificationProcesses,
) -> None:
    around = (site.folder, loop_thread, processes)
    with (
        fresh_database() as url,
        running_repository(url, *around, open_store=site.open_store) as repository,
    ):
        history = make_history(repository)
        before = answers_of(repository, history)
        # A department does not see what names no school of its own.
        assert {status for who, (status, _) in before.items() if "so-mau" not in who} == {200}
        school = repository.scenario.school.code
    # The database is gone.
    with fresh_database() as url:
        settings = site.settings | {"HOCBA_DATABASE_URL": url}
        restore(settings, history)
        secrets = give_rights_back(settings, school)
        with opened_repository(url, *around, open_store=site.open_store) as repository:
            repository.secrets |= secrets
            after = answers_of(repository, history)
            assert after.keys() == before.keys()
            assert {path: after[path] for path in after if after[path] != before[path]} == {}
            go_on(repository, history)
        stores = Stores(
            database_url=url,
            vault=site.open_store(),
            reply_certificate=site.folder / "keys" / "reply-certificate.pem",
        )
        assert loop_thread.run(faults_of(stores)) == []


def go_on(repository: Repository, history: History) -> None:
    """What nobody had looked at is decided now, and known bytes get the known answer."""
    waiting = repository.client().get(f"/v1/packages/{history.undecided}").json()
    assert waiting["state"] == "00"
    repository.start_worker()
    decided = repository.replied(repository.client(), history.undecided)
    assert (decided["accepted"], decided["rejected"]) == (2, 0)
    assert repository.package(history.undecided_bytes) == decided
    audited = repository.execute(
        "SELECT actor, detail FROM audit WHERE action = :what", what="database.rebuilt"
    )
    assert [(actor, detail["undecided"]) for actor, detail in audited] == [("rebuild", 1)]
