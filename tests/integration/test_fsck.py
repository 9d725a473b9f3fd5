"""The command `fsck` on a folder; the journey over one's own stores runs it on a bucket."""

from pathlib import Path

from typer.testing import CliRunner

from app.__main__ import cli


def test_a_folder_is_told_to_be_at_its_owners_mercy(tmp_path: Path) -> None:
    settings = {"HOCBA_VAULT_URL": (tmp_path / "vault").as_uri()}
    result = CliRunner().invoke(cli, ["fsck", "--prove-locks"], env=settings)
    assert result.exit_code == 1, result.output
    assert "ĐÃ PHÁ ĐƯỢC" in result.output


def test_a_check_that_is_not_named_is_not_made() -> None:
    result = CliRunner().invoke(cli, ["fsck"])
    assert result.exit_code == 2
    assert "--prove-locks" in result.output
