"""The search page: by a process that fills its index itself, in a real browser, with and without a script."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.search_library import Library
from tests.starter.support import SECRET, eventually
from tests.web.conftest import Api, running_api
from tests.web.pages.checks import check_every_window, take_picture
from tests.web.pages.conftest import CHROMIUM, new_window
from tests.web.visitors import SignedIn
from web.access.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="session")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")

HOSTILE = "</script><img src=x onerror=alert(1)> \u202eesrever \u05e9\u05dc\u05d5\u05dd"
START = datetime(2026, 11, 30, 9, tzinfo=UTC)

SAID = {
    "Weekly review": (
        "Good morning, everyone. Shall we begin with the numbers of last week?",
        "Ben Okafor|Sign-ups are up by a tenth, and the budget for the launch was approved on Friday.",
        "Chiara|Then we only need a date. I would say the second week of January.",
        "Ben Okafor|If the budget holds, yes. Otherwise we move the launch to February.",
    ),
    "Launch planning": (
        "The launch budget covers the venue, the stream and two days of editing.",
        "Chiara|What about translations? Last time they came on top.",
    ),
    "Board meeting, fourth quarter": ("Dana|We approved the budget for the launch, with one abstention.",),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Some meetings, one that is hostile, and one in which a word is said very often."""
    library = Library(tmp_path_factory.mktemp("search"))
    for number, (title, said) in enumerate(SAID.items()):
        start = START - timedelta(days=number, hours=number)
        await library.add(f"meeting-{number}", *said, title=title, start_time=start)
    await library.add("hostile", f"Hostile {HOSTILE} words", title=HOSTILE + "x" * 400, start_time=START)
    await library.add("often", *(f"Refrain number {n}." for n in range(60)), start_time=START - timedelta(days=9))
    for number in range(25):
        await library.add(f"many-{number}", "Chorus.", start_time=START - timedelta(days=20 + number))
    return library


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(library: Library, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    folder: Path = tmp_path_factory.mktemp("web")
    settings = {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "ARTIFACTS_URL": library.store.url,
        "MINUTEKEEPER_API_KEYS": str(folder / "keys.json"),
        "MINUTEKEEPER_SEARCH_INDEX": str(library.file),
        "BRIDGE_SECRET": SECRET,
    }
    async with running_api(folder, settings) as api:
        await eventually(lambda: library.search.find("budget"), lambda found: found.complete_at is not None)
        yield api


async def asked(api: Api, path: str, role: Role = Role.WATCH) -> tuple[int, str]:
    async with api.http.get(f"{api.url}{path}", cookies=SignedIn(role).cookies) as answer:
        return answer.status, await answer.text()


async def test_only_who_may_watch_may_search(served: Api) -> None:
    assert (await asked(served, "/search?q=budget", Role.LOOK))[0] == 403
    async with served.http.get(f"{served.url}/search?q=budget") as answer:
        assert answer.status == 401
    status, page = await asked(served, "/search?q=budget")
    assert (status, page.count("<mark>budget</mark>")) == (200, 4)


@pytest.mark.parametrize("words", ['"', "((", "*", "a" * 201, "%00"])
async def test_words_that_cannot_be_looked_for_are_told_beside_the_field(served: Api, words: str) -> None:
    status, page = await asked(served, f"/search?q={words}")
    assert status == 422
    assert 'id="search-error"' in page
    assert 'aria-invalid="true"' in page


async def test_hits_come_in_pages_and_lead_into_the_recording(served: Api) -> None:
    _, page = await asked(served, "/search?q=refrain")
    assert page.count("<mark>") == 3
    assert 'href="/search?q=refrain&amp;meeting=often">All 60 passages' in page
    assert 'href="/meetings/often?t=20"' in page
    _, inside = await asked(served, "/search?q=refrain&meeting=often&page=2")
    assert inside.count("<mark>") == 10
    assert "Page 2 of 2" in inside
    _, chorus = await asked(served, "/search?q=chorus")
    assert "25 passages in 25 meetings" in chorus
    assert 'href="/search?q=chorus&amp;page=2" rel="next"' in chorus
    assert (await asked(served, f"/search?q=chorus&page={'9' * 30}"))[1].count("<mark>") == 20


async def test_what_was_erased_is_not_shown_any_more(served: Api, library: Library) -> None:
    await library.add("erased", "Ephemeral words.", start_time=datetime.now(UTC))
    found = await eventually(
        lambda: asked(served, "/search?q=ephemeral"), lambda answer: "<mark>" in answer[1], tries=1000
    )
    assert "Meeting without a title" in found[1]
    await library.store.delete("erased/transcript.json")
    assert "Nothing was found" in (await asked(served, "/search?q=ephemeral"))[1]


@in_browser
async def test_the_page_is_for_everyone_and_fits_every_window(served: Api, browser: Browser) -> None:
    async with new_window(browser, served.url, Role.WATCH) as window:
        for path in ("/search", "/search?q=budget+launch", "/search?q=hostile", "/search?q=(", "/search?q=nowhere"):
            await window.open(path)
            await check_every_window(window.page)
        await window.open("/search?q=hostile")
        assert await window.page.locator("img[src=x]").count() == 0
        await expect(window.page.locator(".hit p")).to_contain_text("</script><img src=x onerror=alert(1)>")
        await window.open("/search?q=launch+budget")
        await take_picture(window.page, "search.png")
        assert window.complaints == []
        assert not [url for url in window.asked if not url.startswith(served.url)]


@in_browser
async def test_without_a_script_and_a_mouse_words_are_found_and_opened(served: Api, browser: Browser) -> None:
    async with new_window(browser, served.url, Role.WATCH, script=False) as window:
        await window.open("/search")
        keyboard = window.page.keyboard
        await expect(window.page.get_by_role("searchbox")).to_be_focused()
        await keyboard.type('"approved the budget"')
        await keyboard.press("Enter")
        await expect(window.page.get_by_text("1 passage in 1 meeting.")).to_be_visible()
        assert await window.page.locator("mark").all_inner_texts() == ["approved the budget"]
        await expect(window.page.get_by_role("link", name="Play from 00:00")).to_have_attribute(
            "href", "/meetings/meeting-2?t=0"
        )
