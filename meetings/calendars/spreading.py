"""Spreads the full syncs of calendars, so that a thousand calendars are not read at the same instant. Pure."""

from datetime import UTC, datetime, timedelta

from meetings.ids import jitter_fraction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_full_sync(last: datetime, every: timedelta, calendar_id: str) -> datetime:
    """When a calendar is read in full next: more than half the period after the last time, and at most the whole.

    Each calendar has instants of its own, half a period apart: however many were read at once, say after an outage,
    the next time they are spread over half a period, and from then on each is read once in a period.
    """
    half = every / 2
    offset = _EPOCH + half * jitter_fraction(calendar_id)
    earliest = last + half
    return earliest + (half - (earliest - offset) % half)
