"""What a policy can ask of an event, from the calendar at Google or Microsoft to the decision."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.calendars.decisions import NO_OVERRIDES, Decision, decide
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.calendars.tracked_events import TrackedEvents, entry_for
from tests.calendars.support import a_policy
from tests.providers.test_calendars_against_simulator import ANNA, BEN, OTTO, House, connected, listed, synced

BOTH = ("Google", "Microsoft")
ALIAS, ROOM = "anna.smith@example.com", {"email": "room5@example.com", "name": "Room 5"}
BEN_OPTIONAL = {"email": BEN, "optional": True}
BEN_ACCEPTED = {"email": BEN, "response": "accepted"}
OTTO_DECLINED = {"email": OTTO, "response": "declined"}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)

KINDS: list[Any] = [
    ("Google", {"visibility": "private"}, [{"visibility": "private"}, {"visibility": "public"}]),
    ("Microsoft", {"visibility": ["private", "confidential"]}, [{"visibility": "confidential"}, {}]),
    ("Microsoft", {"visibility": "personal"}, [{"visibility": "personal"}, {}]),
    ("Google", {"availability": "free"}, [{"show_as": "free"}, {}]),
    ("Microsoft", {"availability": ["free", "out_of_office"]}, [{"show_as": "oof"}, {"show_as": "tentative"}]),
    ("Google", {"event_type": "from_mail"}, [{"event_type": "fromGmail"}, {}]),
    ("Microsoft", {"category": "customer"}, [{"categories": ["Customer A"]}, {"categories": ["Internal"]}]),
    ("Google", {"color": "tomato"}, [{"color_id": "11"}, {"color_id": "10"}]),
    *(
        (platform, when, events)
        for platform in BOTH
        for when, events in (
            ({"description": "#norecord"}, [{"description": "Hi. #norecord"}, {}]),
            ({"location": "berlin"}, [{"location": "Berlin, 2nd floor"}, {"location": "Paris"}]),
            ({"text": "#record"}, [{"title": "Plan #rec\u00adord"}, {"location": "record"}]),
            ({"title": "standup"}, [{"title": "st\u00adand\u200bup"}, {"title": "outstanding"}]),
            ({"link": "acme.zoom.us"}, [{"link": "https://acme.zoom.us/j/12345678901?pwd=x"}, {}]),
            ({"attendees": {"external_at_least": 2}}, [{"guests": [OTTO, "eve@example.org"]}, {"guests": [OTTO]}]),
            ({"attendees": {"optional_at_least": 1}}, [{"guests": [BEN_OPTIONAL]}, {"guests": [BEN]}]),
            ({"attendees": {"accepted_at_least": 2}}, [{"guests": [BEN_ACCEPTED]}, {"guests": [BEN]}]),
            (
                {"attendees": {"internal_only": True, "external": False, "at_most": 2}},
                [{"guests": [BEN, OTTO_DECLINED], "rooms": [ROOM]}, {"guests": [BEN, OTTO], "rooms": [ROOM]}],
            ),
            ({"all_day": True}, [{"all_day": True}, {}]),
        )
    ),
]
"""The platform, a condition, an event for which it holds, and one for which it does not."""


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(stack)


async def decision(
    house: House, policy: Policy, platform: str = "Google", organizer: str = ANNA, **fields: Any
) -> Decision:
    """About Anna's copy of an event tomorrow."""
    calendars = await house.open()
    calendar_id = await connected(house, calendars, ANNA, platform)
    await house.add(organizer, **{"start": (TOMORROW + timedelta(hours=12)).isoformat()} | fields)
    [event] = await synced(calendars, calendar_id)
    return decide(policy, NO_OVERRIDES, event, datetime.now(UTC))


@pytest.mark.parametrize("index", [0, 1], ids=["holds", "does not hold"])
@pytest.mark.parametrize(("platform", "when", "events"), KINDS, ids=lambda value: str(value)[:40])
async def test_each_kind_of_condition(
    house: House, platform: str, when: dict[str, Any], events: list[dict[str, Any]], index: int
) -> None:
    rule = {"name": "asked", "when": when, "then": "record"}
    policy = a_policy(rule, my_domains=["example.com"], otherwise="skip")
    assert (await decision(house, policy, platform, **events[index])).rule == ("asked", "otherwise")[index]


@pytest.mark.parametrize("event_type", ["outOfOffice", "focusTime", "workingLocation", "birthday"])
async def test_what_is_no_meeting_is_never_recorded(house: House, event_type: str) -> None:
    assert (await decision(house, DEFAULT_POLICY, event_type=event_type)).rule == "no_meeting"


@pytest.mark.parametrize("platform", BOTH)
async def test_a_hidden_guest_list_is_no_internal_one(house: House, platform: str) -> None:
    fields: dict[str, Any] = {"guests": [ANNA, OTTO], "hides_guests": True}
    inside = {"name": "inside", "when": {"attendees": {"internal_only": True}}, "then": "record"}
    none_outside = {"name": "none outside", "when": {"attendees": {"external": False}}, "then": "record"}
    hidden = {"name": "hidden", "when": {"attendees": {"all_known": False, "at_least": 2}}, "then": "skip"}
    policy = a_policy(inside, none_outside, hidden, my_domains=["example.com"])
    assert (await decision(house, policy, platform, BEN, **fields)).rule == "hidden"


@pytest.mark.parametrize("platform", BOTH)
async def test_the_organiser_sees_all_guests(house: House, platform: str) -> None:
    internal = {"name": "internal", "when": {"attendees": {"internal_only": True}}, "then": "record"}
    policy = a_policy(internal, my_domains=["example.com"], otherwise="skip")
    assert (await decision(house, policy, platform, guests=[BEN], hides_guests=True)).record


@pytest.mark.parametrize("platform", BOTH)
async def test_an_alias_of_the_owner_is_the_owner(house: House, platform: str) -> None:
    mine = {"organizer": "me", "attendees": {"at_most": 2}, "response": "accepted"}
    rule = {"name": "mine", "when": mine, "then": "record"}
    fields: dict[str, Any] = {"organizer": ALIAS, "guests": [{"email": ANNA, "response": "accepted"}, BEN]}
    policy = a_policy(rule, my_emails=[ANNA, ALIAS], otherwise="skip")
    assert (await decision(house, policy, platform, **fields)).record


@pytest.mark.parametrize("platform", BOTH)
async def test_an_event_that_lasts_all_day_is_recorded_by_day(house: House, platform: str) -> None:
    day = {"name": "office hours", "when": {"all_day": True, "date": f"{TOMORROW:%Y-%m-%d}"}, "then": "record"}
    policy = a_policy(day, time_zone="America/Los_Angeles", all_day_start="08:30")
    calendars = await house.open()
    calendar_id = await connected(house, calendars, ANNA, platform)
    await house.add(all_day=True, start=TOMORROW.isoformat())
    [event] = await synced(calendars, calendar_id)
    entry = entry_for(event, decide(policy, NO_OVERRIDES, event, datetime.now(UTC)))
    local = datetime.fromisoformat(f"{TOMORROW:%Y-%m-%d}T08:30").replace(tzinfo=policy.local(TOMORROW).tzinfo)
    assert (entry.record, entry.desired.start_time) == (True, local)


@pytest.mark.parametrize("platform", BOTH)
async def test_every_second_occurrence_of_a_series(house: House, platform: str) -> None:
    rule = {"name": "every second", "when": {"occurrence": {"every": 2}}, "then": "record"}
    policy = a_policy(rule, otherwise="skip")
    calendars = await house.open()
    calendar_id = await connected(house, calendars, ANNA, platform)
    await house.add(start=(TOMORROW + timedelta(hours=12)).isoformat(), series={"count": 4, "every_days": 2})
    await calendars.check_access()
    events = as_tracked(await listed(calendars, calendar_id), TrackedEvents(calendar_id=calendar_id))
    made = {event.start_time: decide(policy, NO_OVERRIDES, event, datetime.now(UTC)).record for event in events}
    assert [record for _, record in sorted(made.items())] == [True, False, True, False]
