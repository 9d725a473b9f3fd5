"""What the examples tell of submissions that are not taken."""

from app.intake.limits import PACKAGE_LIMIT
from tests.exchange import Ask, Exchange
from tests.working import XML

OTHER_FILE = "goi-tin-khac.xml"
NO_PACKAGE = "3f0b0e9d-7a52-4c41-9a6e-2d7e105b1f8c"


def show_refusals(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Show what is not taken."""

    def submit(headers: dict[str, str], body: str | None = None) -> Ask:
        return Ask(method="POST", path="/v1/packages", headers=headers, body=body)

    exchange.show("submit-not-authenticated", "Thiếu mã truy cập", submit(XML, "<BAN_TIN/>"))
    exchange.show(
        "submit-too-large",
        "Gói tin lớn hơn 32 MiB",
        submit(bearer | XML | {"Content-Length": str(PACKAGE_LIMIT + 1)}),
    )
    exchange.show(
        "submit-wrong-media-type",
        "Nội dung không được khai là XML",
        submit(bearer | {"Content-Type": "application/json"}, "{}"),
    )
    exchange.show(
        "submit-wrong-encoding",
        "Cách nén không được hỗ trợ",
        submit(bearer | XML | {"Content-Encoding": "br"}, "<BAN_TIN/>"),
    )
    digest = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    exchange.show(
        "submit-digest-mismatch",
        "Nội dung không khớp mã băm đã khai",
        submit(bearer | XML | {"Content-Digest": digest}, "<BAN_TIN/>"),
    )
    used = exchange.repository.scenario.repackaged(
        exchange.repository.scenario.transcripts[2:3], number=1
    )
    exchange.show(
        "submit-duplicate-message",
        "Mã bản tin đã dùng cho nội dung khác",
        Ask(
            method="POST",
            path="/v1/packages",
            headers=bearer | XML,
            file=OTHER_FILE,
            content=used,
        ),
    )
    exchange.show("submit-empty", "Nội dung rỗng", submit(bearer | XML))
    exchange.show(
        "package-not-found",
        "Không có gói tin này, hoặc của tài khoản khác",
        Ask(method="GET", path=f"/v1/packages/{NO_PACKAGE}", headers=bearer),
    )
    exchange.show(
        "package-malformed-id",
        "Mã tiếp nhận sai dạng",
        Ask(method="GET", path="/v1/packages/khong-phai-ma", headers=bearer),
    )
