"""The pages in a real browser, with a process of their own and a Temporal whose meetings do as tests say."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.web.conftest import Api
from tests.web.visitors import SignedIn
from web.access.roles import Role

CHROMIUM = shutil.which("chromium")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (390, 1440)


class PageWindow:
    """A window of a browser with the session of a visitor, and everything that it complained of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.url}{path}")

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium reports broken connections and every status that is not a 200 as errors.
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "net::" not in message.text
        ):
            self.complaints.append(message.text)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        await browser.close()


@asynccontextmanager
async def new_window(
    browser: Browser, url: str, role: Role = Role.STEER, *, script: bool = True
) -> AsyncIterator[PageWindow]:
    context = await browser.new_context(
        java_script_enabled=script, viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin"
    )
    cookies = SignedIn(role).cookies
    await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    try:
        yield PageWindow(await context.new_page(), url)
    finally:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser, api: Api) -> AsyncIterator[PageWindow]:
    async with new_window(browser, api.url) as window:
        yield window
