"""The calendars of Recall.ai: what is asked, what is read, and what is never shown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.calendars.event import CalendarEvent, Response
from minutekeeper.calendars.preferences import CalendarIdentity
from minutekeeper.providers.base import NotFoundError, RateLimitedError, RequestRejectedError, UnavailableError
from minutekeeper.providers.calendar_base import (
    AccessProblemSource,
    AvailableCalendar,
    CalendarCapabilities,
    ConnectedCalendar,
    EventFilter,
    EventStatus,
    identity_of,
)
from minutekeeper.providers.recall.calendars import RecallCalendars
from minutekeeper.providers.recall.http import open_recall
from tests.providers.calendar_support import CREDENTIALS, SECRETS
from tests.providers.recall.support import KEY, needs_samples, sample
from tests.providers.response_server import Answer, Asked, ToldServer

CALENDAR = {
    "id": "c-1",
    "oauth_client_id": CREDENTIALS.client_id,
    "oauth_client_secret": SECRETS[0],
    "oauth_refresh_token": SECRETS[1],
    "platform": "google_calendar",
    "webhook_url": None,
    "oauth_email": None,
    "platform_email": "Anna@example.com",
    "status": "connected",
    "status_changes": [{"status": "connected", "created_at": "2026-12-01T09:00:00Z"}],
}
EVENT: dict[str, Any] = {
    "id": "e-1",
    "calendar_id": "c-1",
    "platform": "google_calendar",
    "platform_id": "g-1",
    "ical_uid": "uid-1",
    "start_time": "2026-12-02T10:00:00Z",
    "end_time": "2026-12-02T10:30:00Z",
    "meeting_url": "https://meet.google.com/abc-defg-hij",
    "updated_at": "2026-12-01T08:00:00.123456Z",
    "is_deleted": False,
    "bots": [],
    "raw": {"kind": "calendar#event", "summary": "Review", "organizer": {"email": "ben@example.com"}},
}
ANNA = ConnectedCalendar(
    calendar_id="recall-c-1", email="Anna@example.com", raw_id="anna@example.com", status="connected"
)


@pytest.fixture
async def calendars(server: ToldServer) -> AsyncIterator[RecallCalendars]:
    opened = RecallCalendars(open_recall(server.url, KEY), email_pause=0.0)
    yield opened
    await opened.aclose()


def last(server: ToldServer) -> Asked:
    return server.asked[-1]


def page(*results: Any, cursor: str = "") -> Answer:
    following = f"http://elsewhere.example/api/v2/anything/?cursor={cursor}" if cursor else None
    return Answer({"next": following, "previous": None, "results": list(results)})


async def read(calendars: RecallCalendars, **filters: Any) -> list[CalendarEvent]:
    wanted = EventFilter(**{"status": EventStatus.ALL} | filters)
    return [event async for event in calendars.events("recall-c-1", wanted)]


def test_only_the_primary_calendar_is_read_and_no_bot_is_scheduled_there(calendars: RecallCalendars) -> None:
    assert calendars.capabilities == CalendarCapabilities(picks_calendars=False)


async def test_connecting_waits_for_the_address_and_shows_no_secret(
    calendars: RecallCalendars, server: ToldServer
) -> None:
    new = CALENDAR | {"platform_email": None, "status": "connecting"}
    server.tell(Answer(new, 201), Answer(new), Answer(CALENDAR))
    connected = await calendars.create_calendar(CREDENTIALS)
    assert connected == ANNA
    created = server.asked[0]
    assert (created.method, created.path) == ("POST", "/api/v2/calendars/")
    assert created.headers["authorization"] == f"Token {KEY}"
    assert created.body == {
        "oauth_client_id": CREDENTIALS.client_id,
        "oauth_client_secret": SECRETS[0],
        "oauth_refresh_token": SECRETS[1],
        "platform": "google_calendar",
    }
    assert (last(server).method, last(server).path, last(server).body) == ("GET", "/api/v2/calendars/c-1/", None)
    assert not any(secret in repr(connected) for secret in SECRETS)


async def test_an_account_whose_address_stays_unknown_shares_no_preferences(
    calendars: RecallCalendars, server: ToldServer
) -> None:
    server.always = Answer(CALENDAR | {"platform_email": None, "status": "connecting"})
    connected = await calendars.create_calendar(CREDENTIALS)
    assert connected.raw_id == "primary"
    [available] = await calendars.list_available_calendars(CREDENTIALS)
    assert available == AvailableCalendar(raw_id="primary", is_primary=True)
    assert identity_of("google", connected, available) is None
    identity = identity_of("google", ANNA, available)
    assert identity
    assert identity.account == "Anna@example.com"
    elsewhere = CalendarIdentity(platform="google", account="anna@example.com", raw_id="anna@example.com")
    assert identity.key == elsewhere.key, "its policy is found again at another provider"


async def test_another_calendar_than_the_primary_one_is_refused(
    calendars: RecallCalendars, server: ToldServer
) -> None:
    with pytest.raises(RequestRejectedError, match="only the primary calendar of an account, so team"):
        await calendars.create_calendar(CREDENTIALS, "team@example.com")
    assert server.asked == []
    known = CREDENTIALS.model_copy(update={"email": "Anna@example.com"})
    [available] = await calendars.list_available_calendars(known)
    server.tell(Answer(CALENDAR, 201))
    assert await calendars.create_calendar(known, available.raw_id) == ANNA
    assert last(server).body["oauth_email"] == "Anna@example.com"


async def test_what_a_refusal_quotes_of_the_credentials_is_not_shown(
    calendars: RecallCalendars, server: ToldServer
) -> None:
    server.tell(Answer({"oauth_refresh_token": [f"{SECRETS[1]} is not good"]}, 400))
    with pytest.raises(RequestRejectedError) as caught:
        await calendars.create_calendar(CREDENTIALS)
    assert not any(secret in str(caught.value) for secret in SECRETS)


async def test_credentials_are_renewed_and_calendars_deleted(
    calendars: RecallCalendars, server: ToldServer
) -> None:
    server.tell(Answer(CALENDAR), Answer(status=204), Answer({"detail": "Not found."}, 404))
    assert await calendars.update_credentials("recall-c-1", CREDENTIALS) == ANNA
    assert (last(server).method, last(server).path) == ("PATCH", "/api/v2/calendars/c-1/")
    await calendars.delete_calendar("recall-c-1")
    await calendars.delete_calendar("recall-c-1")
    assert (last(server).method, last(server).path) == ("DELETE", "/api/v2/calendars/c-1/")


@pytest.mark.parametrize(
    ("change", "source"),
    [
        ({"message": "invalid_grant: Token has been expired or revoked."}, AccessProblemSource.USER),
        ({"sub_code": "bad_refresh_token"}, AccessProblemSource.USER),
        ({"reason": "invalid_scope"}, AccessProblemSource.USER),
        ({"error": "AADSTS7000215: Invalid client secret provided."}, AccessProblemSource.APP),
        ({"code": "no_oauth_credentials"}, AccessProblemSource.APP),
        ({}, AccessProblemSource.USER),
    ],
)
async def test_a_disconnected_calendar_says_who_has_to_act(
    calendars: RecallCalendars, server: ToldServer, change: dict[str, str], source: AccessProblemSource
) -> None:
    changes = [
        {"status": "disconnected", "created_at": "2026-12-01T10:00:00Z", "refresh_token": SECRETS[1]} | change,
        {"status": "connected", "created_at": "2026-12-01T09:00:00Z", "message": "invalid_client of long ago"},
    ]
    lost = CALENDAR | {"id": "c-2", "status": "disconnected", "status_changes": changes}
    server.tell(page(CALENDAR, cursor="p2"), page(lost, CALENDAR | {"id": "c-3", "status": "connecting"}))
    readable, [failure] = await calendars.check_access()
    assert readable == ("recall-c-1", "recall-c-3")
    assert (failure.calendar_id, failure.trouble) == ("recall-c-2", source)
    assert all(text in failure.text for text in change.values())
    assert failure.text
    assert not any(secret in failure.text for secret in SECRETS)
    assert (last(server).path, last(server).query) == ("/api/v2/calendars/", {"cursor": "p2"})


async def test_events_are_read_by_pages_and_by_their_changes(
    calendars: RecallCalendars, server: ToldServer
) -> None:
    server.tell(page(EVENT, cursor="p2"), page({"id": "broken"}, EVENT | {"id": "e-2", "is_deleted": True}))
    since = datetime(2026, 12, 1, 8, tzinfo=UTC)
    first, second = await read(calendars, updated_since=since, starts_from=since)
    assert (first.event_id, first.calendar_id, first.title) == ("e-1", "recall-c-1", "Review")
    assert first.meeting_url == "https://meet.google.com/abc-defg-hij"
    assert first.uid == "uid-1"
    assert first.updated_at == datetime(2026, 12, 1, 8, 0, 0, 123456, tzinfo=UTC)
    assert (second.event_id, second.deleted, first.deleted) == ("e-2", True, False)
    filters = {
        "calendar_id": "c-1",
        "updated_at__gte": "2026-12-01T08:00:00+00:00",
        "start_time__gte": "2026-12-01T08:00:00+00:00",
    }
    assert [asked.query for asked in server.asked] == [filters, filters | {"cursor": "p2"}]
    assert {(asked.method, asked.path, asked.body) for asked in server.asked} == {
        ("GET", "/api/v2/calendar-events/", None)
    }


async def test_a_list_that_breaks_off_is_no_list(calendars: RecallCalendars, server: ToldServer) -> None:
    server.tell(page(EVENT, cursor="p2"), page(EVENT, cursor="p2"))
    with pytest.raises(UnavailableError, match="repeats a cursor"):
        await read(calendars)
    server.tell(Answer({"next": "http://elsewhere.example/", "results": []}))
    with pytest.raises(UnavailableError, match="does not say where"):
        await read(calendars)
    server.tell(Answer({"detail": "Request was throttled."}, 429, {"Retry-After": "17"}))
    with pytest.raises(RateLimitedError) as caught:
        await read(calendars)
    assert caught.value.retry_after == 17


async def test_upcoming_past_and_people_are_filtered(calendars: RecallCalendars, server: ToldServer) -> None:
    for status, name in ((EventStatus.UPCOMING, "start_time__gte"), (EventStatus.PAST, "start_time__lte")):
        server.tell(page())
        await read(calendars, status=status)
        asked = datetime.fromisoformat(last(server).query[name])
        assert abs(asked - datetime.now(UTC)) < timedelta(minutes=1)
    server.always = page(EVENT)
    assert len(await read(calendars, organizer_email="BEN@example.com")) == 1
    assert await read(calendars, attendee_email="ben@example.com") == []


async def test_one_event_needs_no_calendar(calendars: RecallCalendars, server: ToldServer) -> None:
    server.tell(Answer(EVENT), Answer({"detail": "Not found."}, 404))
    event = await calendars.event("", "e-1")
    assert event.calendar_id == "recall-c-1"
    assert last(server).path == "/api/v2/calendar-events/e-1/"
    with pytest.raises(NotFoundError):
        await calendars.event("recall-c-1", "e-1")


@needs_samples
@pytest.mark.parametrize(
    ("name", "title", "response", "host"),
    [
        ("google", "Meeting Summary", Response.ACCEPTED, "meet.google.com"),
        ("outlook", "Dummy Meeting Subject", Response.ACCEPTED, "dummy.microsoft.com"),
    ],
)
async def test_the_raw_events_of_both_platforms_are_read(  # noqa: PLR0917 - fixtures and cases
    calendars: RecallCalendars, server: ToldServer, name: str, title: str, response: Response, host: str
) -> None:
    raw = sample(f"calendar/raw.{name}.json")
    server.tell(Answer(EVENT | {"raw": raw, "meeting_url": None}))
    event = await calendars.event("recall-c-1", "e-1")
    assert (event.title, event.response) == (title, response)
    assert host in event.meeting_url
    assert event.uid == (raw.get("iCalUID") or raw.get("iCalUId"))
    assert event.recurring_event_id == (raw.get("recurringEventId") or "")


@needs_samples
async def test_an_event_of_which_little_is_said(calendars: RecallCalendars, server: ToldServer) -> None:
    server.tell(Answer(sample("calendar/event.partial.json")))
    event = await calendars.event("recall-c-1", "e-1")
    assert event.title == "Partner sync"
    assert [each.email for each in event.attendees] == ["alice@example.com"]
    server.tell(Answer(sample("calendar/events.page1.json")), page(EVENT))
    assert len(await read(calendars)) == 1
