"""Who takes part in an event, and who of them is the calendar's owner."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from minutekeeper.calendars.event import CalendarEvent, Response

_NOBODY = "calendar.google.com"
"""Google lists rooms and shared calendars among the people, with addresses that end like this."""

_NO_ANSWER = frozenset({Response.UNKNOWN, Response.NEEDS_ACTION})


@dataclass(frozen=True)
class Participant:
    """A person of an event. `names` are their addresses, or the name of one without an address."""

    names: tuple[str, ...]
    response: Response
    optional: bool = False
    is_owner: bool = False

    @property
    def name(self) -> str:
        return self.names[0]


def participants(event: CalendarEvent, my_emails: Iterable[str] = ()) -> tuple[Participant, ...]:
    """All who take part, the organiser included: not those who declined, and the owner once.

    `my_emails` are the addresses of the calendar's owner that the policy tells.
    """
    return tuple(person for person in _invited(event, my_emails) if person.response is not Response.DECLINED)


def those_who_declined(event: CalendarEvent, my_emails: Iterable[str] = ()) -> tuple[Participant, ...]:
    return tuple(person for person in _invited(event, my_emails) if person.response is Response.DECLINED)


def organised_by_owner(event: CalendarEvent, my_emails: Iterable[str] = ()) -> bool:
    return event.is_organizer or _tidy(event.organizer_email) in _own(event, my_emails)


def owner_response(event: CalendarEvent, my_emails: Iterable[str] = ()) -> Response:
    """What the owner answered: to the calendar, or else by one of their addresses."""
    if event.response is not Response.UNKNOWN:
        return event.response
    return next((each.response for each in _invited(event, my_emails) if each.is_owner), Response.UNKNOWN)


def _invited(event: CalendarEvent, my_emails: Iterable[str]) -> Iterator[Participant]:
    own = _own(event, my_emails)
    found: dict[str, Participant] = {}
    for guest in event.attendees:
        if name := _tidy(guest.email or guest.name):
            person = Participant((name,), guest.response, guest.optional, is_owner=name in own)
            key = "" if person.is_owner else name
            found[key] = _merged(found[key], person) if key in found else person
    if organizer := _tidy(event.organizer_email):
        key = "" if organizer in own else organizer
        person = found.get(key, Participant((organizer,), Response.UNKNOWN, is_owner=organizer in own))
        answer = Response.ACCEPTED if person.response in _NO_ANSWER else person.response
        found[key] = replace(person, response=answer)
    for key, person in found.items():
        known = key == "" and event.response is not Response.UNKNOWN
        yield replace(person, response=event.response) if known else person


def _own(event: CalendarEvent, my_emails: Iterable[str]) -> set[str]:
    organizer = (event.organizer_email,) if event.is_organizer else ()
    return {_tidy(each) for each in (*event.own_emails, *my_emails, *organizer)} - {""}


def _merged(one: Participant, other: Participant) -> Participant:
    """One person who was invited twice."""
    answers = [each.response for each in (one, other) if each.response not in _NO_ANSWER]
    takes_part = [answer for answer in answers if answer is not Response.DECLINED]
    return Participant(
        names=tuple(dict.fromkeys((*one.names, *other.names))),
        response=next(iter([*takes_part, *answers]), one.response),
        optional=one.optional and other.optional,
        is_owner=one.is_owner,
    )


def _tidy(text: str) -> str:
    """The address or name in small letters; empty for what is no person."""
    tidy = text.strip().casefold()
    return "" if tidy.endswith(_NOBODY) else tidy
