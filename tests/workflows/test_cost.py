"""What a meeting costs, so that nobody makes it dearer unnoticed: actions that are billed, events, bytes."""

import functools
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.providers.base import BotCallback
from starter.temporal_client import TemporalMeetingClient
from tests.bot_events import bot_event
from tests.workflows.conftest import with_plugin, working
from tests.workflows.costs import cost_of
from tests.workflows.driver import URL, Meeting
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOT_ID = "51d86c59-5c4c-40df-a977-428cd64ab29a"
HOUR = (
    (0, 20, "joining_call"),
    (0, 46, "in_waiting_room"),
    (1, 1, "in_call_not_recording"),
    (1, 6, "in_call_recording"),
    (20, 0, "recording_paused"),
    (25, 0, "recording_resumed"),
    (58, 0, "call_ended"),
)
"""When a bot reports what, in minutes and seconds since the start."""


@dataclass
class Named(ScriptedProvider):
    """Gives its bots ids as long as real ones."""

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        sent = await super().dispatch(order, address, now)
        self.bots[-1].bot_id = BOT_ID
        return sent.model_copy(update={"bot_id": BOT_ID})


def _was_told_last(code: str, view: MeetingView) -> bool:
    return view.timeline[-1].event == code


async def test_an_hour_with_seven_statuses_a_recording_and_a_transcript(env: WorkflowEnvironment) -> None:
    client, provider, recordings = with_plugin(env.client), Named(), ScriptedRecordings()
    start_time = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    async with working(client, provider, recordings):
        request = MeetingRequest(meeting_url=URL, start_time=start_time)
        booked = await TemporalMeetingClient(client).start(
            request, f"meeting-20261201-1000Z-{uuid.uuid4().hex[:10]}"
        )
        handle: WorkflowHandle[object, Outcome] = client.get_workflow_handle(
            booked.workflow_id, result_type=Outcome
        )
        meeting = Meeting(env, handle, provider, recordings)
        await meeting.until_status(MeetingStatus.SCHEDULED)
        await meeting.forward_to(start_time - timedelta(minutes=4))
        await meeting.until_bots(1)
        for minutes, seconds, code in HOUR:
            at = start_time + timedelta(minutes=minutes, seconds=seconds)
            await meeting.forward_to(at)
            await handle.signal("bot_event", bot_event(bot_id=BOT_ID, dispatch=0, occurred_at=at, code=code))
            await meeting.until(functools.partial(_was_told_last, code))
        await meeting.forward(minutes=1)
        complete = bot_event(
            kind=BotEventKind.COMPLETE,
            bot_id=BOT_ID,
            dispatch=0,
            occurred_at=await meeting.now(),
            has_recording=True,
            has_transcript=True,
            body=f"{booked.meeting_id}/raw/complete-af41bbc9-55bc.json",
        )
        await handle.signal("bot_event", complete)
        outcome = await meeting.outcome()

    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)
    assert len(outcome.artifacts) == 7
    cost = cost_of((await handle.fetch_history()).events)
    reservation_of_the_room = 1
    assert cost.actions.total() + reservation_of_the_room <= 18, str(cost)
    assert cost.events <= 64, str(cost)
    assert cost.size <= 11 * 1024, str(cost)
    described = await handle.describe()
    assert await described.static_details() == (
        f"- **Booked for:** {start_time:%Y-%m-%d %H:%M:%SZ}\n"
        f"- **Where:** google_meet, {URL}\n"
        "- **Wanted:** recording and transcript (speaker_view)\n"
        f"- **Look at it:** `minutekeeper show {booked.meeting_id}`"
    )
