"""What Google and Microsoft mark in an event besides its time, people and link."""

from typing import Any

import pytest

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.people import participants
from minutekeeper.providers.meetingbaas.calendar_events import EventAnswer, to_event
from tests.providers.event_bodies import EVENT, GOOGLE, GRAPH


def event(raw: dict[str, Any], **changes: Any) -> CalendarEvent:
    return to_event(EventAnswer.model_validate(EVENT | changes | {"raw": raw}))


@pytest.mark.parametrize(
    ("raw", "event_type"),
    [
        (GOOGLE, "default"),
        (GOOGLE | {"eventType": "outOfOffice"}, "out_of_office"),
        (GOOGLE | {"eventType": "focusTime"}, "focus_time"),
        (GOOGLE | {"eventType": "workingLocation"}, "working_location"),
        (GOOGLE | {"eventType": "birthday"}, "birthday"),
        (GOOGLE | {"eventType": "fromGmail"}, "from_mail"),
        (GOOGLE | {"eventType": "lunchBreak"}, "other"),
        (GRAPH, "default"),
        ({}, "default"),
    ],
)
def test_the_type(raw: dict[str, Any], event_type: str) -> None:
    assert event(raw).event_type == event_type


@pytest.mark.parametrize(
    ("raw", "visibility", "availability"),
    [
        (GOOGLE, "default", "busy"),
        (GOOGLE | {"visibility": "private", "transparency": "transparent"}, "private", "free"),
        (GOOGLE | {"visibility": "confidential", "transparency": "opaque"}, "confidential", "busy"),
        (GOOGLE | {"visibility": "public"}, "public", "busy"),
        (GOOGLE | {"visibility": "odd", "transparency": 1}, "unknown", "busy"),
        (GRAPH, "unknown", "unknown"),
        (GRAPH | {"sensitivity": "normal", "showAs": "busy"}, "default", "busy"),
        (GRAPH | {"sensitivity": "personal", "showAs": "free"}, "personal", "free"),
        (GRAPH | {"sensitivity": "private", "showAs": "tentative"}, "private", "tentative"),
        (GRAPH | {"sensitivity": "confidential", "showAs": "oof"}, "confidential", "out_of_office"),
        (GRAPH | {"showAs": "workingElsewhere"}, "unknown", "working_elsewhere"),
        (GRAPH | {"showAs": "unknown"}, "unknown", "unknown"),
        ({}, "unknown", "unknown"),
    ],
)
def test_how_private_it_is_and_how_the_time_is_shown(
    raw: dict[str, Any], visibility: str, availability: str
) -> None:
    found = event(raw)
    assert (found.visibility, found.availability) == (visibility, availability)


def test_categories_and_colours() -> None:
    assert event(GRAPH | {"categories": ["Red category", " ", 5]}).categories == ("Red category",)
    assert event(GOOGLE | {"colorId": "11"}).color == "tomato"
    assert [event(raw).color for raw in (GOOGLE, GOOGLE | {"colorId": "12"}, GRAPH)] == [None] * 3


def test_every_colour_of_google_has_its_name() -> None:
    names = [event(GOOGLE | {"colorId": str(number)}).color for number in range(1, 12)]
    assert names == [
        *("lavender", "sage", "grape", "flamingo", "banana", "tangerine"),
        *("peacock", "graphite", "blueberry", "basil", "tomato"),
    ]


@pytest.mark.parametrize(
    ("raw", "description", "location"),
    [
        (GOOGLE | {"description": "Notes<br>#record", "location": "Room 5"}, "Notes #record", "Room 5"),
        (
            GRAPH
            | {
                "body": {"contentType": "html", "content": "<html><body><p>#record</p>&nbsp;x</body></html>"},
                "location": {"displayName": "Berlin"},
                "locations": [{"displayName": "Berlin"}, {"displayName": "Paris"}],
            },
            "#record x",
            "Berlin; Paris",
        ),
        ({}, "", ""),
    ],
)
def test_what_is_written_about_it(raw: dict[str, Any], description: str, location: str) -> None:
    found = event(raw)
    assert (found.description, found.location) == (description, location)


def test_of_endless_notes_only_the_beginning_is_kept() -> None:
    notes = event(GOOGLE | {"description": f"#record {'x' * 200_000}"}).notes
    assert (notes[:8], len(notes)) == ("#record ", 100_000)


def test_optional_guests() -> None:
    assert [guest.email for guest in event(GOOGLE).attendees if guest.optional] == ["carl@example.org"]
    assert [guest.email for guest in event(GRAPH).attendees if guest.optional] == ["carl@example.org"]


@pytest.mark.parametrize(
    "place",
    [
        {"locationEmailAddress": "Room6@example.com", "locationType": "conferenceRoom"},
        {"uniqueId": "room6@example.com", "uniqueIdType": "directory"},
        {"displayName": "ROOM 6", "locationType": "conferenceRoom"},
    ],
)
@pytest.mark.parametrize("name", ["location", "locations"])
def test_a_room_that_is_only_a_location_is_no_person(place: dict[str, Any], name: str) -> None:
    room = {"type": "required", "emailAddress": {"name": "Room 6", "address": "ROOM6@example.com"}}
    raw = GRAPH | {"attendees": [*GRAPH["attendees"], room], name: place if name == "location" else [place]}
    found = event(raw, attendees=[{"email": "room6@example.com", "name": "Room 6"}])
    assert {each.name for each in participants(found)} == {
        "anna@example.com",
        "ben@example.com",
        "carl@example.org",
    }


def test_a_place_that_is_called_like_a_guest_is_no_room() -> None:
    raw = GRAPH | {"locations": [{"displayName": "Ben", "locationType": "default"}]}
    assert "ben@example.com" in {each.name for each in participants(event(raw))}


@pytest.mark.parametrize(
    "place",
    [
        {"locationEmailAddress": "ben@example.com", "locationType": "default"},
        {"uniqueId": "Ben@example.com", "uniqueIdType": "private", "locationType": "homeAddress"},
        {"uniqueId": "ben@example.com"},
        {"locationUri": "mailto:ben@example.com", "locationType": "conferenceRoom"},
    ],
)
def test_a_location_with_the_address_of_a_guest_is_no_room(place: dict[str, Any]) -> None:
    raw = GRAPH | {"location": {"displayName": "At Ben's"} | place}
    assert "ben@example.com" in {each.name for each in participants(event(raw))}


def test_a_link_in_a_location_is_no_room() -> None:
    raw = GRAPH | {"locations": [{"locationUri": "https://ben@example.com/x", "uniqueId": "Room 5"}]}
    assert "ben@example.com" in {each.name for each in participants(event(raw))}


def test_addresses_that_are_the_owners() -> None:
    raw = GOOGLE | {
        "organizer": {"email": "anna.alias@example.com", "self": True},
        "attendees": [{"email": "anna@example.com", "self": True, "responseStatus": "accepted"}],
    }
    found = event(raw, attendees=[])
    assert found.own_emails == ("anna.alias@example.com", "anna@example.com")
    assert [each.name for each in participants(found)] == ["anna@example.com"]
    assert event(GRAPH).own_emails == ()


@pytest.mark.parametrize("hidden", [{"guestsCanSeeOtherGuests": False}, {"hideAttendees": True}])
def test_guests_are_not_hidden_from_the_organiser(hidden: dict[str, Any]) -> None:
    assert not event(hidden).guests_known
    assert event(hidden | {"organizer": {"self": True}}).guests_known
    assert event(hidden | {"isOrganizer": True}).guests_known
    assert not event(
        {"attendees": [{"email": "a@b.c", "additionalGuests": 2}], "organizer": {"self": True}}
    ).guests_known
    assert not event({"attendeesOmitted": True, "organizer": {"self": True}}).guests_known


def test_the_days_of_an_event_without_hours_are_those_of_the_calendar() -> None:
    raw = GOOGLE | {"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    found = event(raw, start_time="2026-11-30T23:00:00Z", end_time="2026-12-01T23:00:00Z")
    assert (f"{found.start_time:%m-%d %H:%M}", f"{found.end_time:%m-%d %H:%M}") == ("12-01 00:00", "12-02 00:00")
