"""Requests whose answer was lost, and bots that are one too many."""

from datetime import timedelta

import pytest

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import RequestRejectedError, UnavailableError
from tests.workflows.driver import Meeting, StartMeeting, room

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def unconfirmed(start: StartMeeting) -> Meeting:
    """A meeting whose bot exists, while the answer was lost and the list of bots cannot be read."""
    meeting = await start(in_=timedelta(minutes=2), meeting_url=room())
    meeting.provider.search_failures = [UnavailableError("503: list")] * 10_000
    meeting.provider.after = [UnavailableError("timed out after the side effect")]
    await meeting.until(lambda _view: len(meeting.provider.bots) == 1)
    return meeting


async def test_the_bots_own_webhook_identifies_it_and_leave_reaches_it(start: StartMeeting) -> None:
    meeting = await unconfirmed(start)
    await meeting.bot_sends("joining_call")
    view = await meeting.until(lambda view: view.bot_id == "bot-0")
    assert view.status is MeetingStatus.JOINING
    await meeting.update("leave", StopRequest())
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    assert len(meeting.provider.bots) == 1


async def test_it_holds_back_no_bot_that_it_could_not_meet(start: StartMeeting) -> None:
    meeting = await unconfirmed(start)
    meeting.provider.search_failures = [RequestRejectedError("400: no list for you")] * 10_000
    later = await meeting.now() + timedelta(hours=6)
    await meeting.update("reschedule", Reschedule(start_time=later))
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.forward_to(later)
    await meeting.until_bots(1)
    assert meeting.provider.bots[-1].order.start_time == later


async def test_it_holds_back_a_bot_that_it_could_meet(start: StartMeeting) -> None:
    meeting = await unconfirmed(start)
    soon = await meeting.now() + timedelta(minutes=30)
    await meeting.update("reschedule", Reschedule(start_time=soon))
    await meeting.forward_to(soon)
    assert len(meeting.provider.bots) == 1
    meeting.provider.search_failures.clear()
    await meeting.forward(minutes=1)
    await meeting.until(lambda _view: meeting.provider.bots[0].removed and len(meeting.provider.bots) == 2)


async def test_a_second_bot_at_a_known_address_is_removed_and_what_it_recorded_kept(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    bot = await meeting.until_bots(1)
    meeting.provider.adds_double_of(bot)
    double = BotEvent(
        bot_id="double",
        dispatch=0,
        occurred_at=await meeting.now() + timedelta(seconds=1),
        code="in_call_recording",
        status=MeetingStatus.RECORDING,
    )
    await meeting.handle.signal("bot_event", double)
    await meeting.until(lambda _view: meeting.provider.bot("double").removed)
    assert not bot.removed
    left = double.model_copy(
        update={"kind": BotEventKind.COMPLETE, "has_recording": True, "occurred_at": await meeting.now()}
    )
    await meeting.handle.signal("bot_event", left)
    await meeting.bot_sends("in_call_recording")
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "bot-0")
    assert {order.bot_id for order in meeting.recordings.orders} == {"bot-0", "double"}
    assert "unexpected_bot" in [entry.event for entry in (await meeting.view()).timeline]
