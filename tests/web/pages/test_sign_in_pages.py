"""Signing in by a link and out again in a real browser, which decides what it sends with a form."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, expect

from minutekeeper.page_links import new_page_link
from tests.starter.support import SECRET
from tests.web.conftest import Api
from tests.web.pages.checks import check_every_window
from tests.web.pages.conftest import CHROMIUM

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium"),
]


@pytest.mark.parametrize("script", [True, False])
async def test_one_signs_in_by_a_link_and_out_by_the_bar(browser: Browser, api: Api, *, script: bool) -> None:
    context = await browser.new_context(java_script_enabled=script)
    page = await context.new_page()
    await page.goto(new_page_link(api.url, [SECRET], datetime.now(UTC)))
    await page.get_by_role("button", name="Sign in").press("Enter")
    await page.goto(f"{api.url}/search")
    await expect(page.get_by_text("page link")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    answer = await page.goto(f"{api.url}/search")
    assert answer
    assert (answer.status, page.url) == (403, f"{api.url}/sign-in?next=/search")
    await expect(page.get_by_role("heading", name="The pages are closed")).to_be_visible()
    if script:
        await check_every_window(page)
    await context.close()
