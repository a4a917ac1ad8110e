"""Meetings that follow a bot which the provider sent by its own timer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.claims import Claim, ClaimRelease
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest, Reschedule, StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.providers.base import BotObservation, ProviderBotStatus
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from minutekeeper.temporal.search_attributes import BOT_ID, CALENDAR_ID
from tests.workflows.calendar_driver import World
from tests.workflows.driver import URL, Meeting, StartMeeting
from tests.workflows.scripted import ScriptedProvider

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALENDAR = {"calendar_id": "annas", "event_id": "planning"}


async def adopted(start: StartMeeting, provider: ScriptedProvider, *codes: str) -> Meeting:
    """A meeting of a bot that the provider sent to an event, and that has reported these codes."""
    start_time = datetime.now(UTC) + timedelta(minutes=3)
    claim = Claim(**CALENDAR, seen_at=start_time, start_time=start_time, meeting_url=URL)
    bot = provider.send_by_timer().model_dump(mode="json")
    meeting = await start(
        in_=timedelta(minutes=3), follows=bot, calendar=CALENDAR, claim=claim.model_dump(mode="json")
    )
    await meeting.until_bots(1)
    await meeting.bot_sends(*codes)
    return meeting


async def test_it_is_followed_from_its_first_word_to_its_recording(
    start: StartMeeting, provider: ScriptedProvider
) -> None:
    meeting = await adopted(start, provider, "joining_call", "in_waiting_room", "in_call_recording")
    view = await meeting.until_status(MeetingStatus.RECORDING)
    assert [each.event_id for each in view.calendars] == ["planning"]
    attributes = (await meeting.handle.describe()).typed_search_attributes
    assert (attributes[BOT_ID], attributes[CALENDAR_ID]) == ("bot-0", ["annas"])
    await meeting.forward(minutes=50)
    await meeting.bot_sends("call_ended")
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "bot-0")
    assert outcome.transcript is TranscriptState.READY
    assert "adopted" in [entry.event for entry in (await meeting.view()).timeline]
    assert len(provider.bots) == 1


async def test_its_last_word_alone_is_enough(start: StartMeeting, provider: ScriptedProvider) -> None:
    meeting = await adopted(start, provider)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_no_other_bot_is_sent_after_a_failure_that_another_could_cure(
    start: StartMeeting, provider: ScriptedProvider
) -> None:
    meeting = await adopted(start, provider, "joining_call")
    await meeting.fails("InternalError")
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, outcome.reason) == (MeetingStatus.FAILED, FailureReason.PROVIDER_ERROR)
    assert len(provider.bots) == 1


async def test_when_it_falls_silent_the_provider_is_asked(start: StartMeeting, provider: ScriptedProvider) -> None:
    meeting = await adopted(start, provider, "joining_call")
    ended = BotEvent(
        kind=BotEventKind.COMPLETE,
        bot_id="bot-0",
        occurred_at=datetime.now(UTC),
        source=EventSource.API,
        has_recording=True,
    )
    provider.bots[0].observation = BotObservation(status=ProviderBotStatus.COMPLETE, events=(ended,), text="ended")
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED
    assert provider.asked == ["bot-0"]


@pytest.mark.parametrize(("wish", "end"), [("cancel", MeetingStatus.CANCELLED), ("leave", MeetingStatus.COMPLETED)])
async def test_it_is_sent_out_of_the_call_when_people_say_so(
    start: StartMeeting, provider: ScriptedProvider, wish: str, end: MeetingStatus
) -> None:
    meeting = await adopted(start, provider, "joining_call", "in_call_recording")
    await meeting.update(wish, StopRequest(why="enough"))
    await meeting.until(lambda _view: provider.bots[0].removed)
    await meeting.completes()
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, len(provider.bots)) == (end, 1)
    assert outcome.artifacts


async def test_its_time_is_its_calendars_business(start: StartMeeting, provider: ScriptedProvider) -> None:
    meeting = await adopted(start, provider, "in_call_recording")
    later = datetime.now(UTC) + timedelta(days=1)
    claim = Claim(calendar_id="bens", event_id="same", seen_at=later, start_time=later, meeting_url=URL)
    for name, change in (("reschedule", Reschedule(start_time=later)), ("claim", claim)):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await meeting.update(name, change)
        assert isinstance(refused.value.cause, ApplicationError)
        assert "change the event in its calendar" in str(refused.value.cause)
    await meeting.handle.execute_update("release", ClaimRelease(calendar_id="annas", seen_at=later))
    assert (await meeting.view()).status is MeetingStatus.RECORDING
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_a_calendar_lets_go_of_what_the_provider_records_and_not_of_its_bot(world: World) -> None:
    anna = await world.connected()
    anna.put()
    await anna.changes("resync")
    booked = anna.meeting()
    await booked.until_status(MeetingStatus.SCHEDULED)
    event = anna.put(provider_records=True)
    bot = world.provider.send_by_timer()
    adopted = world.meeting(f"meeting-bot-{world.key}")
    await world.client.start_workflow(
        MEETING_WORKFLOW,
        MeetingRequest(
            meeting_url=event.meeting_url,
            start_time=event.start_time,
            follows=bot,
            calendar=CalendarEventRef(calendar_id=anna.calendar_id, event_id=event.event_id),
        ),
        id=adopted.handle.id,
        task_queue=MEETINGS_QUEUE,
    )
    query = f'CalendarId = "{anna.calendar_id}" AND WorkflowId = "{adopted.handle.id}"'
    while not [each async for each in world.client.list_workflows(query)]:  # noqa: ASYNC110 - it shows when it shows
        await asyncio.sleep(0.05)
    await anna.changes("resync")
    assert (await booked.outcome()).status is MeetingStatus.CANCELLED
    await anna.update("disconnect")
    await asyncio.wait_for(anna.handle.result(), 20)
    view = await adopted.view()
    assert view.status is MeetingStatus.JOINING
    assert "released" not in [entry.event for entry in view.timeline]
    assert not world.provider.bot(bot.bot_id).removed
    await adopted.handle.terminate()
