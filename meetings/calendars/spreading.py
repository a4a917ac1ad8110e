"""When a calendar is read in full again, so that a thousand calendars are not read at the same instant. Pure."""

from datetime import UTC, datetime, timedelta

from meetings.ids import jitter_fraction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_full(last: datetime, every: timedelta, calendar_id: str) -> datetime:
    """More than half the period after the last one, and at most the whole.

    Each calendar has instants of its own, half a period apart: however many were read at once, say after an outage,
    the next time they are spread over half a period, and from then on each is read once in a period.
    """
    half = every / 2
    mine = _EPOCH + half * jitter_fraction(calendar_id)
    earliest = last + half
    return earliest + (half - (earliest - mine) % half)
