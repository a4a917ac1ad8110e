"""Calendars from the provider's webhook to the recording, with everything that is real but the provider."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.service import RPCError

from minutekeeper.calendars.event import CalendarEvent, meeting_id_for_event
from minutekeeper.meetings.ids import calendar_workflow_id_for, workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from minutekeeper.providers.calendar_base import CalendarProvider, EventFilter, EventStatus
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.temporal.names import CALENDAR_WORKFLOW, MEETINGS_QUEUE
from tests.system.stack import KEY, RunningStack
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERYTHING = EventFilter(status=EventStatus.ALL)


class People:
    """Users of the simulated Google with connected calendars that Minutekeeper keeps."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.calendars: CalendarProvider = MeetingBaasCalendars(stack.addresses["simulator"], KEY)

    async def order(self, path: str, body: Any = None, method: str = "POST") -> Any:
        url = f"{self.stack.addresses['simulator']}/_sim/calendars/{path}"
        async with self.stack.http.request(method, url, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def connect(self, email: str) -> str:
        """Connects somebody's calendar and has it kept; its id."""
        grant = await self.order("accounts", {"email": email})
        url = f"{self.stack.addresses['simulator']}/calendars/"
        async with self.stack.http.post(url, json=grant, headers={"x-meeting-baas-api-key": KEY}) as answer:
            assert answer.status in {200, 201}, await answer.text()
            calendar_id: str = (await answer.json())["calendar"]["uuid"]
        await self.stack.client.start_workflow(
            CALENDAR_WORKFLOW,
            {"calendar_id": calendar_id, "debounce_seconds": 0.2},
            id=calendar_workflow_id_for(calendar_id),
            task_queue=MEETINGS_QUEUE,
        )
        return calendar_id

    async def copy_in(self, calendar_id: str) -> CalendarEvent:
        """The one event of a calendar, once the provider has it."""
        for _ in range(200):
            async for event in self.calendars.events(calendar_id, EVERYTHING):
                return event
            await asyncio.sleep(0.1)
        raise AssertionError(f"no event came to calendar {calendar_id}")

    async def until_wanted_by(self, workflow_id: str, calendars: int) -> MeetingView:
        return await self.until(workflow_id, lambda view: len(view.calendars) == calendars)

    async def until_another_run(self, workflow_id: str, run_id: str) -> None:
        for _ in range(400):
            if (await self.stack.handle(workflow_id).describe()).run_id != run_id:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it was never booked again")

    async def until(self, workflow_id: str, condition: Callable[[MeetingView], bool]) -> MeetingView:
        view: MeetingView | None = None
        for _ in range(400):
            with contextlib.suppress(RPCError):
                view = await self.stack.handle(workflow_id).query("status", result_type=MeetingView)
            if view is not None and condition(view):
                return view
            await asyncio.sleep(0.1)
        raise AssertionError(f"never came about: {view.model_dump_json(indent=1) if view else 'no such meeting'}")


def in_(**delay: float) -> str:
    return (datetime.now(UTC) + timedelta(**delay)).isoformat()


async def test_an_event_appears_moves_and_is_recorded(stack: RunningStack) -> None:
    people = People(stack)
    email = f"{uuid.uuid4().hex}@example.com"
    calendar_id = await people.connect(email)
    order = {"organizer": email, "start": in_(days=2), "link": meeting_url(), "title": "Planning"}
    (name,) = (await people.order("events", order))["events"]
    event = await people.copy_in(calendar_id)
    workflow_id = workflow_id_for(meeting_id_for_event(event))
    view = await people.until(workflow_id, lambda view: view.status is MeetingStatus.SCHEDULED)
    assert view.title == "Planning"

    soon = datetime.now(UTC) + timedelta(minutes=4, seconds=5)
    await people.order(f"events/{name}", {"start": soon.isoformat()}, "PATCH")
    view = await people.until(workflow_id, lambda view: view.start_time < datetime.now(UTC) + timedelta(hours=1))
    outcome = await stack.outcome(workflow_id)
    assert outcome.status is MeetingStatus.COMPLETED
    assert len(await stack.bots_of(workflow_id)) == 1
    history = await stack.history(calendar_workflow_id_for(calendar_id))
    for part in ("Planning", email, "meet.google.com", KEY):
        assert part not in history
    await people.calendars.aclose()


async def test_five_calendars_share_one_meeting_and_let_go_one_by_one(stack: RunningStack) -> None:
    people = People(stack)
    emails = [f"{uuid.uuid4().hex}@example.com" for _ in range(5)]
    calendars = [await people.connect(email) for email in emails]
    order = {"organizer": emails[0], "start": in_(days=3), "link": meeting_url(), "guests": emails[1:]}
    (name,) = (await people.order("events", order))["events"]
    workflow_id = workflow_id_for(meeting_id_for_event(await people.copy_in(calendars[0])))
    view = await people.until_wanted_by(workflow_id, 5)
    assert {each.calendar_id for each in view.calendars} == set(calendars)
    assert view.calendars[0].calendar_id == calendars[0], "the organiser's speaks for the meeting"
    run_id = (await stack.handle(workflow_id).describe()).run_id
    for left, email in zip(range(4, 0, -1), emails[1:], strict=True):
        await people.order(f"events/{name}/respond", {"email": email, "response": "declined"})
        view = await people.until_wanted_by(workflow_id, left)
        assert view.status is MeetingStatus.SCHEDULED
    await people.order(f"events/{name}/cancel")
    assert (await stack.outcome(workflow_id)).status is MeetingStatus.CANCELLED
    assert (await stack.handle(workflow_id).describe()).run_id == run_id
    await people.calendars.aclose()


async def test_what_temporal_has_lost_is_booked_again_and_a_bot_in_the_call_is_followed_on(
    stack: RunningStack,
) -> None:
    people = People(stack)
    email = f"{uuid.uuid4().hex}@example.com"
    calendar_id = await people.connect(email)
    url = meeting_url()
    codes = {"joining_call": 0, "in_call_recording": 1, "call_ended": 1000, "complete": 5}
    await stack.script(url, [{"code": code, "after": after} for code, after in codes.items()])
    soon = {"organizer": email, "start": in_(minutes=4, seconds=4), "link": url}
    await people.order("events", soon)
    workflow_id = workflow_id_for(meeting_id_for_event(await people.copy_in(calendar_id)))
    calendar = stack.client.get_workflow_handle(calendar_workflow_id_for(calendar_id))

    for status in (MeetingStatus.DISPATCHING, MeetingStatus.RECORDING):
        await people.until(workflow_id, lambda view, status=status: view.status is status)  # type: ignore[misc]  # of its default
        run_id = (await stack.handle(workflow_id).describe()).run_id
        await stack.handle(workflow_id).terminate()
        await calendar.execute_update("resync")
        await people.until_another_run(workflow_id, run_id)
        view = await people.until_wanted_by(workflow_id, 1)
        assert [each.calendar_id for each in view.calendars] == [calendar_id]
    assert (await stack.outcome(workflow_id)).status is MeetingStatus.COMPLETED
    assert len(await stack.bots_of(workflow_id)) == 1
    await people.calendars.aclose()
