"""Meeting BaaS writes the same kind of instant in many ways; this is the one place that reads them."""

import math
from datetime import UTC, datetime
from typing import Any

_MILLISECONDS_FROM = 1e11
"""As seconds this is the year 5138, as milliseconds it is 1973: no meeting is near either."""

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Nor is one outside of these, and inside every instant can be put into any zone, and printed."""


def parse_time(value: Any) -> datetime | None:
    """The instant in UTC, or None if the value is none.

    Understands RFC 3339 with any zone and up to nanoseconds, the same without a zone (UTC), epoch seconds or
    milliseconds as a number or its digits, and `{"secs_since_epoch": …, "nanos_since_epoch": …}`. A time at which
    no meeting can be is none.
    """
    try:
        instant = _read(value)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None
    return instant if instant and _EARLIEST <= instant <= _LATEST else None


def _read(value: Any) -> datetime | None:
    if isinstance(value, dict):
        nanoseconds = value.get("nanos_since_epoch") or 0
        return _from_epoch(float(value["secs_since_epoch"]) + float(nanoseconds) / 1e9)
    if isinstance(value, str):
        text = value.strip()
        return _from_epoch(float(text)) if text.isdecimal() else _from_text(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_epoch(float(value))
    return None


def _from_epoch(number: float) -> datetime | None:
    if not math.isfinite(number) or number <= 0:
        return None
    return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)


def _from_text(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
