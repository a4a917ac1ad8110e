"""A limit of the installation, from the calendars of two users to the bot that the provider is asked for."""

import asyncio
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from tests.system.stack import RunningStack, running_stack
from tests.system.test_calendars import People
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def left_out(stack: RunningStack, metrics: str) -> float:
    """How many events the worker has counted as left out by the limit."""
    async with stack.http.get(f"http://{metrics}/metrics") as answer:
        text = await answer.text()
    pattern = r'^minutekeeper_events_left_out_total{[^}]*limit="installation.at_once"[^}]*} (\d+)'
    return sum(int(count) for count in re.findall(pattern, text, re.MULTILINE))


async def test_the_bot_of_the_meeting_that_starts_first_comes_and_no_other(tmp_path: Path) -> None:
    file, metrics = tmp_path / "limits.json", f"127.0.0.1:{unused_port()}"
    file.write_text(json.dumps({"installation": {"at_once": 1}}))
    settings = {"MINUTEKEEPER_LIMITS": str(file), "MINUTEKEEPER_METRICS_ADDRESS": metrics}
    async with running_stack(tmp_path / "stack", **settings) as stack:
        people, links = People(stack), {"anna": meeting_url(), "ben": meeting_url()}
        soon = datetime.now(UTC) + timedelta(minutes=4, seconds=20)
        workflow_ids = {}
        for seconds, (name, link) in enumerate(links.items()):
            email = f"{name}-{uuid.uuid4().hex}@example.com"
            calendar_id = await people.connect(email)
            start = (soon + timedelta(seconds=seconds)).isoformat()
            await people.order("events", {"organizer": email, "start": start, "link": link, "title": name})
            event = await people.copy_in(calendar_id)
            workflow_ids[name] = workflow_id_for(meeting_id_for_event(event))
            if name == "anna":
                await people.until(workflow_ids[name], lambda view: bool(view.calendars))
        for _ in range(200):
            if await left_out(stack, metrics):
                break
            await asyncio.sleep(0.1)
        outcome = await stack.outcome(workflow_ids["anna"])
        assert outcome.status is MeetingStatus.COMPLETED
        asked_for = [bot["meeting_url"] for bot in (await stack.ledger())["bots"]]
        assert asked_for == [links["anna"]]
        assert await left_out(stack, metrics) == 1
        await people.calendars.aclose()
