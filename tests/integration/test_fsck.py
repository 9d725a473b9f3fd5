"""The command `fsck` as an operator runs it; the journey over one's own stores has a bucket."""

import asyncio
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.__main__ import cli
from app.fsck.findings import WORDS, Code
from app.fsck.progress import Options, Progress, Stage
from app.fsck.state import write_state
from app.sandbox.pki import write_trust_bundle
from app.sandbox.repository_keys import make_repository_keys
from tests.mixture import Site
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS

pytestmark = pytest.mark.xdist_group("mixture")


def fsck(site: Site, *words: str, **settings: str) -> Result:
    environment = {
        "HOCBA_DATABASE_URL": site.database_url,
        "HOCBA_VAULT_URL": site.vault_folder.as_uri(),
        "HOCBA_KEYS_DIR": str(site.folder / "keys"),
        "HOCBA_TRUST_DIR": str(site.folder / "trust"),
        "HOCBA_VERIFICATION_PROCESSES": "1",
        "COLUMNS": "200",
    }
    return CliRunner().invoke(cli, ["fsck", *words], env=environment | settings)


def quickly(site: Site, *words: str, **settings: str) -> Result:
    return fsck(site, "--verify", "0", *words, **settings)


def leave_an_orphan(site: Site) -> None:
    path = site.object_of("ab" * 32)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"khong ai nhac toi")


def test_a_folder_is_told_to_be_at_its_owners_mercy(tmp_path: Path) -> None:
    settings = {"HOCBA_VAULT_URL": (tmp_path / "vault").as_uri()}
    result = CliRunner().invoke(cli, ["fsck", "--prove-locks"], env=settings)
    assert result.exit_code == 1, result.output
    assert "ĐÃ PHÁ ĐƯỢC" in result.output


def test_a_sound_repository_is_told_to_be_sound_with_every_signature_verified(site: Site) -> None:
    write_trust_bundle(site.folder / "trust", scenario_of(STUDENTS).pki)
    file = site.folder / "bao-cao.json"
    result = fsck(site, "--verify", "1", "--settled", "--report", str(file), "--rate", "1000")
    assert result.exit_code == 0, result.output
    assert "Kho nguyên vẹn." in result.output
    assert "Chưa kiểm tra" not in result.output
    checked = fsck(site, "--check-report", str(file))
    assert checked.exit_code == 0, checked.output
    assert "Chữ ký đúng. Môi trường sandbox" in checked.output
    assert "Nguyễn" not in file.read_text() + result.output


def test_what_is_wrong_is_told_with_what_to_do(site: Site) -> None:
    leave_an_orphan(site)
    for path in site.vault_folder.rglob("sha256/*/*/*"):
        path.unlink()
    file = site.folder / "bao-cao.json"
    result = quickly(site, "--quick", "--report", str(file))
    assert result.exit_code == 1, result.output
    assert "CÓ 4 LỖI." in result.output
    words = WORDS[Code.OBJECT_LOST]
    assert words.what in result.output
    assert "Chưa kiểm tra: nội dung từng đối tượng" in result.output
    checked = fsck(site, "--check-report", str(file))
    assert checked.exit_code == 1, checked.output
    assert "object.lost (error): 4" in checked.output


def test_a_note_alone_fails_only_when_asked_to(site: Site) -> None:
    leave_an_orphan(site)
    result = quickly(site)
    assert (result.exit_code, "object.orphan" in result.output) == (0, True)
    assert quickly(site, "--strict").exit_code == 1


def test_a_report_that_was_changed_or_is_of_another_key_is_refused(site: Site) -> None:
    file = site.folder / "bao-cao.json"
    assert quickly(site, "--report", str(file)).exit_code == 0
    text = file.read_text()
    file.write_text(text.replace('"payload": "ew', '"payload": "fw'))
    refused = fsck(site, "--check-report", str(file))
    assert (refused.exit_code, "đã bị sửa" in refused.output) == (2, True)
    file.write_text("{}")
    assert fsck(site, "--check-report", str(file)).exit_code == 2


def test_a_stopped_run_goes_on_from_its_state_file(site: Site) -> None:
    file = site.folder / "tien-do.json"
    progress = Progress(started_at=NOW, seed="x", stage=Stage.VAULT)
    progress.counts["packages"] = 4711
    write_state(file, progress, Options(verify=0))
    other = quickly(site, "--quick", "--state", str(file))
    assert (other.exit_code, "tùy chọn khác" in other.output) == (2, True)
    result = quickly(site, "--state", str(file))
    assert result.exit_code == 0, result.output
    assert "4711" in result.output
    assert not file.exists()


@pytest.mark.parametrize(
    ("words", "settings", "sentence"),
    [
        ([], {"HOCBA_DATABASE_URL": "postgresql://127.0.0.1:1/khong"}, "database"),
        (["--reply-certificate", "/khong/co.pem"], {}, "tệp"),
        (["--verify", "1"], {"HOCBA_TRUST_DIR": "/khong-co"}, "/khong-co"),
        (["--check-report", "/khong/co.json"], {}, "tệp"),
        (["--last"], {"HOCBA_DATABASE_URL": "postgresql://127.0.0.1:1/khong"}, "database"),
    ],
    ids=["database", "certificate", "trust", "report", "last"],
)
def test_what_cannot_be_examined_ends_with_one_sentence_and_another_status(
    site: Site, words: list[str], settings: dict[str, str], sentence: str
) -> None:
    result = quickly(site, *words, **settings)
    assert result.exit_code == 2, result.output
    assert "Không kiểm tra được" in result.output
    assert sentence in result.output


NIGHT = """
    INSERT INTO fsck_runs (night, started_at, finished_at, progress, errors, report)
    VALUES ('2026-07-02', now(), now(), '{{}}', 1, '{{"counts": {{"packages": 4711}},
        "findings": [{{"code": "object.lost", "object": "abab", "detail": ""}}]}}')
"""


async def test_the_last_night_can_be_looked_up(site: Site) -> None:
    nothing = await asyncio.to_thread(fsck, site, "--last")
    assert (nothing.exit_code, "Chưa có lượt" in nothing.output) == (1, True)
    await site.tamper(NIGHT)
    told = await asyncio.to_thread(fsck, site, "--last")
    assert told.exit_code == 1, told.output
    assert "Đêm 02/07/2026" in told.output
    assert "4711" in told.output
    assert "object.lost abab" in told.output
    await site.tamper("UPDATE fsck_runs SET errors = 0")
    assert (await asyncio.to_thread(fsck, site, "--last")).exit_code == 0


def test_replies_that_an_older_key_signed_are_sound_when_it_is_named(site: Site) -> None:
    before = site.folder / "chung-thu-cu.pem"
    before.write_bytes((site.folder / "keys" / "reply-certificate.pem").read_bytes())
    make_repository_keys(site.folder / "khoa-moi", today=NOW.date())
    for name in ("reply.pem", "reply-certificate.pem"):
        (site.folder / "keys" / name).write_bytes((site.folder / "khoa-moi" / name).read_bytes())
    result = quickly(site)
    assert (result.exit_code, "reply.signature" in result.output) == (1, True)
    assert quickly(site, "--reply-certificate", str(before)).exit_code == 0
