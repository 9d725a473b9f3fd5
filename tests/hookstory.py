"""What the examples tell of webhooks: one is registered, told of a package, told again, ended."""

from tests.exchange import Ask, Exchange

HERE = "/v1/webhooks"
WEBHOOK = "3c415b1f-8c2d-4e10-9f0b-0e9d7a524a6e"
DELIVERY = "4a6e0e9d-7a52-4c41-8b1f-8c2d7e109f0b"
PACKAGE = "7e109f0b-4a6e-4e9d-ba52-3c415b1f8c2d"
SECRET = "whsec_a2hvYS1iaS1tYXQtY2hpLWhpZW4tbW90LWxhbi1tYXU="  # noqa: S105 -- reason: of no webhook
JSON = {"Content-Type": "application/json"}


def show_webhooks(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Play a webhook's life; the order matters."""
    sent = {"url": "https://phan-mem-mau.example/hoc-ba/su-kien"}
    made = exchange.show(
        "webhook-create",
        "Đăng ký địa chỉ nhận thông báo; khóa bí mật chỉ hiện ở đây",
        Ask(method="POST", path=HERE, headers=bearer | JSON, json=sent),
    ).json
    exchange.hide(made["webhook_id"], WEBHOOK)
    exchange.hide(made["secret"], SECRET)
    exchange.show(
        "webhooks", "Các địa chỉ đã đăng ký", Ask(method="GET", path=HERE, headers=bearer)
    )
    _finish_a_package(exchange)
    deliveries = f"{HERE}/{made['webhook_id']}/deliveries"
    listed = exchange.show(
        "webhook-deliveries",
        "Các thông báo của một địa chỉ",
        Ask(method="GET", path=deliveries, headers=bearer),
    ).json
    (item,) = listed["items"]
    exchange.hide(item["delivery_id"], DELIVERY)
    exchange.hide(item["body"]["data"]["package_id"], PACKAGE)
    exchange.show(
        "webhook-replay",
        "Gửi lại một thông báo",
        Ask(method="POST", path=f"{deliveries}/{item['delivery_id']}/replay", headers=bearer),
    )
    exchange.show(
        "webhook-end",
        "Hủy địa chỉ nhận thông báo",
        Ask(method="DELETE", path=f"{HERE}/{made['webhook_id']}", headers=bearer),
    )


def _finish_a_package(exchange: Exchange) -> None:
    repository = exchange.repository
    package = repository.scenario.repackaged(repository.scenario.transcripts[2:3], number=8)
    repository.package(package)
