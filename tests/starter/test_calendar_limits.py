"""What limits leave out is told by every command that tells of a calendar."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.calendars.decisions import NO_OVERRIDES, decide
from minutekeeper.calendars.limited_events import (
    CalendarBookings,
    LimitContext,
    limit_events,
    own_bookings,
    user_key,
    wanted_bookings,
)
from minutekeeper.calendars.limits import WantedBooking
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.tracked_events import TrackedEvents, entry_for
from minutekeeper.providers.calendar_base import EventFilter, EventStatus
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.storage.calendar_bookings import CalendarBookingsStore
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint, CalendarCheckpointStore
from starter.client import MeetingClient
from tests.devtools.simulator.support import KEY
from tests.starter.calendar_support import ANNA, CalendarTestBench, write
from tests.starter.support import SECRET, cli

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

DAY = (datetime.now(UTC) + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
ONE_A_DAY = {
    "limits": {"per_day": 1},
    "rules": [{"name": "offers", "when": {"title": "offer"}, "then": "record", "importance": 7}],
}
REASON = f"Left out: the limit of this user is 1 a day, and 1 is booked for {DAY:%Y-%m-%d} (UTC): Offer."


async def with_two_events(desk: CalendarTestBench, *options: str) -> str:
    """Anna's calendar with two events on one day."""
    calendar_id = await desk.connect(ANNA, *options)
    await desk.add(ANNA, calendar_id, title="Planning", start=DAY.isoformat())
    await desk.add(ANNA, calendar_id, title="Offer", start=(DAY + timedelta(hours=3)).isoformat())
    return calendar_id


async def looked(desk: CalendarTestBench, calendar_id: str, policy: Policy) -> None:
    """Stores what a reconcile decides."""
    now = datetime.now(UTC)
    provider = MeetingBaasCalendars(desk.sim.url, KEY, signing_secrets=[SECRET])
    read = provider.events(calendar_id, EventFilter(status=EventStatus.ALL))
    entries = {each.event_id: entry_for(each, decide(policy, NO_OVERRIDES, each, now)) async for each in read}
    await provider.aclose()
    events = TrackedEvents(calendar_id=calendar_id, entries=entries)
    context = LimitContext(own_bookings(calendar_id, user_key("", ANNA, "", ""), policy, None))
    made = limit_events(events, wanted_bookings(events, context, now), context, now).events
    await CalendarCheckpointStore(desk.store).write(CalendarCheckpoint(events=made, reconciled_at=now))


async def test_every_command_says_what_a_limit_leaves_out(desk: CalendarTestBench, client: MeetingClient) -> None:
    del client
    policy = write("policy.json", ONE_A_DAY)
    calendar_id = await with_two_events(desk, "--policy", policy)
    planned = (await cli("calendar", "plan", ANNA, "--json")).json
    assert [(each["title"], each["rule"], each["reason"]) for each in planned["left_out"]] == [
        ("Planning", "otherwise", REASON)
    ]
    limit = planned["left_out"][0]["limit"]
    assert (limit["name"], limit["scope"], limit["allowed"], limit["used"]) == ("per_day", "user", 1, 1)
    assert [step["desired"]["title"] for step in planned["steps"]] == ["Offer"]
    shown = (await cli("calendar", "plan", ANNA)).out
    assert "Left out by limits:" in shown
    assert REASON in " ".join(shown.split())
    assert "1 left out by limits." in shown

    await looked(desk, calendar_id, Policy.model_validate(ONE_A_DAY | {"limits": None}))
    explained = (await cli("calendar", "explain", ANNA, "Planning", "--json")).json
    assert (explained["record"], explained["rule"], explained["reason"]) == (False, "limit", REASON)
    assert explained["without_limits"].startswith("Recorded: no rule holds")
    assert explained["is_carried_out"] is False
    shown = (await cli("calendar", "explain", ANNA, "Planning")).out
    assert f"Planning: {REASON}" in shown
    assert "Without limits: Recorded: no rule holds" in shown
    assert '1. "offers"' in shown
    offer = (await cli("calendar", "explain", ANNA, "Offer")).out
    assert "Where limits leave meetings out, its importance is 7." in offer

    await looked(desk, calendar_id, Policy.model_validate(ONE_A_DAY))
    assert (await cli("calendar", "explain", ANNA, "Planning", "--json")).json["is_carried_out"]
    events = {each["title"]: each for each in (await cli("calendar", "events", ANNA, "--json")).json}
    assert (events["Planning"]["record"], events["Planning"]["rule"]) == (False, "limit")
    shown = " ".join((await cli("calendar", "show", ANNA)).out.split())
    assert REASON in shown
    assert "otherwise record; at most 1 per day" in shown
    assert (await cli("calendar", "show", ANNA, "--json")).json["left_out"][0]["reason"] == REASON
    assert REASON in " ".join((await cli("calendar", "doctor")).out.split())
    found = (await cli("calendar", "doctor", "--json")).json["calendars"]
    assert [each["left_out"][0]["title"] for each in found if each["left_out"]] == ["Planning"]
    checks = {check["name"]: check for check in (await cli("doctor", "--json")).json["checks"]}
    assert checks["limits"]["ok"]
    assert checks["limits"]["found"] == (
        f"1 event left out, of these calendars: {calendar_id}; the next is at {DAY:%Y-%m-%d %H:%M} UTC; "
        "`minutekeeper calendar doctor` names all"
    )


async def test_a_plan_says_what_another_policy_would_leave_out(desk: CalendarTestBench) -> None:
    await with_two_events(desk)
    assert (await cli("calendar", "plan", ANNA, "--json")).json["left_out"] == []
    other = write("other.json", ONE_A_DAY)
    planned = (await cli("calendar", "plan", ANNA, "--policy", other, "--json")).json
    assert [each["title"] for each in planned["left_out"]] == ["Planning"]
    changed = (await cli("calendar", "policy", "set", ANNA, other, "--json")).json
    assert [each["title"] for each in changed["plan"]["left_out"]] == ["Planning"]


async def test_the_installations_limits_count_what_other_calendars_want(
    desk: CalendarTestBench, settings: pytest.MonkeyPatch
) -> None:
    await with_two_events(desk)
    limits = write("limits.json", {"installation": {"at_once": 1}, "per_user": {"per_day": 1}})
    settings.setenv("MINUTEKEEPER_LIMITS", limits)
    wanted = WantedBooking(
        meeting_id="cal-of-ben",
        start=DAY - timedelta(hours=1),
        until=DAY + timedelta(hours=1),
        since=DAY,
        booked=True,
    )
    other = CalendarBookings(calendar_id="bens", user=user_key("ben", "", "", ""), bookings=(wanted,))
    await CalendarBookingsStore(desk.store).write(other, datetime.now(UTC))
    planned = (await cli("calendar", "plan", ANNA, "--json")).json
    assert {each["title"]: each["limit"]["instead"] for each in planned["left_out"]} == {
        "Planning": ["cal-of-ben"],
        "Offer": planned["left_out"][1]["limit"]["instead"],
    }
    assert planned["left_out"][1]["limit"]["scope"] == "user", "its user's other meeting counts all the same"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"per_usr": {"at_once": 1}}', "per_usr: unknown; did you mean per_user?"),
        ('{"per_user": {"per_dya": 1}}', "per_user.per_dya: unknown; did you mean per_day?"),
        ('{"installation": {"at_once": 1.5}}', "installation.at_once: must be a whole number"),
        ('{"installation": {}}', "names no limit; known here are at_once, per_hour, per_day, hours_per_month"),
        ("{}", "names neither installation nor per_user"),
        ('{"installation": {"at_once": 1, "at_once": 2}}', "'at_once' is given twice in one place"),
        ("{", "not JSON"),
        ('{"per_user": {"at_once": 1}, "time_zone": "Berlin"}', "'Berlin' is no time zone; did you mean"),
    ],
)
async def test_wrong_limits_are_named_and_nothing_starts(
    settings: pytest.MonkeyPatch, content: str, problem: str
) -> None:
    await asyncio.to_thread(Path("limits.json").write_text, content)
    settings.setenv("MINUTEKEEPER_LIMITS", "limits.json")
    for command in ("worker", "doctor"):
        ended = await cli(command)
        assert ended.code == 2
        assert ended.err.removeprefix("Error: ").startswith("MINUTEKEEPER_LIMITS: limits.json is not a valid file")
        assert problem in ended.err


async def test_the_schemas_are_printed() -> None:
    assert (await cli("calendar", "policy", "schema", "--limits", "--json")).json["properties"].keys() >= {
        "per_user"
    }
    assert "importance" in (await cli("calendar", "policy", "schema")).out


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"limits": {}}, "limits: names no limit; known here are at_once, per_hour, per_day, hours_per_month"),
        ({"limits": {"perday": 1}}, "limits.perday: unknown; did you mean per_day?"),
        (
            {"rules": [{"name": "a", "then": "record", "importance": 10}]},
            "rules[0].importance: must be at most 9, not 10",
        ),
        (
            {"rules": [{"name": "a", "then": "skip", "importance": 1}]},
            "rules[0]: a rule that skips has no meeting, so it has no importance",
        ),
        ({"rules": [{"name": "limit", "then": "skip"}]}, "'limit' stands for something else in explanations"),
    ],
)
async def test_wrong_limits_of_a_policy_are_named(
    desk: CalendarTestBench, policy: dict[str, object], problem: str
) -> None:
    await desk.connect(ANNA)
    refused = await cli("calendar", "policy", "set", ANNA, write("policy.json", policy))
    assert refused.code == 2
    assert problem in refused.err
