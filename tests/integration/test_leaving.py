"""Real processes that are told to end while somebody is talking to them."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import httpx
import psutil
import pytest

from app.sandbox.client import Client
from app.sandbox.scenario import Scenario
from tests.deployment import (
    CLIENT_ID,
    Deployment,
    deployed,
    enrol,
    scenario_of_today,
    write_keys_and_trust,
)
from tests.working import as_owner

DRAIN = 2.5
"""Seconds between the signal and the closed door: some requests fit in, a test does not notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A deployment that is running, the package of its school and a token of the school's."""

    deployment: Deployment
    database_url: str
    scenario: Scenario
    secret: str

    @property
    def url(self) -> str:
        return self.deployment.url

    def token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID}
        answer = httpx.post(
            f"{self.url}/v1/oauth/token", data={**form, "client_secret": self.secret}
        )
        return str(answer.json()["access_token"])

    def upload(self) -> "Upload":
        return Upload(self.deployment.port, self.token(), self.scenario.package)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        async def run() -> list[tuple[object, ...]]:
            async def ask(database: object) -> list[tuple[object, ...]]:
                async with database.read() as connection:  # type: ignore[attr-defined]  # reason: of tests.working
                    return [tuple(row) for row in await connection.exec_driver_sql(statement)]

            return await as_owner(self.database_url, ask)  # type: ignore[arg-type]  # reason: as above

        return asyncio.run(run())


class Upload:
    """A submission whose second half is sent when the test wants."""

    def __init__(self, port: int, token: str, package: bytes) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.putrequest("POST", "/v1/packages")
        self._connection.putheader("Authorization", f"Bearer {token}")
        self._connection.putheader("Content-Type", "application/xml")
        self._connection.putheader("Content-Length", str(len(package)))
        half = len(package) // 2
        self._connection.endheaders(package[:half])
        self._rest = package[half:]
        sleep(0.2)  # the server has begun to read

    def finish(self) -> HTTPResponse:
        self._connection.send(self._rest)
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> dict[str, str]:
    return write_keys_and_trust(tmp_path, scenario_of_today(3)) | {
        "HOCBA_HOME": str(tmp_path),
        "HOCBA_DATABASE_URL": database_url,
        "HOCBA_VERIFICATION_PROCESSES": "1",
        "HOCBA_DRAIN_SECONDS": str(DRAIN),
    }


@pytest.fixture
def running(
    tmp_path: Path, settings: dict[str, str]
) -> Callable[..., AbstractContextManager[Deployment]]:
    return lambda *names: deployed(tmp_path, settings, *names)


@pytest.fixture
def site(
    tmp_path: Path,
    database_url: str,
    running: Callable[..., AbstractContextManager[Deployment]],
) -> Iterator[Site]:
    """A web process without a worker, and a school that may send."""
    scenario = scenario_of_today(3)
    secret = asyncio.run(enrol(database_url, scenario, tmp_path))
    with running("web") as deployment:
        yield Site(
            deployment=deployment, database_url=database_url, scenario=scenario, secret=secret
        )


def refused(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/healthz")
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end
        sleep(0.02)


def test_readiness_ends_first_while_requests_are_still_served(site: Site) -> None:
    with httpx.Client(base_url=site.url) as kept:
        assert kept.get("/readyz").headers.get("connection") != "close"
        site.deployment.tell("web")
        until(lambda: kept.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE)
        unready = kept.get("/readyz", headers={"Accept-Language": "vi"})
        assert unready.json()["code"] == "unavailable"
        assert unready.json()["detail"].startswith("Dữ liệu không bị mất.")
        assert int(unready.headers["Retry-After"]) > 0
        served = kept.get("/v1/limits")
        assert served.status_code == httpx.codes.OK
        assert served.headers["connection"] == "close"
    assert site.deployment.ended("web") == 0
    assert refused(site.deployment.port)


def test_an_upload_under_way_is_acknowledged_and_a_new_one_refused(site: Site) -> None:
    late = HTTPConnection("127.0.0.1", site.deployment.port, timeout=30)
    late.request("GET", "/healthz")
    late.getresponse().read()
    with closing(site.upload()) as upload, closing(late):
        site.deployment.tell("web")
        until(lambda: refused(site.deployment.port))
        late.request("POST", "/v1/packages", b"<x/>", {"Content-Type": "application/xml"})
        answer = late.getresponse()
        assert answer.status == httpx.codes.SERVICE_UNAVAILABLE
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Trace-Id"]
        finished = upload.finish()
        assert finished.status == httpx.codes.ACCEPTED
        finished.read()
    assert site.deployment.ended("web") == 0
    assert site.rows("SELECT state FROM packages") == [("00",)]


def test_whoever_waits_for_a_result_is_told_at_once_what_is_known(site: Site) -> None:
    answers: list[httpx.Response] = []
    headers = {
        "Authorization": f"Bearer {site.token()}",
        "Content-Type": "application/xml",
        "Prefer": "wait=20",
    }

    def wait() -> None:
        package = site.scenario.package
        answers.append(
            httpx.post(f"{site.url}/v1/packages", content=package, headers=headers, timeout=40)
        )

    waiting = Thread(target=wait)
    waiting.start()
    until(lambda: bool(site.rows("SELECT state FROM packages")))
    sleep(0.2)
    began = monotonic()
    site.deployment.tell("web")
    waiting.join()
    assert monotonic() - began < 12  # it would have waited for 20 s
    assert [answer.status_code for answer in answers] == [httpx.codes.ACCEPTED]
    assert answers[0].json()["state"] == "00"
    assert site.deployment.ended("web") == 0


def test_a_second_signal_ends_the_web_process_at_once(site: Site) -> None:
    with closing(site.upload()):
        site.deployment.tell("web")
        until(lambda: not httpx.get(f"{site.url}/readyz").is_success)
        site.deployment.tell("web", signal.SIGINT)
        assert site.deployment.ended("web") == -signal.SIGINT
    assert site.rows("SELECT state FROM packages") == []


def test_a_worker_that_is_told_to_end_hands_back_what_is_in_its_processes(
    site: Site, running: Callable[..., AbstractContextManager[Deployment]]
) -> None:
    with running("worker") as workers, Client(site.url, CLIENT_ID, site.secret) as client:
        family = psutil.Process(workers.pid("worker")).children(recursive=True)
        for process in family:
            if "resource_tracker" not in " ".join(process.cmdline()):
                process.suspend()  # the check begins and never comes to an end
        package_id = client.submit(site.scenario.package)["package_id"]
        until(lambda: site.rows("SELECT state FROM packages") == [("01",)])
        sleep(0.5)
        workers.tell("worker")
        assert workers.ended("worker") == 0
        assert not psutil.wait_procs(family, 10)[1]
        free = "SELECT leased_by, lease_expires_at, leases FROM packages"
        assert site.rows(free) == [(None, None, 0)]
        began = monotonic()
        workers.start("worker")
        workers.await_ready()
        assert client.await_reply(package_id, seconds=30)["accepted"] == 3
        assert monotonic() - began < 15  # a lease that runs out would take 20 s


def test_web_process_and_worker_in_one_command_end_in_order(
    running: Callable[..., AbstractContextManager[Deployment]],
) -> None:
    with running("all") as deployment:
        deployment.tell("all", signal.SIGINT)
        assert deployment.ended("all") == 0
        words = deployment.words()
    assert words.index('"web.leaving"') < words.index('"worker.stopped"')
    assert "worker.died" not in words
