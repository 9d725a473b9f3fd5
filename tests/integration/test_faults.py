"""Faults on demand in a sandbox, the client that recovers from them, and production without any."""

from datetime import timedelta
from hashlib import sha256
from time import monotonic

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from app import faults
from app.db import connect
from app.keys import WebKeys
from app.main import WebParts, create_app
from app.sandbox.client import Client, Refused
from app.settings import Settings
from app.vault import open_vault
from tests.serving import serving
from tests.working import NOW, SECRET, Repository


def client_of(repository: Repository) -> Client:
    return Client(repository.url, "phan-mem-mau", SECRET)


def count(repository: Repository) -> int:
    ((found,),) = repository.execute("SELECT count(*) FROM packages")
    return int(found)


def test_a_lost_answer_is_lost_after_the_commit_and_the_client_resumes_by_digest(
    repository: Repository,
) -> None:
    package = repository.scenario.package
    with client_of(repository) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.submit(package, headers={faults.HEADER: "lost-answer"})
        assert count(repository) == 1
        found = client.deliver(package, headers={faults.HEADER: "lost-answer"})
        assert found["digest"] == sha256(package).hexdigest()
        assert count(repository) == 1


def test_an_unavailable_service_says_when_to_ask_again_and_has_done_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = repository.client()
    headers = {"Content-Type": "application/xml", faults.HEADER: "unavailable"}
    answer = client.post("/v1/packages", content=repository.scenario.package, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(faults.RETRY_SECONDS)
    assert answer.json()["code"] == "unavailable"
    assert count(repository) == 0
    monkeypatch.setattr(faults, "RETRY_SECONDS", 0)
    with client_of(repository) as patient, pytest.raises(Refused) as refused:
        patient.submit(repository.scenario.package, headers={faults.HEADER: "unavailable"})
    assert refused.value.status == 503


def test_a_stuck_package_rests_before_a_worker_takes_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "STUCK_TIME", timedelta(seconds=2))
    with client_of(repository) as client:
        begin = monotonic()
        sent = client.submit(repository.scenario.package, headers={faults.HEADER: "stuck"})
        repository.start_worker()
        answer = client.await_reply(sent["package_id"], seconds=20)
        assert answer["accepted"] == answer["total"]
        assert monotonic() - begin > 2


def test_a_slow_answer_comes_late_and_whole(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "SLOW_SECONDS", 0.5)
    begin = monotonic()
    answer = httpx.get(f"{repository.url}/healthz", headers={faults.HEADER: "slow"})
    assert answer.is_success
    assert monotonic() - begin > 0.5


def test_a_fault_that_there_is_not_is_refused(repository: Repository) -> None:
    answer = httpx.get(f"{repository.url}/healthz", headers={faults.HEADER: "nonsense"})
    assert answer.status_code == 422


def test_production_does_not_look_at_the_header(repository: Repository) -> None:
    parts = WebParts(
        settings=Settings.model_construct(
            **in_production(Settings(home=repository.vault_folder.parent))
        ),
        database=connect(repository.database_url, role="hocba_web"),
        verifier=connect(repository.database_url, role="hocba_verifier"),
        vault=open_vault(repository.vault_folder.as_uri()),
        keys=WebKeys(
            tokens=generate_private_key(SECP256R1()), webhooks=b"w" * 32, journal=b"j" * 32
        ),
        clock=lambda: NOW,
    )
    with serving(create_app(parts)) as url:
        begin = monotonic()
        for fault in (*faults.Fault, "nonsense"):
            answer = httpx.get(f"{url}/healthz", headers={faults.HEADER: fault})
            assert answer.is_success
        assert monotonic() - begin < faults.SLOW_SECONDS


def in_production(settings: Settings) -> dict[str, object]:
    return {**settings.model_dump(), "environment": "production"}
