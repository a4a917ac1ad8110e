"""Previews what a policy would book, move and cancel, and reads, writes and compares policies."""

import difflib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from minutekeeper.calendars.limited_events import LimitContext
from minutekeeper.calendars.messages import FULL_SYNC
from minutekeeper.calendars.objections import CalendarRules
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.plan import BotLoad, ChangeKind, PlannedChange, bot_load, plan_changes
from minutekeeper.calendars.policy import Policy, PolicyError, load_policy
from minutekeeper.calendars.tracked_events import DesiredMeeting, TrackedEvents, entry_for
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.meeting_urls import public_url
from minutekeeper.providers.calendar_reader import CalendarReader
from minutekeeper.providers.calendar_registry import CalendarProviders
from starter.calendars.limits import EventLeftOut, events_left_out, limited
from starter.errors import MeetingInputError
from starter.meeting_list import meetings_by_workflow_id


class PolicyPreview(BaseModel):
    """What a policy would change. `steps` are the changes, soonest meeting first; `kept` counts unchanged meetings.

    `shared` are ids of meetings to book that exist already, for another calendar: they need no further bot.
    `left_out` are the events that limits have no room for.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    at: AwareDatetime
    events: int
    steps: tuple[PlannedChange, ...]
    kept: int
    shared: tuple[str, ...]
    load: BotLoad
    left_out: tuple[EventLeftOut, ...] = ()

    def count(self, kind: ChangeKind) -> int:
        return sum(step.kind is kind for step in self.steps)


async def preview_policy(
    provider: CalendarProviders,
    temporal: Client,
    tracked: TrackedEvents,
    rules: CalendarRules,
    limits: LimitContext,
) -> PolicyPreview:
    """Reads the calendar, and decides and plans with the functions that reconciling uses.

    Raises ProviderError if the calendar cannot be read.
    """
    now = datetime.now(UTC)
    reader = CalendarReader(provider.of(tracked.calendar_id), tracked.calendar_id)
    calendar = await reader.read(FULL_SYNC, None, tracked, now)
    events = as_tracked(calendar.events, tracked)
    entries = [entry_for(event, rules.decide(event, now)) for event in events]
    snapshot = limited(tracked.with_snapshot(entries, now, complete=False, gone=calendar.gone), limits, now).events
    planned = plan_changes(snapshot, now)
    steps = tuple(step for step in planned.changes if step.kind is not ChangeKind.KEEP)
    to_book = {workflow_id_for(step.meeting_id): step.meeting_id for step in steps if step.kind is ChangeKind.BOOK}
    existing = await meetings_by_workflow_id(temporal, to_book)
    return PolicyPreview(
        calendar_id=tracked.calendar_id,
        at=now,
        events=sum(not entry.is_over(now) for entry in entries),
        steps=tuple(map(_without_passcodes, steps)),
        kept=len(planned.changes) - len(steps),
        shared=tuple(to_book[name] for name, meeting in existing.items() if not meeting.status.is_final),
        load=bot_load(planned.changes),
        left_out=events_left_out(snapshot, now),
    )


def read_policy(path: Path, option: str) -> Policy:
    """Reads a policy file. Raises MeetingInputError that lists everything that is wrong with it.

    Args:
        path: The file.
        option: The option or argument that named the file, for error messages.
    """
    try:
        return load_policy(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MeetingInputError(option, f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MeetingInputError(option, f"{path} is not UTF-8 text") from None
    except PolicyError as error:
        first, *more = error.problems
        problems = f" {first}" if not more else "".join(f"\n  {each}" for each in error.problems)
        raise MeetingInputError(option, f"{path} is not a valid policy:{problems}") from None


def policy_as_written(policy: Policy) -> dict[str, Any]:
    """The fields that the policy's author wrote, without defaults."""
    return policy.model_dump(mode="json", by_alias=True, exclude_unset=True)


def policy_difference(before: Policy, after: Policy) -> list[str]:
    """The lines of JSON that are removed (`-`) and added (`+`); none if both are the same."""
    old, new = (
        json.dumps(policy_as_written(each), indent=2, ensure_ascii=False).splitlines() for each in (before, after)
    )
    return [
        line
        for line in difflib.unified_diff(old, new, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


def _without_passcodes(step: PlannedChange) -> PlannedChange:
    before = step.applied and _public(step.applied)
    return step.model_copy(update={"desired": _public(step.desired), "applied": before})


def _public(desired: DesiredMeeting) -> DesiredMeeting:
    return desired.model_copy(update={"meeting_url": public_url(desired.meeting_url)})
