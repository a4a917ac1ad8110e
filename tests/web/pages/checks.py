"""What holds for every page in a browser, and the pictures of the documentation."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.pictures import keep_picture
from tests.web.pages.conftest import SCHEMES, WIDTHS

_SERIOUS = {"serious", "critical"}


async def check_every_window(page: Page) -> None:
    """Nothing stands out of a small or a wide window, and axe finds nothing serious, in light and in dark."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            await page.set_viewport_size({"width": width, "height": 900})
            await page.emulate_media(color_scheme=scheme)
            assert await page.evaluate("document.documentElement.scrollWidth") == width, page.url
            found = await Axe().run(page)
            problems = [each for each in found.response["violations"] if each["impact"] in _SERIOUS]
            assert problems == [], (page.url, width, scheme)


async def take_picture(page: Page, name: str) -> None:
    """A picture for the documentation, in a window of the usual size."""
    await page.set_viewport_size({"width": 1200, "height": 800})
    await page.emulate_media(color_scheme="light")
    await keep_picture(page, name, whole=False)
