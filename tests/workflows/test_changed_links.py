"""The host gives a meeting another link while it runs: another bot goes there while time is left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.driver import Meeting, StartMeeting, room
from tests.workflows.test_calendar_during_meetings import recorded

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def changed(calendar: Calendar, **fields: Any) -> str:
    """Gives the event another link, and returns that."""
    link = calendar.put(**{"meeting_url": calendar.world.link("elsewhere")} | fields).meeting_url
    await calendar.notices()
    return link


async def test_another_bot_goes_to_the_new_link_and_the_running_recording_goes_on(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    link = await changed(anna)
    second = await meeting.until_bots(2)
    assert second.order.meeting_url == link
    view = await meeting.view()
    assert (view.meeting_url, view.status) == (link, MeetingStatus.JOINING)
    assert "The one in the call stays there" in view.timeline[-2].text
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.forward(minutes=20)
    assert not any(bot.removed for bot in world.provider.bots)
    await meeting.completes()
    await meeting.completes(dispatch=1)
    outcome = await meeting.outcome()
    paths = {artifact.path.removeprefix(f"{outcome.meeting_id}/") for artifact in outcome.artifacts}
    assert {"recording.mp4", "earlier/0/recording.mp4"} <= paths
    assert outcome.status is MeetingStatus.COMPLETED


@pytest.mark.parametrize("fails_first", [True, False])
async def test_if_no_one_comes_to_the_new_link_the_first_bots_recording_is_the_meeting_without_delay(
    world: World, fails_first: bool
) -> None:
    anna, meeting = await recorded(world, begun=True)
    await changed(anna)
    await meeting.until_bots(2)
    await meeting.forward(minutes=5)
    world.provider.bots[1].observation = world.provider.refused("bot-1")
    if fails_first:
        await meeting.fails("BotNotAccepted", dispatch=1)
        await meeting.until_status(MeetingStatus.RECORDING)
    await meeting.completes()
    if not fails_first:
        await meeting.until(lambda view: "recording_stored" in [entry.event for entry in view.timeline])
        await meeting.fails("BotNotAccepted", dispatch=1)
    outcome = await meeting.outcome()
    assert "bot-1" in world.provider.asked, "it recorded nothing, which is certain without its grace period"
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)


async def test_a_bot_that_still_waits_leaves_for_the_new_link(world: World) -> None:
    anna = await world.connected()
    anna.put(start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting()
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_waiting_room")
    await meeting.forward(minutes=4)
    await changed(anna)
    await meeting.until_bots(2)
    assert [bot.removed for bot in world.provider.bots] == [True, False]


async def test_a_link_that_is_taken_back_needs_no_third_bot(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    first = (await meeting.view()).meeting_url
    await changed(anna)
    await meeting.until_bots(2)
    await meeting.bot_sends("in_waiting_room", dispatch=1)
    await changed(anna, meeting_url=first)
    view = await meeting.until(lambda _view: world.provider.bots[1].removed)
    assert (view.meeting_url, view.bot_id, view.status) == (first, "bot-0", MeetingStatus.RECORDING)
    await meeting.fails("ApiRequest", dispatch=1)
    await meeting.completes()
    outcome = await meeting.outcome()
    assert len(world.provider.bots) == 2
    assert f"{outcome.meeting_id}/recording.mp4" in {artifact.path for artifact in outcome.artifacts}


async def test_a_bot_goes_there_too_when_the_first_call_is_over_and_its_files_are_fetched(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    meeting.recordings.hold.clear()
    await meeting.completes()
    await meeting.until_status(MeetingStatus.COLLECTING)
    link = await changed(anna)
    second = await meeting.until_bots(2)
    assert second.order.meeting_url == link
    meeting.recordings.hold.set()
    await meeting.completes(dispatch=1)
    outcome = await meeting.outcome()
    assert sum("/recording." in artifact.path for artifact in outcome.artifacts) == 2


async def test_a_meeting_that_has_ended_is_followed_by_another_one_at_the_new_link(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    await meeting.completes()
    await meeting.outcome()
    link = await changed(anna)
    second = await anna.meeting(sitting=2).until_bots(1)
    assert second.order.meeting_url == link
    anna.put(title="still the same meeting", meeting_url=link)
    await anna.notices()
    assert (await anna.meeting(sitting=2).view()).title == "still the same meeting"
    assert len(world.provider.bots) == 2


@pytest.mark.parametrize("is_over", [False, True])
async def test_no_bot_goes_there_after_a_person_had_the_bot_leave(world: World, is_over: bool) -> None:
    anna, meeting = await recorded(world, begun=True)
    await meeting.update("leave", StopRequest())
    if is_over:
        await meeting.completes()
        await meeting.outcome()
    await changed(anna)
    assert len(world.provider.bots) == 1
    assert not await world.exists(anna.meeting(sitting=2))


async def test_no_bot_goes_there_for_the_last_minute(start: StartMeeting) -> None:
    meeting = await in_call(start)
    await meeting.forward(minutes=29, seconds=30)
    with pytest.raises(WorkflowUpdateFailedError):
        await to_another_room(meeting)
    assert len(meeting.provider.bots) == 1


async def in_call(start: StartMeeting) -> Meeting:
    """A meeting of half an hour that is being recorded from its start on."""
    begin = datetime.now(UTC) + timedelta(minutes=2)
    end = begin + timedelta(minutes=30)
    meeting = await start(start_time=begin.isoformat(), end_time=end.isoformat(), meeting_url=room())
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.forward_to(begin)
    return meeting


async def to_another_room(meeting: Meeting) -> None:
    begin = (await meeting.view()).start_time
    await meeting.update("reschedule", Reschedule(start_time=begin, meeting_url=room()))


async def test_a_person_sends_another_bot_to_a_new_link_and_both_leave_when_they_say_so(
    start: StartMeeting,
) -> None:
    meeting = await in_call(start)
    await meeting.forward(minutes=10)
    await to_another_room(meeting)
    await meeting.until_bots(2)
    assert not (await meeting.view()).held_change
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.update("leave", StopRequest())
    await meeting.until(lambda _view: all(bot.removed for bot in meeting.provider.bots))
    await meeting.completes()
    await meeting.completes(dispatch=1)
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_the_next_meeting_in_the_old_room_has_its_bot_leave(start: StartMeeting) -> None:
    meeting = await in_call(start)
    view = await meeting.view()
    border = view.start_time + timedelta(minutes=30)
    await to_another_room(meeting)
    await meeting.until_bots(2)
    following = await start(start_time=border.isoformat(), meeting_url=view.meeting_url)
    await following.forward_to(border - timedelta(minutes=4))
    await following.until_bots(1)
    await meeting.forward_to(border)
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    assert [bot.removed for bot in meeting.provider.bots] == [True, False, False]
