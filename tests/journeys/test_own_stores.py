"""A production deployment: an operator's own PostgreSQL and S3, and nothing embedded."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.x509 import load_der_x509_certificate
from pydantic import SecretStr
from typer.testing import CliRunner

from app.__main__ import cli
from app.sandbox.client import Client
from app.sandbox.scenario import Scenario
from app.vault import open_vault
from tests.deployment import (
    CLIENT_ID,
    PATIENCE,
    ROOT,
    command_line,
    deployed,
    program_environment,
    scenario_of_today,
    write_keys_and_trust,
)
from tests.inspection import Stores, faults_of
from tests.s3 import S3Server

pytestmark = pytest.mark.xdist_group("s3")

STUDENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an operator has prepared: a database without a schema, a bucket, keys and trust."""

    folder: Path
    settings: dict[str, str]
    scenario: Scenario

    def run(self, *words: str) -> str:
        """Run one of the operator's commands; gives what it prints."""
        result = CliRunner().invoke(cli, words, env=self.settings)
        assert result.exit_code == 0, result.output
        return result.output.strip()


@pytest.fixture
def site(
    blank_database: Callable[[], AbstractContextManager[str]],
    s3_server: S3Server,
    tmp_path: Path,
) -> Iterator[Site]:
    scenario = scenario_of_today(STUDENTS)
    with blank_database() as url:
        settings = write_keys_and_trust(tmp_path, scenario) | {
            "HOCBA_ENVIRONMENT": "production",
            "HOCBA_HOME": str(tmp_path / "unused"),
            "HOCBA_DATABASE_URL": url,
            "HOCBA_VAULT_URL": s3_server.url(f"hoc-ba-{uuid4()}"),
            "HOCBA_S3_ACCESS_KEY": s3_server.access_key,
            "HOCBA_S3_SECRET_KEY": s3_server.secret_key,
            "HOCBA_VERIFICATION_PROCESSES": "1",
        }
        yield Site(folder=tmp_path, settings=settings, scenario=scenario)


def admit_school(site: Site) -> str:
    """Do what an officer does before a school may send; gives the client's secret."""
    school = site.scenario.school
    site.run("school", "add", school.code, school.name, school.province_code)
    for number, certificate in enumerate(school.certificates):
        file = site.folder / f"{number}.der"
        file.write_bytes(certificate.der)
        since = load_der_x509_certificate(certificate.der).not_valid_before_utc
        options = ["--school", school.code, "--role", certificate.role, "--since", f"{since:%F}"]
        site.run("certificate", "approve", str(file), *options)
    return site.run("clients", "add", CLIENT_ID, "Phần mềm mẫu", "--school", school.code)


def test_a_class_goes_through_ones_own_postgresql_and_s3(site: Site) -> None:
    site.run("migrate")
    secret = admit_school(site)
    with (
        deployed(site.folder, site.settings, "all") as deployment,
        Client(deployment.url, CLIENT_ID, secret) as client,
    ):
        package = site.scenario.package
        answer = client.submit(package, wait=30)
        answer = client.await_reply(answer["package_id"], seconds=PATIENCE)
        assert (answer["state"], answer["accepted"], answer["rejected"]) == ("03", STUDENTS, 0)
        assert client.original(answer["package_id"]) == package
        for item, sent in zip(answer["items"], site.scenario.transcripts, strict=True):
            code = item["transcript_code"]
            assert client.transcript_original(code) == sent.xml
            checked = client.verification(code)
            assert checked["status"] == "in_force"
            assert "failed" not in {check["outcome"] for check in checked["checks"]}
        client.acknowledge_reply(answer["package_id"])
        page = httpx.get(f"{deployment.url}/verify/{answer['items'][0]['transcript_code']}")
        assert page.is_success
        assert "MÔI TRƯỜNG THỬ NGHIỆM" not in page.text
        assert httpx.get(f"{deployment.url}/docs").status_code == httpx.codes.NOT_FOUND
        assert httpx.get(f"{deployment.url}/readyz").is_success
    assert asyncio.run(faults(site)) == []
    proved = site.run("fsck", "--prove-locks")
    assert proved.count("vật thử vẫn nguyên vẹn") == 6
    assert not (site.folder / "unused").exists()


async def faults(site: Site) -> list[str]:
    settings = site.settings
    vault = open_vault(
        settings["HOCBA_VAULT_URL"],
        access_key=SecretStr(settings["HOCBA_S3_ACCESS_KEY"]),
        secret_key=SecretStr(settings["HOCBA_S3_SECRET_KEY"]),
    )
    certificate = site.folder / "keys" / "reply-certificate.pem"
    return await faults_of(
        Stores(
            database_url=settings["HOCBA_DATABASE_URL"],
            vault=vault,
            reply_certificate=certificate,
        )
    )


REFUSALS = {
    "no-database": ({"HOCBA_DATABASE_URL": None}, "HOCBA_DATABASE_URL"),
    "no-vault": ({"HOCBA_VAULT_URL": None}, "HOCBA_VAULT_URL"),
    "no-keys": ({"HOCBA_KEYS_DIR": "/khong-co"}, "/khong-co/tokens.pem"),
    "no-schema": ({}, "python -m app migrate"),
    "no-s3-keys": ({"HOCBA_S3_SECRET_KEY": None}, "HOCBA_S3_SECRET_KEY"),
}
"""What is wrong with the settings, and what the one sentence of the refusal names."""


def test_what_is_missing_stops_the_start_with_one_sentence(site: Site) -> None:
    started = {name: start(site, "serve", changes) for name, (changes, _) in REFUSALS.items()}
    for name, process in started.items():
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, (name, output)
        assert REFUSALS[name][1] in output
        assert len(output.splitlines()) == 1, output
        assert site.settings["HOCBA_S3_SECRET_KEY"] not in output


def start(site: Site, command: str, changes: dict[str, str | None]) -> "subprocess.Popen[str]":
    settings = {
        name: value for name, value in (site.settings | changes).items() if value is not None
    }
    return subprocess.Popen(  # noqa: S603 -- reason: our own program
        command_line(command),
        cwd=ROOT,
        env=program_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
