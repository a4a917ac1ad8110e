"""What is to be done about a calendar's meetings: the difference between what is wanted and what was told to them.

The same plan is the dry run and the deed: shown, or carried out step by step with `after` noting each step done.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from meetings.calendars.book import Book
from meetings.calendars.entry import BookEntry, Wish

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_PLACE_AND_TIME = {"start_time", "end_time", "meeting_url"}


class StepKind(StrEnum):
    """In the order in which steps of the same instant are taken."""

    RELEASE = "release"
    """Cancel the meeting, as far as this calendar goes."""
    MOVE = "move"
    """Its time or its link changed."""
    UPDATE = "update"
    """Only its title or its bot changed."""
    BOOK = "book"
    KEEP = "keep"
    """Nothing to do, or at most to take over the claim of another event for the same meeting."""


class Step(BaseModel):
    """One meeting and what becomes of it, with the rule and the reason behind it.

    `wish` is what the meeting is to be told; of a release, what it was told. `before` is what a changed one knows.
    """

    model_config = ConfigDict(frozen=True)

    kind: StepKind
    event_id: str
    meeting_id: str
    wish: Wish
    before: Wish | None = None
    rule: str = ""
    reason: str = ""

    @property
    def changes(self) -> frozenset[str]:
        """The fields of the wish that are new to the meeting."""
        return _changes(self.before, self.wish)


class Plan(BaseModel):
    """The book with all decisions, and the steps to take, soonest meeting first."""

    model_config = ConfigDict(frozen=True)

    book: Book
    steps: tuple[Step, ...] = ()


def plan(
    book: Book, seen: Iterable[BookEntry], now: datetime, *, complete: bool, gone: Collection[str] = ()
) -> Plan:
    """The plan after a look into the calendar, see `Book.noted`.

    Only what was seen to be unwanted, or is missing from a complete look, is released. Meetings that are over are
    left alone; those under way are not.
    """
    noted = book.noted(seen, now, complete=complete, gone=gone)
    meetings: defaultdict[str, list[BookEntry]] = defaultdict(list)
    for entry in noted.entries.values():
        meetings[entry.meeting_id].append(entry)
    steps = [step for entries in meetings.values() if (step := _step(entries, now))]
    order = list(StepKind)
    steps.sort(key=lambda step: (step.wish.start_time, order.index(step.kind), step.meeting_id))
    return Plan(book=noted, steps=tuple(steps))


def after(book: Book, step: Step) -> Book:
    """The book once a step is done. Doing and noting it again changes nothing."""
    if step.kind is StepKind.RELEASE:
        return book.released(step.meeting_id)
    return book.booked(step.meeting_id, step.event_id, step.wish)


def _step(entries: list[BookEntry], now: datetime) -> Step | None:
    """What becomes of one meeting, from the events that stand for it in this calendar."""
    holder = next((entry for entry in entries if entry.claimed), None)
    wanting = [entry for entry in entries if entry.record and not entry.is_over(now)]
    if wanting:
        # The one that has the meeting speaks for it, so that two copies of one invitation do not quarrel.
        leader = max(wanting, key=lambda each: (each.claimed, each.updated_at or _LONG_AGO, each.event_id))
        return _towards(leader, holder)
    if holder is None or holder.was_held(now):
        return None
    return _made(StepKind.RELEASE, holder, holder.told)


def _towards(leader: BookEntry, holder: BookEntry | None) -> Step:
    if holder is None:
        return _made(StepKind.BOOK, leader, leader.wish)
    changes = _changes(holder.told, leader.wish)
    if not changes:
        return _made(StepKind.KEEP, leader, leader.wish)
    kind = StepKind.MOVE if changes & _PLACE_AND_TIME else StepKind.UPDATE
    return _made(kind, leader, leader.wish, holder.told)


def _made(kind: StepKind, entry: BookEntry, wish: Wish, before: Wish | None = None) -> Step:
    return Step(
        kind=kind,
        event_id=entry.event_id,
        meeting_id=entry.meeting_id,
        wish=wish,
        before=before,
        rule=entry.rule,
        reason=entry.reason,
    )


def _changes(before: Wish | None, after: Wish) -> frozenset[str]:
    if before is None:
        return frozenset()
    return frozenset(name for name in Wish.model_fields if getattr(before, name) != getattr(after, name))
