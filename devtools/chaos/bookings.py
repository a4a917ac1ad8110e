"""Which meetings customers book and what they do to them: a pure function of seed and size."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar

from devtools.chaos import recall
from devtools.chaos.bot_scripts import NORMAL, STAYS, WEIGHTS
from devtools.chaos.plan import Change, CustomerAction, PlannedMeeting, Scenario
from devtools.chaos.rooms import letters, new_link
from devtools.chaos.scale import LEAD, Scale
from devtools.chaos.twins import plan_twins

_Card = TypeVar("_Card", bound=str)

_RUSH = 15.0
"""Meetings start on the hour, all at once; here, half of the reserved bots are called on a multiple of this."""

_SCENARIOS: Mapping[Scenario, int] = {
    Scenario.NONE: 55,
    Scenario.MOVED_ASLEEP: 6,
    Scenario.MOVED_SENT: 7,
    Scenario.MOVED_TWICE: 4,
    Scenario.MOVED_LINK: 3,
    Scenario.CANCELLED_ASLEEP: 4,
    Scenario.CANCELLED_ARMED: 4,
    Scenario.CANCELLED_SENT: 6,
    Scenario.LEFT: 6,
    Scenario.SHARED: 3,
    Scenario.SHARED_CANCELLED: 2,
}
_BEFORE_ITS_BOT = frozenset({Scenario.MOVED_ASLEEP, Scenario.MOVED_TWICE, Scenario.CANCELLED_ASLEEP})
_GOES_ON_THERE = frozenset({Scenario.MOVED_SENT, Scenario.MOVED_TWICE})
"""A second bot goes to the same link, and plays an ordinary script there."""

_NAMED_SHARE = 0.15
"""The share of meetings whose bots may come from the second provider only."""

_SILENT = frozenset({"silent", "no_final"})

_SHARED_SCRIPTS = (NORMAL, NORMAL, "internal_error", "failed_then_complete", "no_final")


def plan_meetings(seed: int, count: int, scale: Scale) -> list[PlannedMeeting]:
    """As many meetings as asked for, in the order of their booking; with every scenario and script if they fit.

    The share of twins that the scale names comes on top of the scenarios of meetings that are booked twice.
    """
    planner = _Planner(Random(f"meetings {seed}"), scale)  # noqa: S311 - a plan to be repeated, no secret
    twins = plan_twins(seed, round(count * scale.twins), scale)
    others = count - len(twins)
    scenarios = planner.deal(_SCENARIOS, others)
    scripts = iter(planner.deal(WEIGHTS, others))
    planned: list[PlannedMeeting] = []
    for scenario in scenarios:
        planned += planner.plan(scenario, scripts)
    meetings = [*planned[:others], *twins]
    return sorted(_with_providers(seed, meetings), key=lambda meeting: meeting.book_at)


def _with_providers(seed: int, meetings: Iterable[PlannedMeeting]) -> Iterator[PlannedMeeting]:
    """Names the second provider for some meetings, also for one of a pair that meets in one room."""
    rng = Random(f"providers {seed}")  # noqa: S311 - a plan to be repeated, no secret
    for meeting in meetings:
        is_named = rng.random() < _NAMED_SHARE and not meeting.faults
        yield replace(meeting, provider=recall.NAME) if is_named else meeting


class _Planner:
    def __init__(self, rng: Random, scale: Scale) -> None:
        self._rng = rng
        self._scale = scale

    def deal(self, weights: Mapping[_Card, int], count: int) -> list[_Card]:
        """Every card first, then as their weights say."""
        cards = list(weights)
        self._rng.shuffle(cards)
        return cards + self._rng.choices(cards, [weights[card] for card in cards], k=max(0, count - len(cards)))

    def plan(self, scenario: Scenario, scripts: Iterator[str]) -> list[PlannedMeeting]:
        """The meeting of a scenario, or the two of a meeting that is booked twice."""
        if scenario is Scenario.NONE:
            return [self._ordinary(next(scripts))]
        if scenario in {Scenario.SHARED, Scenario.SHARED_CANCELLED}:
            return self._booked_twice(scenario)
        meeting = self._asleep() if scenario in _BEFORE_ITS_BOT else self._any()
        if scenario is Scenario.CANCELLED_ARMED:
            meeting = self._reserved()
        return [
            replace(
                meeting,
                scenario=scenario,
                script=NORMAL if scenario is Scenario.MOVED_ASLEEP else STAYS,
                script_times=1 if scenario in _GOES_ON_THERE else None,
                changes=self._changes(scenario, meeting),
            )
        ]

    def _changes(self, scenario: Scenario, meeting: PlannedMeeting) -> tuple[Change, ...]:
        between = self._rng.uniform
        changes: tuple[Change, ...]
        match scenario:
            case Scenario.MOVED_ASLEEP:
                changes = (self._move(between(3, 10)),)
            case Scenario.MOVED_SENT:
                changes = (self._move(between(0, 8), awaits_bot=True),)
            case Scenario.MOVED_TWICE:
                changes = (self._move(between(3, 10)), self._move(between(1, 6), awaits_bot=True))
            case Scenario.MOVED_LINK:
                changes = (replace(self._move(between(0, 8), awaits_bot=True), meeting_url=new_link(self._rng)),)
            case Scenario.CANCELLED_ASLEEP:
                changes = (Change(CustomerAction.CANCEL, between(3, 10)),)
            case Scenario.CANCELLED_ARMED:
                changes = (
                    Change(
                        CustomerAction.CANCEL, max(0.0, meeting.start_at - LEAD - between(0, 6) - meeting.book_at)
                    ),
                )
            case _:
                action = CustomerAction.LEAVE if scenario is Scenario.LEFT else CustomerAction.CANCEL
                changes = (Change(action, between(0, 8), awaits_bot=True),)
        return changes

    def _ordinary(self, script: str) -> PlannedMeeting:
        may_be_reserved = script not in _SILENT or self._scale.reserved_silence
        reserved = may_be_reserved and self._rng.random() < self._scale.reserved_share
        meeting = self._reserved() if reserved else self._running()
        return replace(meeting, script=script, audio_only=self._rng.random() < 0.05)

    def _booked_twice(self, scenario: Scenario) -> list[PlannedMeeting]:
        meeting = self._any() if self._scale.reserved_silence else self._running()
        first = replace(meeting, scenario=scenario, script=self._rng.choice(_SHARED_SCRIPTS))
        second = replace(
            first,
            book_at=first.book_at + self._rng.uniform(0, 3),
            script=NORMAL,
            twin=f"twin-{letters(self._rng, 8)}",
        )
        if scenario is Scenario.SHARED_CANCELLED:
            first = replace(
                first, changes=(Change(CustomerAction.CANCEL, self._rng.uniform(1, 4), awaits_bot=True),)
            )
        return [first, second]

    def _any(self) -> PlannedMeeting:
        if self._rng.random() < self._scale.reserved_share:
            return self._reserved()
        return self._running()

    def _running(self) -> PlannedMeeting:
        """A meeting that has begun or will soon, so that its bot is sent at once."""
        book_at = self._rng.uniform(0, self._scale.window)
        start_at = book_at + self._rng.uniform(-30, 0.9 * self._scale.patience)
        end_at = max(book_at + self._scale.patience, start_at + 30)
        return PlannedMeeting(new_link(self._rng), book_at, start_at, end_at)

    def _reserved(self) -> PlannedMeeting:
        """A meeting whose bot has to be called at an exact instant, some of them at the very same."""
        call_at = self._rng.uniform(8, self._scale.last_reserved)
        if self._rng.random() < 0.5:
            call_at = max(_RUSH, call_at // _RUSH * _RUSH)
        book_at = max(0.0, call_at - self._rng.uniform(5, self._scale.longest_sleep))
        return self._called_at(call_at, book_at)

    def _asleep(self) -> PlannedMeeting:
        """One whose bot would be called only after its customer has changed it."""
        book_at = self._rng.uniform(0, self._scale.last_reserved)
        return self._called_at(book_at + self._scale.asleep, book_at)

    def _called_at(self, call_at: float, book_at: float) -> PlannedMeeting:
        start_at = call_at + LEAD
        return PlannedMeeting(new_link(self._rng), book_at, start_at, start_at + self._rng.uniform(61, 90))

    def _move(self, after: float, *, awaits_bot: bool = False) -> Change:
        """To a time for which a bot is reserved, or to one so near that it is sent at once."""
        if self._rng.random() < 0.5:
            start_in = LEAD + self._rng.uniform(5, self._scale.notice)
            return Change(CustomerAction.MOVE, after, awaits_bot, start_in, start_in + self._rng.uniform(61, 90))
        start_in = self._rng.uniform(5, 0.9 * self._scale.patience)
        return Change(CustomerAction.MOVE, after, awaits_bot, start_in, max(self._scale.patience, start_in + 30))
