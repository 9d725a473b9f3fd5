"""What Schemathesis sends to the running service is answered as its description says.

Every client kind, and nobody: no 5xx, no status, header or body that the description lacks. The run
of the suite is short and always the same; `make schemathesis` runs it for long.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.clients.accounts import Kind
from app.clients.quota import Quota
from app.intake.processes import VerificationProcesses
from app.leaving import Leaving
from tests.working import LoopThread, Repository, running_repository

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "2"))
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
PATIENCE = 60 + 20 * EXAMPLES
CONFIGURATION = Path(__file__).parents[1] / "schemathesis.toml"
PLENTY = Quota(name="read", burst=10**6, per_second=10**6)
THROWN_AWAY = "khach-mau"

# Who manages accounts finds its own among them and ends its token: that comes last.
BREAKS_ITSELF = r"^/v1/clients/\{client_id\}"

# The rights of a kind change what a route answers, not how it reads a request: that is tried by two
# kinds, and by all of them in a long run.
PHASES = dict.fromkeys(Kind, "examples,fuzzing") | {
    Kind.HUB: "examples,coverage,fuzzing",
    Kind.MINISTRY: "examples,coverage,fuzzing",
}

pytestmark = pytest.mark.xdist_group("schemathesis")


@dataclass(frozen=True, kw_only=True)
class Target:
    repository: Repository
    description: Path
    leaving: Leaving


@pytest.fixture(scope="module")
def target(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
    loop_thread: LoopThread,
    processes: VerificationProcesses,
) -> Iterator[Target]:
    """A repository that knows a class, an account to break, and no limits of frequency."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with pytest.MonkeyPatch.context() as patch, fresh_database() as url:
        patch.setattr("app.clients.routes.TOKENS_AT_ONCE", 10**6)
        patch.setattr("app.verification.routes.CHECKS_AT_ONCE", 10**6)
        for bucket in ("READING", "WRITING"):
            patch.setattr(f"app.clients.quota.{bucket}", dict.fromkeys(Kind, PLENTY))
        leaving = Leaving()
        with running_repository(
            url, folder, loop_thread, processes, changed=lambda one: replace(one, leaving=leaving)
        ) as repository:
            repository.start_worker()
            package = repository.package()
            repository.add_client(THROWN_AWAY)
            description = folder / "openapi.json"
            known = known_values(repository, package)
            description.write_text(json.dumps(described(repository.url, known)), encoding="utf-8")
            yield Target(repository=repository, description=description, leaving=leaving)


def known_values(repository: Repository, package: dict[str, Any]) -> dict[str, str]:
    certificates = repository.execute("SELECT certificate_sha256 FROM certificates ORDER BY 1")
    return {
        "package_id": package["package_id"],
        "code": package["items"][0]["transcript_code"],
        "client_id": THROWN_AWAY,
        "name": "subjects",
        "sha256 /v1/packages": package["digest"],
        "sha256 /v1/certificates": certificates[0][0],
    }


def described(url: str, known: dict[str, str]) -> dict[str, Any]:
    """The service's own description, with values in its addresses that lead somewhere."""
    document: dict[str, Any] = httpx.get(f"{url}/openapi.json").json()
    for path, operations in document["paths"].items():
        area = "/".join(path.split("/")[:3])
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                name = parameter["name"]
                value = known.get(f"{name} {area}", known.get(name))
                if parameter["in"] == "path" and value is not None:
                    parameter["example"] = value
    return document


def explore(target: Target, phases: str, *options: str) -> None:
    """Have a service explored; an explorer that stands still by itself is started once more.

    It does so only where the service has no request under way and answers: otherwise that fails.
    """
    command = [
        sys.executable,
        *("-X", "faulthandler", Path(sys.executable).parent / "schemathesis"),
        *("--config-file", CONFIGURATION),
        *("run", target.description, "--url", target.repository.url),
        *("--phases", phases, "--max-examples", str(EXAMPLES), "--seed", SEED),
        *("--generation-database", "none", "--request-timeout", "30"),
        *("--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color"),
        *options,
    ]
    status, said = run_to_end(command, target)
    if status == -signal.SIGABRT:
        sys.stderr.write(said)
        assert httpx.get(f"{target.repository.url}/readyz").is_success
        status, said = run_to_end(command, target)
    assert status == 0, said


def run_to_end(command: Sequence[str | Path], target: Target) -> tuple[int, str]:
    """Run a program; one that comes to no end is aborted, and says where each thread stood."""
    folder = target.description.parent
    with subprocess.Popen(  # noqa: S603 -- reason: a program of our own environment
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            waiting = set(target.leaving._under_way)
            process.send_signal(signal.SIGABRT)
            said, _ = process.communicate()
            assert not waiting, f"the service owes {len(waiting)} answers\n{said}"
    return process.returncode, said


def test_nobody_gets_an_answer_that_is_not_described(target: Target) -> None:
    explore(target, "examples,fuzzing")


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_of_client_gets_an_answer_that_is_not_described(target: Target, kind: Kind) -> None:
    repository = target.repository
    repository.add_client(f"thu-{kind}", kind, (repository.scenario.school.code,))
    bearer = repository.client(f"thu-{kind}").headers["Authorization"]
    phases = PHASES[kind] if "SCHEMATHESIS_EXAMPLES" not in os.environ else PHASES[Kind.HUB]
    asking = ("--header", f"Authorization: {bearer}")
    if kind is Kind.MINISTRY:
        explore(target, phases, *asking, "--exclude-path-regex", BREAKS_ITSELF)
        assert repository.client(f"thu-{kind}").get("/v1/packages").status_code != 401
        explore(target, "examples,fuzzing", *asking, "--include-path-regex", BREAKS_ITSELF)
    else:
        explore(target, phases, *asking)
        assert repository.client(f"thu-{kind}").get("/v1/packages").status_code != 401
