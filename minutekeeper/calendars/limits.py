"""Limits of bots: which wanted bookings are left out, and by which limit. Pure.

The outcome follows from the bookings alone, whichever calendar works it out and in whatever order they are listed.
"""

import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from minutekeeper.calendars.policy_context import StrictModel
from minutekeeper.meetings.fields import UtcDatetime

USUAL_IMPORTANCE = 5
ALWAYS_IMPORTANCE = 10
"""That of the override `always`: above all rules."""

SETTLED_BEFORE = timedelta(minutes=15)
"""From when on a limit does not take a booked bot away: before its request is prepared."""

_HOUR = timedelta(hours=1)
_MOST_NAMED = 3

Count = Annotated[int, Field(strict=True, ge=1)]


class Limits(StrictModel):
    """How many bots there may be at most. A meeting counts where it starts: for that hour, day and month."""

    at_once: Count | None = None
    """Bots that are in meetings at the same time."""
    per_hour: Count | None = None
    """Bots whose meetings start in one hour of the clock."""
    per_day: Count | None = None
    """Bots whose meetings start on one day."""
    hours_per_month: Count | None = None
    """Planned hours of all meetings that start in one month."""

    @model_validator(mode="after")
    def _names_a_limit(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError(f"names no limit; known here are {', '.join(type(self).model_fields)}")
        return self

    def over(self, usual: "Limits | None") -> "Limits":
        """These limits, and where they do not say one, the usual one."""
        return usual.model_copy(update=self.model_dump(exclude_none=True)) if usual else self


class LimitScope(StrEnum):
    """For whom a limit is."""

    USER = "user"
    INSTALLATION = "installation"


class LimitName(StrEnum):
    AT_ONCE = "at_once"
    PER_HOUR = "per_hour"
    PER_DAY = "per_day"
    HOURS_PER_MONTH = "hours_per_month"


class WantedBooking(BaseModel):
    """A meeting that is to be recorded, as far as limits go."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    event_id: str = ""
    start: UtcDatetime
    until: UtcDatetime
    """When its bot leaves, as planned."""
    importance: int = USUAL_IMPORTANCE
    since: UtcDatetime
    """When it was first wanted."""
    booked: bool = False
    """Whether its own calendar has decided that it gets its bot."""
    left_out: LimitScope | None = None
    """Whose limit leaves it out, as its own calendar has decided."""
    fixed: bool = False
    """Whether no limit may take its bot away, whenever it starts."""

    def is_settled(self, now: datetime) -> bool:
        """Whether its bot may be under way already, so that it stays and only counts."""
        return self.fixed or (self.booked and self.start - SETTLED_BEFORE <= now)


class LimitReached(BaseModel):
    """The limit that leaves a meeting out, how much of it is used, when, and by which meetings."""

    model_config = ConfigDict(frozen=True)

    scope: LimitScope
    name: LimitName
    allowed: int
    used: float
    """Bots, or hours of a month."""
    at: str
    """The instant, hour, day or month by the clock of the limit."""
    meetings: int
    """How many meetings take its place."""
    instead: tuple[str, ...] = ()
    """The ids of some of them: those that come next in importance."""

    @property
    def label(self) -> str:
        return f"{self.scope}.{self.name}"

    def sentence(self, titles: Mapping[str, str]) -> str:
        """The reason for people. Meetings are named by their titles as far as these are known."""
        whose = "this user" if self.scope is LimitScope.USER else "the installation"
        unit = ("hour" if self.used == 1 else "hours") if self.name is LimitName.HOURS_PER_MONTH else ""
        used = " ".join(filter(None, (f"{self.used:g}", unit, "is" if self.used == 1 else "are")))
        limit, booked = (text.format(allowed=self.allowed, used=used, at=self.at) for text in _SENTENCES[self.name])
        named = ", ".join(titles.get(each) or each for each in self.instead)
        more = self.meetings - len(self.instead)
        others = f" and {more} more" if more > 0 else ""
        return f"Left out: the limit of {whose} is {limit}, and {booked}: {named}{others}."


class LeftOut(BaseModel):
    """The limit that leaves an event out, and the rule and the reason by which it would be recorded."""

    model_config = ConfigDict(frozen=True)

    limit: LimitReached
    rule: str
    reason: str


_SENTENCES = {
    LimitName.AT_ONCE: ("{allowed} at once", "{used} booked for {at}"),
    LimitName.PER_HOUR: ("{allowed} an hour", "{used} booked for the hour from {at}"),
    LimitName.PER_DAY: ("{allowed} a day", "{used} booked for {at}"),
    LimitName.HOURS_PER_MONTH: ("{allowed} hours a month", "{used} booked for {at}"),
}


class Gauge(NamedTuple):
    """Limits with the clock by which hours, days and months are told apart."""

    scope: LimitScope
    limits: Limits
    time_zone: str


def admit(
    bookings: Iterable[WantedBooking], gauges: Sequence[Gauge], now: datetime
) -> dict[str, LimitReached | None]:
    """For each meeting the limit that leaves it out; None for those that get their bot.

    What is settled stays. Of the others the more important come first, then those that start earlier, then those
    that were wanted earlier. Each gets its bot if all limits have room for it beside those before it.
    """
    usages = [_Usage(gauge) for gauge in gauges]
    outcome: dict[str, LimitReached | None] = {}

    def rank(booking: WantedBooking) -> tuple[bool, int, datetime, datetime, str]:
        settled = booking.is_settled(now)
        return (not settled, -booking.importance, booking.start, booking.since, booking.meeting_id)

    for booking in sorted(merged_bookings(bookings), key=rank):
        reached = (each for usage in usages if (each := usage.reached_by(booking)))
        obstacle = None if booking.is_settled(now) else next(reached, None)
        outcome[booking.meeting_id] = obstacle
        if obstacle is None:
            for usage in usages:
                usage.add(booking)
    return outcome


def merged_bookings(bookings: Iterable[WantedBooking]) -> list[WantedBooking]:
    """One booking for each meeting: what several calendars want is one meeting with one bot."""
    merged: dict[str, WantedBooking] = {}
    for each in bookings:
        other = merged.get(each.meeting_id)
        merged[each.meeting_id] = _merged(other, each) if other else each
    return list(merged.values())


def _merged(one: WantedBooking, other: WantedBooking) -> WantedBooking:
    return one.model_copy(
        update={
            "start": min(one.start, other.start),
            "until": max(one.until, other.until),
            "importance": max(one.importance, other.importance),
            "since": min(one.since, other.since),
            "booked": one.booked or other.booked,
            "fixed": one.fixed or other.fixed,
        }
    )


class _Usage:
    """What is booked so far, as one gauge counts it."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._zone = zoneinfo.ZoneInfo(gauge.time_zone)
        self._starts: defaultdict[tuple[LimitName, str], list[str]] = defaultdict(list)
        self._booked: defaultdict[str, timedelta] = defaultdict(timedelta)
        self._present: defaultdict[datetime, list[WantedBooking]] = defaultdict(list)

    def add(self, booking: WantedBooking) -> None:
        for name, period in self._periods(booking):
            self._starts[name, period].append(booking.meeting_id)
        self._booked[self._month(booking)] += booking.until - booking.start
        if self._gauge.limits.at_once is not None:
            for hour in _hours_of(booking):
                self._present[hour].append(booking)

    def reached_by(self, booking: WantedBooking) -> LimitReached | None:
        """The first limit that has no room for a booking."""
        limits = self._gauge.limits
        if limits.at_once is not None and (reached := self._at_once(booking, limits.at_once)):
            return reached
        for name, period in self._periods(booking):
            allowed, starts = getattr(limits, name), self._starts[name, period]
            if name is LimitName.HOURS_PER_MONTH:
                booked = self._booked[period]
                if allowed is not None and booked + (booking.until - booking.start) > timedelta(hours=allowed):
                    return self._reached(name, allowed, booked / _HOUR, period, starts)
            elif allowed is not None and len(starts) >= allowed:
                return self._reached(name, allowed, len(starts), period, starts)
        return None

    def _at_once(self, booking: WantedBooking, allowed: int) -> LimitReached | None:
        around = {each.meeting_id: each for hour in _hours_of(booking) for each in self._present[hour]}
        beside = [each for each in around.values() if each.start < booking.until and each.until > booking.start]
        if len(beside) < allowed:
            return None
        for instant in sorted({max(each.start, booking.start) for each in beside}):
            # At the same instant a bot leaves before the next one comes.
            present = [each.meeting_id for each in beside if each.start <= instant < each.until]
            if len(present) >= allowed:
                return self._reached(LimitName.AT_ONCE, allowed, len(present), self._text(instant), present)
        return None

    def _reached(self, name: LimitName, allowed: int, used: float, period: str, by: Sequence[str]) -> LimitReached:
        return LimitReached(
            scope=self._gauge.scope,
            name=name,
            allowed=allowed,
            used=round(used, 1),
            at=f"{period} ({self._gauge.time_zone})",
            meetings=len(by),
            instead=tuple(by[-_MOST_NAMED:]),
        )

    def _periods(self, booking: WantedBooking) -> Iterator[tuple[LimitName, str]]:
        local = booking.start.astimezone(self._zone)
        # With the offset, because an hour comes twice when clocks are set back.
        yield LimitName.PER_HOUR, f"{local:%Y-%m-%d %H:00}" if not local.fold else f"{local:%Y-%m-%d %H:00 again}"
        yield LimitName.PER_DAY, f"{local:%Y-%m-%d}"
        yield LimitName.HOURS_PER_MONTH, self._month(booking)

    def _month(self, booking: WantedBooking) -> str:
        return f"{booking.start.astimezone(self._zone):%Y-%m}"

    def _text(self, instant: datetime) -> str:
        return f"{instant.astimezone(self._zone):%Y-%m-%d %H:%M}"


def _hours_of(booking: WantedBooking) -> Iterator[datetime]:
    """The hours in which a bot is in its meeting."""
    hour = booking.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < booking.until:
        yield hour
        hour += _HOUR
