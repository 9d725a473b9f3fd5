"""The ready requests of the kit, in the order in which they can be sent."""

from http import HTTPStatus

from app.sandbox.kit_requests import MINISTRY, SCHOOL, ReadyRequest

_XML = "application/xml"
_FORM = "application/x-www-form-urlencoded"
_ID = (("package_id", "$(package_id)"),)
_CODE = (("code", "$(code)"),)
_PACKAGE = "/v1/packages/{package_id}"
_TRANSCRIPT = "/v1/transcripts/{code}"
_SEAL = (("sha256", "$CERTIFICATE"),)
_SEAL_ROUTE = "/v1/certificates/{sha256}"


def ready_requests(school: str, partner: str, kid: str, jwk: str) -> tuple[ReadyRequest, ...]:
    """List a request for every route.

    Args:
        school: code of the school that sends the kit's package.
        partner: id of the account that the requests make.
        kid: names its public key.
        jwk: its public key, JSON.
    """
    return (
        *_first(),
        *_packages(),
        *_webhooks(),
        *_certificates(school),
        *_clients(partner, kid, jwk),
        *_last(),
    )


def _first() -> tuple[ReadyRequest, ...]:
    return (
        ReadyRequest(name="health", route="/healthz"),
        ReadyRequest(name="ready", route="/readyz"),
        ReadyRequest(name="limits", route="/v1/limits"),
        ReadyRequest(name="error-codes", route="/v1/error-codes"),
        ReadyRequest(name="code-lists", route="/v1/code-lists"),
        ReadyRequest(
            name="code-list", route="/v1/code-lists/{name}", values=(("name", "message-purposes"),)
        ),
        ReadyRequest(
            name="token",
            method="POST",
            route="/v1/oauth/token",
            body="grant_type=client_credentials&client_id=$HOCBA_CLIENT_ID"
            "&client_secret=$HOCBA_CLIENT_SECRET",
            content=_FORM,
        ),
    )


def _packages() -> tuple[ReadyRequest, ...]:
    return (
        # Before the package, so that there is something to tell of it.
        ReadyRequest(
            name="webhook-create",
            status=HTTPStatus.CREATED,
            who=SCHOOL,
            method="POST",
            route="/v1/webhooks",
            body='{"url": "https://phan-mem-mau.example/hoc-ba/su-kien"}',
        ),
        ReadyRequest(
            name="validate",
            who=SCHOOL,
            method="POST",
            route="/v1/packages/validate",
            body="@package.xml",
            content=_XML,
        ),
        ReadyRequest(
            name="submit",
            status=HTTPStatus.ACCEPTED,
            who=SCHOOL,
            method="POST",
            route="/v1/packages",
            body="@package.xml",
            content=_XML,
        ),
        ReadyRequest(
            name="submit-again-and-wait",
            who=SCHOOL,
            method="POST",
            route="/v1/packages",
            body="@package.xml",
            content=_XML,
            headers=("Prefer: wait=20",),
        ),
        ReadyRequest(name="packages", who=SCHOOL, route="/v1/packages", query="?limit=5"),
        ReadyRequest(
            name="package-by-digest",
            who=SCHOOL,
            route="/v1/packages/by-digest/{sha256}",
            values=(("sha256", "$DIGEST"),),
        ),
        ReadyRequest(name="package", who=SCHOOL, route=_PACKAGE, values=_ID),
        ReadyRequest(name="original", who=SCHOOL, route=f"{_PACKAGE}/original", values=_ID),
        ReadyRequest(name="reply", who=SCHOOL, route=f"{_PACKAGE}/reply", values=_ID),
        ReadyRequest(
            name="reply-read",
            status=HTTPStatus.NO_CONTENT,
            who=SCHOOL,
            method="POST",
            route=f"{_PACKAGE}/reply/read",
            values=_ID,
        ),
        ReadyRequest(name="transcript", who=SCHOOL, route=_TRANSCRIPT, values=_CODE),
        ReadyRequest(
            name="transcript-original", who=SCHOOL, route=f"{_TRANSCRIPT}/original", values=_CODE
        ),
        ReadyRequest(
            name="transcript-history", who=SCHOOL, route=f"{_TRANSCRIPT}/history", values=_CODE
        ),
        ReadyRequest(
            name="transcript-report", who=SCHOOL, route=f"{_TRANSCRIPT}/report", values=_CODE
        ),
        ReadyRequest(name="verification", route="/v1/verifications/{code}", values=_CODE),
    )


def _webhooks() -> tuple[ReadyRequest, ...]:
    hook = ("webhook_id", "$(get truong /v1/webhooks | field webhook_id)")
    told = "/v1/webhooks/$(get truong /v1/webhooks | field webhook_id)/deliveries"
    delivery = ("delivery_id", f"$(get truong {told} | field delivery_id)")
    route = "/v1/webhooks/{webhook_id}"
    return (
        ReadyRequest(name="webhooks", who=SCHOOL, route="/v1/webhooks"),
        ReadyRequest(
            name="webhook-deliveries", who=SCHOOL, route=f"{route}/deliveries", values=(hook,)
        ),
        ReadyRequest(
            name="webhook-replay",
            status=HTTPStatus.ACCEPTED,
            who=SCHOOL,
            method="POST",
            route=f"{route}/deliveries/{{delivery_id}}/replay",
            values=(hook, delivery),
        ),
        ReadyRequest(
            name="webhook-end",
            status=HTTPStatus.NO_CONTENT,
            who=SCHOOL,
            method="DELETE",
            route=route,
            values=(hook,),
        ),
    )


def _certificates(school: str) -> tuple[ReadyRequest, ...]:
    seal = f'"school": "{school}", "role": "KY_PHAT_HANH"'
    return (
        ReadyRequest(
            name="certificate-register",
            status=HTTPStatus.CREATED,
            who=SCHOOL,
            method="POST",
            route="/v1/certificates",
            body="@new-seal.json",
        ),
        ReadyRequest(
            name="certificates", who=SCHOOL, route="/v1/certificates", query=f"?school={school}"
        ),
        ReadyRequest(
            name="certificate",
            who=SCHOOL,
            route=_SEAL_ROUTE,
            values=_SEAL,
            query=f"?school={school}&role=KY_PHAT_HANH",
        ),
        ReadyRequest(
            name="certificate-decision",
            who=MINISTRY,
            method="POST",
            route=f"{_SEAL_ROUTE}/decision",
            values=_SEAL,
            body=f'{{{seal}, "decision": "approve", "reason": "Đúng hồ sơ"}}',
        ),
        ReadyRequest(
            name="certificate-revocation",
            who=SCHOOL,
            method="POST",
            route=f"{_SEAL_ROUTE}/revocation",
            values=_SEAL,
            body=f'{{{seal}, "reason": "Mất thiết bị ký"}}',
        ),
    )


def _clients(partner: str, kid: str, jwk: str) -> tuple[ReadyRequest, ...]:
    route = "/v1/clients/{client_id}"
    known = (("client_id", partner),)

    def request(
        name: str,
        method: str,
        path: str = "",
        status: int = HTTPStatus.OK,
        body: str = "",
        more: tuple[tuple[str, str], ...] = (),
    ) -> ReadyRequest:
        return ReadyRequest(
            name=name,
            status=status,
            who=MINISTRY,
            method=method,
            route=route + path,
            values=(*known, *more),
            body=body,
        )

    shown = f"$(get bo /v1/clients/{partner} | field"
    created, gone = HTTPStatus.CREATED, HTTPStatus.NO_CONTENT
    opened = f'{{"client_id": "{partner}", "name": "Đối tác Mẫu", "kind": "relying_party"}}'
    return (
        ReadyRequest(
            name="client-create",
            status=created,
            who=MINISTRY,
            method="POST",
            route="/v1/clients",
            body=opened,
        ),
        ReadyRequest(name="clients", who=MINISTRY, route="/v1/clients"),
        request("client", "GET"),
        request("client-change", "PATCH", body='{"name": "Đối tác Mẫu Mới"}'),
        request("client-grant", "POST", "/grants", created, '{"level": "03"}'),
        request(
            "client-grant-end",
            "DELETE",
            "/grants/{grant_id}",
            gone,
            more=(("grant_id", f"{shown} grant_id)"),),
        ),
        request("client-secret", "POST", "/secrets", created, '{"overlap_seconds": 3600}'),
        request(
            "client-secret-end",
            "DELETE",
            "/secrets/{secret_id}",
            gone,
            # The first name is that of the client.
            more=(("secret_id", f"{shown} name 2)"),),
        ),
        request("client-key", "POST", "/keys", created, f'{{"key": {jwk}}}'),
        request("client-key-end", "DELETE", "/keys/{kid}", gone, more=(("kid", kid),)),
        request("client-tokens-revoke", "POST", "/tokens/revoke", gone),
    )


def _last() -> tuple[ReadyRequest, ...]:
    return (
        ReadyRequest(
            name="token-revoke",
            method="POST",
            route="/v1/oauth/revoke",
            body="token=$(log_in truong)&client_id=$HOCBA_CLIENT_ID"
            "&client_secret=$HOCBA_CLIENT_SECRET",
            content=_FORM,
        ),
    )
