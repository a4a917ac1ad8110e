"""Calendar V1 of Recall.ai: tokens, users, what is lost by a change, and where a bot comes from."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.calendar_users import causes_of_failure
from minutekeeper.providers.recall.calendar_v1 import CalendarTokenError, RecallCalendarV1
from minutekeeper.providers.recall.calendars import RecallCalendars
from minutekeeper.providers.recall.http import open_recall
from minutekeeper.providers.recall.provider import RecallProvider
from tests.providers.recall.support import KEY, needs_samples, sample
from tests.providers.response_server import Answer, Asked, ToldServer

TOKEN = Answer({"token": "calendar-token"})
USER = {
    "id": "u-1",
    "external_id": "anna",
    "connections": [{"connected": True, "platform": "google", "email": "anna@example.com", "id": "g-1"}],
    "preferences": {"id": "p-1", "record_external": True, "record_internal": True, "bot_name": "Notetaker"},
}
MEETING = {
    "id": "m-1",
    "title": "Planning",
    "will_record": True,
    "will_record_reason": "record_external",
    "start_time": "2026-12-02T09:00:00Z",
    "end_time": "2026-12-02T09:30:00Z",
    "meet_invite": {"meeting_id": "abc-defg-hij"},
    "zoom_invite": None,
    "bot_id": "b-1",
    "attendee_emails": ["guest@outside.test"],
    "organizer_email": "anna@example.com",
    "ical_uid": "uid-1",
}


@pytest.fixture
async def calendars(server: ToldServer) -> AsyncIterator[RecallCalendars]:
    opened = RecallCalendars(open_recall(server.url, KEY), "https://eu-central-1.recall.ai/")
    yield opened
    await opened.aclose()


@pytest.fixture
def users(calendars: RecallCalendars) -> RecallCalendarV1:
    return calendars.users


def last(server: ToldServer) -> Asked:
    return server.asked[-1]


async def test_every_call_for_a_user_has_a_token_of_theirs(users: RecallCalendarV1, server: ToldServer) -> None:
    server.tell(TOKEN, Answer(USER))
    user = await users.user("anna")
    first, second = server.asked
    assert (first.method, first.path, first.body) == (
        "POST",
        "/api/v1/calendar/authenticate/",
        {"user_id": "anna"},
    )
    assert "x-recallcalendarauthtoken" not in first.headers
    assert (second.method, second.path) == ("GET", "/api/v1/calendar/user/")
    assert second.headers["x-recallcalendarauthtoken"] == "calendar-token"
    assert user.connected_at("google") == "anna@example.com"
    assert user.connected_at("microsoft") is None
    server.tell(Answer({}))
    with pytest.raises(UnavailableError, match="gave no token"):
        await users.user("anna")


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("Invalid 'recall_calendar_auth_token' supplied", "Either the user's token has expired"),
        ("recall_calendar_auth_token expired", "has expired: it lasts for 24 hours"),
        ("recall_calendar_auth_token could not be decoded", "cannot be decoded"),
    ],
)
async def test_a_token_that_is_refused_is_named_as_such(
    users: RecallCalendarV1, server: ToldServer, words: str, cause: str
) -> None:
    server.tell(TOKEN, Answer({"detail": f"{words}: calendar-token"}, 401))
    with pytest.raises(CalendarTokenError, match=cause) as caught:
        await users.user("anna")
    assert "calendar-token" not in str(caught.value)


def test_the_missing_refresh_token_has_its_causes() -> None:
    causes = causes_of_failure("Calendar connection failed! (reason: refresh_token missing from oAuth response)")
    assert "client secret" in causes[0]
    assert "any organizational directory" in causes[1]
    assert causes_of_failure("The weather is bad.") == ()


async def test_preferences_are_changed_together_with_the_others(
    users: RecallCalendarV1, server: ToldServer
) -> None:
    server.tell(TOKEN, Answer(USER), TOKEN, Answer(USER))
    await users.set_preferences("anna", {"record_internal": False})
    assert (last(server).method, last(server).path) == ("PUT", "/api/v1/calendar/user/")
    assert last(server).body["preferences"] == {
        "record_non_host": False,
        "record_recurring": False,
        "record_external": True,
        "record_internal": False,
        "record_confirmed": False,
        "record_only_host": False,
        "bot_name": "Notetaker",
    }


async def test_fewer_meetings_are_told_from_more(users: RecallCalendarV1, server: ToldServer) -> None:
    server.tell(TOKEN, Answer(USER))
    known = (await users.user("anna")).preferences
    assert known.narrowed_by({"record_internal": False, "record_recurring": True}) == ["record_internal"]
    assert known.narrowed_by({"record_only_host": True}) == ["record_only_host"]
    assert known.narrowed_by({"record_recurring": True, "bot_name": "Other"}) == []


async def test_one_platform_or_the_user_is_disconnected(users: RecallCalendarV1, server: ToldServer) -> None:
    server.tell(TOKEN, Answer(USER), TOKEN, Answer(status=204), TOKEN, Answer({"detail": "Not found."}, 404))
    await users.disconnect("anna", CalendarPlatform.MICROSOFT)
    assert (last(server).path, last(server).body) == (
        "/api/v1/calendar/user/disconnect/",
        {"platform": "microsoft"},
    )
    await users.disconnect("anna")
    assert (last(server).method, last(server).path) == ("DELETE", "/api/v1/calendar/user/")
    await users.disconnect("anna")


async def test_a_meeting_is_decided_about_before_all_preferences(
    users: RecallCalendarV1, server: ToldServer
) -> None:
    for wanted in (True, False, None):
        server.tell(TOKEN, Answer(MEETING))
        assert (await users.override("anna", "m-1", record=wanted)).will_record
        assert (last(server).method, last(server).path) == ("PUT", "/api/v1/calendar/meetings/m-1/")
        assert last(server).body == {"override_should_record": wanted}


@pytest.mark.parametrize("as_pages", [True, False])
async def test_meetings_are_a_list_or_pages_and_no_other_host_is_asked(
    users: RecallCalendarV1, server: ToldServer, *, as_pages: bool
) -> None:
    following = "https://attacker.example/api/v1/calendar/meetings/?cursor=second"
    pages = [Answer({"results": [MEETING], "next": following}), Answer({"results": [], "next": None})]
    server.tell(TOKEN, *(pages if as_pages else [Answer([MEETING])]))
    after = datetime(2026, 12, 1, tzinfo=UTC)
    found = [each async for each in users.meetings("anna", after=after)]
    assert [each.bot_id for each in found] == ["b-1"]
    asked = [each.query for each in server.asked[1:]]
    limits = {"start_time_after": "2026-12-01T00:00:00+00:00"}
    assert asked == ([limits, limits | {"cursor": "second"}] if as_pages else [limits])


@pytest.mark.parametrize(
    ("platform", "host", "prefix"),
    [
        (CalendarPlatform.GOOGLE, "accounts.google.com", "google"),
        (CalendarPlatform.MICROSOFT, "login.microsoftonline.com", "ms"),
    ],
)
async def test_a_link_has_the_token_and_where_to_go_in_its_state(
    users: RecallCalendarV1, server: ToldServer, platform: CalendarPlatform, host: str, prefix: str
) -> None:
    server.tell(TOKEN)
    success = "https://app.example.com/done?user=anna&from=link"
    url = urlsplit(await users.consent_url("anna", platform, "client-1", success_url=success))
    query = {key: values[0] for key, values in parse_qs(url.query).items()}
    redirect = f"https://eu-central-1.recall.ai/api/v1/calendar/{prefix}_oauth_callback/"
    assert url.hostname == host
    assert (query["redirect_uri"], query["response_type"], query["client_id"]) == (redirect, "code", "client-1")
    assert json.loads(query["state"]) == {
        "recall_calendar_auth_token": "calendar-token",
        f"{prefix}_oauth_redirect_url": redirect,
        "success_url": success,
    }
    assert "offline" in (query.get("access_type") or query["scope"])


async def test_a_bot_that_was_scheduled_there_leads_to_its_user_and_meeting(
    recall: RecallProvider, calendars: RecallCalendars, server: ToldServer
) -> None:
    meetings = [{"id": "m-1", "calendar_user": {"id": "u-1", "external_id": "anna"}}]
    server.tell(Answer({"id": "b-1", "calendar_meetings": meetings}), TOKEN, Answer(MEETING))
    origin = await recall.get_bot_origin("b-1")
    assert (origin.event_id, origin.calendar_id) == ("m-1", "recall-v1-anna")
    event = await calendars.event(origin.calendar_id, origin.event_id)
    asked = [(each.method, each.path) for each in server.asked]
    assert asked == [
        ("GET", "/api/v1/bot/b-1/"),
        ("POST", "/api/v1/calendar/authenticate/"),
        ("GET", "/api/v1/calendar/meetings/m-1/"),
    ]
    assert (event.event_id, event.calendar_id, event.title) == ("m-1", "recall-v1-anna", "Planning")
    assert event.meeting_url == "https://meet.google.com/abc-defg-hij"
    assert event.provider_records
    assert [each.email for each in event.attendees] == ["guest@outside.test"]


@needs_samples
@pytest.mark.parametrize(
    ("name", "google"),
    [("user", "owner@example.com"), ("user.disconnected", None), ("user.replaced-google", "other@example.com")],
)
async def test_the_samples_of_users(
    users: RecallCalendarV1, server: ToldServer, name: str, google: str | None
) -> None:
    server.tell(Answer(sample("calendar_v1/authenticate.json")), Answer(sample(f"calendar_v1/{name}.json")))
    assert (await users.user("anna")).connected_at("google") == google


@needs_samples
@pytest.mark.parametrize("name", ["list", "paged", "foreign-next"])
async def test_the_samples_of_meetings(users: RecallCalendarV1, server: ToldServer, name: str) -> None:
    answer: Any = sample(f"calendar_v1/meetings.{name}.json")
    server.tell(TOKEN, Answer(answer), Answer([]))
    found = [each async for each in users.meetings("anna")]
    assert [each.title for each in found] == ([] if name == "foreign-next" else ["Planning"])
