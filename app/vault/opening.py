"""Choose the store from its address."""

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from app.errors import StartRefused
from app.vault.directory import open_directory
from app.vault.s3 import open_bucket
from app.vault.vault import Vault


def open_vault(
    url: str, *, access_key: SecretStr | None = None, secret_key: SecretStr | None = None
) -> Vault:
    """Open the vault that a URL names.

    Args:
        url: `file:///folder`, `s3+https://host:port/bucket` or `s3+http://host:port/bucket`.
        access_key: name of the S3 key; a folder needs none.
        secret_key: the S3 key.

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
            return open_directory(_folder(address))
        case "s3+http" | "s3+https":
            if access_key is None or secret_key is None:
                raise StartRefused("S3 cần HOCBA_S3_ACCESS_KEY và HOCBA_S3_SECRET_KEY")
            return open_bucket(
                address.netloc,
                address.path.strip("/"),
                secure=address.scheme == "s3+https",
                access_key=access_key.get_secret_value(),
                secret_key=secret_key.get_secret_value(),
            )
        case _:
            raise StartRefused(
                "HOCBA_VAULT_URL phải bắt đầu bằng file://, s3+https:// hoặc s3+http://"
            )


def _folder(address: SplitResult) -> Path:
    folder = Path(unquote(address.path))
    if address.netloc not in {"", "localhost"} or not folder.is_absolute():
        raise StartRefused("kho lưu trong thư mục phải ghi đường dẫn đầy đủ: file:///thu-muc")
    return folder
