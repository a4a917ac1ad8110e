"""One calendar: what happens in it, and what its meetings make of it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowHistory, WorkflowUpdateFailedError

from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.messages import CalendarStatus, OverrideChange, PolicyChange
from minutekeeper.meetings.request import StopRequest
from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.calendar_driver import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_event_is_booked_moved_and_cancelled(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    view = await anna.notices()
    assert view.counts.booked == 1
    meeting = anna.meeting()
    shown = await meeting.view()
    assert (shown.start_time, shown.title, shown.status) == (event.start_time, "event", MeetingStatus.SCHEDULED)
    assert [(each.calendar_id, each.event_id) for each in shown.calendars] == [(anna.calendar_id, event.event_id)]

    moved = anna.put(start_time=event.start_time + timedelta(minutes=7), meeting_url=world.link("elsewhere"))
    assert (await anna.notices()).counts.moved == 1
    shown = await meeting.view()
    assert (shown.start_time, shown.meeting_url) == (moved.start_time, world.link("elsewhere"))

    far = anna.put(start_time=event.start_time + timedelta(days=365))
    await anna.notices()
    assert (await meeting.view()).start_time == far.start_time

    anna.put(deleted=True)
    assert (await anna.notices()).counts.released == 1
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.evidence.event) == (MeetingStatus.CANCELLED, "released")


async def test_an_event_that_vanishes_is_cancelled(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    anna.remove()
    assert (await anna.notices()).counts.released == 1
    assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED


async def test_what_gets_no_bot_is_not_booked(world: World) -> None:
    anna = await world.connected()
    now = datetime.now(UTC)
    odd = [
        anna.put("all-day", all_day=True),
        anna.put("no-link", meeting_url=""),
        anna.put("webex", meeting_url="https://example.webex.com/meet/x"),
        anna.put("past", start_time=now - timedelta(days=2), end_time=now - timedelta(days=2, hours=-1)),
        anna.put("declined", response="declined"),
    ]
    view = await anna.notices()
    assert view.counts.events >= len(odd) - 1, "what is long past need not be read"
    assert view.counts.booked == 0
    for event in odd:
        assert not await world.exists(anna.meeting(event))


async def test_several_changes_in_one_second_are_one_look_at_the_last_of_them(world: World) -> None:
    anna = await world.connected(debounce_seconds=2)
    for minutes in range(5):
        event = anna.put(start_time=datetime.now(UTC) + timedelta(hours=2, minutes=minutes))
        await anna.call(event_ids=[event.event_id])
    await anna.forward(seconds=3)
    view = await anna.until(lambda view: view.counts.booked == 1)
    assert view.reconcile_count == 2
    assert (await anna.meeting().view()).start_time == event.start_time


async def test_a_lost_webhook_is_made_up_for_by_the_periodic_look(world: World) -> None:
    anna = await world.connected()
    event = anna.put(start_time=datetime.now(UTC) + timedelta(days=1))
    await anna.forward(hours=6, seconds=5)
    await anna.until(lambda view: view.reconcile_count == 2 and view.counts.booked == 1)
    anna.remove()
    await anna.forward(hours=6, seconds=5)
    await anna.until(lambda view: view.counts.released == 1)
    assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED


async def test_another_policy_and_somebodys_word_decide_about_booked_meetings_too(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    meeting = anna.meeting()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await anna.update("set_policy", PolicyChange(policy={"rules": [{"name": "x"}]}))
    assert "rules[0].then: is missing" in str(refused.value.cause)
    view = await anna.changes("set_policy", PolicyChange(policy={"otherwise": "skip"}))
    assert view.counts.released == 1
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED
    view = await anna.changes("override", OverrideChange(meeting_id=meeting_id_for_event(event), wanted="always"))
    assert view.counts.booked == 1
    assert (await meeting.view()).status is MeetingStatus.SCHEDULED, "what calendars gave up, they book anew"


async def test_never_for_a_series_holds_after_a_split_and_for_an_exception_with_a_new_id(world: World) -> None:
    anna = await world.connected()
    anna.put("first", is_recurring=True, recurring_event_id="4f2k", provider_event_id="4f2k_20990101T100000Z")
    await anna.notices()
    view = await anna.changes("override", OverrideChange(series_id="4f2k", wanted="never"))
    assert view.counts.released == 1
    rest = "4f2k_R20990108T100000"
    anna.put("rest", is_recurring=True, recurring_event_id=rest, provider_event_id=f"{rest}_20990108T100000Z")
    anna.put("exception", is_recurring=True, provider_event_id=f"{rest}_20990115T100000Z")
    anna.put("other", is_recurring=True, recurring_event_id="4f2l", provider_event_id="4f2l_20990115T100000Z")
    view = await anna.notices()
    assert view.counts.booked == 1
    view = await anna.changes("override", OverrideChange(series_id=rest, wanted=None))
    assert view.counts.booked == 3


async def test_a_meeting_that_people_cancelled_stays_cancelled(world: World) -> None:
    anna = await world.connected()
    anna.put()
    await anna.notices()
    meeting = anna.meeting()
    await meeting.update("cancel", StopRequest(why="not today"))
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED
    await anna.changes("resync")
    anna.book_path().unlink()
    await anna.changes("resync")
    anna.put(start_time=datetime.now(UTC) + timedelta(hours=3))
    await anna.notices()
    assert (await meeting.view()).status is MeetingStatus.CANCELLED


async def test_declined_and_accepted_again(world: World) -> None:
    anna = await world.connected()
    anna.put(response="accepted")
    await anna.notices()
    meeting = anna.meeting()
    anna.put(response="declined")
    await anna.notices()
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED
    anna.put(response="accepted")
    assert (await anna.notices()).counts.booked == 1
    assert (await meeting.view()).status is MeetingStatus.SCHEDULED


async def test_a_disconnected_calendar_lets_go_of_everything_and_ends(world: World) -> None:
    anna = await world.connected()
    events = [anna.put(name) for name in ("one", "two")]
    await anna.notices()
    await anna.update("disconnect")
    ended = await anna.handle.result()
    assert ended.status is CalendarStatus.DISCONNECTED
    for event in events:
        assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED
    assert world.calendars.deleted == [anna.calendar_id]
    assert not anna.book_path().exists()


async def test_its_history_is_cut_off_and_holds_nothing_of_the_events(world: World) -> None:
    anna = await world.connected()
    first = (await anna.handle.describe()).run_id
    event = anna.put(title="Top secret title", organizer_email="spy@example.com")
    await anna.notices(event_ids=[event.event_id])
    history = await anna.handle.fetch_history()
    decoded = "".join(str(payload) for payload in _payloads(history))
    assert anna.calendar_id in decoded
    for part in ("Top secret", "spy@", "meet.google.com"):
        assert part not in decoded
    for _ in range(60):
        for _ in range(5):
            await anna.call()
        if (await anna.handle.describe()).run_id != first:
            break
        await anna.notices()
    assert (await anna.handle.describe()).run_id != first
    anna.put(deleted=True)
    before = (await anna.view()).reconcile_count
    view = await anna.notices()
    assert view.reconcile_count > before > 1
    assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED


def _payloads(history: WorkflowHistory) -> list[bytes]:
    """Every payload of a history, as it can be read by an operator."""
    found: list[bytes] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(data := value.get("data"), str):
                found.append(base64.b64decode(data))
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(json.loads(history.to_json()))
    return found
