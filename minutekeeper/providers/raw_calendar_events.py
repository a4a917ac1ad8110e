"""Reads the raw events of Google Calendar and Microsoft Graph, which providers pass on.

Both have the same data, in different places. An object of neither kind has none of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from minutekeeper.calendars.event import Attendee, Availability, Color, EventType, Response, Visibility
from minutekeeper.providers.fields import parse_time
from minutekeeper.providers.json_decoding import decode_json

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

_TYPES: Mapping[str, EventType] = {
    "": EventType.DEFAULT,
    "default": EventType.DEFAULT,
    "fromGmail": EventType.FROM_MAIL,
    "outOfOffice": EventType.OUT_OF_OFFICE,
    "focusTime": EventType.FOCUS_TIME,
    "workingLocation": EventType.WORKING_LOCATION,
    "birthday": EventType.BIRTHDAY,
}
"""Only Google has types."""

_VISIBILITIES: Mapping[str, Visibility] = {
    "default": Visibility.DEFAULT,
    "public": Visibility.PUBLIC,
    "private": Visibility.PRIVATE,
    "confidential": Visibility.CONFIDENTIAL,
    "normal": Visibility.DEFAULT,
    "personal": Visibility.PERSONAL,
}

_AVAILABILITIES: Mapping[str, Availability] = {
    "opaque": Availability.BUSY,
    "transparent": Availability.FREE,
    "busy": Availability.BUSY,
    "free": Availability.FREE,
    "tentative": Availability.TENTATIVE,
    "oof": Availability.OUT_OF_OFFICE,
    "workingElsewhere": Availability.WORKING_ELSEWHERE,
}

_COLORS: Mapping[str, Color] = {
    "1": Color.LAVENDER,
    "2": Color.SAGE,
    "3": Color.GRAPE,
    "4": Color.FLAMINGO,
    "5": Color.BANANA,
    "6": Color.TANGERINE,
    "7": Color.PEACOCK,
    "8": Color.GRAPHITE,
    "9": Color.BLUEBERRY,
    "10": Color.BASIL,
    "11": Color.TOMATO,
}
"""Google's numbers, by the names that its calendar shows."""

_INSTANCES = frozenset({"occurrence", "exception"})


@dataclass(frozen=True, kw_only=True)
class RawEvent:
    """The data of a raw event; what is missing is empty.

    `rooms` are the addresses of invited resources, and the addresses and names of meeting rooms.
    """

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
    organizer_name: str
    attendees: tuple[Attendee, ...]
    rooms: frozenset[str]
    response: Response
    links: tuple[str, ...]
    """Texts of the fields for links, the most reliable first."""
    notes: str
    """The description, perhaps as HTML."""
    location: str
    event_type: EventType
    visibility: Visibility
    availability: Availability
    categories: tuple[str, ...]
    color: Color | None
    own_emails: tuple[str, ...]
    """Addresses that are marked as those of the calendar's owner."""
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
    all_day = raw.get("isAllDay") is True or bool(start.get("date"))
    is_organizer = organizer.get("self") is True or raw.get("isOrganizer") is True
    rooms = frozenset(_rooms(raw, guests))
    people = [guest for guest in guests if not _is_room(guest) and rooms.isdisjoint(_names(guest))]
    return RawEvent(
        event_id=_text(raw.get("id")),
        uid=_text(raw.get("iCalUID")) or _text(raw.get("iCalUId")),
        title=_text(raw.get("summary")) or _text(raw.get("subject")),
        start_time=_instant(start, all_day=all_day),
        end_time=_instant(_mapping(raw.get("end")), all_day=all_day),
        original_start=_instant(raw.get("originalStartTime")) or _instant(raw.get("originalStart")),
        time_zone=_zone_name(raw.get("originalStartTimeZone") or start.get("timeZone")),
        all_day=all_day,
        cancelled=raw.get("status") == "cancelled" or raw.get("isCancelled") is True or "@removed" in raw,
        is_instance=bool(series_id) or _text(raw.get("type")) in _INSTANCES,
        series_id=series_id,
        is_organizer=is_organizer,
        organizer_email=_address(organizer),
        organizer_name=_person_name(organizer),
        attendees=tuple(map(_attendee, people)),
        rooms=rooms,
        response=_own_response(raw, guests, is_organizer=is_organizer),
        links=tuple(filter(None, _links(raw))),
        notes=_text(raw.get("description")) or _text(_mapping(raw.get("body")).get("content")),
        location="; ".join(dict.fromkeys(filter(None, _places(raw)))),
        event_type=_event_type(raw),
        visibility=_VISIBILITIES.get(_word(raw, "visibility", "sensitivity"), Visibility.UNKNOWN),
        availability=_AVAILABILITIES.get(_word(raw, "transparency", "showAs"), Availability.UNKNOWN),
        categories=tuple(filter(None, map(_text, _list(raw.get("categories"))))),
        color=_COLORS.get(_text(raw.get("colorId"))),
        own_emails=tuple(_address(each) for each in (organizer, *guests) if each.get("self") is True),
        guests_known=_guests_known(raw, is_organizer=is_organizer),
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
    status = guest.get("responseStatus") or _mapping(guest.get("status")).get("response")
    is_optional = guest.get("optional") is True or guest.get("type") == "optional"
    return Attendee(
        email=_address(guest), name=_person_name(guest), response=_response(status), optional=is_optional
    )


def _person_name(person: Mapping[str, Any]) -> str:
    return _text(person.get("displayName")) or _text(_mapping(person.get("emailAddress")).get("name"))


def _is_room(guest: Mapping[str, Any]) -> bool:
    return guest.get("resource") is True or guest.get("type") == "resource"


def _rooms(raw: Mapping[str, Any], guests: list[dict[str, Any]]) -> Iterator[str]:
    """Outlook may invite a room like a person, and then only the locations tell what it is.

    A location's address counts only where it is said to be a room's, because it may also be that of a person.
    """
    yield from (_address(guest).casefold() for guest in guests if _is_room(guest))
    for place in map(_mapping, (raw.get("location"), *_list(raw.get("locations")))):
        is_room = place.get("locationType") == "conferenceRoom"
        if is_room or place.get("uniqueIdType") == "directory":
            for name in ("locationEmailAddress", "uniqueId"):
                address = _text(place.get(name)).casefold()
                if "@" in address:
                    yield address
        if is_room:
            yield _text(place.get("displayName")).casefold()


def _names(guest: Mapping[str, Any]) -> set[str]:
    return {_address(guest).casefold(), _person_name(guest).casefold()} - {""}


def _places(raw: Mapping[str, Any]) -> Iterator[str]:
    for place in (raw.get("location"), *_list(raw.get("locations"))):
        yield _text(place) or _text(_mapping(place).get("displayName"))


def _event_type(raw: Mapping[str, Any]) -> EventType:
    return _TYPES.get(_text(raw.get("eventType")), EventType.OTHER)


def _word(raw: Mapping[str, Any], google: str, graph: str) -> str:
    """A word of either provider. Google leaves out what is as usual: `default` and `opaque`."""
    if text := _text(raw.get(google)) or _text(raw.get(graph)):
        return text
    return _UNSAID[google] if raw.get("kind") == _GOOGLE_KIND else ""


_GOOGLE_KIND = "calendar#event"
_UNSAID: Mapping[str, str] = {"visibility": "default", "transparency": "opaque"}


def _address(person: Mapping[str, Any]) -> str:
    return _text(person.get("email")) or _text(_mapping(person.get("emailAddress")).get("address"))


def _response(value: Any) -> Response:
    return _RESPONSES.get(_text(value), Response.UNKNOWN)


def _guests_known(raw: Mapping[str, Any], *, is_organizer: bool) -> bool:
    """Google cuts off long lists and only counts those whom a guest brings.

    Both hide guests from each other if told to, though not from the organiser.
    """
    brought = any(_mapping(guest).get("additionalGuests") for guest in _list(raw.get("attendees")))
    are_hidden = raw.get("guestsCanSeeOtherGuests") is False or raw.get("hideAttendees") is True
    return raw.get("attendeesOmitted") is not True and not brought and (is_organizer or not are_hidden)


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


def _instant(value: Any, *, all_day: bool = False) -> datetime | None:
    """A text, or an object with `dateTime` and perhaps a zone beside it, or with a `date`: midnight UTC.

    For an event that lasts `all_day`, a midnight of any zone counts as its date.
    """
    if not isinstance(value, dict):
        return parse_time(value) if isinstance(value, str) else None
    if "dateTime" not in value:
        return parse_time(_text(value.get("date")))
    try:
        instant = datetime.fromisoformat(_text(value["dateTime"]))
    except ValueError:
        return None
    if all_day and instant.time() == time():
        return parse_time(instant.date().isoformat())
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
