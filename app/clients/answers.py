"""What the Ministry's clients send and see of accounts: the JSON of `/v1/clients`."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.clients.accounts import Account, Kind, Scope
from app.clients.assertions import read_public_key
from app.clients.credentials import OVERLAP, OVERLAP_LIMIT, Credential
from app.clients.grants import Grant
from app.clients.manage import Change, Dossier, NewClient
from app.locale import local_time

_ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,20}$")]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GrantSent(_Sent):
    """A right to act for transcripts; what is left out does not narrow it."""

    school: _Code | None = Field(None, description="Mã trường; bỏ trống: mọi trường")
    province: Annotated[str, Field(pattern=r"^[0-9]{2}$")] | None = Field(
        None, description="Mã tỉnh; bỏ trống: mọi tỉnh"
    )
    level: Annotated[str, Field(pattern=r"^0[2-5]$")] | None = Field(
        None, description="Cấp học 02, 03, 04, 05; bỏ trống: mọi cấp"
    )
    valid_from: AwareDatetime | None = Field(None, description="Từ lúc nào; bỏ trống: ngay")
    valid_to: AwareDatetime | None = Field(None, description="Đến lúc nào; bỏ trống: chưa định")

    def grant(self, now: datetime) -> Grant:
        """Read it; without a beginning it begins now."""
        return Grant(
            school_code=self.school,
            province_code=self.province,
            level=self.level,
            valid_from=self.valid_from or now,
            valid_to=self.valid_to,
        )


class ClientSent(_Sent):
    """An account to be made."""

    client_id: _ClientId = Field(description="Mã tài khoản kết nối")
    name: _Name = Field(description="Tên cơ quan, đơn vị hoặc phần mềm")
    kind: Kind = Field(description="Loại tài khoản")
    scopes: list[Scope] | None = Field(
        None, max_length=20, description="Các quyền; bỏ trống: mọi quyền của loại tài khoản"
    )
    grants: list[GrantSent] = Field([], max_length=1000, description="Được làm thay cho ai")
    key: dict[str, Any] | None = Field(
        None, description="Khóa công khai (JWK có `kid` và `alg`); bỏ trống: cấp khóa bí mật"
    )

    def client(self, now: datetime) -> NewClient:
        """Read it.

        Raises:
            InvalidRequest: the key is private, too weak or of another kind.
        """
        return NewClient(
            client_id=self.client_id,
            name=self.name,
            kind=self.kind,
            scopes=None if self.scopes is None else frozenset(self.scopes),
            grants=tuple(grant.grant(now) for grant in self.grants),
            key=None if self.key is None else read_public_key(self.key),
        )


class ChangeSent(_Sent):
    """What is to be changed; what is left out stays."""

    name: _Name | None = Field(None, description="Tên mới")
    scopes: list[Scope] | None = Field(None, max_length=20, description="Các quyền mới")
    enabled: bool | None = Field(None, description="`false`: khóa tài khoản ngay")

    def change(self) -> Change:
        """Read it."""
        scopes = None if self.scopes is None else frozenset(self.scopes)
        return Change(name=self.name, scopes=scopes, enabled=self.enabled)


_Overlap = Annotated[int, Field(ge=0, le=int(OVERLAP_LIMIT.total_seconds()))]


class RotationSent(_Sent):
    """How long the old credential stays valid beside the new one."""

    overlap_seconds: _Overlap = Field(
        int(OVERLAP.total_seconds()), description="Khóa cũ còn dùng được bao nhiêu giây"
    )

    @property
    def overlap(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.overlap_seconds)


class KeySent(RotationSent):
    """A new public key."""

    key: dict[str, Any] = Field(description="Khóa công khai: JWK (RFC 7517) có `kid` và `alg`")


class GrantAnswer(BaseModel):
    """A right to act for transcripts (phạm vi được làm thay)."""

    grant_id: UUID = Field(description="Mã của quyền này")
    school: str | None = Field(description="Mã trường; null: mọi trường")
    province: str | None = Field(description="Mã tỉnh; null: mọi tỉnh")
    level: str | None = Field(description="Cấp học; null: mọi cấp")
    valid_from: str = Field(description="Có hiệu lực từ")
    valid_to: str | None = Field(description="Hết hiệu lực lúc; null: chưa định")


class CredentialAnswer(BaseModel):
    """A secret or a key, without anything secret (khóa của tài khoản)."""

    name: str = Field(description="Mã của khóa bí mật, hoặc `kid` của khóa công khai")
    algorithm: str | None = Field(description="Thuật toán của khóa công khai")
    created_at: str = Field(description="Cấp lúc")
    expires_at: str | None = Field(description="Hết hiệu lực lúc; null: chưa định")


class ClientLine(BaseModel):
    """An account in a list (tài khoản kết nối)."""

    client_id: str = Field(description="Mã tài khoản kết nối")
    name: str = Field(description="Tên")
    kind: Kind = Field(description="Loại tài khoản")
    scopes: list[Scope] = Field(description="Các quyền")
    enabled: bool = Field(description="Có đang dùng được không")
    created_at: str = Field(description="Tạo lúc")


class ClientAnswer(ClientLine):
    """An account with its grants and credentials."""

    grants: list[GrantAnswer] = Field(description="Được làm thay cho ai")
    secrets: list[CredentialAnswer] = Field(description="Các khóa bí mật đã cấp")
    keys: list[CredentialAnswer] = Field(description="Các khóa công khai đã đăng ký")


class NewClientAnswer(ClientAnswer):
    """A new account; its secret is told here and never again."""

    client_secret: str | None = Field(
        description="Khóa bí mật, chỉ hiện một lần; null khi dùng khóa công khai"
    )


class SecretAnswer(BaseModel):
    """A new secret, told here and never again."""

    client_secret: str = Field(description="Khóa bí mật, chỉ hiện một lần")


class ClientPage(BaseModel):
    """A page of accounts."""

    items: list[ClientLine]
    next: str | None = Field(description="Giá trị `after` của trang sau; null: hết")


def present_line(account: Account) -> ClientLine:
    """Show an account in a list."""
    return ClientLine(**_line(account))


def present_client(dossier: Dossier) -> ClientAnswer:
    """Show an account with all that belongs to it."""
    return ClientAnswer(**_line(dossier.account), **_belongings(dossier))


def present_new_client(dossier: Dossier, secret: str | None) -> NewClientAnswer:
    """Show a new account with its secret."""
    return NewClientAnswer(**_line(dossier.account), **_belongings(dossier), client_secret=secret)


def _line(account: Account) -> dict[str, Any]:
    return {
        "client_id": account.client_id,
        "name": account.name,
        "kind": account.kind,
        "scopes": sorted(account.scopes),
        "enabled": account.enabled,
        "created_at": local_time(account.created_at),
    }


def _belongings(dossier: Dossier) -> dict[str, Any]:
    return {
        "grants": [_grant(grant) for grant in dossier.grants],
        "secrets": [_credential(secret) for secret in dossier.secrets],
        "keys": [_credential(key) for key in dossier.keys],
    }


def _grant(grant: Grant) -> GrantAnswer:
    return GrantAnswer(
        grant_id=grant.grant_id,
        school=grant.school_code,
        province=grant.province_code,
        level=grant.level,
        valid_from=local_time(grant.valid_from),
        valid_to=_end(grant.valid_to),
    )


def _credential(credential: Credential) -> CredentialAnswer:
    return CredentialAnswer(
        name=credential.name,
        algorithm=credential.algorithm,
        created_at=local_time(credential.created_at),
        expires_at=_end(credential.expires_at),
    )


def _end(at: datetime | None) -> str | None:
    return None if at is None else local_time(at)
