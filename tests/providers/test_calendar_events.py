"""Real bodies of events: Google's and Microsoft's raw objects, and what years of the API made of the rest."""

import contextlib
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.event import Attendee, CalendarEvent, Response
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.bot_metadata import event_extra
from minutekeeper.providers.meetingbaas.calendar_events import EventAnswer, to_event, to_events
from minutekeeper.providers.raw_calendar_events import read_raw
from tests.providers.event_bodies import EVENT, GOOGLE, GRAPH, MEET, START, TEAMS

SECRET = "a-secret-of-the-tests-with-enough-letters"
MARK = event_extra([SECRET])


def event(**changes: Any) -> CalendarEvent:
    return to_event(EventAnswer.model_validate(EVENT | changes), signing_secrets=[SECRET])


def test_the_specified_fields() -> None:
    found = event()
    assert found == CalendarEvent(
        event_id=EVENT["uuid"],
        calendar_id=EVENT["calendar_uuid"],
        provider_event_id="4f2kq0",
        title="Weekly review",
        meeting_url=MEET,
        start_time=START,
        end_time=datetime(2026, 12, 1, 9, 45, tzinfo=UTC),
        updated_at=datetime(2026, 11, 20, 8, 7, 6, 543210, tzinfo=UTC),
        attendees=(Attendee(email="anna@example.com"), Attendee(email="ben@example.com", name="Ben")),
    )


def test_an_instance_at_google() -> None:
    found = event(raw=GOOGLE, google_id=GOOGLE["id"], is_recurring=True, recurring_event_id="4f2kq0")
    assert (found.uid, found.provider_event_id) == ("4f2kq0@google.com", "4f2kq0_20261201T090000Z")
    assert found.recurring_event_id == "4f2kq0"
    assert found.original_start == datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    assert (found.time_zone, found.all_day, found.deleted) == ("Europe/Paris", False, False)
    assert (found.organizer_email, found.is_organizer) == ("anna@example.com", False)
    assert found.response is Response.DECLINED
    assert [(guest.email, guest.name, guest.response.value) for guest in found.attendees] == [
        ("anna@example.com", "Anna", "accepted"),
        ("ben@example.com", "", "declined"),
        ("carl@example.org", "", "tentative"),
        ("dora@example.org", "", "needs_action"),
    ]


def test_an_exception_at_microsoft() -> None:
    found = event(raw=GRAPH, google_id=GRAPH["id"], meeting_url=TEAMS)
    assert (found.uid, found.provider_event_id) == (GRAPH["iCalUId"], GRAPH["id"])
    assert (found.is_recurring, found.recurring_event_id) == (True, "AAMkAGUzYRgWAAA=")
    assert found.original_start == datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    assert found.time_zone == ""
    assert (found.organizer_email, found.response) == ("anna@example.com", Response.TENTATIVE)
    assert [(guest.email, guest.name, guest.response.value) for guest in found.attendees] == [
        ("Ben@example.com", "Ben", "accepted"),
        ("carl@example.org", "Carl", "needs_action"),
        ("anna@example.com", "", "unknown"),
    ]


def test_rooms_are_no_people_whichever_list_has_them() -> None:
    found = event(raw=GRAPH, attendees=[{"email": "ROOM5@example.com", "name": "Room 5"}])
    assert [guest.name for guest in found.attendees] == ["Ben", "Carl"]


@pytest.mark.parametrize("raw", [GOOGLE, GRAPH])
def test_everything_can_come_from_the_raw_object_alone(raw: dict[str, Any]) -> None:
    bare = {"uuid": "e-1", "calendar_uuid": "c-1", "raw": raw}
    found = to_event(EventAnswer.model_validate(bare))
    assert (found.event_id, found.calendar_id, found.title) == ("e-1", "c-1", "Weekly review")
    assert (found.start_time, found.expected_end) == (START, datetime(2026, 12, 1, 9, 45, tzinfo=UTC))
    assert found.meeting_url == (MEET if raw is GOOGLE else TEAMS)
    assert found.provider_event_id == raw["id"]
    assert found.updated_at
    assert found.updated_at.replace(microsecond=0) == datetime(2026, 11, 20, 8, 7, 6, tzinfo=UTC)


def test_a_raw_object_may_be_a_text() -> None:
    assert event(raw=json.dumps(GOOGLE)) == event(raw=GOOGLE)
    assert event(raw="no JSON") == event(raw=None) == event(raw=[1]) == event(raw="")


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        ({"organizer": {"self": True}}, Response.ACCEPTED),
        ({"organizer": {"self": True}, "attendees": [{"self": True, "responseStatus": "declined"}]}, "declined"),
        ({"attendees": [{"self": True, "responseStatus": "needsAction"}]}, Response.NEEDS_ACTION),
        ({"attendees": [{"email": "x@y.z", "responseStatus": "declined"}]}, Response.UNKNOWN),
        ({"responseStatus": {"response": "organizer", "time": None}}, Response.ACCEPTED),
        ({"responseStatus": {"response": "notResponded"}}, Response.NEEDS_ACTION),
        ({"responseStatus": {"response": "none"}, "isOrganizer": True}, Response.ACCEPTED),
        ({"responseStatus": {"response": "declined"}}, Response.DECLINED),
        ({"responseStatus": "accepted"}, Response.UNKNOWN),
        ({}, Response.UNKNOWN),
    ],
)
def test_the_owners_answer(raw: dict[str, Any], answer: Response) -> None:
    assert event(raw=raw).response == answer


@pytest.mark.parametrize(
    ("raw", "all_day"),
    [
        ({"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}, True),
        ({"isAllDay": True, "start": {"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": "UTC"}}, True),
        ({"isAllDay": False}, False),
        (GOOGLE, False),
    ],
)
def test_all_day(raw: dict[str, Any], all_day: bool) -> None:
    assert event(raw=raw).all_day is all_day


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "New Zealand Standard Time"])
def test_the_days_of_an_all_day_event_are_as_its_calendar_writes_them(zone: str) -> None:
    days = {
        name: {"dateTime": f"2026-12-0{day}T00:00:00.0000000", "timeZone": zone}
        for name, day in {"start": 1, "end": 2}.items()
    }
    found = event(raw=GRAPH | days | {"isAllDay": True}, start_time="2026-11-30T11:00:00Z")
    assert (found.start_time, found.end_time) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2026, 12, 2, tzinfo=UTC),
    )


def test_an_all_day_series_has_original_days() -> None:
    found = event(raw={"recurringEventId": "s", "originalStartTime": {"date": "2026-11-30"}})
    assert found.original_start == datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"deleted": True},
        {"raw": GOOGLE | {"status": "cancelled"}},
        {"raw": GRAPH | {"isCancelled": True}},
        {"raw": {"@removed": {"reason": "deleted"}, "id": "AAMk"}},
    ],
)
def test_whatever_was_cancelled_is_deleted(changes: dict[str, Any]) -> None:
    assert event(**changes).deleted


def test_what_google_tells_of_a_cancelled_instance_is_enough() -> None:
    raw = {
        "kind": "calendar#event",
        "id": "4f2kq0_20261201T090000Z",
        "status": "cancelled",
        "recurringEventId": "4f2kq0",
        "originalStartTime": {"dateTime": "2026-12-01T10:00:00+01:00"},
    }
    bare = {"uuid": "e-1", "calendar_uuid": "c-1", "raw": raw, "attendees": None, "name": None, "deleted": True}
    found = to_event(EventAnswer.model_validate(bare))
    assert (found.start_time, found.deleted, found.original_start) == (START, True, START)
    bare["raw"], bare["last_updated_at"] = None, "2026-12-01T09:00:00Z"
    assert to_event(EventAnswer.model_validate(bare)).start_time == START


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ({"dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Paris"}, START),
        ({"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "America/New_York"}, START),
        ({"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"}, START),
        ({"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "W. Europe Standard Time"}, None),
        ({"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "../../etc/passwd"}, None),
        ({"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "America"}, None),
        ({"dateTime": "soon"}, None),
        ({"dateTime": "0001-01-01T00:00:00", "timeZone": "Asia/Tokyo"}, None),
        ({"date": "2026-12-01"}, datetime(2026, 12, 1, tzinfo=UTC)),
        ({}, None),
    ],
)
def test_times_with_their_zone_beside_them(start: dict[str, str], expected: datetime | None) -> None:
    assert read_raw({"start": start}).start_time == expected


ZOOM = "https://us02web.zoom.us/j/12345678901"


def _video(uri: str) -> dict[str, Any]:
    return {"entryPointType": "video", "uri": uri}


@pytest.mark.parametrize(
    ("meeting_url", "raw", "found"),
    [
        (MEET, {"hangoutLink": "https://meet.google.com/zzz-zzzz-zzz"}, MEET),
        ("", {"hangoutLink": MEET}, MEET),
        (None, GOOGLE, MEET),
        (None, {"onlineMeeting": {"joinUrl": TEAMS}}, TEAMS),
        (None, {"onlineMeetingUrl": TEAMS, "onlineMeeting": None}, TEAMS),
        (None, {"location": f"Room 5, {MEET}"}, MEET),
        (None, {"location": f"Room5{MEET.removeprefix('https://')}"}, MEET),
        (None, {"location": f"//{MEET.removeprefix('https://')}"}, MEET),
        (None, {"location": f"{MEET}{ZOOM}?pwd=abc"}, MEET),
        (ZOOM, {"description": f"{ZOOM}?pwd=abc{MEET}"}, f"{ZOOM}?pwd=abc"),
        (None, {"location": {"displayName": MEET}}, MEET),
        ("https://video.example.com/1", {"hangoutLink": MEET}, MEET),
        ("https://video.example.com/1", {}, "https://video.example.com/1"),
        ("", {"description": f"Our slides: {MEET}"}, ""),
        (None, {"location": {"locationUri": MEET, "displayName": "Room 5"}}, MEET),
        (None, {"locations": [{"displayName": "Room 5"}, {"locationUri": MEET}]}, MEET),
        (None, {"location": f'<a href="{ZOOM}?pwd=xY9">Join</a>'}, f"{ZOOM}?pwd=xY9"),
        (None, {"location": f"{ZOOM}?pwd=abc;Room 5 (Berlin)"}, f"{ZOOM}?pwd=abc"),
        (ZOOM, {"conferenceData": {"entryPoints": [_video(f"{ZOOM}?pwd=abc")]}}, f"{ZOOM}?pwd=abc"),
        (ZOOM, {"conferenceData": {"entryPoints": [_video(ZOOM) | {"passcode": "a1"}]}}, f"{ZOOM}?pwd=a1"),
        (
            ZOOM,
            {"body": {"contentType": "html", "content": f"<p>{ZOOM}?from=x&amp;pwd=abc</p>"}},
            f"{ZOOM}?pwd=abc",
        ),
        (ZOOM, {"description": f"Our slides: {MEET}"}, ZOOM),
        ("", {"conferenceData": {"entryPoints": [{"entryPointType": "more", "uri": MEET}]}}, ""),
    ],
)
def test_the_link_that_a_bot_can_join(meeting_url: str | None, raw: dict[str, Any], found: str) -> None:
    assert event(meeting_url=meeting_url, raw=raw).meeting_url == found


@pytest.mark.parametrize(
    "names", [{"uuid": "id", "calendar_uuid": "calendar_id"}, {"last_updated_at": "updated_at"}]
)
def test_other_names(names: dict[str, str]) -> None:
    renamed = {names.get(name, name): value for name, value in EVENT.items()}
    assert to_event(EventAnswer.model_validate(renamed)) == event()


@pytest.mark.parametrize(
    ("bot", "records"),
    [
        ({"bot_name": "Scribe", "extra": MARK}, True),
        ({"bot_name": "Scribe", "extra": json.dumps(MARK)}, True),
        ({"bot_name": "Scribe", "extra": {"of": "another product"}}, False),
        ({"bot_name": "Scribe", "extra": {"dispatch_key": "mk-calendar-event"}}, False),
        ({"bot_name": "Scribe", "extra": MARK | {"signature": "x" * 43}}, False),
        ({"bot_name": "Scribe", "extra": MARK | {"workflow_id": "meeting-1"}}, False),
        ({"bot_name": "Scribe", "extra": event_extra(["another secret"])}, False),
        ({"bot_name": "Scribe"}, False),
        (None, False),
        ("odd", False),
    ],
)
def test_only_a_bot_with_our_mark_is_ours(bot: object, records: bool) -> None:
    assert event(bot_param=bot).provider_records is records


@pytest.mark.parametrize("wrapper", ["event", "data"])
def test_an_event_in_an_object_of_its_own(wrapper: str) -> None:
    assert to_event(EventAnswer.model_validate({wrapper: EVENT})) == event()


def test_camel_case_and_times_of_every_year() -> None:
    found = event(
        start_time={"secs_since_epoch": int(START.timestamp()), "nanos_since_epoch": 0},
        end_time="2026-12-01T09:45:00.000000000+00:00",
        last_updated_at="2026-11-20T08:07:06.543210",
    )
    assert found == event()
    camel = {"uuid": "e", "calendarUuid": "c", "startTime": "2026-12-01T09:00:00Z", "meetingUrl": MEET}
    found = to_event(EventAnswer.model_validate(camel | {"isRecurring": True, "recurringEventId": "s"}))
    assert (found.calendar_id, found.start_time, found.meeting_url) == ("c", START, MEET)
    assert (found.is_recurring, found.recurring_event_id) == (True, "s")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"uuid": "e-1"},
        {"start_time": "2026-12-01T09:00:00Z"},
        {"uuid": "e-1", "start_time": "1970-01-01T00:00:00Z"},
        {"uuid": "e-1", "start_time": "2100-01-01T00:00:00Z"},
    ],
)
def test_one_odd_event_is_told_in_the_log_and_hides_no_other(
    answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnavailableError):
        to_event(EventAnswer.model_validate(answer))
    with caplog.at_level(logging.WARNING):
        assert to_events([answer, EVENT], "c-1") == [event()]
    assert "calendar c-1" in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOGLE | GRAPH)), json_values), st.data())
def test_nothing_that_is_sent_as_raw_does_harm(changes: dict[str, Any], data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from([GOOGLE, GRAPH, {}])) | changes
    found = event(raw=raw)
    assert found.start_time == START


@given(st.dictionaries(st.sampled_from(sorted(EVENT)), json_values))
def test_nothing_that_is_sent_as_an_event_does_harm(changes: dict[str, Any]) -> None:
    with contextlib.suppress(UnavailableError):
        assert event(**changes).event_id


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ({}, True),
        ({"attendeesOmitted": True}, False),
        ({"guestsCanSeeOtherGuests": False}, False),
        ({"guestsCanSeeOtherGuests": True, "attendeesOmitted": False}, True),
        ({"hideAttendees": True}, False),
        ({"hideAttendees": False}, True),
    ],
)
def test_whether_all_guests_are_known(raw: dict[str, Any], known: bool) -> None:
    assert event(raw=raw).guests_known is known
