"""Applies limits to the events of one calendar, beside what other calendars have booked. Pure.

Every calendar says what it wants, also what a limit leaves out, and works out the same outcome for all of them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from minutekeeper.calendars.limits import (
    SETTLED_BEFORE,
    Gauge,
    LeftOut,
    LimitReached,
    Limits,
    LimitScope,
    WantedBooking,
    admit,
    merged_bookings,
)
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvent, TrackedEvents

COUNTED_FOR = timedelta(days=33)
"""How long a meeting counts after its start: at least until its month is over on every clock."""

RECHECK_BEFORE = timedelta(minutes=20)
"""How long before its start a left-out event is decided again, because there may be room by then."""


class CalendarBookings(BaseModel):
    """What one calendar wants to have recorded, and the limits of its user that it knows."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    user: str
    """Whose calendar it is: the same for all calendars of a user."""
    limits: Limits | None = None
    time_zone: str = "UTC"
    bookings: tuple[WantedBooking, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing that other calendars have to know."""
        return not self.bookings and self.limits is None

    def since(self, earliest: datetime) -> "CalendarBookings":
        """Without what is too old to count."""
        return self.model_copy(update={"bookings": tuple(each for each in self.bookings if each.start > earliest)})


def user_key(user: str, account: str, owner: str, calendar_id: str) -> str:
    """A name for the user of a calendar: letters and digits. The first of these that is known says who it is."""
    name = next(filter(None, (each.strip() for each in (user, account, owner, calendar_id))))
    return hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:32]


class LimitContext(NamedTuple):
    """Everything by which the limits of one calendar's events are decided.

    `before` is what this calendar has said last. `others` are other calendars: those of the same user, and if the
    installation has limits, all. `by_hand` are the meetings that people have booked themselves.
    """

    own: CalendarBookings
    installation: InstallationLimits | None = None
    before: CalendarBookings | None = None
    others: tuple[CalendarBookings, ...] = ()
    by_hand: tuple[WantedBooking, ...] = ()

    @property
    def user_gauges(self) -> list[Gauge]:
        """The limits that any calendar of the user knows: each holds for all of them."""
        known = [each for each in (self.own, *self.others) if each.user == self.own.user and each.limits]
        gauges = [Gauge(LimitScope.USER, each.limits, each.time_zone) for each in known if each.limits]
        return list(dict.fromkeys(gauges))

    @property
    def installation_gauges(self) -> list[Gauge]:
        file = self.installation
        if file is None or file.installation is None:
            return []
        return [Gauge(LimitScope.INSTALLATION, file.installation, file.time_zone)]

    @property
    def has_limits(self) -> bool:
        """Whether any limit applies to the calendar."""
        return bool(self.user_gauges or self.installation_gauges)


def own_bookings(
    calendar_id: str, user: str, policy: Policy, installation: InstallationLimits | None
) -> CalendarBookings:
    """A calendar that wants nothing yet, with the limits of its user: the policy's, then those for each user."""
    usual = installation.per_user if installation else None
    limits = policy.limits.over(usual) if policy.limits else usual
    return CalendarBookings(calendar_id=calendar_id, user=user, limits=limits, time_zone=policy.time_zone)


def wanted_bookings(events: TrackedEvents, context: LimitContext, now: datetime) -> CalendarBookings:
    """What a calendar wants, whatever limits say, with what it has had until now and what still counts."""
    before = {each.meeting_id: each for each in context.before.bookings} if context.before else {}
    wanted = [_wanted(entry, before.get(entry.meeting_id), now) for entry in _counting(events, now)]
    bookings = {each.meeting_id: each for each in merged_bookings(wanted)}
    for each in before.values():
        if each.meeting_id not in bookings and each.booked and each.start <= now:
            bookings[each.meeting_id] = each
    ordered = sorted(bookings.values(), key=lambda each: (each.start, each.meeting_id))
    return context.own.model_copy(update={"bookings": tuple(ordered)}).since(now - COUNTED_FOR)


def _counting(events: TrackedEvents, now: datetime) -> Iterator[TrackedEvent]:
    for stored in events.entries.values():
        entry = stored if stored.is_over(now) else _without_limit(stored)
        is_left_to_provider = entry.rule == BuiltinRule.PROVIDER
        is_wanted = entry.record and (entry.booked or not entry.is_over(now))
        if (is_wanted or is_left_to_provider) and entry.ended_as is not BookedState.CANCELLED:
            yield entry


def _wanted(entry: TrackedEvent, before: WantedBooking | None, now: datetime) -> WantedBooking:
    desired, applied = entry.desired, entry.applied
    # Its event may have been moved while its bot is in the meeting.
    is_under_way = entry.booked and applied.start_time - SETTLED_BEFORE <= now < applied.expected_end
    is_moved = desired.start_time - SETTLED_BEFORE > now
    # What is known of the calendar's events may have been lost.
    is_booked = entry.booked or bool(before and before.booked)
    return WantedBooking(
        meeting_id=entry.meeting_id,
        event_id=entry.event_id,
        start=desired.start_time,
        until=max(desired.leaves_at, desired.start_time),
        importance=entry.importance,
        since=before.since if before else now,
        booked=is_booked,
        left_out=before.left_out if before and not is_booked else None,
        fixed=(is_under_way and is_moved) or entry.rule == BuiltinRule.PROVIDER,
    )


def _without_limit(entry: TrackedEvent) -> TrackedEvent:
    """The event as it was decided before any limit."""
    if entry.left_out is None:
        return entry
    decided = {"record": True, "rule": entry.left_out.rule, "reason": entry.left_out.reason, "left_out": None}
    return entry.model_copy(update=decided)


class LimitedEvents(NamedTuple):
    """The events with limits applied, and what the calendar is to say of them.

    `disagreeing` are events of other calendars, one of each at most, that were decided otherwise there.
    """

    events: TrackedEvents
    bookings: CalendarBookings
    disagreeing: tuple[tuple[str, str], ...]

    def left_out(self, now: datetime) -> dict[str, LeftOut]:
        """The events to come that a limit leaves out, by their key."""
        entries = self.events.entries.items()
        return {key: entry.left_out for key, entry in entries if entry.left_out and not entry.is_over(now)}

    def recheck_after(self, now: datetime) -> datetime | None:
        """When a left-out event is decided again; None if there is none to come."""
        instants = [each.start - RECHECK_BEFORE for each in self.bookings.bookings if each.left_out]
        return min((each for each in instants if each > now), default=None)


def unlimited(events: TrackedEvents, context: LimitContext, now: datetime) -> LimitedEvents:
    """The events as they were decided without limits."""
    return LimitedEvents(_with_limits(events, {}, now), context.own, ())


def limit_events(
    events: TrackedEvents, wanted: CalendarBookings, context: LimitContext, now: datetime
) -> LimitedEvents:
    """Leaves out what limits have no room for; `wanted` are the calendar's own bookings."""
    others = [_current(each, now) for each in context.others]
    colleagues = [each for each in others if each.user == wanted.user]
    by_user = _outcome([wanted, *colleagues], (), context.user_gauges, now)
    passed = wanted.model_copy(
        update={"bookings": tuple(each for each in wanted.bookings if by_user.get(each.meeting_id) is None)}
    )
    elsewhere = [_passed(each) for each in others]
    by_all = _outcome([passed, *elsewhere], context.by_hand, context.installation_gauges, now)
    reached = {
        each.meeting_id: limit
        for each in wanted.bookings
        if (limit := by_user.get(each.meeting_id) or by_all.get(each.meeting_id))
    }
    decided = [_decided(each, reached.get(each.meeting_id)) for each in wanted.bookings]
    disagreeing = {
        **_disagreeing(elsewhere, by_all, LimitScope.INSTALLATION),
        **_disagreeing(colleagues, by_user, LimitScope.USER),
    }
    return LimitedEvents(
        _with_limits(events, reached, now),
        wanted.model_copy(update={"bookings": tuple(decided)}),
        tuple(disagreeing.items()),
    )


def _outcome(
    calendars: Iterable[CalendarBookings], by_hand: Iterable[WantedBooking], gauges: list[Gauge], now: datetime
) -> Mapping[str, LimitReached | None]:
    if not gauges:
        return {}
    return admit([*by_hand, *(each for calendar in calendars for each in calendar.bookings)], gauges, now)


def _current(calendar: CalendarBookings, now: datetime) -> CalendarBookings:
    """What another calendar wants, without what was left out and is over, and takes no room any more."""
    kept = tuple(each for each in calendar.bookings if each.booked or each.until > now)
    return calendar.model_copy(update={"bookings": kept})


def _passed(calendar: CalendarBookings) -> CalendarBookings:
    """What another calendar wants, as far as the limits of its user leave it in."""
    kept = tuple(each for each in calendar.bookings if each.left_out is not LimitScope.USER)
    return calendar.model_copy(update={"bookings": kept})


def _decided(booking: WantedBooking, reached: LimitReached | None) -> WantedBooking:
    update = {"booked": reached is None, "left_out": reached.scope if reached else None}
    return booking.model_copy(update=update)


def _disagreeing(
    calendars: Iterable[CalendarBookings], outcome: Mapping[str, LimitReached | None], scope: LimitScope
) -> dict[str, str]:
    found = {}
    for calendar in calendars:
        for each in calendar.bookings:
            if each.meeting_id in outcome and (outcome[each.meeting_id] is None) is (each.left_out is scope):
                found[calendar.calendar_id] = each.event_id
                break
    return found


def _with_limits(events: TrackedEvents, reached: Mapping[str, LimitReached], now: datetime) -> TrackedEvents:
    titles = {entry.meeting_id: entry.desired.title for entry in events.entries.values()} if reached else {}
    changed = {}
    for key, stored in events.entries.items():
        if stored.is_over(now) or not (stored.left_out or reached):
            continue
        entry = _without_limit(stored)
        if entry.record and (limit := reached.get(entry.meeting_id)):
            left_out = LeftOut(limit=limit, rule=entry.rule, reason=entry.reason)
            entry = entry.model_copy(
                update={
                    "record": False,
                    "rule": BuiltinRule.LIMIT.value,
                    "reason": limit.sentence(titles),
                    "left_out": left_out,
                }
            )
        if entry is not stored:
            changed[key] = entry
    return events.model_copy(update={"entries": events.entries | changed}) if changed else events
