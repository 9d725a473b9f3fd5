"""What the examples tell of accounts: the Ministry makes one, rotates its credentials, ends it."""

from typing import Any

from app.clients.accounts import Kind
from tests.exchange import Ask, Exchange, send
from tests.working import SECRET

SECRET_SHOWN = "khoa-bi-mat-chi-hien-mot-lan-mau"  # noqa: S105 -- reason: of no account
NEXT_SECRET = "khoa-bi-mat-moi-chi-hien-mot-lan-mau"  # noqa: S105 -- reason: of no account
TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.bWEtdHJ1eS1jYXA.bWF1LWJh"  # noqa: S105 -- reason: of no account
SECRET_ID = "5b1f8c2d-7e10-4a6e-9f0b-0e9d7a523c41"  # noqa: S105 -- reason: of no account
NEXT_SECRET_ID = "7a523c41-5b1f-4c2d-8e10-9f0b0e9d4a6e"  # noqa: S105 -- reason: of no account
MINISTRY_TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.bWEtdHJ1eS1jYXA.bWF1LWJvbg"  # noqa: S105 -- reason: of no account
GRANT_ID = "8c2d7e10-9f0b-4e9d-ba52-3c415b1f4a6e"
NEXT_GRANT_ID = "9f0b0e9d-7a52-4c41-9b1f-8c2d7e104a6e"

HERE = "/v1/clients/dai-hoc-mau"
JSON = {"Content-Type": "application/json"}

PUBLIC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "kid": "khoa-2026",
    "alg": "ES256",
}
"""The example of RFC 7517 appendix A.1."""


def show_management(exchange: Exchange, code: str) -> None:
    """Play an account's life; the order matters.

    Args:
        exchange: where it is kept.
        code: of a transcript that a relying party reads.
    """
    exchange.repository.add_client("bo-giao-duc-mau", Kind.MINISTRY)
    token = token_of(exchange, "bo-giao-duc-mau", SECRET)
    exchange.hide(token, MINISTRY_TOKEN)
    bearer = {"Authorization": f"Bearer {token}"}
    secret_id = show_account(exchange, bearer, code)
    show_grants(exchange, bearer)
    show_credentials(exchange, bearer, secret_id)
    exchange.show("limits", "Mọi giới hạn của dịch vụ", Ask(method="GET", path="/v1/limits"))


def show_account(exchange: Exchange, bearer: dict[str, str], code: str) -> str:
    """Show a relying party's account and what it reads; gives the id of its secret."""
    new: dict[str, Any] = {
        "client_id": "dai-hoc-mau",
        "name": "Trường Đại học Mẫu",
        "kind": "relying_party",
        "grants": [{"level": "03"}],
    }
    made = exchange.show(
        "client-create",
        "Tạo tài khoản cho bên thứ ba; khóa bí mật chỉ hiện ở đây",
        Ask(method="POST", path="/v1/clients", headers=bearer | JSON, json=new),
    ).json
    secret_id: str = made["secrets"][0]["name"]
    exchange.hide(made["client_secret"], SECRET_SHOWN)
    exchange.hide(secret_id, SECRET_ID)
    exchange.hide(made["grants"][0]["grant_id"], GRANT_ID)
    exchange.show(
        "clients",
        "Danh sách tài khoản của bên thứ ba",
        Ask(method="GET", path="/v1/clients?kind=relying_party", headers=bearer),
    )
    exchange.show("client", "Xem tài khoản", Ask(method="GET", path=HERE, headers=bearer))
    show_reading(exchange, made["client_secret"], code)
    change = Ask(
        method="PATCH",
        path=HERE,
        headers=bearer | JSON,
        json={"name": "Trường Đại học Mẫu Một"},
    )
    exchange.show("client-change", "Đổi tên tài khoản", change)
    return secret_id


def show_reading(exchange: Exchange, secret: str, code: str) -> None:
    """Show how a relying party reads a transcript and gives its token back."""
    token = token_of(exchange, "dai-hoc-mau", secret)
    exchange.hide(token, TOKEN)
    bearer = {"Authorization": f"Bearer {token}"}
    path = f"/v1/transcripts/{code}"
    reason = {"Access-Reason": "admission; case=TS-2026-00123"}
    exchange.show(
        "transcript-for-a-reason",
        "Bên thứ ba đọc học bạ và nêu lý do",
        Ask(method="GET", path=path, headers=bearer | reason),
    )
    exchange.show(
        "transcript-without-reason",
        "Bên thứ ba không nêu lý do",
        Ask(method="GET", path=path, headers=bearer),
    )
    form = {"client_id": "dai-hoc-mau", "client_secret": secret, "token": token}
    exchange.show(
        "token-revoke",
        "Thu hồi mã truy cập không dùng nữa",
        Ask(method="POST", path="/v1/oauth/revoke", form=form),
    )


def show_grants(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Show a grant that is added and ended."""
    added = exchange.show(
        "client-grant",
        "Cho đọc thêm học bạ của một tỉnh, từ 1/9/2026",
        Ask(
            method="POST",
            path=f"{HERE}/grants",
            headers=bearer | JSON,
            json={"province": "79", "valid_from": "2026-09-01T00:00:00+07:00"},
        ),
    )
    grant_id = added.json["grants"][1]["grant_id"]
    exchange.hide(grant_id, NEXT_GRANT_ID)
    end = Ask(method="DELETE", path=f"{HERE}/grants/{grant_id}", headers=bearer)
    exchange.show("client-grant-end", "Chấm dứt quyền đó", end)


def show_credentials(exchange: Exchange, bearer: dict[str, str], secret_id: str) -> None:
    """Show a rotation, and the end of each credential."""
    rotated = exchange.show(
        "client-secret",
        "Cấp khóa bí mật mới; khóa cũ còn dùng được một giờ",
        Ask(
            method="POST",
            path=f"{HERE}/secrets",
            headers=bearer | JSON,
            json={"overlap_seconds": 3600},
        ),
    )
    exchange.hide(rotated.json["client_secret"], NEXT_SECRET)
    key = Ask(method="POST", path=f"{HERE}/keys", headers=bearer | JSON, json={"key": PUBLIC_KEY})
    registered = exchange.show("client-key", "Đăng ký khóa công khai", key)
    exchange.hide(registered.json["secrets"][1]["name"], NEXT_SECRET_ID)
    for name, summary, method, path in (
        ("client-secret-end", "Hủy ngay khóa bí mật cũ", "DELETE", f"secrets/{secret_id}"),
        ("client-key-end", "Hủy ngay khóa công khai", "DELETE", "keys/khoa-2026"),
        ("client-tokens-revoke", "Thu hồi mọi mã truy cập", "POST", "tokens/revoke"),
    ):
        exchange.show(name, summary, Ask(method=method, path=f"{HERE}/{path}", headers=bearer))


def token_of(exchange: Exchange, client_id: str, secret: str) -> str:
    """Log in without showing it."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
    }
    answer = send(exchange.repository.url, Ask(method="POST", path="/v1/oauth/token", form=form))
    token: str = answer.json["access_token"]
    return token
