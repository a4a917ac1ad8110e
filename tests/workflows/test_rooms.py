"""One bot in a room, for all workflows whose meetings overlap there."""

from datetime import timedelta

import pytest

from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import AccountError, UnavailableError
from tests.workflows.driver import Meeting, StartMeeting, room

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def twins(start: StartMeeting, apart: timedelta, **fields: object) -> tuple[Meeting, Meeting]:
    """Two workflows of one meeting, which starts in two minutes for the first one, whose bot is sent first."""
    url = room()
    first = await start(in_=timedelta(minutes=2), meeting_url=url, **fields)
    await first.until_bots(1)
    second = await start(in_=timedelta(minutes=2) + apart, meeting_url=url, **fields)
    return first, second


@pytest.mark.parametrize("minutes", [0, 1, 7, 30])
async def test_however_many_minutes_lie_between_them_they_share_one_bot(start: StartMeeting, minutes: int) -> None:
    first, second = await twins(start, timedelta(minutes=minutes))
    await first.until_bots(1)
    await first.bot_sends("joining_call", "in_call_recording")
    await second.forward(minutes=minutes, seconds=1)
    view = await second.until(lambda view: view.dispatches == 1)
    assert view.bot_id == "bot-0"
    assert len(first.provider.bots) == 1
    for meeting in (first, second):
        await meeting.forward(minutes=minutes + 2)
    await first.completes()
    await second.completes()
    for meeting in (first, second):
        outcome = await meeting.outcome()
        assert outcome.status is MeetingStatus.COMPLETED
        assert any(artifact.path.endswith("/recording.mp4") for artifact in outcome.artifacts)


async def test_moved_and_tried_again_they_still_share_one(start: StartMeeting) -> None:
    first, second = await twins(start, timedelta(hours=5))
    await first.until_bots(1)
    await first.fails("InternalError")
    await first.forward(minutes=1)
    await first.until_bots(2)
    await first.bot_sends("in_call_recording", dispatch=1)
    await second.update("reschedule", Reschedule(start_time=await second.now() + timedelta(minutes=1)))
    view = await second.until(lambda view: view.dispatches == 1)
    assert view.bot_id == "bot-1"
    assert len(first.provider.bots) == 2


async def test_leave_of_the_one_that_shares_keeps_following_for_the_recording(start: StartMeeting) -> None:
    first, second = await twins(start, timedelta(minutes=1))
    await first.until_bots(1)
    await first.bot_sends("in_call_recording")
    await second.until(lambda view: view.dispatches == 1)
    await second.update("leave", StopRequest())
    await second.forward(minutes=5)
    assert not (await second.view()).status.is_final
    assert not first.provider.bots[0].removed, "the bot belongs to the first meeting"
    await second.completes()
    assert (await second.outcome()).status is MeetingStatus.COMPLETED


async def test_if_the_owner_cancels_the_other_gets_the_recording_and_a_bot_of_its_own(start: StartMeeting) -> None:
    first, second = await twins(start, timedelta(minutes=1))
    await first.until_bots(1)
    await first.bot_sends("in_call_recording")
    await second.until(lambda view: view.dispatches == 1)
    await first.update("cancel", StopRequest())
    await first.until(lambda _view: first.provider.bots[0].removed)
    first.provider.bots[0].observation = first.provider.finished("bot-0")
    await first.completes()
    assert (await first.outcome()).status is MeetingStatus.CANCELLED
    await second.until(lambda view: view.dispatches == 2)
    await second.forward(minutes=2)
    assert [bot.removed for bot in first.provider.bots] == [True, False]
    await second.completes(dispatch=1)
    outcome = await second.outcome()
    assert outcome.status is MeetingStatus.COMPLETED
    assert {order.bot_id for order in second.recordings.orders} == {"bot-0", "bot-1"}


async def test_an_account_that_is_refused_leaves_the_room_to_the_other(start: StartMeeting) -> None:
    url = room()
    first = await start(in_=timedelta(minutes=2), meeting_url=url)
    first.provider.failures = [AccountError("402: no tokens left")]
    await first.until(lambda view: view.reason is not None)
    second = await start(in_=timedelta(minutes=2), meeting_url=url)
    await second.until(lambda view: view.dispatches == 1)
    await first.forward(minutes=2)
    view = await first.until(lambda view: view.dispatches == 1)
    assert view.bot_id == "bot-0"
    assert len(first.provider.bots) == 1


async def test_while_one_does_not_know_whether_it_has_a_bot_the_other_sends_none(start: StartMeeting) -> None:
    url = room()
    first = await start(in_=timedelta(minutes=2), meeting_url=url)
    first.provider.search_failures = [UnavailableError("503: list")] * 10_000
    first.provider.after = [UnavailableError("timed out after the side effect")]
    await first.until(lambda _view: len(first.provider.bots) == 1)
    second = await start(in_=timedelta(minutes=2), meeting_url=url)
    await second.until_status(MeetingStatus.DISPATCHING)
    await second.forward(minutes=3)
    assert len(first.provider.bots) == 1
    await first.bot_sends("joining_call")
    await first.until(lambda view: view.dispatches == 1)
    await second.forward(minutes=1)
    view = await second.until(lambda view: view.dispatches == 1)
    assert view.bot_id == "bot-0"


async def test_a_terminated_workflows_bot_is_shared_and_not_doubled(start: StartMeeting) -> None:
    first, second = await twins(start, timedelta(minutes=10))
    await first.until_bots(1)
    await first.handle.terminate()
    await second.forward(minutes=10)
    view = await second.until(lambda view: view.dispatches == 1)
    assert view.bot_id == "bot-0"
    assert len(first.provider.bots) == 1
