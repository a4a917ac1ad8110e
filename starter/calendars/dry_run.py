"""What a calendar would do by a policy, without doing it."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from meetings.calendars.book import TrackedEvents
from meetings.calendars.decision import decide
from meetings.calendars.entry import DesiredMeeting, entry_for
from meetings.calendars.load import BotLoad, load_of
from meetings.calendars.news import FULL_SYNC
from meetings.calendars.overrides import Overrides
from meetings.calendars.planning import ChangeKind, PlannedChange, make_plan
from meetings.calendars.policy import Policy
from meetings.ids import workflow_id_for
from meetings.urls import public_url
from providers.calendar_reading import CalendarReader
from providers.calendars import CalendarProvider
from starter.listing import meetings_by_workflow_id


class DryRun(BaseModel):
    """`steps` are what would be done, soonest meeting first; `kept` meetings stay as they are.

    `shared` are the ids of meetings to book that exist already, for another calendar: they need no further bot.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    at: AwareDatetime
    events: int
    steps: tuple[PlannedChange, ...]
    kept: int
    shared: tuple[str, ...]
    load: BotLoad

    def count(self, kind: ChangeKind) -> int:
        return sum(step.kind is kind for step in self.steps)


async def dry_run(
    provider: CalendarProvider,
    temporal: Client,
    book: TrackedEvents,
    rules: tuple[Policy, Overrides],
    now: datetime,
) -> DryRun:
    """Reads the calendar as a look does, and decides and plans by the same functions.

    Raises ProviderError where the calendar cannot be read.
    """
    policy, overrides = rules
    reading = await CalendarReader(provider, book.calendar_id).read(FULL_SYNC, None, book, now)
    entries = [entry_for(event, decide(policy, overrides, event, now)) for event in reading.events]
    made = make_plan(book, entries, now, complete=False, gone=reading.gone)
    steps = tuple(step for step in made.changes if step.kind is not ChangeKind.KEEP)
    to_book = {workflow_id_for(step.meeting_id): step.meeting_id for step in steps if step.kind is ChangeKind.BOOK}
    existing = await meetings_by_workflow_id(temporal, to_book)
    return DryRun(
        calendar_id=book.calendar_id,
        at=now,
        events=sum(not entry.is_over(now) for entry in entries),
        steps=tuple(map(_shown, steps)),
        kept=len(made.changes) - len(steps),
        shared=tuple(to_book[name] for name, meeting in existing.items() if not meeting.status.is_final),
        load=load_of(made.changes),
    )


def _shown(step: PlannedChange) -> PlannedChange:
    """The step as it may be shown: without what admits to its meeting."""
    return step.model_copy(
        update={"desired": _public(step.desired), "before": step.before and _public(step.before)}
    )


def _public(desired: DesiredMeeting) -> DesiredMeeting:
    return desired.model_copy(update={"meeting_url": public_url(desired.meeting_url)})
