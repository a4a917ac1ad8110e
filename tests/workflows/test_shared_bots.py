"""A bot that two workflows share, and its owner takes away: the other one has a bot of its own at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import UnavailableError
from tests.workflows.driver import Meeting, StartMeeting, room

pytestmark = pytest.mark.asyncio(loop_scope="session")

START_IN = timedelta(minutes=2)


async def sharing(start: StartMeeting, count: int = 1, **owners: Any) -> list[Meeting]:
    """Workflows of one meeting, the first of which has sent the bot that all share."""
    url = room()
    owner = await start(in_=START_IN, meeting_url=url, **owners)
    await owner.until_bots(1)
    others = [await start(in_=START_IN, meeting_url=url) for _ in range(count)]
    for other in others:
        assert (await other.until(lambda view: view.dispatches == 1)).bot_id == "bot-0"
    return [owner, *others]


def is_own(bot_id: str) -> Any:
    return lambda view: view.bot_id == bot_id


@pytest.mark.parametrize("how", ["cancel", "leave", "moved", "send"])
async def test_the_other_one_is_told_at_once_before_the_start(start: StartMeeting, how: str) -> None:
    owner, other = await sharing(start)
    if how == "moved":
        await owner.update("reschedule", Reschedule(start_time=datetime.now(UTC) + timedelta(hours=5)))
    else:
        await owner.update(how, StopRequest())
    view = await other.until(is_own("bot-1"))
    assert "taken_away" in [entry.event for entry in view.timeline]
    assert [bot.removed for bot in owner.provider.bots] == [True, False]
    if how == "send":
        assert (await owner.until(lambda view: view.dispatches == 2)).bot_id == "bot-1", "they share again"


async def test_what_was_recorded_until_then_is_kept_and_nothing_is_waited_for(start: StartMeeting) -> None:
    owner, other = await sharing(start)
    await owner.bot_sends("joining_call", "in_call_recording")
    await owner.forward(minutes=12)
    await other.forward(minutes=12)
    await owner.update("leave", StopRequest())
    await other.until(is_own("bot-1"))
    for meeting in (owner, other):
        await meeting.completes(bot_id="bot-0")
    await other.completes(dispatch=1)
    outcome = await other.outcome()
    assert outcome.status is MeetingStatus.COMPLETED
    assert {order.bot_id for order in other.recordings.orders} == {"bot-0", "bot-1"}


async def test_a_bot_that_leaves_at_the_planned_end_is_followed_for_a_meeting_that_lasts_longer(
    start: StartMeeting,
) -> None:
    end = datetime.now(UTC) + timedelta(minutes=30)
    owner, other = await sharing(start, end_time=end.isoformat(), bot={"leave_at_end": 0})
    await owner.bot_sends("joining_call", "in_call_recording")
    await other.forward_to(end)
    await owner.forward_to(end)
    await other.until(is_own("bot-1"))
    assert [bot.removed for bot in owner.provider.bots] == [True, False]


async def test_a_bot_whose_departure_overtakes_the_answer_to_its_removal_is_missed_all_the_same(
    start: StartMeeting,
) -> None:
    owner, other = await sharing(start)
    await owner.bot_sends("joining_call", "in_call_recording")
    for meeting in (owner, other):
        await meeting.forward(minutes=20)
    owner.provider.removal_failures = [UnavailableError("no answer")] * 1000
    await owner.update("send", StopRequest())
    await owner.until(lambda _view: len(owner.provider.removal_failures) < 1000)
    await owner.completes()
    view = await other.until(lambda view: "taken_away" in [entry.event for entry in view.timeline])
    assert view.dispatches >= 1
    assert len((await other.until(lambda view: view.bot_id == "bot-1")).timeline) > 0


async def test_a_shared_bot_that_has_ended_is_not_shared_again_before_its_owner_knows(start: StartMeeting) -> None:
    owner, other = await sharing(start)
    await owner.bot_sends("in_call_recording")
    left_at = (await other.view()).start_time - timedelta(seconds=30)
    owner.provider.bots[0].observation = owner.provider.finished("bot-0", left_at)
    await other.forward(minutes=4)
    assert (await other.until(is_own("bot-1"))).dispatches == 2
    assert (await owner.view()).status is MeetingStatus.RECORDING, "it has heard nothing"


async def test_of_several_one_sends_a_bot_and_the_others_share_it(start: StartMeeting) -> None:
    owner, *others = await sharing(start, 3)
    await owner.update("cancel", StopRequest())
    for other in others:
        await other.forward(seconds=30)
        await other.until(is_own("bot-1"))
    assert len(owner.provider.bots) == 2


async def test_a_bot_that_left_by_itself_was_not_taken_away(start: StartMeeting) -> None:
    owner, other = await sharing(start)
    await owner.bot_sends("in_call_recording")
    for meeting in (owner, other):
        await meeting.forward(minutes=20)
    await owner.bot_sends("call_ended")
    await owner.update("cancel", StopRequest())
    owner.provider.bots[0].observation = owner.provider.finished("bot-0", await other.now())
    await other.forward(minutes=2)
    assert (await other.outcome()).status is MeetingStatus.COMPLETED
    assert len(owner.provider.bots) == 1


async def test_one_that_is_asked_to_leave_itself_sends_none(start: StartMeeting) -> None:
    owner, other = await sharing(start)
    await other.update("leave", StopRequest())
    await owner.update("cancel", StopRequest())
    await owner.until(lambda _view: owner.provider.bots[0].removed)
    await other.forward(minutes=3)
    assert len(owner.provider.bots) == 1


async def test_a_workflow_that_is_gone_by_then_is_told_in_vain(start: StartMeeting) -> None:
    owner, gone, other = await sharing(start, 2)
    await gone.handle.terminate()
    await owner.update("cancel", StopRequest())
    await other.until(is_own("bot-1"))
    await owner.fails("ApiRequest")
    await owner.forward(minutes=3)
    assert (await owner.outcome()).status is MeetingStatus.CANCELLED


async def test_the_owner_is_asked_before_the_start_and_at_the_start(start: StartMeeting) -> None:
    url = room()
    begin = datetime.now(UTC) + timedelta(hours=1)
    owner = await start(start_time=begin.isoformat(), meeting_url=url)
    await owner.forward_to(begin - timedelta(minutes=4))
    await owner.until_bots(1)
    other = await start(start_time=begin.isoformat(), meeting_url=url)
    await other.forward_to(begin - timedelta(minutes=4))
    await other.until(is_own("bot-0"))
    first_check = (await other.view()).next_deadline
    assert first_check is not None
    assert first_check <= begin - timedelta(minutes=3)
    await other.forward_to(begin + timedelta(seconds=1))
    view = await other.until(lambda view: (view.next_deadline or begin) > begin)
    asked_at = [entry.at for entry in view.timeline if entry.event == "asked"][-1]
    assert begin <= asked_at < begin + timedelta(seconds=5)
