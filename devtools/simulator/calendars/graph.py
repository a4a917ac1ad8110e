"""Events as Microsoft Graph has them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devtools.simulator.calendars.ids import graph_id, graph_uid
from devtools.simulator.calendars.provider_events import Guest, ProviderEvent, Response
from devtools.simulator.state import stamp

_NEVER = "0001-01-01T00:00:00Z"
_ANSWERS: Mapping[Response, str] = {
    "needsAction": "notResponded",
    "accepted": "accepted",
    "tentative": "tentativelyAccepted",
    "declined": "declined",
}


def graph_event(event: ProviderEvent, reader: str) -> dict[str, Any]:
    """The copy in the mailbox of `reader`, an email address: each mailbox has its own ids."""
    identifier = graph_id(reader, event.id)
    organizes = event.organizer.email == reader
    conference = event.link if event.link_place == "conference" else ""
    if event.cancelled and organizes:
        return {"@removed": {"reason": "deleted"}, "id": identifier}
    return {
        "@odata.etag": f'W/"{int(event.changed_at.timestamp() * 1000)}"',
        "id": identifier,
        "createdDateTime": stamp(event.created_at),
        "lastModifiedDateTime": stamp(event.changed_at),
        "iCalUId": graph_uid(event),
        "subject": f"Canceled: {event.title}" if event.cancelled else event.title,
        "body": {"contentType": "html", "content": event.text_of("description")},
        "isAllDay": event.all_day,
        "isCancelled": event.cancelled,
        "isOrganizer": organizes,
        "responseRequested": True,
        "responseStatus": {"response": _own_response(event, reader), "time": _NEVER},
        "showAs": event.show_as,
        "sensitivity": "normal" if event.visibility in ("default", "public") else event.visibility,
        "categories": list(event.categories),
        "hideAttendees": event.hides_guests,
        "type": _type(event),
        "seriesMasterId": graph_id(reader, event.series) if event.series else None,
        "originalStart": _instant(event.original_start) if event.original_start else None,
        "originalStartTimeZone": event.time_zone,
        "originalEndTimeZone": event.time_zone,
        "recurrence": None,
        "start": _time(event.start),
        "end": _time(event.end),
        "location": {"displayName": event.text_of("location"), "locationType": "default"},
        "locations": [_room(room) for room in event.rooms],
        "attendees": [
            _attendee(guest) for guest in (*event.people_seen_by(reader), *event.rooms) if guest != event.organizer
        ],
        "organizer": {"emailAddress": _address(event.organizer)},
        "isOnlineMeeting": bool(conference),
        "onlineMeetingProvider": "teamsForBusiness" if conference else "unknown",
        "onlineMeeting": {"joinUrl": conference} if conference else None,
        "onlineMeetingUrl": None,
    }


def _type(event: ProviderEvent) -> str:
    if not event.series:
        return "singleInstance"
    return "exception" if event.is_exception else "occurrence"


def _own_response(event: ProviderEvent, reader: str) -> str:
    if event.organizer.email == reader:
        return "organizer"
    response = event.response_of(reader)
    return _ANSWERS[response] if response else "none"


def _time(moment: datetime) -> dict[str, str]:
    """Seven decimals and the zone apart, which is UTC unless a reader wishes another."""
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _attendee(guest: Guest) -> dict[str, Any]:
    # Graph says "none" where Google says "needsAction" of others.
    response = "none" if guest.response == "needsAction" else _ANSWERS[guest.response]
    return {
        "type": "optional" if guest.optional else "required",
        "status": {"response": response, "time": _NEVER},
        "emailAddress": _address(guest),
    }


def _room(room: Guest) -> dict[str, str]:
    return {
        "displayName": room.name or room.email,
        "locationType": "conferenceRoom",
        "uniqueId": room.email,
        "uniqueIdType": "directory",
        "locationEmailAddress": room.email,
    }


def _address(guest: Guest) -> dict[str, str]:
    return {"name": guest.name or guest.email, "address": guest.email}
