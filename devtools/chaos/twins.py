"""Rooms for which two or three workflows are booked at overlapping times: a pure function of seed and size."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count as counting
from random import Random
from typing import Any

from devtools.chaos.bot_scripts import NORMAL, STAYS, TALK
from devtools.chaos.plan import Change, CustomerAction, PlannedMeeting, RoomFault, TwinKind
from devtools.chaos.rooms import letters, new_link, respelled, room_of
from devtools.chaos.scale import GRACE_SECONDS, LEAD, SPEED, Scale

_MINUTE = 60 / SPEED
"""A simulated minute: bots live so much faster, so twins that are minutes apart have to be seconds apart."""

_LENGTH = 200.0
"""How long meetings that have begun go on: longer than a dispatch takes whose worker was killed over it."""

_POST = {"method": "POST", "path": "/bots"}
_LIST = {"method": "GET", "path": "/bots/bots_with_metadata"}
_HOLD = 12.0
"""Real seconds without an answer; longer than any request that sends a bot may take."""

_Pair = tuple[PlannedMeeting, PlannedMeeting]


def plan_twins(seed: int, count: int, scale: Scale) -> list[PlannedMeeting]:
    """At most `count` meetings, all kinds in turn. A kind that comes again shows its next variant."""
    rng = Random(f"twins {seed}")  # noqa: S311 - a plan to be repeated, no secret
    planned: list[PlannedMeeting] = []
    for turn in counting():
        kinds = list(TwinKind)
        rng.shuffle(kinds)
        for kind in kinds:
            room = _Room(rng, scale, kind, turn).plan()
            if len(planned) + len(room) > count:
                return planned
            planned += room
    raise AssertionError


class _Room:
    """One room of a kind; `turn` chooses among its variants, everything else is chance."""

    def __init__(self, rng: Random, scale: Scale, kind: TwinKind, turn: int) -> None:
        self._rng = rng
        self._scale = scale
        self._kind = kind
        self._turn = turn
        self._link = new_link(rng)

    def plan(self) -> list[PlannedMeeting]:
        planners: Mapping[TwinKind, Callable[[], Iterable[PlannedMeeting]]] = {
            TwinKind.SAME_INSTANT: lambda: self._pair(0),
            TwinKind.MINUTES_APART: lambda: self._pair(self._minutes()),
            TwinKind.MOVED_BEFORE: self._moved_before,
            TwinKind.MOVED_AFTER: self._moved_after,
            TwinKind.MOVED_IN_CALL: self._moved_in_call,
            TwinKind.MOVED_ONTO: self._moved_onto,
            TwinKind.BY_CALENDAR: self._by_calendar,
            TwinKind.FAILED_BOTS: self._failed_bots,
            TwinKind.ACCOUNT_REFUSED: self._account_refused,
            TwinKind.PROVIDER_DOWN: self._provider_down,
            TwinKind.ANSWER_LOST: self._answer_lost,
            TwinKind.CANCELLED: lambda: self._given_up(CustomerAction.CANCEL),
            TwinKind.LEFT: lambda: self._given_up(CustomerAction.LEAVE),
            TwinKind.TRIPLETS: self._triplets,
            TwinKind.DOUBLED: self._doubled,
        }
        return list(planners[self._kind]())

    def _moved_before(self) -> _Pair:
        """Moved to a time minutes after the other's, while it still sleeps and the other is in the call."""
        first = self._running()
        change = self._move_near(self._rng.uniform(3, 10))
        return first, replace(self._asleep_beside(first), changes=(change,))

    def _moved_after(self) -> _Pair:
        """Moved by minutes while the bot is on its way to the call, to a reserved one where there may be any."""
        if not self._scale.reserved_silence:
            change = self._move_near(self._rng.uniform(0, 1), awaits_bot=True)
            return self._one_changed(self._pair(self._rng.uniform(0, 1), reserved=False), change)
        start_in = LEAD + self._rng.uniform(2, 10)
        end_in = start_in + self._rng.uniform(61, 90)
        change = Change(
            CustomerAction.MOVE, self._rng.uniform(0, 3), awaits_bot=True, start_in=start_in, end_in=end_in
        )
        return self._one_changed(self._pair(self._rng.uniform(0, 2), reserved=True), change)

    def _moved_in_call(self) -> _Pair:
        change = self._move_near(self._rng.uniform(5, 9), awaits_bot=True)
        return self._one_changed(self._pair(self._rng.uniform(0, 2), reserved=False), change)

    def _moved_onto(self) -> _Pair:
        """Moved from another hour onto the very start of the other, whose bot is on its way or in the call."""
        first = self._running()
        change = Change(CustomerAction.MOVE, self._rng.uniform(1, 12), onto=(first.start_at, first.end_at))
        return first, replace(self._asleep_beside(first), changes=(change,))

    def _by_calendar(self) -> _Pair:
        """One books by hand and one by calendar, which leaves its meeting alone, moves it or lets go of it."""
        hand, calendar = self._pair(self._rng.choice((0, self._minutes())))
        variants: tuple[tuple[Change, ...], ...] = (
            (),
            (self._move_near(self._rng.uniform(0, 9), awaits_bot=True),),
            (Change(CustomerAction.RELEASE, self._rng.uniform(0, 9), awaits_bot=True),),
        )
        calendar = replace(
            calendar,
            by_calendar=True,
            twin=f"meeting-cal-{letters(self._rng, 24)}",
            changes=variants[self._turn % len(variants)],
        )
        if self._rng.random() < 0.5:
            return hand, calendar
        # Whoever books later also has the later time. Without a name of its own it would be no workflow of its own.
        hand = replace(hand, twin=self._name())
        return _at_the_time_of(calendar, hand), _at_the_time_of(hand, calendar)

    def _failed_bots(self) -> _Pair:
        """One bot of the room fails in a way that another try cures, or two do."""
        first, second = self._pair(self._rng.uniform(0, 2 * _MINUTE))
        return replace(first, script="internal_error", script_times=1 + self._turn % 2), second

    def _account_refused(self) -> _Pair:
        kind = ("key_revoked", "no_tokens")[self._turn % 2]
        return self._disturbed(self._rng.uniform(0.5, 3), {"kind": kind})

    def _provider_down(self) -> _Pair:
        return self._disturbed(self._rng.uniform(0, 2), {"kind": "server_error", "status": 503})

    def _answer_lost(self) -> _Pair:
        """The bot of the first is created, but neither the answer nor the list says so for a while."""
        lost = ({"kind": "cut_answer"}, {"kind": "timeout_after", "hold": _HOLD})[self._turn % 2]
        first, second = self._pair(self._rng.uniform(0, 3), reserved=False)
        seconds = self._rng.uniform(8, 15)
        faults = (
            self._fault(first.book_at - 1, seconds, {**lost, "times": 1}, _POST),
            self._fault(first.book_at - 1, seconds, {"kind": "server_error", "status": 503}, _LIST),
        )
        return replace(first, faults=faults), second

    def _given_up(self, action: CustomerAction) -> _Pair:
        """One is ended by its owner while its bot is on its way or in the call; the other still wants it."""
        change = Change(
            action, self._rng.choice((self._rng.uniform(0, 3), self._rng.uniform(5, 9))), awaits_bot=True
        )
        first, second = self._pair(self._rng.uniform(0, _MINUTE), reserved=False)
        if self._turn % 2:
            return first, replace(second, changes=(change,))
        return replace(first, changes=(change,)), second

    def _triplets(self) -> Iterator[PlannedMeeting]:
        first, second = self._pair(0)
        _, third = self._pair(self._minutes(), beside=first)
        yield from (first, second, third)

    def _doubled(self) -> Iterator[PlannedMeeting]:
        """A single workflow: the provider sends two bots for its request, and both stay until told to go."""
        book_at = self._rng.uniform(1, min(10, self._scale.last_twin))
        meeting = self._meeting(book_at, book_at, book_at + _LENGTH)
        fault = self._fault(book_at - 1, 60, {"kind": "second_bot", "times": 1}, _POST)
        leave = Change(CustomerAction.LEAVE, GRACE_SECONDS + 10, awaits_bot=True)
        yield replace(meeting, script=STAYS, later_script=STAYS, faults=(fault,), changes=(leave,))

    def _disturbed(self, after: float, order: Mapping[str, Any]) -> _Pair:
        """A fault that begins between the two and outlasts the moment at which the second wants its bot."""
        first, second = self._pair(self._rng.uniform(3, 8), reserved=False)
        fault = self._fault(first.book_at + after, self._rng.uniform(8, 12), order)
        return replace(first, faults=(fault,)), second

    def _fault(
        self, at: float, seconds: float, order: Mapping[str, Any], match: Mapping[str, str] | None = None
    ) -> RoomFault:
        code = room_of(self._link).rpartition("/")[2]
        ordered = {**order, "seconds": seconds * SPEED, "match": {**(match or {}), "meeting_url": code}}
        return RoomFault(max(0.0, at), seconds, ordered)

    def _pair(self, gap: float, *, reserved: bool | None = None, beside: PlannedMeeting | None = None) -> _Pair:
        """Two meetings whose starts, and whose bots, are so many seconds apart."""
        if reserved is None:
            # One that shares a reserved bot asks for it only after the start, which is minutes after the call.
            reserved = self._scale.reserved_silence and self._rng.random() < 0.4
        first = beside or (self._reserved() if reserved else self._running())
        is_reserved = first.start_at - LEAD > first.book_at
        second = replace(
            self._twin_of(first),
            book_at=first.book_at + (self._rng.uniform(0, 1) if is_reserved or not gap else gap),
            start_at=first.start_at + gap,
            end_at=first.end_at + gap,
        )
        return first, second

    def _one_changed(self, pair: _Pair, change: Change) -> _Pair:
        first, second = pair
        if self._rng.random() < 0.5:
            return replace(first, changes=(change,)), second
        return first, replace(second, changes=(change,))

    def _twin_of(self, first: PlannedMeeting) -> PlannedMeeting:
        link = respelled(self._rng, first.meeting_url) if self._rng.random() < 0.5 else first.meeting_url
        alone = replace(first, script=NORMAL, later_script=NORMAL, changes=(), faults=())
        return replace(alone, meeting_url=link, twin=self._name())

    def _name(self) -> str:
        return f"twin-{letters(self._rng, 8)}"

    def _asleep_beside(self, first: PlannedMeeting) -> PlannedMeeting:
        """A twin whose bot would be called, and handed to a worker ahead of that, only long after it is moved."""
        start_at = first.book_at + 2 * self._scale.asleep + LEAD
        book_at = first.book_at + self._rng.uniform(0, 2)
        return replace(self._twin_of(first), book_at=book_at, start_at=start_at, end_at=start_at + 75)

    def _running(self) -> PlannedMeeting:
        book_at = self._rng.uniform(1, self._scale.last_twin)
        start_at = book_at + self._rng.uniform(-30, 30)
        return self._meeting(book_at, start_at, book_at + _LENGTH)

    def _reserved(self) -> PlannedMeeting:
        call_at = self._rng.uniform(8, self._scale.last_reserved - 20)
        book_at = max(0.0, call_at - self._rng.uniform(5, self._scale.longest_sleep))
        start_at = call_at + LEAD
        return self._meeting(book_at, start_at, start_at + self._rng.uniform(61, 90))

    def _meeting(self, book_at: float, start_at: float, end_at: float) -> PlannedMeeting:
        return PlannedMeeting(
            self._link, book_at, start_at, end_at, scenario=self._kind, script=TALK, later_script=TALK
        )

    def _move_near(self, after: float, *, awaits_bot: bool = False) -> Change:
        """To a start so near that the bot is sent at once."""
        start_in = self._rng.uniform(5, 20)
        return Change(CustomerAction.MOVE, after, awaits_bot, start_in, _LENGTH)

    def _minutes(self) -> float:
        """One to thirty simulated minutes, as far as the bot of the earlier one is still there."""
        return self._rng.uniform(_MINUTE, min(30 * _MINUTE, 0.8 * self._scale.twin_stay))


def _at_the_time_of(other: PlannedMeeting, meeting: PlannedMeeting) -> PlannedMeeting:
    return replace(meeting, book_at=other.book_at, start_at=other.start_at, end_at=other.end_at)
