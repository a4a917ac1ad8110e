"""Every calendar endpoint: what is sent, and what is understood of answers in all their forms."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.meetings.fields import RecordingMode
from minutekeeper.providers.base import NotFoundError, ProviderError, RateLimitedError, UnavailableError
from minutekeeper.providers.bot_metadata import event_extra
from minutekeeper.providers.calendar_base import (
    AccessProblemSource,
    AvailableCalendar,
    ConnectedCalendar,
    EventFilter,
    EventStatus,
    ScheduledRecording,
    SyncFailure,
)
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from tests.providers.calendar_support import CREDENTIALS, WIRE_CREDENTIALS
from tests.providers.conftest import SECRET
from tests.providers.event_bodies import EVENT
from tests.providers.response_server import Answer, ToldServer

CALENDAR = {"uuid": "c-1", "name": "Team", "email": "anna@example.com", "google_id": "g-1", "resource_id": None}


def asked(server: ToldServer) -> tuple[str, str, dict[str, str], Any]:
    """The last request."""
    last = server.asked[-1]
    return last.method, last.path, last.query, last.body


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            {"calendars": [{"id": "g-1", "email": "a@b.c", "is_primary": True}]},
            AvailableCalendar(raw_id="g-1", email="a@b.c", is_primary=True),
        ),
        (
            {"calendars": [{"id": "primary", "name": "Main", "description": "x", "is_primary": False}]},
            AvailableCalendar(raw_id="primary", name="Main"),
        ),
        (
            [{"id": "g-1", "summary": "Main", "primary": True}],
            AvailableCalendar(raw_id="g-1", name="Main", is_primary=True),
        ),
        ({"data": [{"id": "g-1", "isPrimary": True}]}, AvailableCalendar(raw_id="g-1", is_primary=True)),
    ],
)
async def test_raw_calendars(
    calendars: MeetingBaasCalendars, server: ToldServer, answer: Any, found: AvailableCalendar
) -> None:
    server.tell(Answer(answer))
    assert await calendars.list_available_calendars(CREDENTIALS) == [found]
    assert asked(server) == ("POST", "/calendars/raw", {}, WIRE_CREDENTIALS)


@pytest.mark.parametrize(
    "odd",
    [{"id": "x" * 256}, {"id": "a\x00b"}, {"id": ""}, {"id": None}, {"id": ["g"]}, {"email": "a@b.c"}, None, "g"],
)
async def test_a_raw_calendar_that_cannot_be_read_costs_no_other(
    calendars: MeetingBaasCalendars, server: ToldServer, odd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.tell(Answer({"calendars": [{"id": "g-1"}, odd, {"id": "g-2"}]}))
    assert [each.raw_id for each in await calendars.list_available_calendars(CREDENTIALS)] == ["g-1", "g-2"]
    assert "calendar 2 of the 3 of a user is skipped" in caplog.text

    server.tell(Answer({"calendars": [odd]}))
    with pytest.raises(UnavailableError, match="no known form"):
        await calendars.list_available_calendars(CREDENTIALS)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            {"calendar": CALENDAR},
            ConnectedCalendar(calendar_id="c-1", name="Team", email="anna@example.com", raw_id="g-1"),
        ),
        (CALENDAR, ConnectedCalendar(calendar_id="c-1", name="Team", email="anna@example.com", raw_id="g-1")),
        (
            {
                "id": "cal_12345abcde",
                "provider": "google",
                "status": "syncing",
                "created_at": "2023-08-15T14:30:00Z",
                "raw_calendar_id": "team@group.calendar.google.com",
                "calendar_name": "Team",
            },
            ConnectedCalendar(
                calendar_id="cal_12345abcde",
                name="Team",
                raw_id="team@group.calendar.google.com",
                status="syncing",
            ),
        ),
        (
            {"calendar": {"id": "cal_1", "status": "error", "error_message": "invalid_grant"}},
            ConnectedCalendar(calendar_id="cal_1", status="error", error="invalid_grant"),
        ),
    ],
)
async def test_one_calendar(
    calendars: MeetingBaasCalendars, server: ToldServer, answer: Any, found: ConnectedCalendar
) -> None:
    server.always = Answer(answer)
    assert await calendars.create_calendar(CREDENTIALS) == found
    assert asked(server) == ("POST", "/calendars/", {}, WIRE_CREDENTIALS)
    assert await calendars.create_calendar(CREDENTIALS, "g-1") == found
    assert asked(server)[3] == WIRE_CREDENTIALS | {"raw_calendar_id": "g-1"}
    assert await calendars.calendar("c/1") == found
    assert asked(server) == ("GET", "/calendars/c/1", {}, None)
    microsoft = CREDENTIALS.model_copy(update={"platform": CalendarPlatform.MICROSOFT})
    assert await calendars.update_credentials("c-1", microsoft) == found
    assert asked(server) == ("PATCH", "/calendars/c-1", {}, WIRE_CREDENTIALS | {"platform": "Microsoft"})


@pytest.mark.parametrize("answer", [[CALENDAR], {"calendars": [CALENDAR]}, {"data": [{"calendar": CALENDAR}]}])
async def test_the_list_of_calendars(calendars: MeetingBaasCalendars, server: ToldServer, answer: Any) -> None:
    server.tell(Answer(answer))
    [found] = await calendars.calendars()
    assert (found.calendar_id, found.raw_id) == ("c-1", "g-1")
    assert asked(server) == ("GET", "/calendars/", {}, None)


@pytest.mark.parametrize("status", [200, 204, 404])
async def test_deleting_a_calendar_that_is_gone_is_done(
    calendars: MeetingBaasCalendars, server: ToldServer, status: int
) -> None:
    server.tell(Answer(status=status))
    await calendars.delete_calendar("c-1")
    assert asked(server) == ("DELETE", "/calendars/c-1", {}, None)


async def test_resync(calendars: MeetingBaasCalendars, server: ToldServer) -> None:
    errors = [
        ["c-2", "invalid_grant: Token has been expired or revoked."],
        {"calendar_uuid": "c-3", "message": "invalid_client: AADSTS7000222"},
        ["c-4", {"code": 503}],
        "all is lost",
    ]
    server.tell(Answer({"synced_calendars": ["c-1"], "errors": errors}), Answer({"synced_calendars": []}))
    synced, failures = await calendars.check_access()
    assert asked(server) == ("POST", "/calendars/resync_all", {}, None)
    assert synced == ("c-1",)
    assert failures == (
        SyncFailure(
            calendar_id="c-2",
            text="invalid_grant: Token has been expired or revoked.",
            trouble=AccessProblemSource.USER,
        ),
        SyncFailure(calendar_id="c-3", text="invalid_client: AADSTS7000222", trouble=AccessProblemSource.APP),
        SyncFailure(calendar_id="c-4", text='{"code": 503}'),
        SyncFailure(calendar_id="", text="all is lost"),
    )
    assert await calendars.check_access() == ((), ())


async def listed(calendars: MeetingBaasCalendars, filters: EventFilter | None = None) -> list[str]:
    return [event.event_id async for event in calendars.events("c-1", filters)]


def page(name: str, *events: str, following: Any = None) -> Answer:
    return Answer({name: [EVENT | {"uuid": event} for event in events], "next": following})


@pytest.mark.parametrize("name", ["data", "events"])
@pytest.mark.parametrize(
    ("following", "cursor"),
    [
        ("abc+/=", "abc+/="),
        ("https://api.meetingbaas.com/calendar_events/?calendar_id=c-1&cursor=abc%2B%3D", "abc+="),
        ("https://api.meetingbaas.com/calendar_events/?cursor=abc+=&x=1", "abc+="),
        ("/calendar_events/?cursor=abc", "abc"),
        ("?cursor=abc", "abc"),
        (200, "200"),
    ],
)
async def test_pages(
    calendars: MeetingBaasCalendars, server: ToldServer, name: str, following: Any, cursor: str
) -> None:
    server.tell(page(name, "e-1", "e-2", following=following), page(name, following="z"), page(name, "e-3"))
    assert await listed(calendars, EventFilter(status=EventStatus.ALL)) == ["e-1", "e-2", "e-3"]
    assert [(request.path, request.query.get("cursor")) for request in server.asked] == [
        ("/calendar_events/", None),
        ("/calendar_events/", cursor),
        ("/calendar_events/", "z"),
    ]
    assert {request.query["calendar_id"] for request in server.asked} == {"c-1"}
    assert {request.query["status"] for request in server.asked} == {"all"}


@pytest.mark.parametrize("last", [{"data": [EVENT]}, {"events": [EVENT], "next": ""}, [EVENT]])
async def test_the_last_page(calendars: MeetingBaasCalendars, server: ToldServer, last: Any) -> None:
    server.tell(Answer(last))
    assert await listed(calendars) == [EVENT["uuid"]]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=500), UnavailableError),
        (Answer(status=429, headers={"Retry-After": "7"}), RateLimitedError),
        (Answer(cut=True), UnavailableError),
        (Answer({}), UnavailableError),
        (Answer({"data": None, "next": None}), UnavailableError),
        (Answer({"data": "none"}), UnavailableError),
        (Answer(b"<html>"), UnavailableError),
        (page("data", following="again"), UnavailableError),
        (page("data", following={"cursor": "x"}), UnavailableError),
        (page("data", following=True), UnavailableError),
        (page("data", following="https://api.meetingbaas.com/calendar_events/?page=2"), UnavailableError),
    ],
)
async def test_a_page_that_fails_is_never_the_last(
    calendars: MeetingBaasCalendars, server: ToldServer, answer: Answer, error: type[ProviderError]
) -> None:
    server.tell(page("data", "e-1", following="again"), answer)
    events = aiter(calendars.events("c-1"))
    assert (await anext(events)).event_id == "e-1"
    with pytest.raises(error):
        await anext(events)


async def test_filters(calendars: MeetingBaasCalendars, server: ToldServer) -> None:
    server.always = Answer({"data": []})
    await listed(calendars)
    assert asked(server) == ("GET", "/calendar_events/", {"calendar_id": "c-1", "status": "upcoming"}, None)
    moment = datetime(2026, 12, 1, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    everything = EventFilter(
        status=EventStatus.PAST,
        starts_from=moment,
        starts_until=moment + timedelta(days=1),
        updated_since=datetime(2026, 11, 20, tzinfo=UTC),
        attendee_email="a+b@example.com",
        organizer_email="c@example.com",
    )
    await listed(calendars, everything)
    assert asked(server)[2] == {
        "calendar_id": "c-1",
        "status": "past",
        "start_date_gte": "2026-12-01T09:00:00.123456Z",
        "start_date_lte": "2026-12-02T09:00:00.123456Z",
        "updated_at_gte": "2026-11-20T00:00:00Z",
        "attendee_email": "a+b@example.com",
        "organizer_email": "c@example.com",
    }


async def test_one_event(calendars: MeetingBaasCalendars, server: ToldServer) -> None:
    server.tell(Answer(EVENT), Answer({"error": "EventNotFound"}, status=404), Answer({"uuid": "e-1"}))
    assert (await calendars.event("", "e-1")).title == "Weekly review"
    assert asked(server) == ("GET", "/calendar_events/e-1", {}, None)
    with pytest.raises(NotFoundError):
        await calendars.event("", "e-1")
    with pytest.raises(UnavailableError):
        await calendars.event("", "e-1")


@pytest.mark.parametrize("answer", [[EVENT], EVENT, {"data": [EVENT]}, {"events": [EVENT]}, {"event": EVENT}])
async def test_recordings(calendars: MeetingBaasCalendars, server: ToldServer, answer: Any) -> None:
    server.always = Answer(answer)
    [event] = await calendars.schedule_recording("e-1", ScheduledRecording(name="Scribe", transcript=False))
    assert event.event_id == EVENT["uuid"]
    body: Any = {"bot_name": "Scribe", "speech_to_text": None, "extra": event_extra([SECRET])}
    assert asked(server) == ("POST", "/calendar_events/e-1/bot", {}, body)
    assert await calendars.remove_recording("e-1", all_occurrences=True) == [event]
    assert asked(server) == ("DELETE", "/calendar_events/e-1/bot", {"all_occurrences": "true"}, None)


async def test_everything_that_a_recording_can_be(calendars: MeetingBaasCalendars, server: ToldServer) -> None:
    server.always = Answer([])
    recording = ScheduledRecording(
        name="Scribe",
        image="https://example.com/bot.jpg",
        entry_message="Hello",
        recording_mode=RecordingMode.GALLERY_VIEW,
        transcript=True,
        waiting_room_timeout=500,
        noone_joined_timeout=501,
        silence_timeout=502,
        webhook_url="https://ours.example/hook",
        deduplication_key="once",
        extra={"event": "e-1"},
    )
    wire = {
        "bot_name": "Scribe",
        "bot_image": "https://example.com/bot.jpg",
        "enter_message": "Hello",
        "recording_mode": "gallery_view",
        "speech_to_text": {"provider": "Gladia", "api_key": "k-1"},
        "waiting_room_timeout": 500,
        "noone_joined_timeout": 501,
        "silence_timeout": 502,
        "webhook_url": "https://ours.example/hook",
        "deduplication_key": "once",
        "extra": {"event": "e-1"} | event_extra([SECRET]),
    }
    assert await calendars.schedule_recording("e-1", recording, all_occurrences=True) == []
    assert asked(server) == ("POST", "/calendar_events/e-1/bot", {"all_occurrences": "true"}, wire)


@pytest.mark.parametrize("identifier", ["", ".", ".."])
async def test_what_is_no_id_is_asked_for_nowhere(
    calendars: MeetingBaasCalendars, server: ToldServer, identifier: str
) -> None:
    for call in (calendars.calendar(identifier), calendars.event("", identifier)):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(NotFoundError):
        await calendars.remove_recording(identifier)
    await calendars.delete_calendar(identifier)
    assert server.asked == []


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]", b'{"calendar": {}}', b'{"uuid": ""}', b"<html>"])
async def test_an_answer_without_a_calendar_leaves_it_open_whether_there_is_one(
    calendars: MeetingBaasCalendars, server: ToldServer, answer: bytes
) -> None:
    server.tell(Answer(answer))
    with pytest.raises(UnavailableError):
        await calendars.create_calendar(CREDENTIALS)
