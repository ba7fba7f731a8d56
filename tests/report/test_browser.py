"""The page in a browser: headless Chromium, driven by Playwright, both where they are there."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbsync import cli
from tests.report.test_page import EVERY

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install --group browser")
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_CHROMIUM = os.environ.get("DBSYNC_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
pytestmark = pytest.mark.skipif(
    not _CHROMIUM, reason="no Chromium: apt install chromium, or name it in DBSYNC_TEST_CHROMIUM"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        # Chromium's own sandbox refuses root, and there is nothing to fence: the page is ours.
        running = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    out: Path = tmp_path_factory.mktemp("report") / "report.html"
    assert cli.main(["report", "-q", "--no-plan", "--schema", str(EVERY), "--out", str(out)]) == 0
    return out.as_uri()


class Tab:
    """A page that was opened, with what it complained of and what it asked the network for."""

    def __init__(self, browser: Any, address: str, **context: Any):
        self.page = browser.new_context(**context).new_page()
        self.page.set_default_timeout(120_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)

    def ask(self, script: str) -> Any:
        """What a script in the page says."""
        return self.page.evaluate(script)

    def after(self, condition: str) -> None:
        """Wait until a condition holds in the page."""
        self.page.evaluate(
            f"""() => new Promise((done, failed) => {{
                const end = Date.now() + 60000;
                const look = () => ({condition}) ? done() : Date.now() > end ? failed(Error({condition!r}))
                    : setTimeout(look, 20);
                look();
            }})"""
        )


@pytest.fixture
def tab(browser: Any, address: str) -> Iterator[Tab]:
    found = Tab(browser, address, viewport={"width": 1400, "height": 900})
    yield found
    found.page.context.close()


def test_nothing_of_the_schema_runs(tab: Tab, address: str) -> None:
    tab.page.wait_for_timeout(300)
    assert tab.page.title() == "every.sql · schema report"
    assert tab.complaints == []
    assert tab.requests == [address]
    injected = (
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    )
    tab.ask(f"() => {{ {injected} }}")
    assert tab.page.title() == "every.sql · schema report"
    assert "Content Security Policy" in "".join(tab.complaints)


def test_search(tab: Tab) -> None:
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("UPPER_name 'nobody'")
    tab.after("document.querySelector('#found').textContent === '1 found'")
    shown = "[...document.querySelectorAll('.found')].filter(e => !e.hidden).map(e => e.id)"
    assert tab.ask(shown) == ["table.public.people"]
    assert tab.ask("document.querySelectorAll('main > section:not([hidden]) h2').length") == 2
    tab.page.fill("#search", "nothing like this")
    tab.after("!document.querySelector('.nothing').hidden")
    tab.page.press("#search", "Escape")
    assert len(tab.ask(shown)) > 8
    assert tab.ask("document.querySelector('.nothing').hidden")


def _place(tab: Tab) -> Any:
    return tab.ask("document.querySelector('#view svg').style.transform")


def test_diagram_moves_and_zooms(tab: Tab) -> None:
    start = _place(tab)
    tab.page.click("[data-do=in]")
    near = _place(tab)
    assert near != start
    tab.page.focus("#view")
    tab.page.keyboard.press("ArrowRight")
    assert _place(tab) != near
    tab.page.keyboard.press("0")
    assert _place(tab) == start
    box = tab.page.locator("#view").bounding_box()
    tab.page.mouse.move(box["x"] + 5, box["y"] + 5)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 105, box["y"] + 45, steps=5)
    tab.page.mouse.up()
    moved = _place(tab)
    assert moved != start
    tab.page.mouse.wheel(0, 50)
    assert _place(tab) == moved, "the wheel alone scrolls the page"


def test_diagram_leads_to_tables_and_back(tab: Tab) -> None:
    tab.page.click(".table:has-text('shop.items')")
    assert tab.ask("location.hash") == "#table.shop.items"
    assert tab.ask("document.querySelectorAll('.line.near').length") == 1
    tab.after("Math.abs(document.getElementById('table.shop.items').getBoundingClientRect().top - 72) < 400")
    tab.page.click("[id='table.public.people'] .show")
    assert tab.ask("document.querySelectorAll('.line.near').length") == 2
    assert tab.ask("document.activeElement.id") == "view"
    assert tab.ask("document.querySelector('.table.chosen .name').textContent") == "people"


def test_full_window(tab: Tab) -> None:
    tab.page.click("[data-do=full]")
    assert tab.page.locator("#view").bounding_box() == {"x": 0, "y": 0, "width": 1400, "height": 900}
    tab.page.focus("#view")
    tab.page.keyboard.press("Escape")
    assert tab.page.locator("#view").bounding_box()["width"] < 1400


def test_light_and_dark(browser: Any, address: str, tab: Tab) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.ask(ground)
    tab.page.click("#theme")
    dark = tab.ask(ground)
    assert dark != light
    tab.page.click("#theme")
    assert tab.ask(ground) == light
    other = Tab(browser, address, color_scheme="dark")
    assert other.ask(ground) == dark
    other.page.click("#theme")
    assert other.ask(ground) == light
    other.page.context.close()


@pytest.mark.parametrize("width", [320, 390, 900, 1400])
def test_nothing_is_wider_than_the_screen(browser: Any, address: str, width: int) -> None:
    narrow = Tab(browser, address, viewport={"width": width, "height": 800})
    assert narrow.ask("document.documentElement.scrollWidth") <= width
    narrow.page.context.close()


def test_without_scripts(browser: Any, address: str) -> None:
    plain = Tab(browser, address, java_script_enabled=False)
    assert plain.page.locator(".tools").is_hidden()
    assert plain.page.locator("[id='table.public.people'] h3").is_visible()
    plain.page.context.close()


def test_paper(tab: Tab) -> None:
    assert tab.page.pdf().startswith(b"%PDF")
    tab.page.emulate_media(media="print")
    assert tab.page.locator("nav").is_hidden()
    assert tab.page.locator("[id='table.public.people'] table").is_visible()
