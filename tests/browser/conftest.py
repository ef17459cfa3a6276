"""One Chromium and one house for all tests here; each test has its own profile and a database as if it were new."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.house import MANAGER, PASSWORD, House, running_house
from tests.browser.watching import Watcher

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 15_000  # milliseconds; a busy build server is slow

Browse = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def chromium_program() -> str | None:
    usual = "/usr/bin/chromium"
    return os.environ.get("STOQFLOW_CHROMIUM") or (usual if Path(usual).exists() else shutil.which("chromium"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = chromium_program()
    if program is None:
        pytest.skip("Chromium is not here: apt install chromium, or set STOQFLOW_CHROMIUM to its program.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def whole_house(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), migrated_sqlite) as house:
        yield house


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    """Nothing in it but a manager and somebody of the staff."""
    whole_house.begin()
    yield whole_house
    whole_house.finish()


@pytest.fixture
def filled_house(whole_house: House) -> Iterator[House]:
    """A shop is linked, and its products and orders are here."""
    whole_house.begin(filled=True)
    yield whole_house
    whole_house.finish()


@pytest.fixture
def browse(chromium: Browser, whole_house: House) -> Iterator[Browse]:
    """browse(**options of the context): a page of a new profile. Whatever its console complains of fails the test."""
    opened = []

    def open_page(**options: Any) -> Page:
        given = {"viewport": WIDE, "base_url": whole_house.url, "locale": "en-GB", "timezone_id": "Europe/Amsterdam"}
        context = chromium.new_context(**(given | options))
        context.set_default_timeout(PATIENCE)
        watcher = Watcher(context)
        opened.append((context, watcher))
        page = context.new_page()
        page.watcher = watcher
        return page

    yield open_page
    for context, watcher in opened:
        context.close()
        assert watcher.complaints == []


@pytest.fixture
def page(browse: Browse) -> Page:
    return browse()


@pytest.fixture
def sign_in() -> Callable[..., Page]:
    """sign_in(page, email): through the form, like anybody."""

    def enter(page: Page, email: str = MANAGER) -> Page:
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Today")
        return page

    return enter


@pytest.fixture
def shoot() -> Shoot:
    """shoot(page, name): with STOQFLOW_SHOTS=FOLDER a picture of the whole page, for people to look at."""

    def take(page: Page, name: str) -> None:
        if folder := os.environ.get("STOQFLOW_SHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take
