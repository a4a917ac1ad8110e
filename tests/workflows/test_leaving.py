"""A bot that is to leave: told again while it is there, never once it has ended, and waited for with patience."""

from datetime import timedelta

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import UnavailableError
from tests.workflows.driver import Meeting, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def recording(start: StartMeeting) -> Meeting:
    meeting = await start()
    await meeting.forward(minutes=59)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    return meeting


@pytest.mark.parametrize(("update", "status"), [("leave", "completed"), ("cancel", "cancelled")])
async def test_a_recording_that_takes_hours_comes_home_after_leave(
    start: StartMeeting, update: str, status: str
) -> None:
    meeting = await recording(start)
    meeting.provider.stays_open = True
    await meeting.update(update, StopRequest())
    await meeting.until(lambda _view: len(meeting.provider.removed) == 1)
    await meeting.forward(hours=3)
    view = await meeting.view()
    assert not view.status.is_final
    assert len(meeting.provider.removed) > 1, "it is told again while the provider says that it is there"
    await meeting.completes()
    outcome = await meeting.outcome()
    assert outcome.status == status
    assert any(artifact.path.endswith("/recording.mp4") for artifact in outcome.artifacts)


async def test_the_final_event_ends_a_removal_that_is_refused_for_hours(start: StartMeeting) -> None:
    meeting = await recording(start)
    meeting.provider.removal_failures = [UnavailableError("503")] * 10_000
    await meeting.update("leave", StopRequest())
    await meeting.forward(minutes=10)
    assert not (await meeting.view()).status.is_final
    await meeting.completes()
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.COMPLETED
    assert not meeting.provider.removed, "a bot that has ended is not told to leave"
    assert not meeting.provider.bots[0].removed


async def test_a_moved_meetings_new_time_does_not_wait_for_a_refused_removal(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    meeting.provider.removal_failures = [UnavailableError("503")] * 10_000
    soon = await meeting.now() + timedelta(minutes=20)
    await meeting.update("reschedule", Reschedule(start_time=soon))
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.fails("ApiRequest")
    await meeting.forward_to(soon)
    second = await meeting.until_bots(2)
    assert second.order.dispatch_at == soon - timedelta(minutes=4)
    assert not meeting.provider.bots[0].removed


async def test_a_failed_bot_that_cannot_be_asked_about_does_not_hold_up_a_recording(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.fails("InternalError")
    await meeting.forward(minutes=1)
    await meeting.until_bots(2)
    meeting.provider.observation_failures = [UnavailableError("503")] * 10_000
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    view = await meeting.until(lambda view: any("recording.mp4" in each.path for each in view.artifacts))
    assert view.status is MeetingStatus.COLLECTING or view.status.is_final or view.status is MeetingStatus.ENDED


async def test_a_bot_that_said_it_left_is_not_told_again(start: StartMeeting) -> None:
    meeting = await recording(start)
    meeting.provider.stays_open = True
    await meeting.update("leave", StopRequest())
    await meeting.until(lambda _view: len(meeting.provider.removed) == 1)
    await meeting.signal(BotEventKind.STATUS, code="call_ended", status=MeetingStatus.ENDED)
    await meeting.forward(hours=2)
    assert len(meeting.provider.removed) == 1
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_a_bot_that_refuses_to_leave_and_never_came_is_given_up(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    meeting.provider.refuses_removal = True
    await meeting.update("cancel", StopRequest())
    await meeting.forward(minutes=25)
    view = await meeting.view()
    assert not view.status.is_final, "it may come late"
    assert 3 <= len(meeting.provider.removed) <= 8
    await meeting.forward(hours=1)
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.CANCELLED
    events = [entry.event for entry in (await meeting.view()).timeline]
    assert (events.count("removal_refused"), events.count("bot_given_up")) == (1, 1)
    assert 1 < len(meeting.provider.asked) < 6


async def test_a_bot_in_a_call_that_refuses_to_leave_is_given_up_at_the_end_of_its_lifetime(
    start: StartMeeting,
) -> None:
    meeting = await recording(start)
    meeting.provider.refuses_removal = True
    await meeting.update("leave", StopRequest())
    await meeting.forward(hours=4)
    view = await meeting.view()
    assert not view.status.is_final
    assert 20 < len(meeting.provider.removed) < 50
    await meeting.forward(hours=1, minutes=30)
    assert (await meeting.outcome()).status is MeetingStatus.FAILED
    assert [entry.event for entry in (await meeting.view()).timeline].count("removal_refused") == 1


async def test_a_bot_that_can_be_removed_at_last_is_collected(start: StartMeeting) -> None:
    meeting = await recording(start)
    meeting.provider.refuses_removal = True
    await meeting.update("leave", StopRequest())
    await meeting.forward(hours=1)
    told = len(meeting.provider.removed)
    meeting.provider.refuses_removal = False
    await meeting.forward(minutes=9)
    assert len(meeting.provider.removed) == told + 1
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
