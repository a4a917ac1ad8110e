"""The calendar client and the stand-in for Meeting BaaS, which share no code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings
from minutekeeper.calendars.event import CalendarEvent, Response, meeting_id_for_event
from minutekeeper.calendars.people import participants
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.base import (
    AccountError,
    CalendarWebhook,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    UnavailableError,
)
from minutekeeper.providers.calendar_base import (
    AccessProblemSource,
    CalendarAccessError,
    CalendarCredentials,
    EventFilter,
    EventStatus,
    ScheduledRecording,
)
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.providers.meetingbaas.webhooks import parse_webhook
from tests.providers.conftest import SECRET

KEY = "sim-key-0123456789"
ANNA, BEN, OTTO = "anna@example.com", "ben@example.com", "otto@example.org"
TEAMS = "https://teams.live.com/meet/9311112223334"
EVERYTHING = EventFilter(status=EventStatus.ALL)


class House:
    """A simulator, its control, and clients of it, all closed at the end."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.url = ""

    async def open(self, api_key: str = KEY, **settings: Any) -> MeetingBaasCalendars:
        if not self.url:
            chosen: dict[str, Any] = {"api_key": KEY, "speed": 1000, "duplicate_window": 0} | settings
            self.url = await self._stack.enter_async_context(running_simulator(SimulatorSettings(**chosen)))
        calendars = MeetingBaasCalendars(self.url, api_key, signing_secrets=[SECRET])
        self._stack.push_async_callback(calendars.aclose)
        return calendars

    async def order(self, path: str, body: Any = None, method: str = "POST") -> Any:
        async with aiohttp.request(method, f"{self.url}/_sim/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def account(self, email: str = ANNA, platform: str = "Google", **fields: Any) -> CalendarCredentials:
        given = await self.order("calendars/accounts", {"email": email, "platform": platform} | fields)
        return CalendarCredentials(
            platform=CalendarPlatform(platform.lower()),
            client_id=given["oauth_client_id"],
            client_secret=SecretStr(given["oauth_client_secret"]),
            refresh_token=SecretStr(given["oauth_refresh_token"]),
        )

    async def add(self, organizer: str = ANNA, **fields: Any) -> list[str]:
        order = {"organizer": organizer, "start": soon(hours=1).isoformat()} | fields
        added: list[str] = (await self.order("calendars/events", order))["events"]
        return added

    async def change(self, identifier: str, **fields: Any) -> None:
        await self.order(f"calendars/events/{identifier}", fields, "PATCH")

    async def ledger(self) -> Any:
        return await self.order("ledger", method="GET")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(stack)


def soon(**delay: float) -> datetime:
    return datetime.now(UTC) + timedelta(**delay)


async def listed(
    calendars: MeetingBaasCalendars, calendar_id: str, filters: EventFilter = EVERYTHING
) -> list[CalendarEvent]:
    return [event async for event in calendars.events(calendar_id, filters)]


async def connected(
    house: House, calendars: MeetingBaasCalendars, email: str = ANNA, platform: str = "Google"
) -> str:
    return (await calendars.create_calendar(await house.account(email, platform))).calendar_id


async def synced(calendars: MeetingBaasCalendars, *calendar_ids: str) -> list[CalendarEvent]:
    """The one event of each calendar."""
    await calendars.check_access()
    found = [await listed(calendars, calendar_id) for calendar_id in calendar_ids]
    assert [len(events) for events in found] == [1] * len(calendar_ids)
    return [events[0] for events in found]


async def test_a_calendar_from_its_connection_to_its_end(house: House) -> None:
    calendars = await house.open()
    team = {"id": "team@group.calendar.google.com", "name": "Team"}
    credentials = await house.account(calendars=[team])
    raws = await calendars.list_available_calendars(credentials)
    assert [(raw.raw_id, raw.email, raw.is_primary) for raw in raws] == [
        (ANNA, ANNA, True),
        (team["id"], ANNA, False),
    ]
    primary = await calendars.create_calendar(credentials)
    second = await calendars.create_calendar(credentials, team["id"])
    assert (primary.email, primary.raw_id, second.name) == (ANNA, ANNA, "Team")
    assert await calendars.calendars() == [primary, second]
    assert await calendars.calendar(primary.calendar_id) == primary
    assert await calendars.update_credentials(primary.calendar_id, credentials) == primary
    for _ in range(2):
        await calendars.delete_calendar(primary.calendar_id)
    with pytest.raises(NotFoundError):
        await calendars.calendar(primary.calendar_id)
    assert await calendars.calendars() == [second]


@pytest.mark.parametrize("name", ["data", "events"])
@pytest.mark.parametrize("form", ["cursor", "url"])
async def test_all_pages(house: House, name: str, form: str) -> None:
    calendars = await house.open(event_list=name, event_list_next=form)
    calendar_id = await connected(house, calendars)
    start = soon(days=1)
    orders = [
        {"organizer": ANNA, "title": str(number), "start": (start + timedelta(minutes=number)).isoformat()}
        for number in range(230)
    ]
    await house.order("calendars/events", orders)
    await calendars.check_access()
    assert [event.title for event in await listed(calendars, calendar_id)] == [str(n) for n in range(230)]
    calls = [entry for entry in (await house.ledger())["requests"] if entry["path"] == "/calendar_events/"]
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("kind", "error"),
    [("server_error", UnavailableError), ("cut_answer", UnavailableError), ("rate_limited", RateLimitedError)],
)
async def test_a_page_that_fails_raises(house: House, kind: str, error: type[ProviderError]) -> None:
    calendars = await house.open(event_page=10)
    calendar_id = await connected(house, calendars)
    await house.order("calendars/events", [{"organizer": ANNA, "start": soon(days=1).isoformat()}] * 25)
    await calendars.check_access()
    events = aiter(calendars.events(calendar_id))
    await anext(events)
    await house.order("faults", {"kind": kind, "times": 1, "match": {"path": "/calendar_events"}})
    for _ in range(9):
        await anext(events)
    with pytest.raises(error):
        await anext(events)


async def test_filters(house: House) -> None:
    calendars = await house.open()
    calendar_id = await connected(house, calendars)
    await house.add(title="past", start=soon(days=-1).isoformat())
    await house.add(title="soon", guests=[BEN])
    await house.add(BEN, title="later", start=soon(days=3).isoformat(), guests=[ANNA])
    await calendars.check_access()

    async def titles(**filters: Any) -> list[str]:
        return [event.title for event in await listed(calendars, calendar_id, EventFilter(**filters))]

    assert await titles() == ["soon", "later"]
    assert await titles(status=EventStatus.PAST) == ["past"]
    assert await titles(status=EventStatus.ALL) == ["past", "soon", "later"]
    assert await titles(starts_from=soon(days=2)) == ["later"]
    assert await titles(starts_until=soon(days=2)) == ["soon"]
    assert await titles(organizer_email=BEN) == ["later"]
    assert await titles(attendee_email=OTTO) == []
    [old, *_] = await listed(calendars, calendar_id)
    await house.add(title="new")
    await calendars.check_access()
    [fresh] = [event for event in await listed(calendars, calendar_id) if event.title == "new"]
    assert old.updated_at
    assert fresh.updated_at
    assert old.updated_at < fresh.updated_at
    assert await titles(updated_since=fresh.updated_at, status=EventStatus.ALL) == ["new"]


async def test_copies_of_one_meeting_in_all_calendars(house: House) -> None:
    calendars = await house.open()
    ids = [
        await connected(house, calendars, email, platform)
        for email, platform in ((ANNA, "Google"), (BEN, "Google"), (OTTO, "Microsoft"))
    ]
    [identifier] = await house.add(title="Review", guests=[{"email": BEN, "name": "Ben"}, OTTO])
    await house.order(f"calendars/events/{identifier}/respond", {"email": OTTO, "response": "declined"})
    hers, his, ottos = await synced(calendars, *ids)
    assert len({event.event_id for event in (hers, his, ottos)}) == 3
    assert hers.uid == his.uid == f"{identifier}@google.com"
    assert f"{identifier}@google.com" in bytes.fromhex(ottos.uid).decode("latin-1"), "Microsoft wraps it"
    assert len({meeting_id_for_event(event) for event in (hers, his, ottos)}) == 1
    assert [event.is_organizer for event in (hers, his, ottos)] == [True, False, False]
    assert [event.response for event in (hers, his, ottos)] == [
        Response.ACCEPTED,
        Response.NEEDS_ACTION,
        Response.DECLINED,
    ]
    assert {event.organizer_email for event in (hers, his, ottos)} == {ANNA}
    for event in (hers, his, ottos):
        assert {person.name for person in participants(event)} == {ANNA, BEN}, "Otto declined"
    assert {(event.title, str(event.link and event.link.platform)) for event in (hers, his, ottos)} == {
        ("Review", "google_meet")
    }


@pytest.mark.parametrize("platform", ["Google", "Microsoft"])
async def test_a_series_with_exceptions(house: House, platform: str) -> None:
    calendars = await house.open()
    ids = [await connected(house, calendars, email, platform) for email in (ANNA, BEN)]
    occurrences = await house.add(guests=[BEN], link=TEAMS, series={"count": 3, "every_days": 1})
    await calendars.check_access()
    before = await listed(calendars, ids[0])
    await house.change(occurrences[1], shift=7200, link="")
    await house.order(f"calendars/events/{occurrences[2]}/cancel")
    await calendars.check_access()
    both = [{event.event_id: event for event in await listed(calendars, calendar_id)} for calendar_id in ids]
    first, moved, cancelled = [both[0][event.event_id] for event in before]
    assert {event.is_recurring for event in (first, moved, cancelled)} == {True}
    assert len({event.recurring_event_id for event in (first, moved)}) == 1
    assert moved.original_start == before[1].start_time.replace(microsecond=0)
    assert moved.start_time == before[1].start_time + timedelta(hours=2)
    assert (moved.link, cancelled.deleted) == (None, True)
    assert (first.link and first.link.url) == TEAMS
    assert len({meeting_id_for_event(event) for event in before}) == 3
    assert [meeting_id_for_event(event) for event in (first, moved)] == [
        meeting_id_for_event(event) for event in before[:2]
    ]
    names = [{meeting_id_for_event(event) for event in copies.values() if not event.deleted} for copies in both]
    assert names[0] == names[1]


async def test_whatever_was_cancelled_is_deleted_in_every_calendar(house: House) -> None:
    calendars = await house.open()
    ids = [
        await connected(house, calendars, email, platform)
        for email, platform in ((ANNA, "Microsoft"), (BEN, "Google"), (OTTO, "Microsoft"))
    ]
    [identifier] = await house.add(guests=[BEN, OTTO], link=TEAMS)
    assert [event.deleted for event in await synced(calendars, *ids)] == [False] * 3
    await house.order(f"calendars/events/{identifier}/cancel")
    assert [event.deleted for event in await synced(calendars, *ids)] == [True] * 3


async def test_removed_events_may_be_unknown(house: House) -> None:
    calendars = await house.open(removed_events="gone")
    calendar_id = await connected(house, calendars)
    [identifier] = await house.add()
    [event] = await synced(calendars, calendar_id)
    assert await calendars.event("", event.event_id) == event
    await house.order(f"calendars/events/{identifier}/cancel")
    await calendars.check_access()
    with pytest.raises(NotFoundError):
        await calendars.event("", event.event_id)


@pytest.mark.parametrize("answer", ["array", "object"])
async def test_recordings(house: House, answer: str) -> None:
    calendars = await house.open(recording_answer=answer, reserved_lead=10**9)
    calendar_id = await connected(house, calendars)
    await house.add(series={"count": 2, "every_days": 1})
    await calendars.check_access()
    first, second = await listed(calendars, calendar_id)
    recording = ScheduledRecording(name="Scribe", entry_message="Hello", extra={"event": first.event_id})
    scheduled = await calendars.schedule_recording(first.event_id, recording, all_occurrences=True)
    assert [event.event_id for event in scheduled] == [first.event_id, second.event_id]
    bots: list[Any] = []
    while len(bots) < 2:
        bots = (await house.ledger())["bots"]
    assert {bot["event_uuid"] for bot in bots} == {first.event_id, second.event_id}
    assert {bot["bot_name"] for bot in bots} == {"Scribe"}
    for _ in range(2):
        removed = await calendars.remove_recording(first.event_id)
        assert [event.event_id for event in removed] == [first.event_id]
    with pytest.raises(NotFoundError):
        await calendars.schedule_recording("00000000-0000-4000-8000-000000000000", recording)


async def test_grants_that_end(house: House) -> None:
    calendars = await house.open()
    credentials = await house.account()
    hers = (await calendars.create_calendar(credentials)).calendar_id
    his = await connected(house, calendars, BEN)
    ottos = await connected(house, calendars, OTTO, "Microsoft")
    await house.order(f"calendars/accounts/{ANNA}/expire")
    synced_ids, [failure] = await calendars.check_access()
    assert synced_ids == (his, ottos)
    assert (failure.calendar_id, failure.trouble) == (hers, AccessProblemSource.USER)
    for call in (
        calendars.list_available_calendars(credentials),
        calendars.create_calendar(credentials),
        calendars.update_credentials(hers, credentials),
    ):
        with pytest.raises(CalendarAccessError, match="invalid_grant") as caught:
            await call
        assert caught.value.trouble is AccessProblemSource.USER
        assert credentials.refresh_token.get_secret_value() not in str(caught.value)
    await calendars.update_credentials(hers, await house.account())
    await house.order("calendars/apps/microsoft-app/expire")
    synced_ids, [failure] = await calendars.check_access()
    assert synced_ids == (hers, his)
    assert (failure.calendar_id, failure.trouble) == (ottos, AccessProblemSource.APP)


@pytest.mark.parametrize("status", [400, 401, 403, 500])
async def test_a_refused_grant_has_no_known_status(house: House, status: int) -> None:
    calendars = await house.open(grant_error_status=status)
    credentials = await house.account()
    await house.order(f"calendars/accounts/{ANNA}/expire")
    with pytest.raises(CalendarAccessError):
        await calendars.create_calendar(credentials)


async def test_an_api_that_is_not_switched_on(house: House) -> None:
    calendars = await house.open()
    app = {"platform": "Google", "client_id": "bare", "client_secret": "bare-secret", "api_enabled": False}
    await house.order("calendars/apps", app)
    with pytest.raises(CalendarAccessError, match="switched on") as caught:
        await calendars.create_calendar(await house.account(client_id="bare"))
    assert caught.value.trouble is AccessProblemSource.APP


async def test_a_wrong_key(house: House) -> None:
    await house.open()
    stranger = await house.open("another-key")
    with pytest.raises(AccountError):
        await stranger.calendars()


FORMS = ["listed", "empty", "null", "absent", "last_updated_at", "calendar_uuid", "uuid"]


@pytest.mark.parametrize("form", FORMS)
async def test_sync_webhooks_of_every_form_name_their_calendar(house: House, form: str) -> None:
    deliveries: asyncio.Queue[bytes] = asyncio.Queue()

    async def receive(request: web.BaseRequest) -> web.Response:
        await deliveries.put(await request.read())
        return web.Response()

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    calendars = await house.open(calendar_notice=form, account_webhook_url=hook)
    await house.add()
    calendar_id = await connected(house, calendars)
    async with asyncio.timeout(20):
        first = parse_webhook(await deliveries.get(), datetime.now(UTC))
        await house.add()
        second = parse_webhook(await deliveries.get(), datetime.now(UTC))
    await runner.cleanup()
    assert isinstance(first, CalendarWebhook)
    assert isinstance(second, CalendarWebhook)
    assert {first.calendar_id, second.calendar_id} == {calendar_id}
    assert first.delivery != second.delivery
