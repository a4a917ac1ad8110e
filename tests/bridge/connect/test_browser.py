"""The pages in a real browser, without JavaScript: what a person sees, can reach by name, and is led through."""

import shutil
import uuid
from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import ConsoleMessage, Page, async_playwright
from temporalio.client import Client

from bridge.connect.error_messages import ERROR_PAGES
from bridge.connect.errors import ConnectErrorCode
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.connect.scenario import ANNA, BEN, Stage, new_stage
from tests.devtools.simulator.support import Sim
from tests.pictures import keep_picture

CHROMIUM = shutil.which("chromium")

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")


class Window:
    """A browser's window, with everything that it asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", self._hear)

    async def open(self, url: str) -> None:
        await self.page.goto(url)

    async def press(self, name: str) -> None:
        """Reaches the button by the keyboard alone."""
        await self.page.get_by_role("button", name=name).focus()
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def facts(self) -> dict[str, str]:
        """What the page says in its list of names and values."""
        names = await self.page.locator("dt").all_inner_texts()
        return dict(zip(names, await self.page.locator("dd").all_inner_texts(), strict=True))

    async def fits(self) -> None:
        """Nothing stands out of the window of a telephone or of a large screen, in light and in dark."""
        for width in (390, 1440):
            for scheme in SCHEMES:
                await self.page.set_viewport_size({"width": width, "height": 844})
                await self.page.emulate_media(color_scheme=scheme)
                assert await self.page.evaluate("document.documentElement.scrollWidth") == width

    async def keep_picture(self, name: str) -> None:
        await self.page.set_viewport_size({"width": 720, "height": 480})
        await self.page.emulate_media(color_scheme="light")
        await keep_picture(self.page, name)

    async def title(self) -> str:
        heading = await self.page.get_by_role("heading", level=1).inner_text()
        assert await self.page.title() == heading
        assert await self.page.locator("html").get_attribute("lang") == "en"
        return heading

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium reports the status of every page that is not a 200 as an error.
        if "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


@pytest_asyncio.fixture
async def window() -> AsyncIterator[Window]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM)
        page = await browser.new_page(java_script_enabled=False)
        try:
            yield Window(page)
        finally:
            await browser.close()


@pytest_asyncio.fixture
async def stage(sim: Sim, client: Client, store: ArtifactStore) -> AsyncIterator[Stage]:
    named = {"minutekeeper_service_name": "Acme Notes", "minutekeeper_support_contact": "help@acme.example"}
    async with new_stage(sim, client, store, **named) as running:
        yield running


async def test_a_page_of_another_site_cannot_press_the_button(stage: Stage, window: Window) -> None:
    await stage.account()
    link = stage.link(f"user-{uuid.uuid4().hex[:8]}")
    form = f'<form method="post" action="{link}"><button>Win a prize</button></form>'
    await window.open(f"data:text/html,{quote(form)}")
    await window.press("Win a prize")
    assert await window.title() == ERROR_PAGES[ConnectErrorCode.SESSION_LOST].title
    assert await stage.connected() == []


async def test_a_person_connects_a_calendar_chooses_one_of_several_and_replaces_it(
    stage: Stage, window: Window
) -> None:
    user = "anna.lindqvist@example.com"
    await stage.account(calendars=[{"id": "team@group"}])
    await stage.account(BEN, "Microsoft")
    await window.open(stage.link(user))
    assert await window.title() == "Connect your Google calendar"
    assert await window.facts() == {"Connected for": user, "Used by": "Acme Notes", "Access": "read only"}
    assert await window.page.get_by_text(f"Are you {user}?").is_visible()
    assert await window.page.get_by_role("link", name="help@acme.example").is_visible()
    await window.fits()
    await window.press("Continue to Google")
    assert await window.title() == "Which Google calendar?"
    await window.fits()
    await window.keep_picture("connect-choose.png")
    radio = window.page.get_by_role("group", name="Your calendars").get_by_role("radio", name="team@group")
    await radio.check()
    await window.press("Connect this calendar")
    assert await window.title() == "Your Google calendar is connected"
    told = {"Calendar": "team@group", "Account": ANNA, "Connected for": user, "Used by": "Acme Notes"}
    told["What is recorded"] = "all meetings that you have not declined"
    assert await window.facts() == told
    await window.fits()
    assert (await stage.known(user)).raw_id == "team@group"

    await window.open(stage.link(user))
    assert "takes its place" in await window.page.get_by_text("Please note").locator("..").inner_text()
    await window.keep_picture("connect-replace.png")
    await window.open(stage.link(user, "microsoft", success_url=f"{stage.settings.bridge_public_url}/healthz?u=7"))
    await window.press("Continue to Microsoft")
    assert window.page.url == f"{stage.settings.bridge_public_url}/healthz?u=7"
    assert (await stage.known(user, "microsoft")).email == BEN

    sites = (stage.settings.bridge_public_url, f"{stage.sim.url}/oauth/")
    assert not [url for url in window.asked if not url.startswith(sites)]
    assert window.complaints == []


async def test_a_person_is_told_what_went_wrong_and_comes_to_a_good_end_with_the_same_link(
    stage: Stage, window: Window
) -> None:
    user = f"user-{uuid.uuid4().hex[:8]}"
    await stage.account()
    link = stage.link(user)
    for order, problem in (
        ({"answer": "refuse"}, ConnectErrorCode.CONSENT_REFUSED),
        ({"refresh_token": ""}, ConnectErrorCode.NO_REFRESH_TOKEN),
        ({"scopes": ["openid"]}, ConnectErrorCode.MISSING_SCOPES),
        ({"stale": True}, ConnectErrorCode.CODE_REFUSED),
        ({}, None),
        ({}, ConnectErrorCode.LINK_USED),
    ):
        await stage.consent(**order)
        again = window.page.get_by_role("link", name="Try again")
        if await again.count():
            await window.fits()
            await again.click()
        else:
            await window.open(link)
        if problem is not ConnectErrorCode.LINK_USED:
            await window.press("Continue to Google")
        told = ERROR_PAGES[problem].title if problem else "Your Google calendar is connected"
        assert await window.title() == told
        assert "code=" not in window.page.url
        if problem:
            assert await window.page.get_by_role("code").inner_text() == problem.value
        if problem is ConnectErrorCode.NO_REFRESH_TOKEN:
            await window.keep_picture("connect-no-refresh-token.png")
    await window.open(link[:-2])
    assert await window.title() == ERROR_PAGES[ConnectErrorCode.LINK_FORGED].title
    assert (await stage.known(user)).email == ANNA
    assert window.complaints == []
