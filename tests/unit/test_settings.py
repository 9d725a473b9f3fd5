from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.settings import Settings

PRODUCTION = {
    "HOCBA_ENVIRONMENT": "production",
    "HOCBA_DATABASE_URL": "postgresql://hocba:mat-khau@db.example/hocba",
    "HOCBA_VAULT_URL": "s3+https://s3.example/hocba",
    "HOCBA_KEYS_DIR": "/etc/hocba/keys",
    "HOCBA_TRUST_DIR": "/etc/hocba/trust",
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"HOCBA_{name.upper()}", raising=False)


def test_without_any_setting_everything_lies_in_the_home_folder() -> None:
    settings = Settings()
    assert settings.environment == "sandbox"
    assert settings.keys_folder == Path(".hocba/keys")
    assert settings.trust_folder == Path(".hocba/trust")
    assert settings.vault_location == Path(".hocba/vault").resolve().as_uri()


def test_what_is_set_replaces_the_embedded_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.environment == "production"
    assert settings.keys_folder == Path("/etc/hocba/keys")
    assert settings.trust_folder == Path("/etc/hocba/trust")
    assert settings.vault_location == "s3+https://s3.example/hocba"


@pytest.mark.parametrize(
    "missing",
    ["HOCBA_DATABASE_URL", "HOCBA_VAULT_URL", "HOCBA_KEYS_DIR", "HOCBA_TRUST_DIR"],
)
def test_production_refuses_an_embedded_default(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    with pytest.raises(ValidationError, match="production phải đặt"):
        Settings()


def test_secrets_are_not_shown() -> None:
    settings = Settings(database_url=SecretStr("postgresql://hocba:mat-khau@db.example/hocba"))
    assert "mat-khau" not in repr(settings)


@pytest.mark.parametrize(("name", "value"), [("HOCBA_PORT", "0"), ("HOCBA_ENVIRONMENT", "test")])
def test_a_setting_in_doubt_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_package_stays_locked_for_fifty_years_in_production_and_ninety_days_in_a_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().retention == timedelta(days=90)
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert Settings().retention == timedelta(days=18_263)
    monkeypatch.setenv("HOCBA_RETENTION_DAYS", "3650")
    assert Settings().retention == timedelta(days=3650)


@pytest.mark.parametrize("days", ["0", "89", "36500"])
def test_a_lock_is_neither_shorter_than_the_first_one_nor_beyond_what_servers_keep(
    monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    monkeypatch.setenv("HOCBA_RETENTION_DAYS", days)
    with pytest.raises(ValidationError, match="retention_days"):
        Settings()
