"""Bodies of events as they come over the wire: raw objects, and the API's own fields around."""

from datetime import UTC, datetime
from typing import Any

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


MEET = "https://meet.google.com/abc-defg-hij"


TEAMS = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Zm9v%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d"
)


OUTLOOK_UID = "040000008200E00074C5B7101A82E00800000000B0C1D2E3F4A5B6C7000000000000000010000000AABBCCDD"


EVENT: dict[str, Any] = {
    "uuid": "1f0e9c1a-0000-4000-8000-000000000001",
    "calendar_uuid": "1f0e9c1a-0000-4000-8000-000000000002",
    "google_id": "4f2kq0",
    "name": "Weekly review",
    "meeting_url": MEET,
    "start_time": "2026-12-01T09:00:00Z",
    "end_time": "2026-12-01T09:45:00Z",
    "is_organizer": False,
    "is_recurring": False,
    "recurring_event_id": None,
    "deleted": False,
    "last_updated_at": "2026-11-20T08:07:06.543210Z",
    "attendees": [{"email": "anna@example.com", "name": None}, {"email": "ben@example.com", "name": "Ben"}],
    "bot_param": None,
    "raw": None,
}


GOOGLE: dict[str, Any] = {
    "kind": "calendar#event",
    "etag": '"3525115268130000"',
    "id": "4f2kq0_20261201T090000Z",
    "status": "confirmed",
    "htmlLink": "https://www.google.com/calendar/event?eid=NGYya3Ew",
    "created": "2026-10-01T10:00:00.000Z",
    "updated": "2026-11-20T08:07:06.543Z",
    "summary": "Weekly review",
    "creator": {"email": "anna@example.com"},
    "organizer": {"email": "anna@example.com", "displayName": "Anna"},
    "start": {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "Europe/Paris"},
    "end": {"dateTime": "2026-12-01T10:45:00+01:00", "timeZone": "Europe/Paris"},
    "recurringEventId": "4f2kq0",
    "originalStartTime": {"dateTime": "2026-12-01T09:30:00+01:00", "timeZone": "Europe/Paris"},
    "iCalUID": "4f2kq0@google.com",
    "sequence": 1,
    "attendees": [
        {"email": "anna@example.com", "displayName": "Anna", "organizer": True, "responseStatus": "accepted"},
        {"email": "ben@example.com", "self": True, "responseStatus": "declined"},
        {"email": "carl@example.org", "optional": True, "responseStatus": "tentative"},
        {"email": "dora@example.org", "responseStatus": "needsAction"},
        {
            "email": "c_188@resource.calendar.google.com",
            "displayName": "Room 5",
            "resource": True,
            "responseStatus": "accepted",
        },
    ],
    "hangoutLink": MEET,
    "conferenceData": {
        "entryPoints": [
            {"entryPointType": "video", "uri": MEET, "label": "meet.google.com/abc-defg-hij"},
            {"entryPointType": "phone", "uri": "tel:+33-1-23-45-67-89", "pin": "1234567890123"},
        ],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "conferenceId": "abc-defg-hij",
    },
    "reminders": {"useDefault": True},
    "eventType": "default",
}


GRAPH: dict[str, Any] = {
    "@odata.etag": 'W/"x3IAvB5fbUWf4XNcBFLNUwAAKuA3yQ=="',
    "id": "AAMkAGUzYAgI1sE1TatAAEYAAAAAlNFb2CNPe0ucP9you=",
    "createdDateTime": "2026-10-01T10:00:00.1234567Z",
    "lastModifiedDateTime": "2026-11-20T08:07:06.5432101Z",
    "originalStartTimeZone": "W. Europe Standard Time",
    "originalEndTimeZone": "W. Europe Standard Time",
    "iCalUId": OUTLOOK_UID.replace("00800000000B0", "0080" + "7EA0C01" + "B0"),
    "subject": "Weekly review",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": False,
    "seriesMasterId": "AAMkAGUzYRgWAAA=",
    "type": "exception",
    "originalStart": "2026-12-01T08:30:00Z",
    "responseStatus": {"response": "tentativelyAccepted", "time": "2026-11-01T10:00:00Z"},
    "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T09:45:00.0000000", "timeZone": "UTC"},
    "location": {"displayName": "Microsoft Teams Meeting", "locationType": "default"},
    "attendees": [
        {
            "type": "required",
            "status": {"response": "accepted", "time": "2026-11-01T10:00:00Z"},
            "emailAddress": {"name": "Ben", "address": "Ben@example.com"},
        },
        {
            "type": "optional",
            "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
            "emailAddress": {"name": "Carl", "address": "carl@example.org"},
        },
        {
            "type": "resource",
            "status": {"response": "accepted", "time": "0001-01-01T00:00:00Z"},
            "emailAddress": {"name": "Room 5", "address": "room5@example.com"},
        },
    ],
    "organizer": {"emailAddress": {"name": "Anna", "address": "anna@example.com"}},
    "isOnlineMeeting": True,
    "onlineMeetingProvider": "teamsForBusiness",
    "onlineMeeting": {"joinUrl": TEAMS},
    "onlineMeetingUrl": None,
    "recurrence": None,
}
