"""Events as the Google Calendar API has them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devtools.simulator.calendars.provider_events import Guest, ProviderEvent
from devtools.simulator.state import stamp

_MEET = "https://meet.google.com/"


def google_event(event: ProviderEvent, reader: str) -> dict[str, Any]:
    """The copy in the calendar of `reader`, an email address: all copies share their ids."""
    raw: dict[str, Any] = {
        "kind": "calendar#event",
        "etag": f'"{int(event.changed_at.timestamp() * 1000)}"',
        "id": event.id,
        "status": "cancelled" if event.cancelled else "confirmed",
    }
    if event.original_start:
        raw |= {"recurringEventId": event.series, "originalStartTime": _time(event, event.original_start)}
    if event.cancelled:
        # Nothing else of a cancelled event is promised.
        return raw
    raw |= {
        "htmlLink": f"https://www.google.com/calendar/event?eid={event.id}",
        "created": stamp(event.created_at),
        "updated": stamp(event.changed_at),
        "summary": event.title,
        "creator": _person(event.organizer, reader),
        "organizer": _person(event.organizer, reader),
        "start": _time(event, event.start),
        "end": _time(event, event.end),
        "iCalUID": event.uid,
        "sequence": int(event.changed_at > event.created_at),
        "reminders": {"useDefault": True},
        "eventType": "default",
    }
    if event.people:
        raw["attendees"] = [_attendee(guest, event, reader) for guest in event.people]
    return raw | _link(event)


def _time(event: ProviderEvent, moment: datetime) -> dict[str, str]:
    if event.all_day:
        return {"date": f"{moment:%Y-%m-%d}"}
    local = moment.astimezone(ZoneInfo(event.time_zone)).isoformat(timespec="seconds")
    return {"dateTime": local.replace("+00:00", "Z"), "timeZone": event.time_zone}


def _person(guest: Guest, reader: str) -> dict[str, Any]:
    person: dict[str, Any] = {"email": guest.email}
    if guest.name:
        person["displayName"] = guest.name
    if guest.email == reader:
        person["self"] = True
    return person


def _attendee(guest: Guest, event: ProviderEvent, reader: str) -> dict[str, Any]:
    organizer = {"organizer": True} if guest == event.organizer else {}
    return _person(guest, reader) | organizer | {"responseStatus": guest.response}


def _link(event: ProviderEvent) -> dict[str, Any]:
    if not event.link:
        return {}
    if event.link_place != "conference":
        return {event.link_place: event.link}
    conference = {
        "entryPoints": [{"entryPointType": "video", "uri": event.link, "label": event.link.partition("://")[2]}],
        "conferenceSolution": {"key": {"type": "addOn"}, "name": "Video call"},
    }
    if event.link.startswith(_MEET):
        conference["conferenceSolution"] = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"}
        return {"hangoutLink": event.link, "conferenceData": conference}
    return {"conferenceData": conference}
