"""What each route is declared to show, and to whom; a new route belongs here first."""

from base64 import encodebytes
from dataclasses import dataclass, replace
from enum import Enum, auto
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.clients.accounts import Scope
from app.transcripts.codes import transcript_code

ORIGINAL = b"<HOC_BA>mau</HOC_BA>\n"
CODED = encodebytes(ORIGINAL)
PACKAGE = b"<BAN_TIN>" + CODED + b"</BAN_TIN>"
PACKAGE_DIGEST = sha256(PACKAGE).hexdigest()
PACKAGE_ID = UUID("0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10")
CODE = transcript_code(b"k" * 32, sha256(ORIGINAL).digest())
NOBODY = "11111111-1111-4111-8111-111111111111"
XML = {"Content-Type": "application/xml"}


class Data(Enum):
    """Whose data a route shows."""

    NONE = auto()
    SENT = auto()
    PACKAGE = auto()
    TRANSCRIPT = auto()


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may use a route.

    Attributes:
        scope: None for the public.
        served: the status that tells that nothing but the request itself was in the way.
    """

    scope: Scope | None = None
    data: Data = Data.NONE
    served: int = 200
    body: Any = None
    content: bytes | None = None


PUBLIC = Access()
PACKAGES = Access(scope=Scope.PACKAGES_READ, data=Data.PACKAGE)
SENT = Access(scope=Scope.PACKAGES_READ, data=Data.SENT)
TRANSCRIPTS = Access(scope=Scope.TRANSCRIPTS_READ, data=Data.TRANSCRIPT)
MANAGE = Access(scope=Scope.CLIENTS_MANAGE)
WEBHOOKS = Access(scope=Scope.WEBHOOKS_MANAGE)
JWK = {"kty": "EC"}

DECLARED: dict[tuple[str, str], Access] = {
    ("GET", "/"): PUBLIC,
    ("GET", "/openapi.json"): PUBLIC,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("POST", "/v1/oauth/token"): PUBLIC,
    ("POST", "/v1/oauth/revoke"): PUBLIC,
    ("GET", "/v1/limits"): PUBLIC,
    ("GET", "/v1/code-lists"): PUBLIC,
    ("GET", "/v1/code-lists/{name}"): PUBLIC,
    ("GET", "/v1/error-codes"): PUBLIC,
    ("GET", "/error-codes"): PUBLIC,
    ("GET", "/v1/verifications/{code}"): PUBLIC,
    ("GET", "/verify"): PUBLIC,
    ("GET", "/verify/{code}"): PUBLIC,
    ("GET", "/static/{name}"): PUBLIC,
    ("POST", "/v1/packages"): Access(scope=Scope.PACKAGES_WRITE, served=202, content=b"<x/>"),
    ("POST", "/v1/packages/validate"): Access(
        scope=Scope.PACKAGES_WRITE, served=503, content=b"<x/>"
    ),
    ("GET", "/v1/packages"): Access(scope=Scope.PACKAGES_READ),
    ("GET", "/v1/packages/{package_id}"): PACKAGES,
    ("GET", "/v1/packages/by-digest/{sha256}"): SENT,
    ("GET", "/v1/packages/{package_id}/original"): PACKAGES,
    ("GET", "/v1/packages/{package_id}/reply"): PACKAGES,
    ("POST", "/v1/packages/{package_id}/reply/read"): replace(SENT, served=204),
    ("GET", "/v1/transcripts/{code}"): TRANSCRIPTS,
    ("GET", "/v1/transcripts/{code}/original"): TRANSCRIPTS,
    ("GET", "/v1/transcripts/{code}/report"): TRANSCRIPTS,
    ("GET", "/v1/transcripts/{code}/history"): TRANSCRIPTS,
    ("GET", "/v1/certificates"): Access(scope=Scope.CERTIFICATES_READ),
    ("GET", "/v1/certificates/{sha256}"): Access(scope=Scope.CERTIFICATES_READ, served=404),
    ("POST", "/v1/certificates"): Access(scope=Scope.CERTIFICATES_WRITE, served=422, body={}),
    ("POST", "/v1/certificates/{sha256}/decision"): Access(
        scope=Scope.CERTIFICATES_DECIDE, served=404, body={"decision": "approve"}
    ),
    ("POST", "/v1/certificates/{sha256}/revocation"): Access(
        scope=Scope.CERTIFICATES_WRITE, served=404, body={"reason": "Mất thiết bị ký mẫu"}
    ),
    ("GET", "/v1/clients"): MANAGE,
    ("POST", "/v1/clients"): replace(
        MANAGE, served=409, body={"client_id": "khach", "name": "Mẫu", "kind": "hub"}
    ),
    ("GET", "/v1/clients/{client_id}"): MANAGE,
    ("PATCH", "/v1/clients/{client_id}"): replace(MANAGE, body={"name": "Khách Mẫu"}),
    ("POST", "/v1/clients/{client_id}/tokens/revoke"): replace(MANAGE, served=204),
    ("POST", "/v1/clients/{client_id}/secrets"): replace(MANAGE, served=201, body={}),
    ("DELETE", "/v1/clients/{client_id}/secrets/{secret_id}"): replace(MANAGE, served=404),
    ("POST", "/v1/clients/{client_id}/keys"): replace(MANAGE, served=422, body={"key": JWK}),
    ("DELETE", "/v1/clients/{client_id}/keys/{kid}"): replace(MANAGE, served=404),
    ("POST", "/v1/clients/{client_id}/grants"): replace(
        MANAGE, served=201, body={"province": "79"}
    ),
    ("DELETE", "/v1/clients/{client_id}/grants/{grant_id}"): replace(MANAGE, served=404),
    ("GET", "/v1/webhooks"): WEBHOOKS,
    ("POST", "/v1/webhooks"): replace(WEBHOOKS, served=422, body={"url": "http://mau.example"}),
    ("DELETE", "/v1/webhooks/{webhook_id}"): replace(WEBHOOKS, served=404),
    ("GET", "/v1/webhooks/{webhook_id}/deliveries"): replace(WEBHOOKS, served=404),
    ("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"): replace(
        WEBHOOKS, served=404
    ),
}

VALUES = {
    "package_id": str(PACKAGE_ID),
    "sha256": PACKAGE_DIGEST,
    "code": CODE,
    "client_id": "khach",
    "secret_id": NOBODY,
    "grant_id": NOBODY,
    "webhook_id": NOBODY,
    "delivery_id": NOBODY,
    "kid": "k1",
    "name": "x",
}
