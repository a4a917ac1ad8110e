"""What is read of a calendar whose provider cannot list changes, or forgets events that have begun."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.calendars.decisions import NO_OVERRIDES, decide
from minutekeeper.calendars.messages import NO_CHANGES, PendingChanges
from minutekeeper.calendars.plan import make_plan
from minutekeeper.calendars.policy import DEFAULT_POLICY
from minutekeeper.calendars.tracked_events import TrackedEvents, entry_for
from minutekeeper.providers.calendar_base import CalendarCapabilities
from minutekeeper.providers.calendar_reader import CalendarReader
from tests.workflows.scripted_calendars import ScriptedCalendars

NOW = datetime(2030, 5, 6, 12, tzinfo=UTC)
LINK = "https://meet.google.com/abc-defg-hij"
CALENDAR = "recall-c1"


def tracked(calendars: ScriptedCalendars) -> TrackedEvents:
    """All events, each with a booked meeting."""
    events = list(calendars.events_by_id.values())
    entries = [entry_for(each, decide(DEFAULT_POLICY, NO_OVERRIDES, each, NOW)) for each in events]
    found = make_plan(TrackedEvents(calendar_id=CALENDAR), entries, NOW, complete=True).events
    for entry in entries:
        found = found.with_booking(entry.meeting_id, entry.event_id, entry.desired)
    return found


def calendars_with(**starts: timedelta) -> ScriptedCalendars:
    calendars = ScriptedCalendars()
    for event_id, ahead in starts.items():
        start = NOW + ahead
        calendars.put(event_id, CALENDAR, start_time=start, end_time=start + timedelta(hours=1), meeting_url=LINK)
    return calendars


@pytest.mark.parametrize("changes", [NO_CHANGES, PendingChanges(unnamed=True)])
async def test_without_a_filter_for_changes_everything_is_read(changes: PendingChanges) -> None:
    calendars = calendars_with(soon=timedelta(hours=1), later=timedelta(days=2))
    reader = CalendarReader(calendars, CALENDAR)
    known, cursor = tracked(calendars), NOW - timedelta(minutes=5)
    assert not (await reader.read(NO_CHANGES, cursor, known, NOW)).was_full, "a filter makes that unnecessary"

    calendars.capabilities = CalendarCapabilities(filters_changes=False)
    calendars.asked.clear()
    read = await reader.read(changes, cursor, known, NOW)
    assert read.was_full
    assert {event.event_id for event in read.events} == {"soon", "later"}
    (asked,) = calendars.asked
    assert not isinstance(asked, str)
    assert asked.updated_since is None


async def test_named_changes_are_read_one_by_one_without_a_filter() -> None:
    calendars = calendars_with(soon=timedelta(hours=1), later=timedelta(days=2))
    calendars.capabilities = CalendarCapabilities(filters_changes=False)
    changes = PendingChanges(event_ids=("soon",))
    read = await CalendarReader(calendars, CALENDAR).read(changes, NOW, tracked(calendars), NOW)
    assert [event.event_id for event in read.events] == ["soon"]
    assert calendars.asked == ["soon"]


@pytest.mark.parametrize("changes", [PendingChanges(full=True), PendingChanges(event_ids=("begun", "coming"))])
async def test_an_event_that_has_begun_is_not_gone_where_the_provider_forgets_it(changes: PendingChanges) -> None:
    calendars = calendars_with(begun=-timedelta(minutes=10), coming=timedelta(minutes=10))
    known = tracked(calendars)
    calendars.events_by_id.clear()
    reader = CalendarReader(calendars, CALENDAR)
    assert (await reader.read(changes, NOW, known, NOW)).gone == {"begun", "coming"}
    calendars.capabilities = CalendarCapabilities(keeps_begun_events=False)
    assert (await reader.read(changes, NOW, known, NOW)).gone == {"coming"}
