"""The board in a real browser: it follows meetings without a reload, and says so when it cannot."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from tests.starter.support import an_outcome
from tests.web.conftest import Api
from tests.web.pages.conftest import CHROMIUM, SCHEMES, WIDTHS, PageWindow, new_window
from tests.web.pages.cut_proxy import CutProxy
from tests.web.pages.played_meetings import booked
from web.access.roles import Role

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="session"),
]

HOSTILE = f"</script><img src=x onerror=alert(1)> \u202eesrever \u05e9\u05dc\u05d5\u05dd {'x' * 10_000}"
_SERIOUS = {"serious", "critical"}


async def test_a_meeting_moves_through_all_sections_without_a_reload(
    environment: WorkflowEnvironment, api: Api, window: PageWindow
) -> None:
    await window.open("/")
    await window.page.evaluate("window.isSame = true")
    meeting = await booked(environment, 30)

    async def stands_in(section: str, *words: str) -> None:
        line = window.page.locator(f"#{section} li").filter(has_text=meeting.title)
        for each in words:
            await expect(line).to_contain_text(each, timeout=15_000)

    await stands_in("coming", "in 29 min", "Booked directly")
    link = window.page.locator("#coming").get_by_role("link", name=meeting.title)
    await link.focus()
    other = await booked(environment, 40)
    await expect(window.page.locator("#coming li").filter(has_text=other.title)).to_be_visible(timeout=15_000)
    await expect(link).to_be_focused()
    await meeting.play(status=MeetingStatus.WAITING_ROOM, leaves_attribute=True, bot_id="bot-1")
    await stands_in("running", "Waiting room")
    await meeting.play(status=MeetingStatus.RECORDING, text="The bot is recording.", bot_id="bot-1")
    await stands_in("running", "Recording", "for less than 1 min")
    await meeting.play(status=MeetingStatus.COLLECTING, bot_id="bot-1", download=DownloadProgress(done=1, total=4))
    await stands_in("running", "Collecting", "25 %")
    await meeting.play(outcome=an_outcome(meeting.workflow_id))
    await stands_in("done", "Completed", "12.3 kB, transcript ready")
    await other.play(
        outcome=an_outcome(other.workflow_id, MeetingStatus.FAILED, reason=FailureReason.RECORDING_LOST)
    )
    chore = window.page.locator("#chores li").filter(has_text=other.title)
    await expect(chore).to_contain_text("There was a recording, but it could not be fetched.", timeout=15_000)
    await expect(chore).to_contain_text("Collect again")
    assert await window.page.evaluate("window.isSame")
    assert window.complaints == []
    assert not [url for url in window.asked if not url.startswith(api.url)]


async def test_a_broken_stream_is_told_and_heals_without_loss(
    environment: WorkflowEnvironment, api: Api, browser: Browser
) -> None:
    """Between the browser and the process stands a proxy that can be cut."""
    async with CutProxy(api.url) as proxy, new_window(browser, proxy.url) as window:
        await window.open("/")
        live = window.page.locator("#live")
        await expect(live).to_contain_text("Live", timeout=15_000)
        await proxy.cut()
        await expect(live).to_contain_text("Not live since", timeout=15_000)
        meeting = await booked(environment, 50)
        await proxy.mend()
        line = window.page.locator("#coming li").filter(has_text=meeting.title)
        await expect(line).to_be_visible(timeout=30_000)
        await expect(live).to_contain_text("Live", timeout=15_000)
        assert window.complaints == []
        await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))


async def test_the_board_and_the_list_are_for_everyone_and_fit_every_window(
    environment: WorkflowEnvironment, window: PageWindow
) -> None:
    meeting = await booked(environment, 20, HOSTILE)
    for path in ("/", "/meetings", "/meetings?reason=bogus", "/meetings?fault=ours"):
        await window.open(path)
        for width in WIDTHS:
            for scheme in SCHEMES:
                await window.page.set_viewport_size({"width": width, "height": 900})
                await window.page.emulate_media(color_scheme=scheme)
                assert await window.page.evaluate("document.documentElement.scrollWidth") == width, path
                found = await Axe().run(window.page)
                problems = [each for each in found.response["violations"] if each["impact"] in _SERIOUS]
                assert problems == [], (path, width, scheme)
    assert await window.page.locator("img[src=x]").count() == 0
    await window.open("/meetings?title=esrever")
    title = window.page.get_by_role("row").filter(has_text="esrever")
    await expect(title).to_contain_text("</script><img src=x onerror=alert(1)>")
    assert await title.locator("bdi").count() == 1
    assert window.complaints == []
    await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))


async def test_without_a_script_times_are_in_utc_and_everything_is_there(
    environment: WorkflowEnvironment, api: Api, browser: Browser
) -> None:
    meeting = await booked(environment, 25)
    async with new_window(browser, api.url, Role.LOOK, script=False) as window:
        line = window.page.locator("#coming li").filter(has_text=meeting.title)
        # Temporal lists a new meeting a moment later, and without a script nothing comes by itself.
        for _ in range(20):
            await window.open("/")
            if await line.count():
                break
        await expect(line).to_contain_text("UTC")
        await expect(window.page.get_by_text("Times are in UTC.")).to_be_visible()
        assert await window.page.get_by_role("link", name="Book a meeting").count() == 0
        await window.page.get_by_role("link", name="Meetings", exact=True).click()
        await window.page.get_by_label("Words of the title").fill(meeting.title.split()[1])
        await window.page.get_by_role("button", name="Show").click()
        assert "title=" in window.page.url
        await expect(window.page.get_by_role("row").filter(has_text=meeting.title)).to_contain_text("Booked")
    await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))
