"""Reads the raw events of Google Calendar and Microsoft Graph, which the API passes on in `raw`.

Both have the same data, in different places. An object of neither kind has none of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from minutekeeper.calendars.event import Attendee, Response
from minutekeeper.providers.meetingbaas.fields import parse_time
from minutekeeper.providers.meetingbaas.json_decoding import decode_json

_RESPONSES: Mapping[str, Response] = {
    "accepted": Response.ACCEPTED,
    "organizer": Response.ACCEPTED,
    "declined": Response.DECLINED,
    "tentative": Response.TENTATIVE,
    "tentativelyAccepted": Response.TENTATIVE,
    "needsAction": Response.NEEDS_ACTION,
    "notResponded": Response.NEEDS_ACTION,
    "none": Response.NEEDS_ACTION,
}
"""Graph has `none` for other people where it has `notResponded` for the reader."""

_PASSCODES = ("passcode", "password", "pin", "accessCode")
"""The fields of a Google entry point that contain a password or a code."""
_INSTANCES = frozenset({"occurrence", "exception"})


@dataclass(frozen=True, kw_only=True)
class RawEvent:
    """The data of a raw event; what is missing is empty. `rooms` are the addresses of invited resources."""

    event_id: str
    uid: str
    title: str
    start_time: datetime | None
    end_time: datetime | None
    original_start: datetime | None
    time_zone: str
    all_day: bool
    cancelled: bool
    is_instance: bool
    series_id: str
    is_organizer: bool
    organizer_email: str
    attendees: tuple[Attendee, ...]
    rooms: frozenset[str]
    response: Response
    links: tuple[str, ...]
    """Texts of the fields for links, the most reliable first."""
    notes: str
    """The description and location, perhaps as HTML."""
    guests_known: bool
    """Whether all who are invited are among the attendees."""
    updated_at: datetime | None


def read_raw(value: Any) -> RawEvent:
    """Reads the object of either provider, or its JSON as a text."""
    raw = _mapping(_decoded(value))
    guests = [guest for guest in _list(raw.get("attendees")) if isinstance(guest, dict)]
    organizer = _mapping(raw.get("organizer"))
    start = _mapping(raw.get("start"))
    series_id = _text(raw.get("recurringEventId")) or _text(raw.get("seriesMasterId"))
    is_organizer = organizer.get("self") is True or raw.get("isOrganizer") is True
    return RawEvent(
        event_id=_text(raw.get("id")),
        uid=_text(raw.get("iCalUID")) or _text(raw.get("iCalUId")),
        title=_text(raw.get("summary")) or _text(raw.get("subject")),
        start_time=_instant(start),
        end_time=_instant(_mapping(raw.get("end"))),
        original_start=_instant(raw.get("originalStartTime")) or _instant(raw.get("originalStart")),
        time_zone=_zone_name(raw.get("originalStartTimeZone") or start.get("timeZone")),
        all_day=raw.get("isAllDay") is True or bool(start.get("date")),
        cancelled=raw.get("status") == "cancelled" or raw.get("isCancelled") is True or "@removed" in raw,
        is_instance=bool(series_id) or _text(raw.get("type")) in _INSTANCES,
        series_id=series_id,
        is_organizer=is_organizer,
        organizer_email=_address(organizer),
        attendees=tuple(_attendee(guest) for guest in guests if not _is_room(guest)),
        rooms=frozenset(_address(guest).casefold() for guest in guests if _is_room(guest)),
        response=_own_response(raw, guests, is_organizer=is_organizer),
        links=tuple(filter(None, _links(raw))),
        notes=_text(raw.get("description")) or _text(_mapping(raw.get("body")).get("content")),
        guests_known=_guests_known(raw),
        updated_at=_instant(raw.get("updated")) or _instant(raw.get("lastModifiedDateTime")),
    )


def _own_response(raw: Mapping[str, Any], guests: list[dict[str, Any]], *, is_organizer: bool) -> Response:
    """The response of the calendar's owner. An organiser counts as accepted unless they responded otherwise."""
    own = next((guest.get("responseStatus") for guest in guests if guest.get("self") is True), None)
    response = _response(own if own is not None else _mapping(raw.get("responseStatus")).get("response"))
    if is_organizer and response in (Response.UNKNOWN, Response.NEEDS_ACTION):
        return Response.ACCEPTED
    return response


def _attendee(guest: Mapping[str, Any]) -> Attendee:
    name = _text(guest.get("displayName")) or _text(_mapping(guest.get("emailAddress")).get("name"))
    status = guest.get("responseStatus") or _mapping(guest.get("status")).get("response")
    return Attendee(email=_address(guest), name=name, response=_response(status))


def _is_room(guest: Mapping[str, Any]) -> bool:
    return guest.get("resource") is True or guest.get("type") == "resource"


def _address(person: Mapping[str, Any]) -> str:
    return _text(person.get("email")) or _text(_mapping(person.get("emailAddress")).get("address"))


def _response(value: Any) -> Response:
    return _RESPONSES.get(_text(value), Response.UNKNOWN)


def _guests_known(raw: Mapping[str, Any]) -> bool:
    """Google cuts off long lists, and both hide guests from each other where the organiser wants it."""
    return (
        raw.get("attendeesOmitted") is not True
        and raw.get("guestsCanSeeOtherGuests") is not False
        and raw.get("hideAttendees") is not True
    )


def _links(raw: Mapping[str, Any]) -> Iterator[str]:
    yield _text(raw.get("hangoutLink"))
    for entry in map(_mapping, _list(_mapping(raw.get("conferenceData")).get("entryPoints"))):
        if entry.get("entryPointType") == "video":
            passcode = next((text for name in _PASSCODES if (text := _text(entry.get(name)))), "")
            yield f"{_text(entry.get('uri'))}{f' Passcode: {passcode}' if passcode else ''}"
    yield _text(_mapping(raw.get("onlineMeeting")).get("joinUrl"))
    yield _text(raw.get("onlineMeetingUrl"))
    for place in (raw.get("location"), *_list(raw.get("locations"))):
        yield _text(place)
        yield from (_text(_mapping(place).get(name)) for name in ("locationUri", "displayName", "uniqueId"))


def _instant(value: Any) -> datetime | None:
    """A text, or an object with `dateTime` and perhaps a zone beside it, or with a `date`: midnight UTC."""
    if not isinstance(value, dict):
        return parse_time(value) if isinstance(value, str) else None
    if "dateTime" not in value:
        return parse_time(_text(value.get("date")))
    try:
        instant = datetime.fromisoformat(_text(value["dateTime"]))
    except ValueError:
        return None
    if instant.tzinfo is None:
        zone = _zone(value.get("timeZone"))
        # Read as if it were UTC, it would be hours off.
        return parse_time(instant.replace(tzinfo=zone).isoformat()) if zone else None
    return parse_time(instant.isoformat())


def _zone_name(value: Any) -> str:
    """An IANA name. Windows has names of its own, which are none."""
    return _text(value) if _zone(value) else ""


def _zone(value: Any) -> ZoneInfo | None:
    try:
        return ZoneInfo(_text(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return decode_json(value.encode("utf-8", "replace"))
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
