"""What a policy asks of events, from the calendar to the meetings."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.calendar_driver import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

POLICY = {
    "my_domains": ["acme.com"],
    "time_zone": "Europe/Berlin",
    "all_day_start": "10:00",
    "rules": [
        {"name": "not wanted", "when": {"text": "#norecord"}, "then": "skip"},
        {"name": "private", "when": {"visibility": ["private", "confidential"]}, "then": "skip"},
        {"name": "internal", "when": {"attendees": {"internal_only": True}}, "then": "record"},
        {"name": "hackathon", "when": {"all_day": True, "title": "hackathon"}, "then": "record"},
    ],
    "otherwise": "skip",
}
GUESTS = [{"email": "anna@acme.com"}, {"email": "bob@customer.com", "response": "declined"}]


async def test_only_what_is_a_meeting_and_wanted_is_booked(world: World) -> None:
    anna = await world.connected(policy=POLICY)
    day = (datetime.now(UTC) + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    whole_day = {"all_day": True, "start_time": day, "end_time": day + timedelta(days=1)}
    anna.put("internal", attendees=GUESTS)
    anna.put("cut off", attendees=GUESTS, guests_known=False)
    anna.put("focus", attendees=GUESTS, event_type="focus_time")
    anna.put("private", attendees=GUESTS, visibility="private")
    hackathon = anna.put("hackathon", **whole_day)
    anna.put("holiday", **whole_day)
    assert (await anna.notices()).counts.booked == 2
    shown = await anna.meeting(hackathon).view()
    local = shown.start_time.astimezone(ZoneInfo("Europe/Berlin"))
    assert (local.date(), f"{local:%H:%M}") == (day.date(), "10:00")


async def test_a_word_in_the_description_releases_the_meeting(world: World) -> None:
    anna = await world.connected(policy=POLICY)
    anna.put(attendees=GUESTS)
    assert (await anna.notices()).counts.booked == 1
    anna.put(notes="<p>Please #no<b>record</b></p>")
    assert (await anna.notices()).counts.released == 1
    assert (await anna.meeting().outcome()).status is MeetingStatus.CANCELLED


async def test_every_second_occurrence_of_a_series_is_booked_also_of_those_that_appear_later(world: World) -> None:
    rule = {"name": "every second", "when": {"occurrence": {"every": 2}}, "then": "record"}
    anna = await world.connected(policy={"rules": [rule], "otherwise": "skip"})
    start = datetime.now(UTC) + timedelta(hours=1)
    occurrences = [
        {"start_time": start + timedelta(days=week * 7), "recurring_event_id": "series", "is_recurring": True}
        for week in range(5)
    ]
    events = [anna.put(f"week-{week}", **fields) for week, fields in enumerate(occurrences[:3])]
    assert (await anna.notices()).counts.booked == 2
    events += [anna.put(f"week-{week + 3}", **fields) for week, fields in enumerate(occurrences[3:])]
    assert (await anna.notices()).counts.booked == 1
    for event in events[::2]:
        assert (await anna.meeting(event).view()).status is MeetingStatus.SCHEDULED

    anna.put("week-0", deleted=True)
    await anna.notices()
    await anna.changes("resync")
    for event in events[1::2]:
        assert (await anna.meeting(event).view()).status is MeetingStatus.SCHEDULED, "the others are counted anew"
    for event in events[::2]:
        assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED
