"""The public page in a real browser, at the widths of a small phone, a phone and a desk."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from app.transcripts.codes import format_code, transcript_code
from app.verification.routes import CHECKS_AT_ONCE
from tests.public import Setting, alter_vault, execute, keep, public_app
from tests.serving import serving

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

UNKNOWN = format_code(transcript_code(b"another key", bytes(32)))
LONG_NAME = "Trường Trung học cơ sở Mẫu Nguyễn Thị Minh Khai Số Một Trăm Hai Mươi Ba"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The pages under test by the state that each shows."""

    url: str
    paths: dict[str, str]
    setting: Setting

    def address(self, state: str, query: str = "") -> str:
        # Each page is a new reader: the rate limit has a test of its own.
        self.setting.clock.forward(seconds=CHECKS_AT_ONCE)
        return f"{self.url}{self.paths[state]}{query}"


STATUSES = {
    "in force": "Học bạ đang lưu hành",
    "withdrawn": "Học bạ đã bị thu hồi",
    "altered": "Không xác nhận được học bạ",
    "unknown": "Không có học bạ với mã này",
    "too short": "Mã thiếu hoặc thừa ký tự",
    "wrong character": "Mã có ký tự không hợp lệ",
    "typing error": "Mã bị gõ sai",
    "form": "Kiểm tra học bạ số",
}


@pytest.fixture(scope="module")
def site(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    with fresh_database() as database_url:
        setting = Setting(database_url=database_url, vault_folder=tmp_path_factory.mktemp("vault"))
        altered = keep(setting, b"altered")
        alter_vault(setting)
        withdrawn = keep(setting, b"withdrawn", school_name=LONG_NAME)
        execute(
            setting,
            "UPDATE transcripts SET withdrawn_at = now() WHERE transcript_code = :code",
            code=withdrawn.replace("-", ""),
        )
        in_force = keep(setting, b"in force", school_name=LONG_NAME)
        paths = {
            "in force": f"/verify/{in_force}",
            "withdrawn": f"/verify/{withdrawn}",
            "altered": f"/verify/{altered}",
            "unknown": f"/verify/{UNKNOWN}",
            "too short": "/verify/HHB8WG-CUCGKZ",
            "wrong character": f"/verify/{'0' * 60}",
            "typing error": f"/verify/{in_force[:-1]}{'2' if in_force[-1] != '2' else '3'}",
            "form": "/verify",
        }
        with serving(public_app(setting)) as url:
            yield Site(url=url, paths=paths, setting=setting)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncGenerator[Page]:
    context = await browser.new_context(locale="vi-VN")
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("state", STATUSES)
async def test_every_state_says_what_it_is_in_words_and_fits_every_width(
    site: Site, page: Page, state: str
) -> None:
    await page.goto(site.address(state))
    assert await page.locator("h1").inner_text() == STATUSES[state]
    for width in (320, 360, 1280):
        await page.set_viewport_size({"width": width, "height": 700})
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.locator("h1").is_visible()


async def test_every_check_shows_its_outcome_in_words_beside_the_icon(
    site: Site, page: Page
) -> None:
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 700})
        await page.goto(site.address("in force"))
        outcomes = page.get_by_role("table").get_by_role("row").locator(".outcome")
        assert await outcomes.all_inner_texts() == ["Đạt", "Đạt", "Đạt", "Chưa kiểm tra", "Đạt"]
        assert await page.get_by_role("rowheader").count() == 5


async def test_the_page_loads_nothing_from_elsewhere_and_reports_no_error(
    site: Site, page: Page
) -> None:
    problems: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("request", lambda request: requested.append(request.url))
    for state in ("form", "in force", "withdrawn", "altered"):
        await page.goto(site.address(state), wait_until="networkidle")
    assert problems == []
    assert {urlsplit(url).netloc for url in requested} == {urlsplit(site.url).netloc}
    # The policy lets the stylesheet through: the header bears the red of the flag.
    colour = "getComputedStyle(document.querySelector('.top')).borderTopColor"
    assert await page.evaluate(colour) == "rgb(200, 16, 46)"


async def test_the_language_switch_keeps_the_page_and_stays_chosen(site: Site, page: Page) -> None:
    await page.goto(site.address("in force"))
    assert await page.locator("html").get_attribute("lang") == "vi"
    await page.get_by_role("link", name="English").click()
    assert page.url == f"{site.url}{site.paths['in force']}?lang=en"
    assert await page.locator("html").get_attribute("lang") == "en"
    assert await page.locator("h1").inner_text() == "Transcript in force"
    await page.get_by_role("link", name="Verify another code").click()
    assert await page.locator("h1").inner_text() == "Verify a digital transcript"


async def test_a_reader_types_a_code_and_reaches_its_answer_by_keyboard_alone(
    site: Site, page: Page
) -> None:
    code = site.paths["in force"].rpartition("/")[2]
    await page.goto(site.address("form"))
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Đến nội dung chính")
    assert await skip.evaluate("link => link === document.activeElement")
    await page.get_by_label("Mã tra cứu học bạ số").fill(code.lower().replace("-", " "))
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/verify/{code}")
    assert await page.locator("h1").inner_text() == STATUSES["in force"]


async def test_a_personal_number_typed_by_mistake_never_leaves_the_browser(
    site: Site, page: Page
) -> None:
    await page.goto(site.address("form"))
    await page.get_by_label("Mã tra cứu học bạ số").fill("079313000123")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Kiểm tra").click()
    assert requested == []
    assert page.url == f"{site.url}/verify"


async def test_the_code_is_selected_whole_for_copying(site: Site, page: Page) -> None:
    await page.goto(site.address("in force"))
    await page.locator("dd .code").click()
    selected = await page.evaluate("getSelection().toString().trim()")
    assert selected == site.paths["in force"].rpartition("/")[2]


async def test_the_sandbox_says_so_on_every_page(site: Site, page: Page) -> None:
    for state in ("form", "in force", "unknown"):
        await page.goto(site.address(state))
        banner = await page.locator(".banner").inner_text()
        assert banner.startswith("MÔI TRƯỜNG THỬ NGHIỆM")
