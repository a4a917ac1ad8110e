"""Whose word counts: a person's during a recording, a veto among calendars, and people who opted out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, QueryWorkflowInput
from temporalio.service import RPCError, RPCStatusCode

from activities.meeting_bookings import CALL_ERRORS, MeetingBookings
from minutekeeper.calendars.event import CalendarEvent, meeting_id_for_event
from minutekeeper.calendars.messages import OverrideChange, PolicyChange
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.meetings.claims import ClaimRelease
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage import layout
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint
from minutekeeper.storage.objections import OptOutStore
from minutekeeper.storage.store import ArtifactStore
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.driver import Meeting

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRETA = "greta@acme.com"


async def override(calendar: Calendar, event: CalendarEvent, wanted: str | None) -> None:
    """An override, and the look that it leads to."""
    await calendar.changes("override", {"meeting_id": meeting_id_for_event(event), "wanted": wanted})


def rule_of(calendar: Calendar, event: CalendarEvent) -> str:
    """The rule by which the last look of a calendar decided about an event."""
    book = CalendarCheckpoint.model_validate_json(calendar.book_path().read_bytes())
    return book.events.entries[event.event_id].rule


async def shared(world: World, **fields: Any) -> tuple[Calendar, CalendarEvent, Calendar, CalendarEvent]:
    """Anna and Ben, who have the same event; neither calendar has read it yet."""
    anna, ben = await world.connected("anna", owner="anna@acme.com"), await world.connected("ben")
    hers = anna.put(is_organizer=True, **fields)
    his = ben.put(**{"start_time": hers.start_time} | fields)
    return anna, hers, ben, his


async def until_rule(calendar: Calendar, event: CalendarEvent, rule: str) -> None:
    await calendar.until(lambda _view: rule_of(calendar, event) == rule)


async def record(meeting: Meeting) -> None:
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    await meeting.forward(minutes=10)


@pytest.mark.parametrize("word", ["event", "series"])
async def test_a_persons_never_sends_a_recording_bot_out(world: World, word: str) -> None:
    anna = await world.connected()
    event = anna.put(
        start_time=datetime.now(UTC) + timedelta(minutes=2),
        recurring_event_id="weekly",
        is_recurring=True,
        original_start=datetime.now(UTC) + timedelta(minutes=2),
    )
    await anna.notices()
    meeting = anna.meeting(event)
    await record(meeting)
    if word == "event":
        await override(anna, event, "never")
    else:
        await anna.changes("override", OverrideChange(series_id="weekly", wanted="never"))
    await meeting.until(lambda _view: world.provider.bots[0].removed)
    await meeting.completes()
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.CANCELLED
    assert outcome.artifacts, "what was recorded is kept"


async def test_a_persons_never_sends_a_bot_out_of_a_meeting_that_overruns(world: World) -> None:
    anna = await world.connected()
    start = datetime.now(UTC) + timedelta(minutes=2)
    event = anna.put(start_time=start, end_time=start + timedelta(minutes=5))
    await anna.notices()
    meeting = anna.meeting()
    await record(meeting)
    await anna.forward(minutes=12)
    await override(anna, event, "never")
    await meeting.until(lambda _view: world.provider.bots[0].removed)


@pytest.mark.parametrize("world", [VetoScope.ANY, VetoScope.OWN], indirect=True)
@pytest.mark.parametrize("why", ["deleted", "gone", "policy"])
async def test_a_persons_never_sends_out_a_bot_that_stayed_when_its_calendar_let_go(world: World, why: str) -> None:
    anna = await world.connected()
    event = anna.put(start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting(event)
    await record(meeting)
    if why == "policy":
        await anna.changes("set_policy", PolicyChange(policy={"otherwise": "skip"}))
    elif why == "deleted":
        # After the beginning, by the clock of the meeting.
        anna.put(deleted=True, updated_at=event.start_time + timedelta(minutes=5))
        await anna.notices()
    else:
        anna.remove()
        await anna.notices(event_ids=[event.event_id])
    await meeting.until(lambda view: "kept_on" in [entry.event for entry in view.timeline])
    assert not world.provider.bots[0].removed
    await override(anna, event, "never")
    await meeting.until(lambda _view: world.provider.bots[0].removed)
    await meeting.completes()
    assert (await meeting.outcome()).artifacts, "what was recorded is kept"


@pytest.mark.parametrize("world", [VetoScope.OWN], indirect=True)
async def test_an_opt_out_is_told_after_a_never_for_the_own_calendar(world: World) -> None:
    people = OptOutStore(ArtifactStore(world.folder.as_uri()))
    anna, hers, ben, his = await shared(world, start_time=datetime.now(UTC) + timedelta(minutes=2))
    ben.put(attendees=[{"email": GRETA}])
    await anna.notices()
    await ben.notices()
    meeting = anna.meeting(hers)
    await record(meeting)
    await override(ben, his, "never")
    assert not world.provider.bots[0].removed
    await people.add(GRETA, datetime.now(UTC))
    await ben.changes("resync")
    await until_rule(anna, hers, "opted_out")
    await meeting.until(lambda _view: world.provider.bots[0].removed)
    await meeting.completes()
    await people.remove(GRETA)
    await ben.changes("resync")
    await until_rule(anna, hers, "otherwise")


async def test_another_policy_leaves_a_recording_alone(world: World) -> None:
    anna = await world.connected()
    anna.put(start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting()
    await record(meeting)
    await anna.changes("set_policy", PolicyChange(policy={"otherwise": "skip"}))
    view = await meeting.until(lambda view: "kept_on" in [entry.event for entry in view.timeline])
    assert view.status is MeetingStatus.RECORDING
    assert not world.provider.bots[0].removed


@pytest.mark.parametrize("first", ["never", "booking"])
async def test_one_never_is_enough_whichever_comes_first(world: World, first: str) -> None:
    anna, hers, ben, his = await shared(world)
    if first == "booking":
        await anna.notices()
        assert (await anna.meeting(hers).view()).status is MeetingStatus.SCHEDULED
    await ben.notices()
    await override(ben, his, "never")
    if first == "never":
        await anna.notices()
    await until_rule(anna, hers, "veto")
    assert (await anna.meeting(hers).outcome()).status is MeetingStatus.CANCELLED
    assert rule_of(ben, his) == "override"
    await override(anna, hers, "always")
    assert rule_of(anna, hers) == "veto", "no `always` beats it"

    await override(ben, his, None)
    await until_rule(anna, hers, "override")
    view = await anna.meeting(hers).until(lambda view: len(view.calendars) == 2)
    assert {each.calendar_id for each in view.calendars} == {anna.calendar_id, ben.calendar_id}
    assert view.status is MeetingStatus.SCHEDULED


async def test_a_veto_sends_out_the_bot_that_records_for_another_calendar(world: World) -> None:
    anna, hers, ben, his = await shared(world, start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting(hers)
    await record(meeting)
    await override(ben, his, "never")
    await meeting.until(lambda _view: world.provider.bots[0].removed)
    await meeting.completes()
    assert (await meeting.outcome()).artifacts, "what was recorded is kept"
    await until_rule(anna, hers, "veto")
    assert "vetoed" in [entry.event for entry in (await meeting.view()).timeline]

    await override(ben, his, None)
    again = anna.meeting(hers, sitting=2)
    await again.until(lambda view: view.dispatches == 1)
    assert len(world.provider.bots) == 2


class _Deaf(Interceptor):
    """A client whose queries get no answer in time."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _DeafOutbound(next)


class _DeafOutbound(OutboundInterceptor):
    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        raise RPCError(f"{input.query} timed out", RPCStatusCode.DEADLINE_EXCEEDED, b"")


async def test_a_veto_is_not_told_while_it_is_unknown_who_has_to_hear_of_it(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    deaf = MeetingBookings(Client(**world.client.config() | {"interceptors": [_Deaf()]}))
    veto = ClaimRelease(calendar_id="ben", seen_at=datetime.now(UTC), by_person=True, for_all=True)
    with pytest.raises(CALL_ERRORS):
        await deaf.release(meeting_id_for_event(event), veto)


@pytest.mark.parametrize("world", [VetoScope.OWN], indirect=True)
async def test_where_a_veto_is_for_the_own_calendar_others_have_the_meeting_recorded(world: World) -> None:
    anna, hers, ben, his = await shared(world, start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    await ben.notices()
    meeting = anna.meeting(hers)
    await record(meeting)
    await override(ben, his, "never")
    await anna.changes("resync")
    assert rule_of(anna, hers) == "otherwise"
    view = await meeting.view()
    assert [each.calendar_id for each in view.calendars] == [anna.calendar_id]
    assert not world.provider.bots[0].removed
    await override(anna, hers, "never")
    await meeting.until(lambda _view: world.provider.bots[0].removed)


async def test_a_veto_holds_when_all_that_calendars_know_of_their_events_is_lost(world: World) -> None:
    anna, hers, ben, his = await shared(world)
    await ben.notices()
    await override(ben, his, "never")
    await anna.notices()
    for calendar in (anna, ben):
        calendar.book_path().unlink()
    await anna.changes("resync")
    assert rule_of(anna, hers) == "veto"
    await ben.changes("resync")
    await override(ben, his, None)
    await until_rule(anna, hers, "otherwise")
    await anna.meeting(hers).until_status(MeetingStatus.SCHEDULED)


async def test_a_never_holds_in_all_calendars_whichever_id_they_know_the_meeting_by(world: World) -> None:
    anna = await world.connected("anna")
    first = anna.put(uid="")
    await anna.notices()
    hers = anna.put(uid=f"told-later-{world.key}")
    assert meeting_id_for_event(hers) != meeting_id_for_event(first)
    await override(anna, first, "never")
    assert rule_of(anna, hers) == "override"
    assert (await anna.meeting(first).outcome()).status is MeetingStatus.CANCELLED
    ben = await world.connected("ben")
    his = ben.put(start_time=hers.start_time, uid=hers.uid)
    await ben.notices()
    assert rule_of(ben, his) == "veto"
    await override(anna, first, None)
    await until_rule(ben, his, "otherwise")
    assert rule_of(anna, hers) == "otherwise"


@pytest.mark.parametrize("how", ["removed", "disconnected"])
async def test_a_veto_ends_with_its_event_and_with_its_calendar(world: World, how: str) -> None:
    anna, hers, ben, his = await shared(world)
    await ben.notices()
    await override(ben, his, "never")
    await anna.notices()
    assert rule_of(anna, hers) == "veto"
    if how == "removed":
        ben.remove()
        await ben.notices(event_ids=[his.event_id])
    else:
        await ben.update("disconnect")
        await ben.handle.result()
    await until_rule(anna, hers, "otherwise")
    await anna.meeting(hers).until_status(MeetingStatus.SCHEDULED)
    left = [path.name for path in (world.folder / layout.objections_path()).rglob("*.json")]
    assert left == []


async def test_no_meeting_with_a_person_who_opted_out_is_recorded(world: World) -> None:
    people = OptOutStore(ArtifactStore(world.folder.as_uri()))
    anna = await world.connected("anna", owner="anna@acme.com")
    events = {
        "organised": anna.put("organised", organizer_email="Greta@Acme.com"),
        "invited": anna.put("invited", attendees=[{"email": GRETA}]),
        "without": anna.put("without", attendees=[{"email": "ben@acme.com"}]),
    }
    await anna.notices()
    await override(anna, events["invited"], "always")
    await people.add(GRETA, datetime.now(UTC))
    await anna.changes("resync")
    rules = {name: rule_of(anna, event) for name, event in events.items()}
    assert rules == {"organised": "opted_out", "invited": "opted_out", "without": "otherwise"}
    for name in ("organised", "invited"):
        assert (await anna.meeting(events[name]).outcome()).status is MeetingStatus.CANCELLED
    assert (await anna.meeting(events["without"]).view()).status is MeetingStatus.SCHEDULED

    await people.remove(GRETA)
    await anna.changes("resync")
    for name in ("organised", "invited"):
        assert (await anna.meeting(events[name]).view()).status is MeetingStatus.SCHEDULED
    await people.add("anna@acme.com", datetime.now(UTC))
    await anna.changes("resync")
    assert {rule_of(anna, event) for event in events.values()} == {"opted_out"}, "her own calendar"


@pytest.mark.parametrize("world", [VetoScope.ANY, VetoScope.OWN], indirect=True)
@pytest.mark.parametrize("but", ["skipped", "never", "left to the provider"])
async def test_a_person_who_opted_out_and_is_shown_by_one_calendar_only_is_heard_by_all(
    world: World, but: str
) -> None:
    people = OptOutStore(ArtifactStore(world.folder.as_uri()))
    await people.add(GRETA, datetime.now(UTC))
    anna, hers, ben, his = await shared(world, start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting(hers)
    await record(meeting)
    ben.put(attendees=[{"email": GRETA}], provider_records=but == "left to the provider")
    if but == "never":
        await override(ben, his, "never")
    elif but == "left to the provider":
        await ben.notices()
    else:
        await ben.changes("set_policy", PolicyChange(policy={"otherwise": "skip"}))
    await until_rule(anna, hers, "opted_out")
    await meeting.until(lambda _view: world.provider.bots[0].removed)
    await meeting.completes()
    assert (await meeting.outcome()).artifacts, "what was recorded is kept"
    ben.put(attendees=[])
    await (override(ben, his, None) if but == "never" else ben.notices())
    await anna.until(lambda view: view.counts.booked == 1)
    await anna.meeting(hers, sitting=2).until(lambda view: view.dispatches == 1)
