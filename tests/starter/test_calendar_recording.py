"""`calendar record` and `unrecord`: the provider's own timer, and never two bots."""

import pytest

from minutekeeper.providers.bot_metadata import event_extra
from starter.client import MeetingClient
from tests.devtools.simulator import calendar_support
from tests.starter.calendar_support import ANNA, CUSTOMERS_ONLY, CalendarTestBench, write
from tests.starter.support import SECRET, cli

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


async def test_the_provider_records_an_event_that_the_policy_leaves_free(desk: CalendarTestBench) -> None:
    policy = write("policy.json", CUSTOMERS_ONLY | {"bot": {"name": "Notes: {title}", "silence_timeout": 300}})
    calendar_id = await desk.connect(ANNA, "--policy", policy)
    await desk.add(ANNA, calendar_id, title="Planning")
    [event] = await calendar_support.events(desk.sim, calendar_id)
    done = await cli("calendar", "record", ANNA, event["uuid"], "--json")
    assert (done.code, done.json["calendar_id"]) == (0, calendar_id)
    assert [each["provider_records"] for each in done.json["events"]] == [True]
    assert "webhook URL at the provider is not set" in done.json["warning"]
    await desk.sim.ok(
        "POST", "/accounts/webhook_url", json={"webhook_url": "http://127.0.0.1:9/webhooks/meetingbaas"}
    )
    assert (await cli("calendar", "record", ANNA, event["uuid"], "--json")).json == done.json | {"warning": None}
    [there] = await calendar_support.events(desk.sim, calendar_id)
    param = there["bot_param"]
    assert (param["bot_name"], param["silence_timeout"]) == ("Notes: Planning", 300)
    assert param["extra"] == event_extra([SECRET])
    explained = (await cli("calendar", "explain", ANNA, event["uuid"], "--json")).json
    assert (explained["record"], explained["rule"]) == (False, "provider_records")
    assert "decided by the policy" in (await cli("calendar", "unrecord", ANNA, event["uuid"])).out
    [there] = await calendar_support.events(desk.sim, calendar_id)
    assert there["bot_param"] is None


async def test_a_whole_series_is_recorded_by_the_provider(desk: CalendarTestBench) -> None:
    calendar_id = await desk.connect(ANNA, "--policy", write("policy.json", CUSTOMERS_ONLY))
    await desk.add(ANNA, calendar_id, title="Weekly", series={"count": 3, "every_days": 1})
    await desk.add(ANNA, calendar_id, title="Once")
    events = await calendar_support.events(desk.sim, calendar_id)
    weekly = next(each["uuid"] for each in events if each["name"] == "Weekly")
    once = next(each["uuid"] for each in events if each["name"] == "Once")
    done = await cli("calendar", "record", ANNA, weekly, "--all-occurrences")
    assert (done.code, done.out.count("is scheduled at the provider")) == (0, 3)
    assert "webhook URL at the provider is not set" in done.out
    refused = await cli("calendar", "record", ANNA, once, "--all-occurrences")
    assert (refused.code, "is not part of a series" in refused.err) == (2, True)
    undone = (await cli("calendar", "unrecord", ANNA, weekly, "--all-occurrences", "--json")).json
    assert [each["provider_records"] for each in undone["events"]] == [False] * 3


async def test_the_provider_is_never_told_to_record_what_gets_a_bot_of_ours(
    desk: CalendarTestBench, client: MeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Planning")
    [event] = await calendar_support.events(desk.sim, calendar_id)
    refused = await cli("calendar", "record", ANNA, event["uuid"])
    assert (refused.code, "a second bot would join" in refused.err, "never` prevents that" in refused.err) == (
        1,
        True,
        True,
    )
    await desk.look(calendar_id, client)
    await cli("calendar", "override", ANNA, event["uuid"], "never")
    refused = await cli("calendar", "record", ANNA, event["uuid"])
    assert (refused.code, "is booked for the same time and place" in refused.err) == (1, True)
    await desk.add(ANNA, calendar_id, title="Walk", link="")
    walk = next(each for each in await calendar_support.events(desk.sim, calendar_id) if each["name"] == "Walk")
    refused = await cli("calendar", "record", ANNA, walk["uuid"])
    assert (refused.code, "no link to a meeting" in refused.err) == (1, True)
    assert all(each["bot_param"] is None for each in await calendar_support.events(desk.sim, calendar_id))
