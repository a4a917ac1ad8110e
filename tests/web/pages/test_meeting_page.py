"""The page of a meeting without a script: what it says to whom, and what one can do from it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from temporalio.testing import WorkflowEnvironment

from minutekeeper.deliveries.delivery import delivery_workflow_id
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.views import ClaimingCalendar
from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import DELIVERY_WORKFLOW
from starter.temporal_client import TemporalMeetingClient
from tests.deliveries.examples import a_delivery_record, an_endpoint
from tests.records import NOON
from tests.starter.fakes import Scene
from tests.starter.support import a_request, play
from tests.web.conftest import Api
from tests.web.pages.checks import check_every_window
from tests.web.pages.conftest import CHROMIUM, new_window
from tests.web.pages.stored_meetings import said, store_meeting, transcript_files
from tests.web.visitors import SignedIn
from web.access.roles import Role
from web.pages.meeting_view import NO_TRANSCRIPT

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE = Path(__file__).parents[3] / "devtools" / "simulator" / "media" / "screenshot.png"
HOSTILE = "</script><img src=x onerror=alert(1)>\u202e\u2066" + "x" * 10_000
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")


async def get(api: Api, path: str, role: Role = Role.ADMIN, **headers: str) -> tuple[int, Any, bytes]:
    url = f"{api.url}/meetings/{path}"
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with api.http.get(url, cookies=SignedIn(role).cookies, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


async def shown(api: Api, path: str, role: Role = Role.ADMIN) -> str:
    """The words of a page."""
    status, _, content = await get(api, path, role)
    assert status == 200
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content.decode())).split())


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def stored(api: Api) -> ArtifactStore:
    store = ArtifactStore((api.folder / "store").as_uri())
    talk = transcript_files(said(("Ana", 0, 2, "Good morning."), ("Ben", 65, 70, "Déjà vu.")))
    await store_meeting(
        store, "told", {"recording.mp4": b"0123456789"} | talk, title="Weekly", metadata={"deal": "47"}
    )
    await DeliveryStore(store).write(a_delivery_record(workflow_id="meeting-told"))
    refused = {"at": NOON, "event": "bot.failed", "text": "The host denied entry"}
    await store_meeting(
        store,
        "refused",
        {"earlier/0/screenshots/bot-01.png": PICTURE.read_bytes()},
        status=MeetingStatus.FAILED,
        reason=FailureReason.NOT_ACCEPTED,
        evidence=refused,
        transcript=TranscriptState.NOT_ASKED,
    )
    return store


async def test_an_ended_meeting_is_told_from_its_record(api: Api) -> None:
    page = await shown(api, "told")
    for words in (
        *(
            "Weekly",
            "This meeting is completed.",
            "Temporal has forgotten this meeting",
            "its own words",
            "deal 47",
        ),
        *("Good morning.", "Ana 0:00", "recording.mp4 10 bytes 84d89877f0d4…", "The meeting ended: completed."),
        *("meeting.completed to ep_1", "1 try", "Delivered"),
    ):
        assert words in page, words
    status, headers, content = await get(api, "told/json")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert b'"meeting_id": "told"' in content
    assert (await get(api, "nowhere"))[0] == 404


async def test_a_failure_says_why_what_to_do_and_what_the_bot_saw(api: Api) -> None:
    page = await shown(api, "refused")
    for words in (
        "This meeting failed: a participant refused to admit the bot.",
        "What to do: Ask a participant to admit the bot",
        "The host denied entry",
        "What the bot saw 1",
    ):
        assert words in page, words
    assert "Transcript" not in page
    _, headers, content = await get(api, "refused/files/earlier/0/screenshots/bot-01.png")
    assert (headers["Content-Type"], content) == ("image/png", PICTURE.read_bytes())


async def test_files_and_words_are_for_those_who_may_watch(api: Api) -> None:
    status, headers, content = await get(api, "told/files/recording.mp4", Range="bytes=2-4")
    assert (status, content, headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert (await get(api, "told/captions/1", Role.WATCH))[2].startswith(b"WEBVTT")
    for name in ("manifest.json", "..%2fkeys.json", ".run.json"):
        assert (await get(api, f"told/files/{name}"))[0] == 404
    assert (await get(api, "told/captions/2"))[0] == 404
    assert (await get(api, f"told/captions/{'9' * 5_000}"))[0] == 404
    for path in ("files/recording.mp4", "files/transcript.txt", "captions/1", "files/none"):
        assert (await get(api, f"told/{path}", Role.LOOK))[0] == 403
    page = await shown(api, "told", Role.LOOK)
    assert "Your role may not watch recordings." in page
    assert "Good morning" not in page
    assert b"/files/" not in (await get(api, "told", Role.LOOK))[2]
    for path in ("told/cancel", "new"):
        assert (await get(api, path, Role.WATCH))[0] == 403


@pytest.mark.parametrize("state", [each for each in TranscriptState if each is not TranscriptState.READY])
async def test_why_there_is_no_transcript_is_said_in_words_of_its_own(
    api: Api, stored: ArtifactStore, state: TranscriptState
) -> None:
    await store_meeting(stored, f"without-{state}", {"recording.mp3": b"sound"}, transcript=state)
    heading, sentence = NO_TRANSCRIPT[state]
    assert f"Transcript {heading} {sentence}" in await shown(api, f"without-{state}")
    assert len({heading for heading, _ in NO_TRANSCRIPT.values()}) == len(NO_TRANSCRIPT)


@needs_browser
async def test_words_of_others_change_nothing(api: Api, stored: ArtifactStore, browser: Browser) -> None:
    turns = (
        (HOSTILE, 0, 2, HOSTILE),
        ("\u202eevil", 2, 4, "<b onclick=x>&amp; '\""),
        ("עברית", 4, 6, "שלום world"),
    )
    files = {"recording.mp3": b"none"} | transcript_files(said(*turns))
    timeline = ({"at": NOON, "event": HOSTILE[:50], "text": HOSTILE},)
    evidence = {"at": NOON, "event": "failed", "text": HOSTILE}
    await store_meeting(
        *(stored, "hostile", files),
        title=HOSTILE[:500],
        timeline=timeline,
        evidence=evidence,
        metadata={"a": "<i>"},
    )
    async with new_window(browser, api.url) as window:
        await window.open("/meetings/hostile")
        assert await window.page.locator("main img, main b, main i, main script").count() == 0
        assert "</script>" in await window.page.locator("h1").inner_text()
        assert "onclick=x" in await window.page.locator("#s2").inner_text()
        await check_every_window(window.page)
        assert window.complaints == []


@needs_browser
async def test_a_transcript_is_read_and_searched_without_a_script(api: Api, browser: Browser) -> None:
    async with new_window(browser, api.url, Role.WATCH, script=False) as window:
        page = window.page
        await window.open("/meetings/told")
        await page.get_by_role("link", name="Ben 1:05").click()
        assert page.url == f"{api.url}/meetings/told?t=65.0#s2"
        assert await page.locator("[aria-current=true]").get_attribute("id") == "s2"
        assert await page.locator("video").get_attribute("src") == "/meetings/told/files/recording.mp4#t=65.00"
        await page.get_by_label("Search the transcript").fill("deja  VU")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert await page.locator("[data-segments] p:visible").count() == 1
        assert await page.get_by_text("1 of 2 passages").is_visible()


async def press(page: Page, name: str) -> None:
    """Reaches a button or link by the keyboard alone, and leaves the page by it."""
    await page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


@needs_browser
async def test_a_meeting_is_booked_moved_and_cancelled_by_forms(api: Api, browser: Browser) -> None:
    async with new_window(browser, api.url, Role.STEER, script=False) as window:
        page = window.page
        start = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
        await window.open("/meetings/new")
        await page.get_by_label("Link").fill("https://example.com/not-a-meeting")
        await page.get_by_label("Start", exact=True).fill("tomorrow")
        await press(page, "Book the meeting")
        error = page.locator("#error-start")
        assert "'tomorrow' is not a time; use for example" in await error.inner_text()
        assert await page.get_by_label("Link").input_value() == "https://example.com/not-a-meeting"
        await page.get_by_label("Start", exact=True).fill(start.isoformat())
        await press(page, "Book the meeting")
        assert "example.com" in await page.locator("#error-url").inner_text()
        await page.get_by_label("Link").fill("https://meet.google.com/pag-efor-mss")
        await page.get_by_label("Title").fill("By a form")
        await press(page, "Book the meeting")
        assert await page.get_by_text("Booked.", exact=True).first.is_visible()
        assert await page.get_by_role("heading", level=1).inner_text() == "By a form"

        address = page.url.partition("?")[0]
        await press(page, "Move")
        later = start + timedelta(hours=1)
        await page.get_by_label("New start").fill(later.isoformat())
        await page.get_by_label("New end").fill(start.isoformat())
        await press(page, "Move the meeting")
        assert "is not after the start" in await page.locator("#error-end").inner_text()
        await page.get_by_label("New end").fill("")
        await press(page, "Move the meeting")
        assert page.url == f"{address}?done=move"
        assert await page.get_by_text("The meeting was moved.").is_visible()
        assert await page.locator(f"time[datetime='{later:%Y-%m-%dT%H:%M:%SZ}']").first.is_visible()

        await press(page, "Cancel")
        assert await page.get_by_role("heading", level=1).inner_text() == "Cancel this meeting?"
        await page.get_by_label("Why").fill("called off")
        await press(page, "Cancel the meeting")
        assert await page.get_by_text("This meeting was cancelled.").is_visible()
        assert await page.get_by_role("link", name="Cancel", exact=True).count() == 0
        assert window.complaints == []


@needs_browser
async def test_an_open_page_changes_with_its_meeting(
    api: Api, environment: WorkflowEnvironment, browser: Browser
) -> None:
    client = TemporalMeetingClient(environment.client)
    booked = await client.start(a_request(0.01, title="Live", meeting_url="https://meet.google.com/liv-epag-eee"))
    async with new_window(browser, api.url, Role.WATCH) as window:
        await window.open(f"/meetings/{quote(booked.meeting_id, safe='')}")
        await expect(window.page.get_by_text("This meeting is scheduled.")).to_be_visible()
        await play(
            client, booked.workflow_id, Scene(status=MeetingStatus.RECORDING, text="It records.", bot_id="b")
        )
        await expect(window.page.get_by_text("This meeting is being recorded.")).to_be_visible(timeout=20_000)
        await expect(window.page.locator("#meeting-timeline")).to_contain_text("It records.")
        assert len([each for each in window.asked if "/meetings/" in each]) == 1
        assert window.complaints == []


async def test_an_event_is_sent_once_more(
    api: Api, stored: ArtifactStore, environment: WorkflowEnvironment
) -> None:
    fields = {"endpoint": "ep_1", "event": "evt_1"}
    assert (await post(api, "told/replay", fields, Role.STEER))[0] == 403
    assert (await post(api, "told/replay", fields, Role.ADMIN))[0] == 409
    await EndpointStore(stored).put(an_endpoint())
    assert (await post(api, "refused/replay", fields, Role.ADMIN))[0] == 404
    assert (await post(api, "told/replay", fields | {"event": "evt_2"}, Role.ADMIN))[0] == 404
    status, location, _ = await post(api, "told/replay", fields, Role.ADMIN)
    assert (status, location) == (303, "/meetings/told?done=replay")
    assert "The event is sent once more." in await shown(api, "told?done=replay")
    assert "Replay" not in await shown(api, "told", Role.STEER)
    delivery = environment.client.get_workflow_handle(delivery_workflow_id("ep_1", "evt_1"))
    assert (await delivery.describe()).workflow_type == DELIVERY_WORKFLOW


async def post(api: Api, path: str, fields: dict[str, str], role: Role = Role.STEER) -> tuple[int, str, str]:
    visitor = SignedIn(role)
    data = {"form_token": visitor.form_token} | fields
    async with api.http.post(
        f"{api.url}/meetings/{path}", data=data, cookies=visitor.cookies, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def test_a_meeting_that_runs_shows_its_bot_and_takes_what_it_can(
    api: Api, environment: WorkflowEnvironment
) -> None:
    client = TemporalMeetingClient(environment.client)
    request = a_request(-0.1, title="Runs now", meeting_url="https://meet.google.com/run-nsno-www")
    booked = await client.start(request)
    calendar = ClaimingCalendar(calendar_id="cal 1/x", event_id="event-1")
    scene = Scene(status=MeetingStatus.WAITING_ROOM, text="Waits.", bot_id="bot-7", calendars=(calendar,))
    await play(client, booked.workflow_id, scene)
    name = quote(booked.meeting_id, safe="")
    page = await shown(api, name)
    for words in (
        *("This meeting has its bot in the waiting room.", "What to do: Ask a participant to admit the bot."),
        *(
            "Send the bot out",
            "Send another bot",
            "bot-7",
            "cal 1/x",
            "known at the end" if "SHA" in page else "Files",
        ),
    ):
        assert words in page, words
    assert "Fetch files again" not in page
    status, location, _ = await post(api, f"{name}/leave", {"why": "private"})
    assert (status, location) == (303, f"/meetings/{name}?done=leave")
    status, _, told = await post(api, f"{name}/collect", {})
    assert (status, "This meeting still runs" in told) == (409, True)
    status, _, told = await post(api, f"{name}/leave", {"why": "x" * 501})
    assert (status, 'id="error-why"' in told) == (422, True)
    assert (await post(api, f"{name}/cancel", {"form_token": "forged"}))[0] == 403
    assert (await post(api, f"{name}/cancel", {}, Role.WATCH))[0] == 403
    assert (await post(api, "told/collect", {}))[0] == 409
    assert (await post(api, "nowhere/cancel", {}))[0] == 404
