"""The list of events: filtered, and cut into pages that begin where the last one ended."""

import base64
import binascii
import json
from collections.abc import Iterable
from datetime import datetime

from devtools.simulator.calendars.connected import Entry
from devtools.simulator.calendars.wire import EventQuery
from devtools.simulator.state import now

_Place = tuple[float, str]


def page(entries: Iterable[Entry], query: EventQuery, size: int) -> tuple[list[Entry], str | None]:
    """At most `size` events in the order of their starts, and the cursor of the next page.

    Raises ValueError for a cursor that this list did not give out.
    """
    after = None if query.cursor is None else _open(query.cursor)
    moment = now()
    fitting = [
        entry for entry in entries if _fits(entry, query, moment) and (after is None or _place(entry) > after)
    ]
    fitting.sort(key=_place)
    taken = fitting[:size]
    return taken, _cursor(taken[-1]) if len(fitting) > size else None


def _fits(entry: Entry, query: EventQuery, moment: datetime) -> bool:
    event = entry.provider_event
    return (
        (query.status == "all" or (event.start > moment) == (query.status == "upcoming"))
        and (query.start_date_gte is None or event.start >= query.start_date_gte)
        and (query.start_date_lte is None or event.start <= query.start_date_lte)
        and (query.updated_at_gte is None or entry.updated_at >= query.updated_at_gte)
        and (query.organizer_email is None or event.organizer.email == query.organizer_email)
        and (query.attendee_email is None or query.attendee_email in {guest.email for guest in event.people})
    )


def _place(entry: Entry) -> _Place:
    return entry.provider_event.start.timestamp(), str(entry.uuid)


def _cursor(entry: Entry) -> str:
    return base64.urlsafe_b64encode(json.dumps(_place(entry)).encode()).decode()


def _open(cursor: str) -> _Place:
    try:
        start, uuid = json.loads(base64.urlsafe_b64decode(cursor))
        return float(start), str(uuid)
    except (binascii.Error, ValueError, TypeError):
        raise ValueError("cursor: not one that this list gave out") from None
