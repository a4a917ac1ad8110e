"""Moved, cancelled, left: at every phase."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import CancelledError

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import RequestRejectedError, UnavailableError
from tests.workflows.driver import Meeting, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


def soon(**duration: float) -> Reschedule:
    return Reschedule(start_time=datetime.now(UTC) + timedelta(**duration))


async def in_a_call(meeting: Meeting) -> None:
    """Brings a meeting that starts in an hour into its recording."""
    await meeting.forward(minutes=59)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")


async def on_its_way(meeting: Meeting) -> None:
    """Brings a meeting that starts in an hour to where its bot is joining."""
    await meeting.forward(minutes=59)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_waiting_room")


async def test_a_month_two_moves_and_a_change_of_the_clocks(start: StartMeeting) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before_change = datetime(2027, 3, 26, 9, 0, tzinfo=berlin)
    meeting = await start(start_time=before_change.isoformat())
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.update("reschedule", Reschedule(start_time=before_change + timedelta(days=1)))
    after_change = datetime(2027, 3, 29, 9, 0, tzinfo=berlin)
    view = await meeting.update("reschedule", Reschedule(start_time=after_change))
    assert view.start_time == datetime(2027, 3, 29, 7, 0, tzinfo=UTC), "09:00 in Berlin is 07:00 UTC in summer"
    # A meeting wakes up somewhat before its bot is sent, at an instant of its own.
    await meeting.forward_to(after_change - timedelta(minutes=6))
    assert not meeting.provider.bots
    await meeting.forward_to(after_change)
    bot = await meeting.until_bots(1)
    assert bot.order.dispatch_at == after_change - timedelta(minutes=4)
    await meeting.bot_sends("in_call_recording")
    await meeting.forward(hours=1)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    assert len(meeting.provider.bots) == 1


async def test_a_move_to_now_wakes_the_sleeper(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(days=20))
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.update("reschedule", soon(seconds=30))
    bot = await meeting.until_bots(1)
    assert bot.order.mode == "immediate"


async def test_a_new_end_or_title_disturbs_nothing(start: StartMeeting) -> None:
    meeting = await start()
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    change = Reschedule(start_time=view.start_time, end_time=view.start_time + timedelta(hours=3), title="Longer")
    view = await meeting.update("reschedule", change)
    assert (view.title, view.status) == ("Longer", MeetingStatus.SCHEDULED)
    assert [entry.event for entry in (await meeting.view()).timeline] == ["booked", "changed"]


async def test_moved_after_the_bot_was_sent(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=57)
    first = await meeting.until_bots(1)
    await meeting.bot_sends("joining_call")
    await meeting.update("reschedule", Reschedule(start_time=await meeting.now() + timedelta(hours=2)))
    await meeting.until(lambda view: view.status is MeetingStatus.SCHEDULED)
    assert first.removed
    await meeting.signal(BotEventKind.FAILED, code="ApiRequest")
    await meeting.forward(hours=2)
    second = await meeting.until_bots(2)
    assert second.order.key != first.order.key
    assert not second.removed
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "bot-1")


async def test_moved_while_waiting_keeps_both_recordings(start: StartMeeting) -> None:
    meeting = await start()
    await on_its_way(meeting)
    await meeting.update("reschedule", Reschedule(start_time=await meeting.now() + timedelta(hours=2)))
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.completes()
    await meeting.until(lambda view: any("earlier/0/recording" in each.path for each in view.artifacts))
    await meeting.forward(hours=2)
    await meeting.until_bots(2)
    await meeting.completes(dispatch=1)
    paths = [artifact.path for artifact in (await meeting.outcome()).artifacts]
    folder = meeting.handle.id.removeprefix("meeting-")
    assert f"{folder}/earlier/0/recording.mp4" in paths
    assert f"{folder}/recording.mp4" in paths
    (manifest,) = meeting.recordings.manifests
    assert all(artifact.sha256 for artifact in manifest.artifacts), (
        "or nobody could say what the earlier files were"
    )


async def test_a_move_during_the_call_is_held_and_says_so(start: StartMeeting) -> None:
    meeting = await start()
    await in_a_call(meeting)
    before = await meeting.view()
    view = await meeting.update("reschedule", Reschedule(start_time=await meeting.now() + timedelta(hours=2)))
    assert view.start_time == before.start_time
    assert "its recording goes on" in view.held_change
    assert not meeting.provider.bots[0].removed
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    assert len(meeting.provider.bots) == 1


async def test_the_old_bot_is_gone_before_the_new_one_is_sent(start: StartMeeting) -> None:
    meeting = await start()
    await on_its_way(meeting)
    meeting.provider.removal_failures = [UnavailableError("down")] * 2
    await meeting.update("reschedule", soon(seconds=20))
    await meeting.until_bots(2)
    timeline = [entry.event for entry in (await meeting.view()).timeline]
    assert timeline.index("bot_withdrawn") < len(timeline) - 1 - timeline[::-1].index("bot_sent")
    assert meeting.provider.bots[0].removed


async def test_cancelled_while_asleep(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(days=300))
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.update("cancel", StopRequest(why="holiday"))
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.CANCELLED
    assert outcome.evidence.text == "holiday"
    assert not meeting.provider.bots


async def test_cancelled_while_joining_leaves_no_bot(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    bot = await meeting.until_bots(1)
    await meeting.update("cancel", StopRequest())
    await meeting.until(lambda _view: bot.removed)
    await meeting.fails("ApiRequest")
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED


async def test_cancelled_while_recording_keeps_what_was_recorded(start: StartMeeting) -> None:
    meeting = await start()
    await in_a_call(meeting)
    await meeting.update("cancel", StopRequest())
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.bot_sends("call_ended")
    await meeting.completes()
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.CANCELLED
    assert any(artifact.path.endswith("recording.mp4") for artifact in outcome.artifacts)


async def test_leave_ends_the_meeting_as_any_other(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.until_status(MeetingStatus.SCHEDULED)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await meeting.update("leave", StopRequest())
    assert "cancel the meeting instead" in str(refused.value.cause)
    await in_a_call(meeting)
    await meeting.update("leave", StopRequest(why="confidential part"))
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_leave_before_anything_was_recorded(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    await meeting.update("leave", StopRequest())
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.fails("ApiRequest")
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.reason) == (MeetingStatus.FAILED, FailureReason.STOPPED)


@pytest.mark.parametrize("update", ["cancel", "leave", "reschedule"])
async def test_a_finished_meeting_refuses_changes(start: StartMeeting, update: str) -> None:
    meeting = await start()
    await in_a_call(meeting)
    meeting.recordings.hold.clear()
    await meeting.completes()
    await meeting.until_status(MeetingStatus.COLLECTING)
    argument = soon(hours=1) if update == "reschedule" else StopRequest()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await meeting.update(update, argument)
    assert "This meeting is over" in str(refused.value.cause)
    meeting.recordings.hold.set()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_a_stopped_meeting_cannot_be_moved_and_a_second_cancel_is_harmless(start: StartMeeting) -> None:
    meeting = await start()
    await in_a_call(meeting)
    await meeting.update("cancel", StopRequest(why="first"))
    with pytest.raises(WorkflowUpdateFailedError):
        await meeting.update("reschedule", soon(hours=1))
    await meeting.update("cancel", StopRequest(why="second"))
    await meeting.completes()
    assert (await meeting.outcome()).evidence.text == "first"


async def test_an_operator_who_cancels_the_workflow_leaves_no_bot_behind(start: StartMeeting) -> None:
    meeting = await start()
    await in_a_call(meeting)
    await meeting.handle.cancel()
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.completes()
    with pytest.raises(WorkflowFailureError) as ended:
        await meeting.handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert meeting.recordings.orders, "what was recorded is kept"


async def test_an_operator_who_cancels_a_sleeper(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await meeting.handle.result()
    assert not meeting.provider.bots


async def test_moved_during_the_grace_after_a_failure(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    await meeting.fails("BotNotAccepted")
    await meeting.until_status(MeetingStatus.ENDED)
    await meeting.update("reschedule", Reschedule(start_time=await meeting.now() + timedelta(hours=1)))
    await meeting.forward(hours=1)
    await meeting.until_bots(2)
    await meeting.completes(dispatch=1)
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_a_changed_link_sends_the_bot_elsewhere(start: StartMeeting) -> None:
    meeting = await start()
    await on_its_way(meeting)
    view = await meeting.view()
    elsewhere = "https://zoom.us/j/1234567890"
    await meeting.update("reschedule", Reschedule(start_time=view.start_time, meeting_url=elsewhere))
    second = await meeting.until_bots(2)
    assert second.order.meeting_url.startswith(elsewhere)
    assert meeting.provider.bots[0].removed


async def test_cancel_replaces_leave(start: StartMeeting) -> None:
    meeting = await start()
    await in_a_call(meeting)
    await meeting.update("leave", StopRequest())
    await meeting.update("cancel", StopRequest(why="altogether"))
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.evidence.text) == (MeetingStatus.CANCELLED, "altogether")


async def test_a_bot_in_the_call_is_not_thrown_out_for_a_time_that_has_passed(start: StartMeeting) -> None:
    meeting = await start()
    await in_a_call(meeting)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await meeting.update("reschedule", Reschedule(start_time=await meeting.now() - timedelta(days=1)))
    assert "over already" in str(refused.value.cause)
    assert not meeting.provider.bots[0].removed
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_messages_without_anything_in_them(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.handle.signal("bot_event")
    await meeting.handle.execute_update("cancel")
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED


async def test_a_refused_removal_is_tried_again_before_another_bot_is_sent(start: StartMeeting) -> None:
    meeting = await start()
    await on_its_way(meeting)
    meeting.provider.removal_failures = [RequestRejectedError("403: not now")]
    await meeting.update("reschedule", Reschedule(start_time=await meeting.now() + timedelta(minutes=1)))
    await meeting.until(lambda view: "removal_refused" in [entry.event for entry in view.timeline])
    assert len(meeting.provider.bots) == 1
    await meeting.forward(minutes=3)
    await meeting.until_bots(2)
    assert meeting.provider.bots[0].removed
