"""How many bots a plan makes: in its busiest hour, in its busiest day, and at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from meetings.calendars.planning import ChangeKind, PlannedChange
from meetings.request import UtcDatetime


class PeakLoad(BaseModel):
    """So many bots, in the time that begins at `since`; None if there are none."""

    model_config = ConfigDict(frozen=True)

    bots: int = 0
    since: UtcDatetime | None = None


class BotLoad(BaseModel):
    """Hours and days are any 60 minutes and any 24 hours, as providers count them, and not those of a clock."""

    model_config = ConfigDict(frozen=True)

    bots: int
    busiest_hour: PeakLoad
    busiest_day: PeakLoad
    at_once: PeakLoad


def load_of(steps: Iterable[PlannedChange]) -> BotLoad:
    """The bots of all meetings that a plan books or leaves booked, each from its start to its expected end."""
    wishes = [step.desired for step in steps if step.kind is not ChangeKind.RELEASE]
    starts = sorted(wish.start_time for wish in wishes)
    return BotLoad(
        bots=len(starts),
        busiest_hour=_busiest(starts, timedelta(hours=1)),
        busiest_day=_busiest(starts, timedelta(days=1)),
        at_once=_most_at_once([(wish.start_time, wish.expected_end) for wish in wishes]),
    )


def _busiest(starts: Sequence[datetime], span: timedelta) -> PeakLoad:
    """The fullest stretch of that length, its end not counted. `starts` are in order."""
    peak, first = PeakLoad(), 0
    for number, start in enumerate(starts, start=1):
        while starts[first] <= start - span:
            first += 1
        if number - first > peak.bots:
            peak = PeakLoad(bots=number - first, since=starts[first])
    return peak


def _most_at_once(meetings: Iterable[tuple[datetime, datetime]]) -> PeakLoad:
    # At the same instant a bot leaves before the next one comes.
    turns = sorted(turn for start, end in meetings for turn in ((start, 1), (end, -1)))
    peak, present = PeakLoad(), 0
    for instant, change in turns:
        present += change
        if present > peak.bots:
            peak = PeakLoad(bots=present, since=instant)
    return peak
