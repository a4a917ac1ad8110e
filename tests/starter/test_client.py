"""The typed client against a real Temporal server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.ids import meeting_id_for, workflow_id_for
from minutekeeper.meetings.request import Reschedule
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from minutekeeper.temporal.search_attributes import MEETING_PLATFORM, MEETING_START, MEETING_TITLE, MEETING_URL
from starter.errors import (
    MeetingInputError,
    MeetingNotFoundError,
    MeetingRefusedError,
    NoWorkerError,
    TemporalUnreachableError,
)
from starter.meeting_models import BookingOutcome
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import URL, a_request, an_outcome, connect, end, eventually, play

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_booking_is_named_after_link_and_start_and_found_by_its_attributes(
    client: TemporalMeetingClient,
) -> None:
    request = a_request(25, title="Weekly")
    started = await client.start(request)
    assert started.booking is BookingOutcome.BOOKED
    assert not started.already_existed
    assert started.meeting_id == meeting_id_for(request.meeting_url, request.start_time)
    assert started.workflow_id == workflow_id_for(started.meeting_id)
    described = await client.temporal.get_workflow_handle(started.workflow_id).describe()
    attributes = described.typed_search_attributes
    assert attributes.get(MEETING_URL) == URL
    assert attributes.get(MEETING_START) == request.start_time
    assert attributes.get(MEETING_TITLE) == "Weekly"
    assert attributes.get(MEETING_PLATFORM) == "google_meet"
    assert (await described.static_summary() or "").startswith("Weekly, ")


async def test_the_same_meeting_twice_is_one_meeting(client: TemporalMeetingClient) -> None:
    request = a_request(26)
    first = await client.start(request)
    second = await client.start(a_request().model_copy(update={"start_time": request.start_time, "title": "other"}))
    assert second.booking is BookingOutcome.ALREADY_BOOKED
    assert second.already_existed
    assert second.meeting_id == first.meeting_id
    assert second.view is not None
    assert second.view.status is MeetingStatus.SCHEDULED


async def test_many_who_book_at_the_same_moment_share_one_meeting(client: TemporalMeetingClient) -> None:
    request = a_request(27)
    started = await asyncio.gather(*(client.start(request) for _ in range(10)))
    assert len({each.workflow_id for each in started}) == 1
    assert [each.already_existed for each in started].count(False) == 1


async def test_a_completed_meeting_is_not_kept_again(client: TemporalMeetingClient) -> None:
    request = a_request(28)
    first = await client.start(request)
    await end(client, first.workflow_id, an_outcome(first.meeting_id))
    again = await client.start(request)
    assert again.booking is BookingOutcome.ALREADY_COMPLETED
    assert again.already_existed
    assert again.view is not None
    assert again.view.artifacts


@pytest.mark.parametrize("status", [MeetingStatus.CANCELLED, MeetingStatus.FAILED])
async def test_a_meeting_that_ended_badly_is_booked_anew_while_it_is_not_over(
    client: TemporalMeetingClient, status: MeetingStatus
) -> None:
    request = a_request(29 if status is MeetingStatus.FAILED else 30)
    first = await client.start(request)
    await end(client, first.workflow_id, an_outcome(first.meeting_id, status))
    again = await client.start(request)
    assert again.booking is BookingOutcome.BOOKED_AGAIN
    assert not again.already_existed
    assert again.workflow_id == first.workflow_id
    assert (await client.status(again.meeting_id)).status is MeetingStatus.SCHEDULED


@pytest.mark.parametrize(
    ("stop", "end_of_it", "hours"),
    [
        (lambda handle: handle.terminate("by hand"), (MeetingStatus.FAILED, "workflow_terminated"), 31),
        (lambda handle: handle.cancel(), (MeetingStatus.CANCELLED, "workflow_canceled"), 37),
    ],
)
async def test_a_workflow_that_was_ended_from_outside_is_shown_as_such_and_booked_anew(
    client: TemporalMeetingClient,
    stop: Callable[[WorkflowHandle[Any, Any]], Awaitable[None]],
    end_of_it: tuple[MeetingStatus, str],
    hours: int,
) -> None:
    request = a_request(hours)
    first = await client.start(request)
    await client.status(first.meeting_id)
    await stop(client.temporal.get_workflow_handle(first.workflow_id))
    outcome = await client.wait(first.meeting_id)
    assert (outcome.status, outcome.evidence.event) == end_of_it
    view = await client.status(first.meeting_id)
    assert view.status is end_of_it[0]
    assert view.timeline
    again = await client.start(request)
    assert again.booking is BookingOutcome.BOOKED_AGAIN


async def test_what_a_cancelled_meeting_recorded_is_not_replaced_by_a_new_run(
    client: TemporalMeetingClient,
) -> None:
    request = a_request(48)
    first = await client.start(request)
    files = an_outcome(first.meeting_id).artifacts
    outcome = an_outcome(first.meeting_id, MeetingStatus.CANCELLED, artifacts=files)
    await end(client, first.workflow_id, outcome)
    again = await client.start(request)
    assert again.booking is BookingOutcome.FILES_STORED
    assert again.already_existed


async def test_a_failed_meeting_that_is_over_stays_as_it_is(client: TemporalMeetingClient) -> None:
    request = a_request(-3)
    meeting_id = meeting_id_for(request.meeting_url, request.start_time)
    name = workflow_id_for(meeting_id)
    await client.temporal.start_workflow(MEETING_WORKFLOW, request, id=name, task_queue=MEETINGS_QUEUE)
    await end(client, name, an_outcome(meeting_id, MeetingStatus.FAILED))
    again = await client.start(request)
    assert again.booking is BookingOutcome.ALREADY_OVER
    assert again.already_existed


async def test_a_meeting_that_was_moved_is_still_the_one_that_was_booked(client: TemporalMeetingClient) -> None:
    request = a_request(32)
    first = await client.start(request)
    later = request.start_time + timedelta(hours=1)
    await client.reschedule(first.meeting_id, Reschedule(start_time=later))
    again = await client.start(request)
    assert again.booking is BookingOutcome.ALREADY_BOOKED
    assert again.view is not None
    assert again.view.start_time == later


async def test_a_name_of_ones_own_is_the_meeting_id(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(33), "board/2026 \"Q4\" 'x'")
    assert started.meeting_id == started.workflow_id == "board/2026 \"Q4\" 'x'"
    view = await client.status("board/2026 \"Q4\" 'x'")
    assert view.meeting_id == started.meeting_id


async def test_a_name_that_belongs_to_another_meeting_is_refused(client: TemporalMeetingClient) -> None:
    await client.start(a_request(34), "taken")
    with pytest.raises(MeetingRefusedError, match="taken belongs to another meeting"):
        await client.start(a_request(35), "taken")
    await client.temporal.start_workflow("Else", id="no-meeting", task_queue="else")
    with pytest.raises(MeetingRefusedError, match="another type"):
        await client.start(a_request(35), "no-meeting")
    with pytest.raises(MeetingNotFoundError):
        await client.status("no-meeting")


async def test_a_meeting_is_found_by_either_id_and_an_exact_name_wins(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(36))
    by_meeting, by_workflow = await client.status(started.meeting_id), await client.status(started.workflow_id)
    assert by_meeting == by_workflow
    await client.start(a_request(37), "standup")
    await client.start(a_request(38), "meeting-standup")
    assert (await client.status("standup")).workflow_id == "standup"
    assert (await client.status("meeting-standup")).workflow_id == "meeting-standup"


async def test_an_unknown_meeting(client: TemporalMeetingClient) -> None:
    for attempt in (
        client.status("nobody"),
        client.cancel("nobody"),
        client.leave("nobody"),
        client.wait("nobody"),
        client.progress("nobody"),
        client.reschedule("nobody", Reschedule(start_time=a_request().start_time)),
    ):
        with pytest.raises(MeetingNotFoundError, match="no meeting nobody"):
            await attempt
    for bad in ("", "  ", "x" * 1001):
        with pytest.raises(MeetingInputError, match="ID"):
            await client.status(bad)


async def test_a_change_is_made_or_refused_in_the_words_of_the_workflow(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(39))
    later = a_request(40).start_time
    assert (await client.reschedule(started.meeting_id, Reschedule(start_time=later))).start_time == later
    with pytest.raises(MeetingRefusedError, match="stopped already"):
        await client.reschedule(started.meeting_id, Reschedule(start_time=later, title="refuse me"))
    with pytest.raises(MeetingRefusedError, match="No bot is in this meeting yet"):
        await client.leave(started.meeting_id)
    await play(client, started.workflow_id, Scene(status=MeetingStatus.RECORDING))
    assert (await client.leave(started.meeting_id)).status is MeetingStatus.RECORDING


async def test_cancelling_shows_the_end_and_twice_is_once(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(41))
    assert (await client.cancel(started.meeting_id, "moved to mail")).status is MeetingStatus.CANCELLED
    assert (await client.cancel(started.workflow_id)).status is MeetingStatus.CANCELLED
    with pytest.raises(MeetingRefusedError, match=r"over \(cancelled\) and cannot be rescheduled"):
        await client.reschedule(started.meeting_id, Reschedule(start_time=a_request().start_time))


async def test_a_completed_meeting_cannot_be_changed(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(42))
    await end(client, started.workflow_id, an_outcome(started.meeting_id))
    with pytest.raises(MeetingRefusedError, match=r"over \(completed\) and cannot be cancelled"):
        await client.cancel(started.meeting_id)
    with pytest.raises(MeetingRefusedError, match=r"over \(completed\) and cannot be left"):
        await client.leave(started.meeting_id)


async def test_waiting_brings_the_outcome(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(43))
    waiting = asyncio.create_task(client.wait(started.meeting_id))
    outcome = an_outcome(started.meeting_id, MeetingStatus.FAILED, reason=FailureReason.NOBODY_CAME)
    await end(client, started.workflow_id, outcome)
    assert await waiting == outcome


async def test_a_download_is_seen_in_its_heartbeats(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(44))
    assert await client.progress(started.meeting_id) is None
    await play(client, started.workflow_id, Scene(download=DownloadProgress(done=7, total=10)))
    seen = await eventually(lambda: client.progress(started.meeting_id), lambda progress: progress is not None)
    assert seen == DownloadProgress(done=7, total=10)
    await end(client, started.workflow_id, an_outcome(started.meeting_id))


@pytest.mark.usefixtures("without_worker")
async def test_without_a_worker_a_running_meeting_says_so(quiet_client: TemporalMeetingClient) -> None:
    request = a_request(45)
    started = await quiet_client.start(request)
    assert (await quiet_client.start(request)).booking is BookingOutcome.ALREADY_BOOKED
    with pytest.raises(NoWorkerError, match=r"\(last known status: scheduled\).*`minutekeeper worker`"):
        await quiet_client.status(started.meeting_id)


async def test_without_a_worker_an_ended_meeting_is_still_shown(quiet_client: TemporalMeetingClient) -> None:
    request = a_request(46, title="Ended by hand", wanted={"transcript": False})
    started = await quiet_client.start(request)
    await quiet_client.temporal.get_workflow_handle(started.workflow_id).terminate("by hand")
    view = await quiet_client.status(started.meeting_id)
    assert (view.status, view.reason) == (MeetingStatus.FAILED, FailureReason.TERMINATED)
    assert (view.title, view.meeting_url) == ("Ended by hand", URL)
    assert (view.start_time, view.platform, view.timeline) == (request.start_time, "google_meet", ())


async def test_a_meeting_that_was_started_bare_is_shown_from_its_input(quiet_client: TemporalMeetingClient) -> None:
    temporal = quiet_client.temporal
    bare = {"meeting_url": URL + "?authuser=1", "start_time": "2027-03-01T10:00:00+01:00", "title": "Bare"}
    handle = await temporal.start_workflow("MeetingWorkflow", bare, id="bare", task_queue="meetings")
    await handle.terminate()
    view = await quiet_client.status("bare")
    assert (view.meeting_id, view.title, view.meeting_url) == ("bare", "Bare", URL)
    broken = await temporal.start_workflow("MeetingWorkflow", {"no": 1}, id="broken", task_queue="meetings")
    await broken.terminate()
    assert (await quiet_client.status("broken")).status is MeetingStatus.FAILED


async def test_a_missing_namespace_is_no_missing_meeting(client: TemporalMeetingClient) -> None:
    lost = TemporalMeetingClient(await connect(client.temporal, "nowhere"))
    with pytest.raises(TemporalUnreachableError, match="Namespace nowhere is not found"):
        await lost.status("x")
    with pytest.raises(TemporalUnreachableError, match="nowhere"):
        await lost.start(a_request())


async def test_a_long_title_is_cut_where_temporal_takes_only_a_line(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(47, title="ü" * 300))
    summary = await (await client.temporal.get_workflow_handle(started.workflow_id).describe()).static_summary()
    assert summary is not None
    assert len(summary.encode()) < 400
