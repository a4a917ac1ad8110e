"""Events, policies and books as the tests of calendars need them, and a world in which plans are carried out."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from minutekeeper.calendars.decisions import NO_OVERRIDES, Decision, Overrides, decide
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.plan import ChangeKind, ReconcilePlan, apply_change, make_plan
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy, load_policy
from minutekeeper.calendars.tracked_events import DesiredMeeting, TrackedEvent, TrackedEvents, entry_for
from minutekeeper.temporal.connection import data_converter

M = TypeVar("M", bound=BaseModel)
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
"""A Tuesday; eleven o'clock in Berlin."""
URL = "https://meet.google.com/abc-defg-hij"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def an_event(**fields: Any) -> CalendarEvent:
    start = fields.get("start_time", START)
    plain = {
        "event_id": "e1",
        "calendar_id": "c1",
        "title": "Weekly",
        "meeting_url": URL,
        "start_time": start,
        "end_time": start + HOUR,
    }
    return CalendarEvent.model_validate(plain | fields)


def a_policy(*rules: dict[str, Any], **fields: Any) -> Policy:
    return load_policy(json.dumps({"rules": rules} | fields))


def decided(event: CalendarEvent, policy: Policy = DEFAULT_POLICY, overrides: Overrides = NO_OVERRIDES) -> Decision:
    """The decision when the event starts: it may lie in any year."""
    return decide(policy, overrides, event, event.start_time)


def an_entry(event: CalendarEvent, policy: Policy = DEFAULT_POLICY, now: datetime = NOW) -> TrackedEvent:
    return entry_for(event, decide(policy, NO_OVERRIDES, event, now))


def through_temporal(value: M) -> M:
    """The value as it is on the other side of a history."""
    converter = data_converter().payload_converter
    payload = converter.to_payload(value)
    return converter.from_payload(payload, type(value))


class World:
    """One calendar's book, and the meetings that its plans book, move and release. Anything impossible fails."""

    def __init__(self, calendar_id: str = "c1") -> None:
        self.book = TrackedEvents(calendar_id=calendar_id)
        self.meetings: dict[str, DesiredMeeting] = {}
        self.now = NOW

    def look(
        self,
        *events: CalendarEvent,
        complete: bool = False,
        gone: Iterable[str] = (),
        policy: Policy = DEFAULT_POLICY,
    ) -> ReconcilePlan:
        seen = [an_entry(event, policy, self.now) for event in events]
        return make_plan(self.book, seen, self.now, complete=complete, gone=set(gone))

    def carry_out(self, plan: ReconcilePlan, steps: int | None = None) -> None:
        """Carry out the first so many steps of a plan, all by default."""
        self.book = plan.events
        for step in plan.changes[:steps]:
            match step.kind:
                case ChangeKind.BOOK:
                    assert step.meeting_id not in self.meetings
                    step.desired.request("c1", step.event_id)
                    self.meetings[step.meeting_id] = step.desired
                case ChangeKind.MOVE | ChangeKind.UPDATE:
                    assert self.meetings[step.meeting_id] == step.applied
                    assert step.changes
                    self.meetings[step.meeting_id] = step.desired
                case ChangeKind.RELEASE:
                    assert self.meetings.pop(step.meeting_id) == step.desired
                case ChangeKind.KEEP:
                    assert self.meetings[step.meeting_id] == step.desired
            self.book = apply_change(self.book, step)

    def sync(self, *events: CalendarEvent, **how: Any) -> list[ChangeKind]:
        """Look and do; the kinds of the steps that were taken."""
        plan = self.look(*events, **how)
        self.carry_out(plan)
        return [step.kind for step in plan.changes]
