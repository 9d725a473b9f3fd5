"""What the examples tell about code lists and the registration of certificates."""

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from app.clients.accounts import Kind
from app.sandbox.holders import official_name
from app.sandbox.pki import Branch, KeyKind, Request, issue
from app.sandbox.school import DEPARTMENT, PROVINCE_NAME
from tests.exchange import Ask, Exchange, send
from tests.working import SECRET

JSON = {"Content-Type": "application/json"}
DEPARTMENT_CLIENT = "so-giao-duc-mau"
SEAL = "KY_PHAT_HANH"


def show_code_lists(exchange: Exchange) -> None:
    """Show which code lists there are, and one of them."""
    exchange.show("code-lists", "Các danh mục dùng chung", Ask(method="GET", path="/v1/code-lists"))
    exchange.show(
        "code-list",
        "Một danh mục tại một ngày",
        Ask(method="GET", path="/v1/code-lists/message-purposes?at=2026-06-10"),
    )


def show_certificates(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Show the renewal of a school's certificate, from the request to the end of its use."""
    school = exchange.repository.scenario.school
    exchange.repository.add_client(DEPARTMENT_CLIENT, Kind.DEPARTMENT, (school.code,))
    department = _bearer(exchange)
    der = _renewed(exchange)
    pem = load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
    here = f"/v1/certificates/{sha256(der).hexdigest()}"
    whose = {"school": school.code, "role": SEAL}

    def post(path: str, token: dict[str, str], **body: Any) -> Ask:
        return Ask(method="POST", path=path, headers=token | JSON, json=whose | body)

    request = post("/v1/certificates", bearer, certificate=pem, wish_from="2026-08-01")
    exchange.show("certificate-register", "Đăng ký chứng thư mới của nhà trường", request)
    exchange.show("certificate-register-again", "Gửi lại: cùng một câu trả lời", request)
    exchange.show(
        "certificate-refused",
        "Chứng thư của nhà trường không dùng được cho người quản lý",
        post("/v1/certificates", bearer, certificate=pem, role="CBQL"),
    )
    exchange.show(
        "certificate-decide",
        "Sở GDĐT duyệt chứng thư",
        post(f"{here}/decision", department, decision="approve", reason="Đúng hồ sơ"),
    )
    exchange.show(
        "certificate-revoke",
        "Nhà trường báo ngừng sử dụng chứng thư",
        post(
            f"{here}/revocation",
            bearer,
            reason="Mất thiết bị ký",
            revoked_from="2026-08-20T00:00:00+07:00",
        ),
    )
    query = f"school={school.code}&role={SEAL}"
    exchange.show(
        "certificate",
        "Một chứng thư và lịch sử của nó",
        Ask(method="GET", path=f"{here}?{query}", headers=bearer),
    )
    exchange.show(
        "certificates",
        "Chứng thư được duyệt cho một ngày",
        Ask(method="GET", path=f"/v1/certificates?{query}&at=2026-06-10", headers=bearer),
    )


def _bearer(exchange: Exchange) -> dict[str, str]:
    account = {
        "grant_type": "client_credentials",
        "client_id": DEPARTMENT_CLIENT,
        "client_secret": SECRET,
    }
    ask = Ask(method="POST", path="/v1/oauth/token", form=account)
    token = send(exchange.repository.url, ask).json["access_token"]
    exchange.hide(token, "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.bWEtdHJ1eS1jYXA.c28tZ2RkdA")
    return {"Authorization": f"Bearer {token}"}


def _renewed(exchange: Exchange) -> bytes:
    """Order the school's next certificate, which begins when the one in use has still a year."""
    scenario = exchange.repository.scenario
    subject = official_name(
        scenario.school.name,
        units=DEPARTMENT,
        province=PROVINCE_NAME,
        email=f"phat-hanh@{scenario.school.code}.localhost",
    )
    request = Request(
        slug=f"{scenario.school.code}-phat-hanh-moi",
        subject=subject,
        branch=Branch.G2,
        issued_year=2026,
        key_kind=KeyKind.P256,
    )
    return issue(scenario.pki, request).certificate_der
