"""What a policy says for all its rules, and the base of their conditions."""

import difflib
import re
import zoneinfo
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.patterns import Domain, MailAddress

_LEAP_YEAR = "2000"


def _clock_time(text: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(f"{text!r} is no time of day; write it as 09:00")
    return text


def _time_zone(name: str) -> str:
    try:
        return zoneinfo.ZoneInfo(name).key
    except (LookupError, ValueError, OSError):
        zones = {zone.casefold(): zone for zone in zoneinfo.available_timezones()}
        near = difflib.get_close_matches(name.casefold(), zones, n=1)
        hint = f"did you mean {zones[near[0]]}?" if near else "write it as Europe/Berlin"
        raise ValueError(f"{name!r} is no time zone; {hint}") from None


def _day_span(text: str) -> str:
    first, dots, last = text.partition("..")
    ends = [first, last] if dots else [first]
    if not all(map(_is_day, ends)) or len({len(each) for each in ends}) > 1:
        raise ValueError(
            f"{text!r} is no day; write it as 2026-12-24, as 12-24 for every year, or as 2026-12-24..2026-12-31"
        )
    if dots and last < first:
        raise ValueError(f"{text!r} ends before it begins; a span over the end of a year needs two entries")
    return text


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return False
    try:
        date.fromisoformat(text if len(text) > len("12-24") else f"{_LEAP_YEAR}-{text}")
    except ValueError:
        return False
    return True


ClockTime = Annotated[str, AfterValidator(_clock_time)]
"""`HH:MM`, from 00:00 to 23:59."""

TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""An IANA name, such as Europe/Berlin."""

DaySpan = Annotated[str, AfterValidator(_day_span)]
"""A day, with or without its year, or a first and a last day with two dots between them."""


def is_within(spans: Iterable[str], day: date) -> bool:
    """Whether a day is in one of the spans. As texts they sort like the days they stand for."""
    for span in spans:
        first, _, last = span.partition("..")
        if first <= day.isoformat()[-len(first) :] <= (last or first):
            return True
    return False


class ConditionResult(NamedTuple):
    holds: bool
    text: str


class StrictModel(BaseModel):
    """A part of a policy. Unknown fields are errors, because they are most likely typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PolicyContext(BaseModel):
    """What a policy is evaluated with: who counts as internal and as the owner, the clock, and the holidays."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    my_domains: tuple[Domain, ...] = ()
    """Your own mail domains, with their subdomains; people with any other domain are external."""
    my_emails: tuple[MailAddress, ...] = ()
    """All addresses of the calendar's owner, aliases included; they count as one person."""
    time_zone: TimeZone = "UTC"
    """The clock for working hours, days and all-day events, an IANA name."""
    holidays: tuple[DaySpan, ...] = ()
    """The days for which the condition `holiday` holds."""
    all_day_start: ClockTime = "09:00"
    """When the bot comes to an all-day event, by the clock of the time zone."""

    def local(self, instant: datetime) -> datetime:
        """The instant by the policy's clock."""
        return instant.astimezone(zoneinfo.ZoneInfo(self.time_zone))

    def with_hours(self, event: CalendarEvent) -> CalendarEvent:
        """The event, or one that lasts all day with the hours at which a bot would come and be no longer wanted."""
        return event.in_daytime(time.fromisoformat(self.all_day_start), zoneinfo.ZoneInfo(self.time_zone))
