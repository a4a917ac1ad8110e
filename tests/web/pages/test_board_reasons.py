"""The board answers why meetings have no recording, from records alone, and leads into the list of meetings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from tests.pictures import keep_picture
from tests.starter.support import SECRET, an_outcome, target_of
from tests.web.conftest import running_api
from tests.web.pages.board_scenes import an_ended_record
from tests.web.pages.conftest import CHROMIUM, new_window
from tests.web.pages.played_meetings import booked

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="session"),
]

_RUNNING = {
    "Weekly sales": -24,
    "Interview with Dr. Okonkwo": -50,
    "Portfolio review": -3,
    "One to one with Ben": 12,
    "Quarterly planning": 55,
    "Customer call": 300,
}
"""Titles, and in how many minutes each of them starts."""


async def test_the_board_tells_why_meetings_have_no_recording_and_what_to_do(
    environment: WorkflowEnvironment, browser: Browser, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    records = RecordStore(ArtifactStore((tmp_path / "store").as_uri()))
    ended: dict[str, dict[str, Any]] = {
        "budget-round": {"minutes": -25, "reason": FailureReason.RECORDING_LOST},
        "hiring-panel": {
            "minutes": -12,
            "reason": FailureReason.NOT_ACCEPTED,
            "end_time": now + timedelta(hours=1),
        },
        "coffee-break": {"minutes": -95, "reason": FailureReason.NOBODY_CAME},
        "retrospective": {"minutes": -130},
        "all-hands": {"minutes": -190, "transcript": TranscriptState.PENDING},
        **{f"refused-{number}": {"minutes": -3000, "reason": FailureReason.NOT_ACCEPTED} for number in range(5)},
        **{f"missed-{number}": {"minutes": -4000, "reason": FailureReason.MISSED} for number in range(3)},
        **{f"kept-{number}": {"minutes": -5000} for number in range(40)},
    }
    for name, fields in ended.items():
        await records.write(an_ended_record(name, now=now, **fields))
    playing = [await booked(environment, minutes, title) for title, minutes in _RUNNING.items()]
    told = "The bot is recording."
    await playing[0].play(status=MeetingStatus.RECORDING, text=told, bot_id="bot-1", leaves_attribute=True)
    download = DownloadProgress(done=62, total=100)
    await playing[1].play(status=MeetingStatus.COLLECTING, bot_id="bot-2", download=download, leaves_attribute=True)
    await playing[2].play(
        status=MeetingStatus.WAITING_ROOM, bot_id="bot-3", webhooks=WebhookState.SILENT, leaves_attribute=True
    )
    settings = {"TEMPORAL_ADDRESS": target_of(environment.client), "ARTIFACTS_URL": (tmp_path / "store").as_uri()}
    settings |= {"MINUTEKEEPER_API_KEYS": str(tmp_path / "keys.json"), "BRIDGE_SECRET": SECRET}
    async with running_api(tmp_path, settings) as api, new_window(browser, api.url) as window:

        async def says(section: str, title: str, *words: str) -> None:
            line = window.page.locator(f"#{section} li").filter(has_text=title)
            for each in words:
                await expect(line).to_contain_text(each, timeout=15_000)

        await window.open("/")
        lost = "There was a recording, but it could not be fetched."
        await says("chores", "Budget round", lost, "Collect again, as long as the provider keeps the recording.")
        await says("chores", "Hiring panel", "Ask a participant to admit the bot.")
        await says("chores", "Portfolio review", "minutekeeper doctor")
        await says("done", "Coffee break", "No participant came")
        await says("done", "Retrospective", "48.0 MB, transcript ready")
        await says("running", "Weekly sales", "Recording")
        await says("running", "Interview", "62 %")
        await says("coming", "Customer call", "Booked directly, bot sent at")
        reasons = window.page.locator("#reasons li")
        await expect(reasons.first).to_have_text("Bot was refused entry6")
        await expect(reasons.filter(has_text="Missed: no worker ran")).to_have_class("bad")
        await expect(window.page.locator("#reasons header")).to_contain_text("11of 53 in 7 days")
        await keep_picture(window.page, "board.png")
        await window.page.get_by_role("link", name="Missed: no worker ran").click()
        row = window.page.get_by_role("row")
        await expect(row.filter(has_text="Missed 1")).to_contain_text("Missed: no worker ran")
        await expect(row.filter(has_text="Kept")).to_have_count(0)
        await window.open("/meetings?fault=meeting&title=refused")
        await expect(row).to_have_count(1 + 5)
        for conditions, found in (("joined=yes&fault=ours", 1), ("joined=no", 0), ("fault=meeting", 0)):
            await window.open(f"/meetings?{conditions}&title=budget")
            await expect(row.filter(has_text="Budget round")).to_have_count(found)
        await window.page.get_by_role("link", name="Book a meeting").click()
        await expect(window.page.get_by_label("Link", exact=True)).to_be_visible()
        await window.open("/meetings")
        await keep_picture(window.page, "meetings.png", whole=False)
        await window.page.get_by_role("link", name="Next").click()
        await expect(window.page.get_by_text("Page 2")).to_be_visible()
        await expect(row.filter(has_text="Kept 0")).to_be_visible()
        assert window.complaints == []
    for each in playing:
        await each.play(outcome=an_outcome(each.workflow_id, MeetingStatus.CANCELLED))
