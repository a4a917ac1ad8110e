"""One bot for one dispatch, and none where nobody wants it any more."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations

from devtools.chaos.evidence import Booking, Evidence, Order
from devtools.chaos.ledger import Bot
from devtools.chaos.plan import CustomerAction
from devtools.chaos.rooms import room_of
from devtools.chaos.rules.breach import Breach
from devtools.chaos.scale import GRACE_SECONDS
from minutekeeper.meetings.ids import dispatch_key

_NEVER = datetime.max.replace(tzinfo=UTC)


def sent_twice(evidence: Evidence) -> Iterator[Breach]:
    """Two bots for one dispatch of a run, or two of one key at the same time, as for a meeting booked twice."""
    by_dispatch: defaultdict[tuple[str, ...], list[Bot]] = defaultdict(list)
    by_key: defaultdict[str, list[Bot]] = defaultdict(list)
    for bot in evidence.ledger.bots:
        if bot.double_of:
            # The provider sent two for one request.
            continue
        by_dispatch[bot.extra.workflow_id, bot.extra.run, bot.extra.dispatch].append(bot)
        by_key[bot.extra.dispatch_key].append(bot)
    for bots in by_dispatch.values():
        if len(bots) > 1:
            yield _several(bots, f"for dispatch {bots[0].extra.dispatch}")
    for key, bots in by_key.items():
        for first, second in combinations(bots, 2):
            is_one_dispatch = first.extra.run == second.extra.run
            if not is_one_dispatch and second.created_at < (first.left_at or _NEVER):
                yield _several([first, second], f"with the key {key} at the same time")


def left_behind(evidence: Evidence) -> Iterator[Breach]:
    """A bot that stays where it was taken back by an acknowledged cancellation, move or request to leave."""
    for booking in evidence.bookings:
        for order, unwanted in _taken_back(booking, evidence):
            for bot in unwanted:
                told_at = order.acknowledged_at or _NEVER
                # No answer names a double, so it is known only once it has reported.
                known_at = evidence.first_reports.get(bot.id, _NEVER) if bot.double_of else bot.created_at
                if known_at == _NEVER:
                    continue
                due = evidence.in_fair_time(max(told_at, known_at), GRACE_SECONDS, room_of(bot.meeting_url))
                gone_at = min(bot.left_at or _NEVER, bot.leave_requested_at or _NEVER)
                if gone_at > due:
                    left = "never" if gone_at == _NEVER else f"only at {gone_at:%H:%M:%S}"
                    what = f"bot {bot.id} was told to leave {left}; {order.action} acknowledged {told_at:%H:%M:%S}"
                    yield Breach(workflow_id=booking.workflow_id, what=what)


def _taken_back(booking: Booking, evidence: Evidence) -> Iterator[tuple[Order, list[Bot]]]:
    """Each acknowledged order with the bots that nobody wants after it: for a move, those of earlier times."""
    bots = evidence.bots_of(booking.workflow_id)
    earlier = {_key_stem(booking.meeting_url, booking.start_time)}
    for order in evidence.orders_of(booking.workflow_id):
        unwanted = bots
        if order.action is CustomerAction.MOVE and order.start_time is not None:
            present = _key_stem(order.meeting_url, order.start_time)
            stems = tuple(earlier - {present})
            unwanted = [bot for bot in bots if bot.extra.dispatch_key.startswith(stems)]
            if room_of(order.meeting_url) != room_of(booking.meeting_url):
                # One that was in the call stays there, and another one goes to the new link.
                moved_at = order.acknowledged_at or _NEVER
                unwanted = [bot for bot in unwanted if bot.joined_at is None or bot.joined_at > moved_at]
            # Also if the answer was no: the first of several tries may have moved it.
            earlier.add(present)
        # A calendar that lets go of a meeting which has begun lets its recording go on.
        if order.acknowledged_at is not None and order.action is not CustomerAction.RELEASE:
            yield order, unwanted


def _key_stem(meeting_url: str, start_time: datetime) -> str:
    """What the keys of all dispatches for one time and place begin with."""
    return dispatch_key(meeting_url, start_time, 0).removesuffix("0")


def _several(bots: list[Bot], where: str) -> Breach:
    ids = " and ".join(f"{bot.id} of {bot.extra.workflow_id}" for bot in bots)
    return Breach(workflow_id=bots[0].extra.workflow_id, what=f"{len(bots)} bots {where}: {ids}")
