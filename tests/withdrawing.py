"""What the examples tell of withdrawals."""

from app.transcripts.codes import format_code, transcript_code
from tests.exchange import Ask, Exchange
from tests.working import XML

WITHDRAWING_PACKAGE = "4a7c1b6e-2d3f-4e5a-8b9c-6f0d1e2a3b4c"
NOBODYS = format_code(transcript_code(b"mau", bytes(32)))


def show_withdrawal(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Show how a school withdraws its second transcript, and what is told of it afterwards."""
    repository = exchange.repository
    [code] = repository.execute("SELECT max(transcript_code) FROM package_items WHERE ordinal = 2")
    named = format_code(code[0])
    package = repository.scenario.withdrawing(
        [(named, "Nhập sai điểm môn Toán"), (NOBODYS, "Nhập nhầm mã")], number=3
    )
    package_id = repository.package(package)["package_id"]
    exchange.hide(package_id, WITHDRAWING_PACKAGE)
    exchange.show(
        "package-withdrawing",
        "Bản tin thu hồi: một học bạ được thu hồi, một mã không có",
        Ask(method="GET", path=f"/v1/packages/{package_id}", headers=bearer),
    )
    dry = repository.scenario.withdrawing([(named, None)], number=4)
    exchange.show(
        "validate",
        "Kiểm tra thử một bản tin thu hồi thiếu lý do; kho không lưu gì",
        Ask(
            method="POST",
            path="/v1/packages/validate",
            headers=bearer | XML,
            file="ban-tin-thu-hoi.xml",
            content=dry,
        ),
    )
    exchange.show(
        "reply-as-json",
        "Nội dung bản tin trả lời dạng JSON",
        Ask(
            method="GET",
            path=f"/v1/packages/{package_id}/reply",
            headers=bearer | {"Accept": "application/json"},
        ),
    )
    exchange.show(
        "transcript-history",
        "Các phiên bản của học bạ đã thu hồi",
        Ask(method="GET", path=f"/v1/transcripts/{named}/history", headers=bearer),
    )
    exchange.show(
        "packages",
        "Danh sách gói tin tạo mới đã có bản tin trả lời của trường",
        Ask(
            method="GET",
            path="/v1/packages?school=79000701&state=04&limit=1",
            headers=bearer,
        ),
    )
