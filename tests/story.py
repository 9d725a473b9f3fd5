"""What the examples tell: each function plays one part of the exchange with a repository."""

from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import without_signature
from app.transcripts.codes import format_code, transcript_code
from app.verification.routes import CHECKS_AT_ONCE
from tests.accountstory import show_management
from tests.exchange import REPLY_FILE, Ask, Exchange, send
from tests.hookstory import show_webhooks
from tests.refusals import show_refusals
from tests.registry_story import show_certificates, show_code_lists
from tests.withdrawing import show_withdrawal
from tests.working import SECRET, Repository

PACKAGE_FILE = "goi-tin.xml"
TRANSCRIPT_FILE = "hoc-ba.xml"

PACKAGE = "0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10"
MENDED_PACKAGE = "1f8c2d7e-5b10-4a6e-8c41-0e9d7a523f0b"
UNREADABLE_PACKAGE = "2d7e101f-8c5b-49a6-b3c4-7a520e9d3f0b"
TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.bWEtdHJ1eS1jYXA.bWF1LW1vdA"  # noqa: S105 -- reason: of no account
NARROW_TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.bWEtdHJ1eS1jYXA.bWF1LWhhaQ"  # noqa: S105 -- reason: of no account

XML = {"Content-Type": "application/xml"}

ACCOUNT = {
    "grant_type": "client_credentials",
    "client_id": "phan-mem-mau",
    "client_secret": SECRET,
}


def tell(exchange: Exchange) -> None:
    """Play everything; the order matters."""
    bearer = show_tokens(exchange)
    package_id = show_submission(exchange, bearer, two_students(exchange.repository))
    show_documents(exchange, bearer, package_id)
    show_more_results(exchange, bearer)
    show_transcript(exchange, bearer)
    show_withdrawal(exchange, bearer)
    show_verification(exchange)
    show_refusals(exchange, bearer)
    show_health(exchange)
    show_error_codes(exchange)
    show_code_lists(exchange)
    show_certificates(exchange, bearer)
    show_management(exchange, code_of(exchange.repository))
    show_webhooks(exchange, bearer)


def two_students(repository: Repository) -> bytes:
    """Pack one transcript in order and one whose homeroom teacher has not signed."""
    first, second = repository.scenario.transcripts[:2]
    unsigned = SignedTranscript(
        student_code=second.student_code, xml=without_signature(second.xml, "GVCN")
    )
    return repository.scenario.repackaged([first, unsigned], number=1)


def show_tokens(exchange: Exchange) -> dict[str, str]:
    """Show the token endpoint; gives the header that carries a token."""
    path = "/v1/oauth/token"
    answer = exchange.show(
        "token",
        "Lấy mã truy cập bằng tài khoản kết nối",
        Ask(method="POST", path=path, form=ACCOUNT),
    )
    exchange.hide(answer.json["access_token"], TOKEN)
    exchange.show(
        "token-invalid-client",
        "Sai khóa của tài khoản kết nối",
        Ask(method="POST", path=path, form=ACCOUNT | {"client_secret": "sai-mat-khau"}),
    )
    exchange.show(
        "token-unsupported-grant",
        "Cách cấp mã truy cập không được hỗ trợ",
        Ask(method="POST", path=path, form=ACCOUNT | {"grant_type": "password"}),
    )
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def show_submission(exchange: Exchange, bearer: dict[str, str], package: bytes) -> str:
    """Show a package on its way to its result; gives its id."""
    submit = Ask(
        method="POST",
        path="/v1/packages",
        headers=bearer | XML,
        file=PACKAGE_FILE,
        content=package,
    )
    answer = exchange.show("submit", "Gửi gói tin: đã tiếp nhận, chờ xử lý", submit)
    package_id: str = answer.json["package_id"]
    exchange.hide(package_id, PACKAGE)
    here = f"/v1/packages/{package_id}"
    exchange.show("submit-again", "Gửi lại đúng gói tin đó: cùng một câu trả lời", submit)
    exchange.show(
        "package-pending",
        "Gói tin còn trong hàng đợi",
        Ask(method="GET", path=here, headers=bearer),
    )
    exchange.show(
        "reply-not-ready",
        "Chưa có bản tin trả lời",
        Ask(method="GET", path=f"{here}/reply", headers=bearer),
    )
    exchange.repository.start_worker()
    exchange.repository.replied(exchange.repository.client(), package_id)
    waiting = Ask(
        method="POST",
        path="/v1/packages",
        headers=bearer | XML | {"Prefer": "wait=20"},
        file=PACKAGE_FILE,
        content=package,
    )
    exchange.show("submit-and-wait", "Gửi gói tin và đợi kết quả tối đa 20 giây", waiting)
    return package_id


def show_documents(exchange: Exchange, bearer: dict[str, str], package_id: str) -> None:
    """Show what a client reads of its decided package."""
    here = f"/v1/packages/{package_id}"

    def get(path: str, **headers: str) -> Ask:
        return Ask(method="GET", path=path, headers=bearer | headers)

    answer = exchange.show(
        "package", "Kết quả: một học bạ được duyệt, một học bạ thiếu chữ ký", get(here)
    )
    exchange.show(
        "package-in-english",
        "Cùng kết quả đó bằng tiếng Anh",
        get(here, **{"Accept-Language": "en"}),
    )
    exchange.show(
        "package-by-digest",
        "Tìm gói tin theo mã băm của tệp đã gửi",
        get(f"/v1/packages/by-digest/{answer.json['digest']}"),
    )
    exchange.show(
        "package-original",
        "Bản gốc của gói tin, đúng từng byte",
        get(f"{here}/original"),
        file=PACKAGE_FILE,
    )
    exchange.show(
        "reply", "Bản tin trả lời có chữ ký của kho", get(f"{here}/reply"), file=REPLY_FILE
    )
    exchange.show(
        "reply-read",
        "Xác nhận đã đọc bản tin trả lời",
        Ask(method="POST", path=f"{here}/reply/read", headers=bearer),
    )
    exchange.show("package-read", "Gói tin sau khi đã đọc bản tin trả lời", get(here))


def show_more_results(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Show a class that is sent again, and what is no package at all."""
    repository = exchange.repository
    mended = repository.scenario.repackaged(repository.scenario.transcripts[:2], number=2)
    for name, summary, content, placeholder in (
        (
            "package-mended",
            "Gửi lại cả lớp sau khi sửa: học bạ đã có hiệu lực giữ nguyên mã",
            mended,
            MENDED_PACKAGE,
        ),
        (
            "package-refused-whole",
            "Tệp không phải gói tin: từ chối cả gói",
            b"khong phai XML",
            UNREADABLE_PACKAGE,
        ),
    ):
        package_id = repository.package(content)["package_id"]
        exchange.hide(package_id, placeholder)
        path = f"/v1/packages/{package_id}"
        exchange.show(name, summary, Ask(method="GET", path=path, headers=bearer))


def show_transcript(exchange: Exchange, bearer: dict[str, str]) -> None:
    """Show what an entitled client reads of a transcript."""
    here = f"/v1/transcripts/{code_of(exchange.repository)}"

    def get(path: str) -> Ask:
        return Ask(method="GET", path=path, headers=bearer)

    exchange.show("transcript", "Thông tin của một học bạ", get(here))
    exchange.show(
        "transcript-original",
        "Bản gốc học bạ của nhà trường, đúng từng byte",
        get(f"{here}/original"),
        file=TRANSCRIPT_FILE,
    )
    exchange.show(
        "transcript-report", "Kết quả kiểm tra từng chữ ký khi tiếp nhận", get(f"{here}/report")
    )
    exchange.show(
        "transcript-not-found",
        "Không có học bạ này, hoặc tài khoản không có quyền xem",
        get(f"/v1/transcripts/{unknown_code()}"),
    )
    narrow = ACCOUNT | {"scope": "packages:write"}
    answer = exchange.show(
        "token-narrow",
        "Lấy mã truy cập chỉ để gửi gói tin",
        Ask(method="POST", path="/v1/oauth/token", form=narrow),
    )
    exchange.hide(answer.json["access_token"], NARROW_TOKEN)
    exchange.show(
        "transcript-not-allowed",
        "Mã truy cập không có quyền đọc học bạ",
        Ask(
            method="GET",
            path=here,
            headers={"Authorization": f"Bearer {answer.json['access_token']}"},
        ),
    )


def show_verification(exchange: Exchange) -> None:
    """Show what anybody learns from a code."""
    code = code_of(exchange.repository)
    typo = code[:-1] + ("2" if code[-1] != "2" else "3")

    def verify(what: str) -> Ask:
        return Ask(method="GET", path=f"/v1/verifications/{what}")

    exchange.show("verification", "Kiểm tra một mã tra cứu: học bạ đang lưu hành", verify(code))
    exchange.show("verification-unknown", "Không có học bạ với mã này", verify(unknown_code()))
    exchange.show("verification-typo", "Mã gõ sai một ký tự", verify(typo))
    for _ in range(CHECKS_AT_ONCE - 3):
        send(exchange.repository.url, verify(typo))
    exchange.show("verification-too-many", "Kiểm tra quá nhiều mã trong một phút", verify(code))


def show_health(exchange: Exchange) -> None:
    """Show the two addresses for operators."""
    exchange.show("health", "Tiến trình còn hoạt động", Ask(method="GET", path="/healthz"))
    exchange.show("ready", "Sẵn sàng phục vụ", Ask(method="GET", path="/readyz"))


def show_error_codes(exchange: Exchange) -> None:
    """Show the shortest part of the list of codes."""
    exchange.show(
        "error-codes",
        "Danh mục mã lỗi, chỉ các mã thông tin",
        Ask(method="GET", path="/v1/error-codes?severity=info"),
    )


def code_of(repository: Repository) -> str:
    """Give the code of the class's first transcript."""
    [code] = repository.execute("SELECT min(transcript_code) FROM package_items WHERE ordinal = 1")
    return format_code(code[0])


def unknown_code() -> str:
    """Give a well-formed code that no transcript has."""
    return format_code(transcript_code(b"mau", bytes(32)))
