"""Pictures for the documentation: `PICTURES=1` has the tests that show a page write it to docs/images."""

import os
from pathlib import Path

from playwright.async_api import Page

_FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"


async def keep_picture(page: Page, name: str, *, whole: bool = True) -> None:
    if os.environ.get("PICTURES"):
        await page.screenshot(path=_FOLDER / name, full_page=whole)
