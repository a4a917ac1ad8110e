"""How many bots a plan makes: in its busiest hour, in its busiest day, and at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from meetings.calendars.planning import Step, StepKind
from meetings.request import UtcDatetime


class Peak(BaseModel):
    """So many bots, in the time that begins at `since`; None if there are none."""

    model_config = ConfigDict(frozen=True)

    bots: int = 0
    since: UtcDatetime | None = None


class Load(BaseModel):
    """Hours and days are any 60 minutes and any 24 hours, as providers count them, and not those of a clock."""

    model_config = ConfigDict(frozen=True)

    bots: int
    busiest_hour: Peak
    busiest_day: Peak
    at_once: Peak


def load_of(steps: Iterable[Step]) -> Load:
    """The bots of all meetings that a plan books or leaves booked, each from its start to its expected end."""
    wishes = [step.wish for step in steps if step.kind is not StepKind.RELEASE]
    starts = sorted(wish.start_time for wish in wishes)
    return Load(
        bots=len(starts),
        busiest_hour=_busiest(starts, timedelta(hours=1)),
        busiest_day=_busiest(starts, timedelta(days=1)),
        at_once=_most_at_once([(wish.start_time, wish.expected_end) for wish in wishes]),
    )


def _busiest(starts: Sequence[datetime], span: timedelta) -> Peak:
    """The fullest stretch of that length, its end not counted. `starts` are in order."""
    peak, first = Peak(), 0
    for number, start in enumerate(starts, start=1):
        while starts[first] <= start - span:
            first += 1
        if number - first > peak.bots:
            peak = Peak(bots=number - first, since=starts[first])
    return peak


def _most_at_once(meetings: Iterable[tuple[datetime, datetime]]) -> Peak:
    # At the same instant a bot leaves before the next one comes.
    turns = sorted(turn for start, end in meetings for turn in ((start, 1), (end, -1)))
    peak, present = Peak(), 0
    for instant, change in turns:
        present += change
        if present > peak.bots:
            peak = Peak(bots=present, since=instant)
    return peak
