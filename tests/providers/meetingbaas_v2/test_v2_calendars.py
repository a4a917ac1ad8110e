"""The calendars of version 2: series, declined events, conflicts, and why a calendar cannot be read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from minutekeeper.calendars.event import CalendarEvent, Response
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import AccountError, NotFoundError, QuotaError, UnavailableError
from minutekeeper.providers.calendar_base import (
    AccessProblemSource,
    AvailableCalendar,
    CalendarAccessError,
    CalendarCapabilities,
    ConnectedCalendar,
    EventFilter,
    EventStatus,
)
from minutekeeper.providers.meetingbaas_v2.calendars import MeetingBaasV2Calendars
from minutekeeper.providers.meetingbaas_v2.http import MEETING_BAAS_V2, RefusedByStateError
from tests.providers.calendar_support import CREDENTIALS, SECRETS
from tests.providers.conftest import KEY
from tests.providers.response_server import Answer, Asked, ToldServer

LISTED = {
    "calendar_id": "c-1",
    "calendar_platform": "google",
    "account_email": "anna@example.com",
    "status": "active",
    "synced_at": "2026-12-01T08:00:00Z",
    "created_at": "2026-11-01T08:00:00Z",
}
RAWS = [
    {"id": "team@group.calendar.google.com", "name": "Team", "email": "anna@example.com", "is_primary": False},
    {"id": "anna@example.com", "name": "Anna", "email": "anna@example.com", "is_primary": True},
]
ANNA = ConnectedCalendar(
    calendar_id="meetingbaas-v2-c-1", email="anna@example.com", raw_id="anna@example.com", status="active"
)
EVENT: dict[str, Any] = {
    "event_id": "e-1",
    "calendar_id": "c-1",
    "series_id": "s-1",
    "event_type": "recurring",
    "title": "Review",
    "start_time": "2026-12-02T10:00:00Z",
    "end_time": "2026-12-02T10:30:00Z",
    "status": "confirmed",
    "is_exception": False,
    "meeting_url": "https://meet.google.com/abc-defg-hij",
    "bot_scheduled": True,
    "attendees": [{"email": "meg@example.com", "name": "Meg", "response_status": "accepted"}],
    "updated_at": "2026-12-01T08:00:00Z",
    "raw_payload": {
        "kind": "calendar#event",
        "id": "g-1",
        "iCalUID": "uid-1",
        "recurringEventId": "r-1",
        "originalStartTime": {"dateTime": "2026-12-02T10:00:00Z"},
        "attendees": [{"email": "anna@example.com", "self": True, "responseStatus": "accepted"}],
    },
}


@pytest.fixture
async def calendars(server: ToldServer) -> AsyncIterator[MeetingBaasV2Calendars]:
    opened = MeetingBaasV2Calendars(ApiConnection(MEETING_BAAS_V2, server.url, KEY))
    yield opened
    await opened.aclose()


def data(value: Any, status: int = 200, **more: Any) -> Answer:
    return Answer({"success": True, "data": value, **more}, status)


def refusal(status: int, code: str, message: str = "no") -> Answer:
    return Answer({"success": False, "error": "refused", "message": message, "code": code}, status)


def last(server: ToldServer) -> Asked:
    return server.asked[-1]


async def read(calendars: MeetingBaasV2Calendars, **filters: Any) -> list[CalendarEvent]:
    wanted = EventFilter(**{"status": EventStatus.ALL} | filters)
    return [event async for event in calendars.events("meetingbaas-v2-c-1", wanted)]


def test_what_these_calendars_cannot_do(calendars: MeetingBaasV2Calendars) -> None:
    assert calendars.capabilities == CalendarCapabilities(filters_changes=False, keeps_begun_events=False)


async def test_the_primary_calendar_is_connected_unless_another_is_named(
    calendars: MeetingBaasV2Calendars, server: ToldServer
) -> None:
    server.tell(data(RAWS), data(LISTED, 201))
    assert await calendars.create_calendar(CREDENTIALS) == ANNA
    raw, created = server.asked
    assert (raw.method, raw.path, created.path) == ("POST", "/v2/calendars/list-raw", "/v2/calendars")
    assert raw.body == {
        "calendar_platform": "google",
        "oauth_client_id": CREDENTIALS.client_id,
        "oauth_client_secret": SECRETS[0],
        "oauth_refresh_token": SECRETS[1],
    }
    assert created.body == raw.body | {"raw_calendar_id": "anna@example.com"}
    server.tell(data(RAWS), data(LISTED, 201))
    tenant = CREDENTIALS.model_copy(update={"tenant": "t-1"})
    await calendars.create_calendar(tenant, "team@group.calendar.google.com")
    assert last(server).body["raw_calendar_id"] == "team@group.calendar.google.com"
    assert last(server).body["oauth_tenant_id"] == "t-1"
    server.tell(data(RAWS[:1]))
    with pytest.raises(NotFoundError, match="no calendar that is a primary one"):
        await calendars.create_calendar(CREDENTIALS)


async def test_what_can_be_connected(calendars: MeetingBaasV2Calendars, server: ToldServer) -> None:
    server.tell(data(RAWS))
    team, anna = await calendars.list_available_calendars(CREDENTIALS)
    assert team == AvailableCalendar(raw_id="team@group.calendar.google.com", name="Team", email="anna@example.com")
    assert anna.is_primary


async def test_a_calendar_that_exists_gets_the_new_credentials(
    calendars: MeetingBaasV2Calendars, server: ToldServer
) -> None:
    server.tell(data(RAWS), refusal(409, "FST_ERR_CALENDAR_ALREADY_EXISTS"), data([LISTED]), data(LISTED))
    assert await calendars.create_calendar(CREDENTIALS) == ANNA
    assert (last(server).method, last(server).path) == ("PATCH", "/v2/calendars/c-1")
    assert server.asked[2].query["account_email"] == "anna@example.com"
    server.tell(
        data(RAWS), refusal(409, "FST_ERR_CALENDAR_ALREADY_EXISTS"), data([LISTED, LISTED | {"calendar_id": "c-2"}])
    )
    with pytest.raises(RefusedByStateError):
        await calendars.create_calendar(CREDENTIALS)


async def test_the_limit_of_calendars_is_no_rate_limit(
    calendars: MeetingBaasV2Calendars, server: ToldServer
) -> None:
    server.tell(data(RAWS), refusal(429, "FST_ERR_CALENDAR_LIMIT_REACHED"))
    with pytest.raises(QuotaError):
        await calendars.create_calendar(CREDENTIALS)


@pytest.mark.parametrize(
    ("text", "error"),
    [("invalid_grant: Token has been expired or revoked.", CalendarAccessError), ("no such key", AccountError)],
)
async def test_a_refused_token_is_told_from_a_refused_key(
    calendars: MeetingBaasV2Calendars, server: ToldServer, text: str, error: type[Exception]
) -> None:
    server.tell(refusal(401, "FST_ERR_UNAUTHORIZED", text))
    with pytest.raises(error) as caught:
        await calendars.list_available_calendars(CREDENTIALS)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("status", "message", "source"),
    [
        ("revoked", None, AccessProblemSource.USER),
        ("permission_denied", "The user has withdrawn it.", AccessProblemSource.USER),
        ("error", "invalid_client", AccessProblemSource.APP),
        ("error", "A hiccup.", None),
    ],
)
async def test_a_calendar_that_cannot_be_read_says_who_has_to_act(
    calendars: MeetingBaasV2Calendars,
    server: ToldServer,
    status: str,
    message: str | None,
    source: AccessProblemSource | None,
) -> None:
    broken = LISTED | {"calendar_id": "c-2", "status": status}
    server.tell(data([LISTED], cursor="p2"), data([broken]), data(broken | {"status_message": message}))
    readable, [failure] = await calendars.check_access()
    assert readable == ("meetingbaas-v2-c-1",)
    assert (failure.calendar_id, failure.trouble) == ("meetingbaas-v2-c-2", source)
    assert failure.text == (message or status)


async def test_events_are_listed_and_then_read_one_by_one(
    calendars: MeetingBaasV2Calendars, server: ToldServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.tell(
        data([{"event_id": "e-1"}], cursor="p2"), data(EVENT), data([{"event_id": "bad"}]), data({"title": "?"})
    )
    (event,) = await read(calendars)
    assert (event.event_id, event.calendar_id, event.title) == ("e-1", "meetingbaas-v2-c-1", "Review")
    assert event.is_recurring
    assert (event.uid, event.recurring_event_id) == ("uid-1", "r-1")
    assert [each.email for each in event.attendees] == ["anna@example.com"]
    assert not event.provider_records, "a bot that is scheduled there may be that of another product"
    paths = [asked.path for asked in server.asked]
    assert paths == [f"/v2/calendars/c-1/events{part}" for part in ("", "/e-1", "", "/bad")]
    assert "is left out" in caplog.text


async def test_an_event_that_is_gone_meanwhile_hides_nothing(
    calendars: MeetingBaasV2Calendars, server: ToldServer
) -> None:
    server.tell(data([{"event_id": "e-1"}]), refusal(404, "FST_ERR_EVENT_NOT_FOUND"))
    assert await read(calendars, starts_from=datetime(2026, 12, 1, tzinfo=UTC)) == []
    assert server.asked[0].query["start_date"] == "2026-12-01T00:00:00Z"
    server.tell(data([{"event_id": "e-1"}]), Answer(status=503))
    with pytest.raises(UnavailableError):
        await read(calendars)


@pytest.mark.parametrize(
    ("answer", "is_cancelled", "deleted"),
    [("declined", False, False), ("declined", True, True), ("accepted", False, True)],
)
async def test_a_declined_event_is_told_from_a_cancelled_one(
    calendars: MeetingBaasV2Calendars, server: ToldServer, answer: str, *, is_cancelled: bool, deleted: bool
) -> None:
    raw = EVENT["raw_payload"] | {
        "status": "cancelled" if is_cancelled else "confirmed",
        "attendees": [{"email": "anna@example.com", "self": True, "responseStatus": answer}],
    }
    server.tell(data(EVENT | {"status": "cancelled", "raw_payload": raw}))
    event = await calendars.event("meetingbaas-v2-c-1", "e-1")
    assert event.response is Response(answer)
    assert event.deleted is deleted


async def test_an_event_needs_its_calendar(calendars: MeetingBaasV2Calendars, server: ToldServer) -> None:
    with pytest.raises(NotFoundError):
        await calendars.event("", "e-1")
    assert server.asked == []


async def test_deleting_is_idempotent(calendars: MeetingBaasV2Calendars, server: ToldServer) -> None:
    server.tell(data({"message": "deleted"}), refusal(404, "FST_ERR_CALENDAR_NOT_FOUND"))
    await calendars.delete_calendar("meetingbaas-v2-c-1")
    await calendars.delete_calendar("meetingbaas-v2-c-1")
    assert (last(server).method, last(server).path) == ("DELETE", "/v2/calendars/c-1")
