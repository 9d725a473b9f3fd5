"""Everything that can be set from outside, read once at start.

Variables carry the prefix `HOCBA_`. A production process refuses the embedded defaults.
"""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _names_postgresql(url: str) -> bool:
    """Tell whether a URL can be one of a PostgreSQL; the libraries' own refusals repeat it."""
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError:
        return False
    return address.scheme == "postgresql" and port != 0


class Settings(BaseSettings):
    """The settings tree; frozen, and complete once it exists.

    Raises:
        pydantic.ValidationError: a value is malformed, or production lacks an explicit store.
    """

    model_config = SettingsConfigDict(env_prefix="HOCBA_", frozen=True, extra="forbid")

    environment: Literal["sandbox", "production"] = "sandbox"
    home: Path = Field(default=Path(".hocba"), description="State of the embedded defaults")
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://user:password@host:port/name; embedded if absent"
    )
    vault_url: str | None = Field(
        default=None,
        description="file:///folder or s3+https://host:port/bucket; a folder if absent",
    )
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None
    s3_ca_file: Path | None = Field(
        default=None, description="PEM file of the S3 server's authority; the system's if absent"
    )
    s3_region: str | None = Field(
        default=None, description="Region of the bucket; the server is asked if absent"
    )
    retention_days: int | None = Field(
        default=None,
        ge=90,
        le=25_550,  # 70 years: some servers lose count of a lock's end in 2106
        description="Days that a package with anything accepted stays locked, 50 years if absent;"
        " 90 days in a sandbox",
    )
    keys_dir: Path | None = Field(default=None, description="Folder of the repository's own keys")
    trust_dir: Path | None = Field(default=None, description="Folder of the trust bundle")
    host: str = "127.0.0.1"
    port: int = Field(default=8115, ge=1, le=65535)
    public_url: str = Field(
        default="http://127.0.0.1:8115", description="How users reach this service, without slash"
    )
    drain_seconds: float | None = Field(
        default=None,
        ge=0,
        le=60,
        description="Seconds for which a web process that ends is served but no longer ready, so"
        " that load balancers notice; 5 if absent, 0.2 in a sandbox",
    )
    verification_processes: int = Field(
        default=2, ge=1, le=64, description="Processes that verify signatures, one per core"
    )

    second_opinion_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Share of accepted transcripts whose signatures a second engine verifies too",
    )

    accept_provisionally: bool = Field(
        default=True,
        description="Accept a transcript provisionally while revocation of a signer is unknown",
    )
    revocation_hosts: frozenset[str] = Field(
        default=frozenset(),
        description='Hosts that revocation lists may be fetched from: ["crl.example.vn"]',
    )
    revocation_replacements: dict[str, str] = Field(
        default_factory=dict,
        description="Beginnings of dead addresses of lists and what stands there instead",
    )
    revocation_minutes: float = Field(
        default=60, ge=1, description="Minutes from one look for newer revocation lists to the next"
    )

    @field_validator("database_url")
    @classmethod
    def _is_an_address_of_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _names_postgresql(url.get_secret_value()):
            raise ValueError("phải có dạng postgresql://tài-khoản:mật-khẩu@máy-chủ:cổng/tên")
        return url

    @model_validator(mode="after")
    def _production_names_its_stores(self) -> Self:
        if self.environment == "production":
            stores = (self.database_url, self.vault_url, self.keys_dir, self.trust_dir)
            if None in stores:
                raise ValueError(
                    "môi trường production phải đặt HOCBA_DATABASE_URL, HOCBA_VAULT_URL, "
                    "HOCBA_KEYS_DIR và HOCBA_TRUST_DIR"
                )
        return self

    @property
    def retention(self) -> timedelta:
        """How long a package with anything accepted stays locked: a lock is never shortened."""
        sandbox = self.environment == "sandbox"
        return timedelta(days=self.retention_days or (90 if sandbox else 18_263))

    @property
    def drain(self) -> float:
        """Seconds from saying that a web process leaves to its closing the door."""
        if self.drain_seconds is not None:
            return self.drain_seconds
        return 0.2 if self.environment == "sandbox" else 5.0

    @property
    def keys_folder(self) -> Path:
        """Where the repository's own keys lie."""
        return self.keys_dir or self.home / "keys"

    @property
    def trust_folder(self) -> Path:
        """Where the trust bundle lies."""
        return self.trust_dir or self.home / "trust"

    @property
    def vault_location(self) -> str:
        """The vault's URL, the embedded folder when none is set."""
        return self.vault_url or (self.home / "vault").resolve().as_uri()
