"""Events as the Google Calendar API has them."""

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from devtools.simulator.calendars.provider_events import Guest, ProviderEvent
from devtools.simulator.state import stamp

_MEET = "https://meet.google.com/"
_TEXTS: tuple[Literal["location", "description"], ...] = ("location", "description")


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
        "eventType": event.event_type,
    }
    invited = [_attendee(guest, event, reader) for guest in event.people_seen_by(reader)]
    if invited or event.rooms:
        raw["attendees"] = invited + [
            _person(room, reader) | {"resource": True, "responseStatus": "accepted"} for room in event.rooms
        ]
    return raw | _marks(event) | _link(event)


def _marks(event: ProviderEvent) -> dict[str, Any]:
    """What Google leaves out where it is as usual. It has no word for personal events."""
    texts = {place: event.text_of(place) for place in _TEXTS}
    marks = {
        "visibility": "private" if event.visibility == "personal" else event.visibility.removeprefix("default"),
        "transparency": "transparent" if event.show_as == "free" else "",
        "colorId": event.color_id,
    }
    hidden = {"guestsCanSeeOtherGuests": False} if event.hides_guests else {}
    return {name: value for name, value in (texts | marks).items() if value} | hidden


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
    optional = {"optional": True} if guest.optional else {}
    return _person(guest, reader) | organizer | optional | {"responseStatus": guest.response}


def _link(event: ProviderEvent) -> dict[str, Any]:
    if not event.link or event.link_place != "conference":
        return {}
    conference = {
        "entryPoints": [{"entryPointType": "video", "uri": event.link, "label": event.link.partition("://")[2]}],
        "conferenceSolution": {"key": {"type": "addOn"}, "name": "Video call"},
    }
    if event.link.startswith(_MEET):
        conference["conferenceSolution"] = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"}
        return {"hangoutLink": event.link, "conferenceData": conference}
    return {"conferenceData": conference}
