"""How events come about and change."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta
from uuid import uuid4

from devtools.simulator.calendars.control_models import (
    EventChange,
    EventOrder,
    GuestOrder,
    ResponseOrder,
    SeriesOrder,
)
from devtools.simulator.calendars.ids import new_uid, occurrence_id
from devtools.simulator.calendars.provider_events import Guest, ProviderEvent
from devtools.simulator.calendars.wire import Platform
from devtools.simulator.state import now


def provider_events(order: EventOrder, platform: Platform) -> list[ProviderEvent]:
    """The event, or all occurrences of the series; `platform` is the organizer's."""
    first = _first(order, platform)
    return [first] if order.series is None else _occurrences(first, first.id, order.series)


def recurring_anew(first: ProviderEvent, order: SeriesOrder) -> list[ProviderEvent]:
    """The occurrences of a series with another rule: its id and theirs are new, the iCalendar id is not."""
    at = now()
    series = f"{first.series or first.id}_R{at:%Y%m%dT%H%M%S%f}"
    return _occurrences(replace(first, cancelled=False, created_at=at, changed_at=at), series, order)


def _occurrences(first: ProviderEvent, series: str, order: SeriesOrder) -> list[ProviderEvent]:
    found = []
    for number in range(order.count):
        later = timedelta(days=number * order.every_days)
        start = first.start + later
        identifier = occurrence_id(series, start, all_day=first.all_day)
        found.append(
            replace(first, id=identifier, series=series, start=start, end=first.end + later, original_start=start)
        )
    return found


def changed(event: ProviderEvent, change: EventChange) -> ProviderEvent:
    start = change.start.astimezone(UTC) if change.start else event.start
    start += timedelta(seconds=change.shift)
    return replace(
        event,
        title=event.title if change.title is None else change.title,
        start=start,
        end=change.end.astimezone(UTC) if change.end else start + (event.end - event.start),
        link=event.link if change.link is None else change.link,
        link_place=change.link_place or event.link_place,
        guests=event.guests if change.guests is None else _guests(change.guests),
        description=event.description if change.description is None else change.description,
        visibility=change.visibility or event.visibility,
        show_as=change.show_as or event.show_as,
        changed_at=now(),
    )


def answered(event: ProviderEvent, order: ResponseOrder) -> ProviderEvent:
    def answer(guest: Guest) -> Guest:
        return replace(guest, response=order.response) if guest.email == order.email else guest

    guests = tuple(answer(guest) for guest in event.guests)
    return replace(event, organizer=answer(event.organizer), guests=guests, changed_at=now())


def _first(order: EventOrder, platform: Platform) -> ProviderEvent:
    base, at, start = order.id or uuid4().hex, now(), order.start.astimezone(UTC)
    length = timedelta(minutes=30)
    if order.all_day:
        start, length = start.replace(hour=0, minute=0, second=0, microsecond=0), timedelta(days=1)
    organizer = order.organizer
    return ProviderEvent(
        id=base,
        uid=new_uid(base, platform),
        title=order.title,
        start=start,
        end=order.end.astimezone(UTC) if order.end else start + length,
        organizer=Guest(email=organizer.email, name=organizer.name, response="accepted"),
        guests=_guests(order.guests),
        link=order.link,
        link_place=order.link_place,
        time_zone=order.time_zone,
        all_day=order.all_day,
        series="",
        original_start=None,
        created_at=at,
        changed_at=at,
        calendars=frozenset({order.calendar} if order.calendar else ()),
        description=order.description,
        location=order.location,
        event_type=order.event_type,
        visibility=order.visibility,
        show_as=order.show_as,
        color_id=order.color_id,
        categories=order.categories,
        rooms=tuple(Guest(email=room.email, name=room.name, response="accepted") for room in order.rooms),
        hides_guests=order.hides_guests,
    )


def _guests(orders: Iterable[GuestOrder]) -> tuple[Guest, ...]:
    return tuple(
        Guest(email=order.email, name=order.name, response=order.response, optional=order.optional)
        for order in orders
    )
