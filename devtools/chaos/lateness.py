"""How late bots were called: the first request for each, as it reached the provider, against when it was due."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from devtools.chaos.evidence import Booking, Evidence
from devtools.chaos.fault_plan import WORKERS
from devtools.chaos.plan import CustomerAction, ProcessFaultKind
from devtools.chaos.scale import LEAD
from minutekeeper.meetings.ids import dispatch_key

_AFTER_A_KILL = timedelta(seconds=25)
_MOST_DISPATCHES = 12
"""Keys count the bots of a meeting; nobody sends more than this."""


class Due(BaseModel):
    """A bot that was due at an instant, and first asked for `late` seconds after it; `at` is in UTC.

    One that `replaces` another has to wait until that one was told to leave.
    """

    model_config = ConfigDict(frozen=True)

    workflow_id: str
    at: datetime
    late: float
    replaces: bool


class Spread(BaseModel):
    """Seconds."""

    model_config = ConfigDict(frozen=True)

    count: int
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0


class Lateness(BaseModel):
    """Of the bots that are the first of their meeting, and of those that replace another after a move.

    Of the first ones again: the next that was due after each kill of a worker, and all that were due within 25 s
    after one. These leave out those whose wait fell into an outage or a refusal of the account: nobody could have
    sent them.
    """

    model_config = ConfigDict(frozen=True)

    first: Spread
    replacing: Spread
    next_after_worker_kill: Spread
    soon_after_worker_kill: Spread


def measure(evidence: Evidence) -> Lateness:
    dues = sorted(_dues(evidence), key=lambda due: due.at)
    first = [due for due in dues if not due.replaces]
    possible = [due for due in first if not _was_impossible(due, evidence)]
    kills = [
        fault.at for fault in evidence.injected if fault.kind is ProcessFaultKind.KILL and fault.target in WORKERS
    ]
    following = [next((due for due in possible if due.at >= kill), None) for kill in kills]
    soon = [due for due in possible if any(kill <= due.at <= kill + _AFTER_A_KILL for kill in kills)]
    return Lateness(
        first=_spread(first),
        replacing=_spread([due for due in dues if due.replaces]),
        next_after_worker_kill=_spread([due for due in following if due is not None]),
        soon_after_worker_kill=_spread(soon),
    )


def _dues(evidence: Evidence) -> Iterator[Due]:
    """One for each time that a meeting had and for which a bot was asked for, except in rooms that were shared."""
    arrivals = evidence.ledger.arrivals()
    alone = [booking for booking in evidence.bookings if len(evidence.bookings_by_room[booking.room]) == 1]
    for booking in alone:
        is_first = True
        for meeting_url, start_time, known_at in _times(booking, evidence):
            keys = (dispatch_key(meeting_url, start_time, number) for number in range(_MOST_DISPATCHES))
            asked_at = min((arrivals[key] for key in keys if key in arrivals), default=None)
            if asked_at is not None:
                due_at = max(start_time - timedelta(seconds=LEAD), known_at)
                late = (asked_at - due_at).total_seconds()
                yield Due(workflow_id=booking.workflow_id, at=due_at, late=late, replaces=not is_first)
                is_first = False


def _times(booking: Booking, evidence: Evidence) -> Iterator[tuple[str, datetime, datetime]]:
    """Each link and start that a meeting had, and since when that was known."""
    for run in evidence.runs_of(booking.workflow_id)[:1]:
        yield booking.meeting_url, booking.start_time, run.started_at
    for order in evidence.orders_of(booking.workflow_id):
        if order.action is CustomerAction.MOVE and order.acknowledged_at and order.start_time:
            yield order.meeting_url, order.start_time, order.acknowledged_at


def _was_impossible(due: Due, evidence: Evidence) -> bool:
    asked_at = due.at + timedelta(seconds=due.late)
    return any(begins <= asked_at and due.at <= ends for begins, ends in evidence.outages)


def _spread(dues: Sequence[Due]) -> Spread:
    late = sorted(due.late for due in dues)
    if not late:
        return Spread(count=0)
    return Spread(count=len(late), p50=_at(late, 0.5), p99=_at(late, 0.99), longest=round(late[-1], 3))


def _at(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)], 3)
