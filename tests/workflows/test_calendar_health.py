"""A calendar whose grant has ended keeps its meetings, says so once, and gets what it missed when it is cured."""

import re

import pytest

from minutekeeper.calendars.health import ACCESS_RENEWED, AccessProblem, CheckRequest
from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import RequestRejectedError
from minutekeeper.providers.calendar_base import AccessProblemSource
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import ACCESS_SIGNAL, CHECK_NOW_SIGNAL
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.scripted_calendars import REFUSED_TOKEN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def status_attribute(calendar: Calendar) -> str | None:
    described = await calendar.handle.describe()
    return described.typed_search_attributes.get(search_attributes.CALENDAR_STATUS)


async def until(calendar: Calendar, status: CalendarStatus) -> None:
    await calendar.until(lambda view: view.status is status)


def said(caplog: pytest.LogCaptureFixture, *parts: str) -> int:
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    return sum(all(part in line for part in parts) for line in lines)


async def test_a_users_grant_that_ended_is_spoken_of_once_and_what_it_missed_is_booked_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.connect("anna", user="user-1", platform="google")
    await until(anna, CalendarStatus.ACTIVE)
    ben = await world.connected("ben")
    booked = anna.put("booked")
    await anna.notices()
    rounds = await world.look_after()

    world.calendars.refused[anna.calendar_id] = AccessProblemSource.USER
    await rounds.go()
    await until(anna, CalendarStatus.ERROR)
    view = await anna.view()
    assert (view.problem, await status_attribute(anna)) == (AccessProblem.USER_GRANT, "error")
    assert REFUSED_TOKEN not in view.error
    details = str(await anna.handle.query("__temporal_workflow_metadata"))
    assert "minutekeeper calendar connect-link user-1 --platform google" in details
    missed = anna.put("missed")
    await rounds.go(3)
    assert said(caplog, anna.calendar_id, "cannot be read") == 1, "in however many rounds"
    assert (await anna.meeting(booked).view()).status is MeetingStatus.SCHEDULED
    assert not await world.exists(anna.meeting(missed))

    looks = (await anna.view()).reconcile_count
    world.calendars.refused.clear()
    await rounds.go()
    await until(anna, CalendarStatus.ACTIVE)
    await anna.forward(seconds=3)
    await anna.until(lambda view: view.reconcile_count > looks and view.counts.booked == 1)
    assert (await anna.meeting(missed).view()).status is MeetingStatus.SCHEDULED
    assert (await status_attribute(anna), await status_attribute(ben)) == ("active", "active")
    assert said(caplog, anna.calendar_id, "can be read again") == 1
    assert said(caplog, ben.calendar_id) == 0


async def test_an_app_that_is_refused_is_one_line_for_all_its_calendars(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    calendars = [await world.connected(name) for name in ("anna", "ben", "meg")]
    rounds = await world.look_after()
    for each in calendars:
        world.calendars.refused[each.calendar_id] = AccessProblemSource.APP
    await rounds.go(3)
    for each in calendars:
        view = await each.until(lambda view: view.status is CalendarStatus.ERROR)
        assert view.problem is AccessProblem.OAUTH_APP
    before = (await calendars[0].view()).reconcile_count
    await calendars[0].handle.signal(ACCESS_SIGNAL, ACCESS_RENEWED)
    await calendars[0].forward(seconds=3)
    await calendars[0].until(lambda view: view.reconcile_count > before and view.status is CalendarStatus.ACTIVE)
    world.calendars.refused.clear()
    await rounds.go(2)
    for each in calendars:
        await until(each, CalendarStatus.ACTIVE)
    assert said(caplog, "3 calendars cannot be read", "update-credentials") == 1
    assert said(caplog, "3 calendars can be read again") == 1
    assert said(caplog, "calendar") == 2


async def test_rounds_that_fail_change_nothing_and_are_repeated(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.connected()
    rounds = await world.look_after()
    world.calendars.failures += [RequestRejectedError("not today"), RequestRejectedError("nor now")]
    assert "nor now" in (await rounds.go(2)).error or world.calendars.resyncs == 3
    await rounds.until(lambda view: "nor now" in view.error)
    assert (await anna.view()).status is CalendarStatus.ACTIVE
    await rounds.go()
    await rounds.until(lambda view: not view.error)
    assert said(caplog, "could not be checked") == 1


async def test_news_of_access_has_the_calendars_of_its_provider_checked_at_once(world: World) -> None:
    anna = await world.connected()
    rounds = await world.look_after()
    world.calendars.refused[anna.calendar_id] = AccessProblemSource.USER
    checks = world.calendars.resyncs
    await rounds.handle.signal(CHECK_NOW_SIGNAL, CheckRequest(provider="recall"))
    await rounds.handle.signal(CHECK_NOW_SIGNAL, CheckRequest(provider="recall"))
    assert (await anna.view()).status is CalendarStatus.ACTIVE
    await rounds.handle.signal(CHECK_NOW_SIGNAL, CheckRequest(provider="meetingbaas"))
    await until(anna, CalendarStatus.ERROR)
    assert world.calendars.resyncs == checks + 1, "news of another provider asks nothing of this one"
    assert (await rounds.until(lambda view: bool(view.findings.problems))).calendars == 1


async def test_a_calendar_tells_from_its_first_day_how_it_is(world: World) -> None:
    world.calendars.failures.append(RequestRejectedError("no lists today"))
    anna = await world.connect()
    await until(anna, CalendarStatus.ERROR)
    assert (await anna.view()).problem is AccessProblem.RECONCILE
    await anna.forward(minutes=10)
    await until(anna, CalendarStatus.ACTIVE)
    await anna.update("disconnect")
    assert (await anna.handle.result()).status is CalendarStatus.DISCONNECTED
    assert await status_attribute(anna) == "disconnected"
    history = await anna.handle.fetch_history()
    written = str([each.upsert_workflow_search_attributes_event_attributes for each in history.events])
    assert re.findall("syncing|error|active|leaving|disconnected", written) == [
        *("syncing", "error", "active", "leaving", "disconnected")
    ]


async def test_a_calendar_that_the_provider_lost_is_in_trouble_until_it_is_known_again(world: World) -> None:
    anna, ben = await world.connected("anna"), await world.connected("ben")
    world.calendars.connected.remove(anna.calendar_id)
    rounds = await world.look_after()
    assert (await anna.view()).status is CalendarStatus.ACTIVE, (
        "the answer does not name it, but the provider has it"
    )
    world.calendars.unknown.add(anna.calendar_id)
    await rounds.go()
    await until(anna, CalendarStatus.ERROR)
    assert (await anna.view()).problem is AccessProblem.NOT_FOUND
    assert await status_attribute(anna) == "error"
    assert (await ben.view()).status is CalendarStatus.ACTIVE
    world.calendars.unknown.clear()
    world.calendars.connected.append(anna.calendar_id)
    await rounds.go()
    await until(anna, CalendarStatus.ACTIVE)
