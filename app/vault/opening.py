"""Choose the store from its address."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from app.errors import StartRefused
from app.settings import Settings
from app.vault.bucket import open_client, require_name
from app.vault.directory import open_directory
from app.vault.s3 import S3Vault
from app.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Access:
    """How a server is spoken to.

    Attributes:
        ca_file: PEM file of the authorities to trust for it; None trusts the system's.
        region: the bucket's region; None asks the server.
    """

    ca_file: Path | None = None
    region: str | None = None


def open_configured_vault(settings: Settings) -> Vault:
    """Open the vault that the settings name.

    Files of a production folder are made immutable, where the process may do that; a sandbox can be
    thrown away.

    Raises:
        StartRefused: as `open_vault`.
    """
    return open_vault(
        settings.vault_location,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        access=S3Access(ca_file=settings.s3_ca_file, region=settings.s3_region),
        immutable=settings.environment == "production",
    )


def open_vault(
    url: str,
    *,
    access_key: SecretStr | None = None,
    secret_key: SecretStr | None = None,
    access: S3Access | None = None,
    immutable: bool = False,
) -> Vault:
    """Open the vault that a URL names.

    Args:
        url: `file:///folder`, `s3+https://host:port/bucket`, or `s3+http://…` on this machine.
        access_key: name of the S3 key; a folder needs none.
        secret_key: the S3 key.
        access: how an S3 server is spoken to, when not in the usual way.
        immutable: whether held files of a folder get the immutable flag.

    Raises:
        StartRefused: the URL is malformed or holds a key, a key is missing, or the folder cannot
            be used. A bucket is tried by the first `check`.
    """
    try:
        address = urlsplit(url)
    except ValueError as error:
        raise StartRefused("HOCBA_VAULT_URL không phải là một URL") from error
    if "@" in address.netloc or address.query or address.fragment:
        # Not repeated in the message: it may hold a key.
        raise StartRefused(
            "HOCBA_VAULT_URL không nhận tài khoản, truy vấn hay phần đuôi #; khóa đặt trong"
            " HOCBA_S3_ACCESS_KEY và HOCBA_S3_SECRET_KEY"
        )
    match address.scheme:
        case "file":
            return open_directory(_folder(address), immutable=immutable)
        case "s3+http" | "s3+https":
            if access_key is None or secret_key is None:
                raise StartRefused("S3 cần HOCBA_S3_ACCESS_KEY và HOCBA_S3_SECRET_KEY")
            keys = (access_key.get_secret_value(), secret_key.get_secret_value())
            return _open_bucket(address, keys, access or S3Access())
        case _:
            raise StartRefused(
                "HOCBA_VAULT_URL phải bắt đầu bằng file://, s3+https:// hoặc s3+http://"
            )


def _open_bucket(address: SplitResult, keys: tuple[str, str], access: S3Access) -> S3Vault:
    bucket = address.path.strip("/")
    require_name(bucket)
    client = open_client(
        address.netloc,
        secure=address.scheme == "s3+https",
        keys=keys,
        ca_file=access.ca_file,
        region=access.region,
    )
    return S3Vault(client, bucket)


def _folder(address: SplitResult) -> Path:
    folder = Path(unquote(address.path))
    if address.netloc not in {"", "localhost"} or not folder.is_absolute():
        raise StartRefused("kho lưu trong thư mục phải ghi đường dẫn đầy đủ: file:///thu-muc")
    return folder
