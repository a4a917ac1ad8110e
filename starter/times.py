"""Parses times from the command line, and formats instants in the local zone."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from minutekeeper.meetings.dispatch import FARTHEST
from starter.errors import MeetingInputError

FORMS = "2026-12-01T10:00:00Z, 2026-12-01T11:00+01:00, 2026-12-01T11:00 (local time), +10m, +1h30m or now"

_DELAY = re.compile(r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_UTC_INSTANT = re.compile(
    r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|\+00:00)(?!\w|:\d)", re.ASCII
)
_DATE_ONLY = re.compile(r"\d{4}-?\d{2}-?\d{2}", re.ASCII)


class ParsedTime(NamedTuple):
    """An instant in UTC, and a note if a zone had to be assumed."""

    instant: datetime
    note: str = ""


def parse_when(text: str, field: str, now: datetime) -> ParsedTime:
    """Parses ISO 8601, `+1h30m` from now, or `now`; ISO without a zone is this machine's local time.

    Raises MeetingInputError that names `field`, also for a local time that a clock change skips or repeats.
    """
    text = text.strip()
    try:
        when = _read(text, field, now)
        too_far = abs(when.instant - now) > FARTHEST
    except OverflowError:
        too_far = True
    if too_far:
        raise MeetingInputError(field, f"{text!r} is more than ten years away; is the year right?")
    return when


def _read(text: str, field: str, now: datetime) -> ParsedTime:
    if text.lower() == "now":
        return ParsedTime(now.astimezone(UTC).replace(microsecond=0))
    if text.startswith("+"):
        return ParsedTime((now + _delay(text, field)).astimezone(UTC).replace(microsecond=0))
    if _DATE_ONLY.fullmatch(text):
        raise MeetingInputError(field, _whole_day(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MeetingInputError(field, f"{text!r} is not a time; use for example {FORMS}") from None
    if moment.tzinfo is None:
        return _local(moment, text, field)
    return ParsedTime(moment.astimezone(UTC))


def _whole_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        return f"{text!r} is not a valid date; use for example {FORMS}"
    return f"{text!r} is a whole day; add a time, such as {text}T10:00"


def _delay(text: str, field: str) -> timedelta:
    match = _DELAY.fullmatch(text)
    if match is None or not any(match.groups()):
        raise MeetingInputError(field, f"{text!r} is not a duration; use for example +10m, +1h30m or +2d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _local(naive: datetime, text: str, field: str) -> ParsedTime:
    try:
        first, second = naive.replace(fold=0).astimezone(), naive.replace(fold=1).astimezone()
    except ValueError as error:
        raise OverflowError from error
    if first.astimezone(UTC) == second.astimezone(UTC):
        zone = f"{first:%Z} (UTC{_offset(first)})"
        return ParsedTime(
            first.astimezone(UTC), f"{text} has no zone and was read as this machine's local time, {zone}"
        )
    if first.replace(tzinfo=None) == naive:
        choice = f"{text}{_offset(first)} or {text}{_offset(second)}"
        raise MeetingInputError(field, f"{text} occurs twice because the clocks go back; use {choice}")
    raise MeetingInputError(
        field, f"{text} does not exist here because the clocks go forward; use another time, or one with a zone"
    )


def _offset(moment: datetime) -> str:
    digits = f"{moment:%z}"
    return f"{digits[:3]}:{digits[3:5]}"


def format_local(instant: datetime) -> str:
    """Formats an instant in this machine's local time, with its zone."""
    with suppress(OverflowError):
        instant = instant.astimezone()
    seconds = f":{instant:%S}" if instant.second else ""
    return f"{instant:%a %Y-%m-%d %H:%M}{seconds} {instant:%Z}"


def in_local_time(text: str) -> str:
    """Converts the UTC instants in a text, so that all times of a screen are in the local zone.

    Workflows write their texts in UTC, because they do not know the zone of their readers.
    """
    return _UTC_INSTANT.sub(_in_local_time, text)


def _in_local_time(match: re.Match[str]) -> str:
    with suppress(ValueError, OverflowError):
        return f"{datetime.fromisoformat(match[0].replace(' ', 'T')).astimezone():%Y-%m-%d %H:%M:%S %Z}"
    return match[0]
