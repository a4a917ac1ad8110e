"""One bot in one room at any moment, and what it records for every workflow that wanted it there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations

from devtools.chaos.evidence import Booking, Evidence, Run
from devtools.chaos.ledger import Bot
from devtools.chaos.plan import CustomerAction
from devtools.chaos.rooms import room_of
from devtools.chaos.rules.breach import Breach
from devtools.chaos.scale import GRACE_SECONDS, LEAD
from minutekeeper.meetings.collection import MIN_RECORDING_BYTES
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Outcome

SHARED_SECONDS = 10.0
"""A bot that was in the room for so long while a workflow wanted one there was the bot of both."""

DOUBLE_SECONDS = 60.0
"""How long a double may stay in the room after both of them have reported."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_GIVES_UP = frozenset({CustomerAction.CANCEL, CustomerAction.LEAVE, CustomerAction.RELEASE})


def two_in_one_room(evidence: Evidence) -> Iterator[Breach]:
    """A moment with two of our bots in one room, from the knock of each until it has left.

    A bot and its double are the provider's doing; what is asked of us then is another rule. While the first
    provider is away, whether it sent a bot cannot be known, so one of each provider may meet until it answers.
    """
    for room, bots in evidence.bots_by_room.items():
        stays = sorted((begins, bot.left_at or _NEVER, bot.id, bot) for bot in bots if (begins := bot.present_from))
        for (_, first_ends, _, first), (begins, second_ends, _, second) in combinations(stays, 2):
            ends = min(first_ends, second_ends)
            if (
                begins < first_ends
                and not _are_doubles(first, second)
                and not _had_to_meet(evidence, first, second, ends)
            ):
                together = _span(begins, ends)
                scenarios = ", ".join(sorted({each.scenario for each in evidence.bookings_by_room.get(room, ())}))
                what = f"{room} ({scenarios}) {together}: {_described(first)}; {_described(second)}"
                yield Breach(workflow_id=first.extra.workflow_id, what=what)


def double_left_in_room(evidence: Evidence) -> Iterator[Breach]:
    """Two bots that the provider sent for one request, of which neither was told to leave once both reported."""
    known = {bot.id: bot for bot in evidence.ledger.bots}
    for double in evidence.ledger.bots:
        original = known.get(double.double_of or "")
        if original is None:
            continue
        reports = [evidence.first_reports.get(bot.id) for bot in (original, double)]
        heard_at = max((at for at in reports if at is not None), default=_NEVER)
        if None in reports or heard_at == _NEVER:
            continue
        due = evidence.in_fair_time(heard_at, DOUBLE_SECONDS, room_of(double.meeting_url))
        gone_at = min(min(bot.leave_requested_at or _NEVER, bot.left_at or _NEVER) for bot in (original, double))
        if gone_at > due:
            what = f"both had reported at {_clock(heard_at)}: {_described(original)}; {_described(double)}"
            yield Breach(workflow_id=double.extra.workflow_id, what=what)


def recording_not_shared(evidence: Evidence) -> Iterator[Breach]:
    """A workflow that ended without a recording although a bot recorded its room while it wanted one there.

    One that was given up by its owner wants none; one whose outcome names the bot or the workflow which has the
    recording has explained itself.
    """
    for room, booking, run in _twins(evidence):
        if run.outcome is None or any("/recording." in artifact.path for artifact in run.outcome.artifacts):
            continue
        wanted = _wanted(booking, evidence)
        if wanted is None:
            continue
        for bot in evidence.bots_by_room.get(room, ()):
            names = {bot.id, bot.extra.workflow_id} - {booking.workflow_id}
            is_explained = any(name in run.outcome.evidence.text for name in names)
            if _shared_seconds(bot, wanted) >= SHARED_SECONDS and not is_explained:
                what = (
                    f"{room} ({booking.scenario}): {_end_of(run.outcome)} without a recording, "
                    f"wanted {_span(*wanted)}; {_described(bot)} recorded there"
                )
                yield Breach(workflow_id=booking.workflow_id, what=what)
                break


def ended_by_another(evidence: Evidence) -> Iterator[Breach]:
    """A workflow that ended as if its owner had stopped it, although only the owner of another one did."""
    for room, booking, run in _twins(evidence):
        outcome = run.outcome
        given_up = any(order.action in _GIVES_UP for order in evidence.orders_of(booking.workflow_id))
        if outcome is None or given_up:
            continue
        if outcome.status is MeetingStatus.CANCELLED or outcome.reason is FailureReason.STOPPED:
            what = f"{room} ({booking.scenario}): {_end_of(outcome)}, but its owner never asked for it"
            yield Breach(workflow_id=booking.workflow_id, what=what)


def left_without_a_bot(evidence: Evidence) -> Iterator[Breach]:
    """A workflow whose meeting went on after another workflow had sent their bot out, and that got no other bot.

    The bot that comes for it need not be its own: one of any workflow in the room is enough.
    """
    for room, booking, run in _twins(evidence):
        wanted = _wanted(booking, evidence)
        if wanted is None:
            continue
        bots = evidence.bots_by_room.get(room, ())
        for bot in bots:
            if bot.left_at is None or not bot.was_sent_out or bot.extra.workflow_id == booking.workflow_id:
                continue
            due = evidence.in_fair_time(max(bot.left_at, wanted[0]), GRACE_SECONDS, room)
            is_open = run.closed_at is None or run.closed_at > bot.left_at
            goes_on = is_open and wanted[0] <= bot.left_at and due < wanted[1]
            others = [other for other in bots if other is not bot and other.created_at <= due]
            if goes_on and not any((other.left_at or _NEVER) > bot.left_at for other in others):
                what = (
                    f"{room} ({booking.scenario}): no bot came until {_clock(due)}, wanted {_span(*wanted)}, "
                    f"workflow {run.status} at {_clock(run.closed_at)}; before, {_described(bot)} was sent out"
                )
                yield Breach(workflow_id=booking.workflow_id, what=what)
                break


def _twins(evidence: Evidence) -> Iterator[tuple[str, Booking, Run]]:
    """Every workflow of the rooms that have several, with its last run."""
    for room, bookings in evidence.bookings_by_room.items():
        for booking in bookings:
            runs = evidence.runs_of(booking.workflow_id)
            if len(bookings) > 1 and runs:
                yield room, booking, runs[-1]


def _wanted(booking: Booking, evidence: Evidence) -> tuple[datetime, datetime] | None:
    """When a bot was wanted in the room by what was acknowledged last; None if its owner gave the meeting up."""
    since, start, end = booking.acknowledged_at, booking.start_time, booking.end_time
    for order in evidence.orders_of(booking.workflow_id):
        if order.action in _GIVES_UP:
            return None
        if order.acknowledged_at and order.start_time and order.end_time:
            since, start, end = order.acknowledged_at, order.start_time, order.end_time
    return max(since, start - timedelta(seconds=LEAD)), end


def _shared_seconds(bot: Bot, wanted: tuple[datetime, datetime]) -> float:
    """How long a bot whose recording is worth keeping was in the room while one was wanted."""
    if bot.present_from is None or bot.recording is None or bot.recording.size < MIN_RECORDING_BYTES:
        return 0
    begins, ends = max(bot.present_from, wanted[0]), min(bot.left_at or _NEVER, wanted[1])
    return (ends - begins).total_seconds()


def _end_of(outcome: Outcome) -> str:
    end = " ".join(filter(None, (outcome.status, outcome.reason)))
    return f"ended {end} ({outcome.evidence.text or outcome.evidence.event})"


def _had_to_meet(evidence: Evidence, first: Bot, second: Bot, until: datetime) -> bool:
    """Whether one came of the provider that was away, and is gone soon after that answers again."""
    grace = timedelta(seconds=GRACE_SECONDS)
    since = max(first.created_at, second.created_at)
    return first.provider != second.provider and any(
        begins <= since <= ends + grace and until <= ends + grace for begins, ends in evidence.absences
    )


def _are_doubles(first: Bot, second: Bot) -> bool:
    return first.id == second.double_of or second.id == first.double_of


def _described(bot: Bot) -> str:
    """A bot with everything that tells why it was sent and how long it stayed."""
    extra = bot.extra
    told = f", told to leave {_clock(bot.leave_requested_at)}" if bot.leave_requested_at else ""
    stay = f"created {_clock(bot.created_at)}, there {_span(bot.present_from, bot.left_at)}{told}"
    return (
        f"bot {bot.id} ({bot.script}) of {extra.workflow_id}, run {extra.run}, dispatch {extra.dispatch}, "
        f"key {extra.dispatch_key}, {stay}"
    )


def _span(begins: datetime | None, ends: datetime | None) -> str:
    return f"{_clock(begins)}-{_clock(ends)}"


def _clock(instant: datetime | None) -> str:
    return "" if instant is None or instant == _NEVER else f"{instant:%H:%M:%S.%f}"[:-3]
