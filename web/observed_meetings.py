"""What is known of the meetings that are near, and what has changed of them since the last look.

A look lists meetings and describes those that do something, which costs no action. Only a meeting of which that
shows a change is queried, once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import WorkflowExecution, WorkflowExecutionDescription

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from starter.error_translation import translate_temporal_errors
from starter.errors import MeetingError, MeetingNotFoundError, NoWorkerError, TemporalUnreachableError
from starter.meeting_models import KnownFrom, MeetingSummary
from starter.meeting_snapshot import attribute_view, is_closed, summary_of, trouble_of
from starter.near_meetings import NEAR, describe_each, list_active, list_changed_since, list_sleeping
from starter.temporal_client import TemporalMeetingClient

_MOST_ACTIVE = 1000
_MOST_SLEEPING = 2000
_DESCRIBED_A_LOOK = 200
_READ_A_LOOK = 200
_READ_AT_ONCE = 8
_MOST_REPORTED = 20_000
_OVERLAP = timedelta(seconds=60)
"""Listings lag behind, and clocks differ; what is found twice is reported once."""
_ROWS_A_SECOND = 200
_LONGEST_BETWEEN_LISTS = timedelta(seconds=10)
_WITHOUT_WORKER = timedelta(seconds=30)
"""How long a workflow is not queried again after no worker has answered."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class ChangedMeeting(NamedTuple):
    """A meeting as it is after a change."""

    summary: MeetingSummary
    view: MeetingView


class _Known(NamedTuple):
    """A meeting as last read. `revision`: None until its workflow was read; `is_complete`: a worker told it."""

    summary: MeetingSummary
    view: MeetingView
    revision: tuple[str, int] | None
    is_active: bool
    is_complete: bool = True


class ObservedMeetings:
    """The meetings that run, or start within 24 hours; of those that start later, only that they were booked."""

    def __init__(self) -> None:
        self.open: dict[str, MeetingView] = {}
        """By workflow id, as last read. A meeting that still sleeps is known by its search attributes."""
        self._known: dict[str, _Known] = {}
        self._to_read: dict[str, None] = {}
        self._changed: list[ChangedMeeting] = []
        self._reported: OrderedDict[tuple[str, datetime, datetime | None], None] = OrderedDict()
        self._looked_at: datetime | None = None
        self._next_sleeping = self._answered_at = _LONG_AGO
        self._unanswered: dict[str, datetime] = {}
        self._turn = 0

    async def look(self, client: TemporalMeetingClient) -> list[ChangedMeeting]:
        """Looks once; the first look finds no change, because nothing was known before.

        Raises MeetingError. What was found until then is told by the next look.
        """
        now, is_first = datetime.now(UTC), self._looked_at is None
        since = (self._looked_at or now) - _OVERLAP
        with translate_temporal_errors(client.temporal):
            active, recent, sleeping = await asyncio.gather(
                list_active(client.temporal, now, _MOST_ACTIVE),
                list_changed_since(client.temporal, since),
                self._listed_sleeping(client, now),
            )
            self._note_near(active, sleeping or ())
            # Before what was booked meanwhile is known, which the lists do not have yet.
            self._notice_missing(active, sleeping)
            self._note_recent(recent, now, is_first=is_first)
            described = {each.id: each for each in await describe_each(client.temporal, self._turns(active))}
            for workflow_id, each in described.items():
                known = self._known[workflow_id]
                if known.revision != _revision(each) or (not known.is_complete and self._may_ask(workflow_id, now)):
                    self._to_read[workflow_id] = None
            await self._read(client, described, now)
        self._looked_at = now
        changed, self._changed = self._changed, []
        return [] if is_first else changed

    async def _listed_sleeping(
        self, client: TemporalMeetingClient, now: datetime
    ) -> list[WorkflowExecution] | None:
        """Those that sleep; None if they were listed a moment ago. The more there are, the rarer that is."""
        if now < self._next_sleeping:
            return None
        found = await list_sleeping(client.temporal, now, _MOST_SLEEPING)
        self._next_sleeping = now + min(timedelta(seconds=len(found) / _ROWS_A_SECOND), _LONGEST_BETWEEN_LISTS)
        return found

    def _note_near(self, active: Iterable[WorkflowExecution], sleeping: Iterable[WorkflowExecution]) -> None:
        """Takes in what the lists of near meetings tell. What they do not tell is left to be read."""
        for each in active:
            known = self._known.get(each.id)
            if known is None:
                self._keep(_Known(summary_of(each), attribute_view(each), None, is_active=True))
            elif not known.is_active:
                self._keep(known._replace(is_active=True))
        for each in sleeping:
            known = self._known.get(each.id)
            if known is None:
                known = _Known(summary_of(each), attribute_view(each), None, is_active=False)
                self._changed.append(ChangedMeeting(known.summary, known.view))
            elif not _is_same_booking(known.summary, summary_of(each)):
                self._to_read[each.id] = None
            self._keep(known._replace(is_active=False))

    def _note_recent(self, recent: Iterable[WorkflowExecution], now: datetime, *, is_first: bool) -> None:
        """Takes in what was booked or has ended since the last look, whenever it starts."""
        for each in recent:
            if not self._report(each) or is_first:
                continue
            if is_closed(each):
                self._to_read[each.id] = None
            elif each.id not in self._known:
                known = _Known(summary_of(each), attribute_view(each), None, is_active=False)
                self._changed.append(ChangedMeeting(known.summary, known.view))
                if known.view.start_time <= now + NEAR:
                    self._keep(known)

    def _notice_missing(self, active: list[WorkflowExecution], sleeping: list[WorkflowExecution] | None) -> None:
        """Has those read that are in no list any more: they have ended, or were moved to a later day."""
        listed = {each.id for each in (*active, *(sleeping or ()))}
        for workflow_id, known in self._known.items():
            whole = (
                len(active) < _MOST_ACTIVE
                if known.is_active
                else sleeping is not None and len(sleeping) < _MOST_SLEEPING
            )
            if whole and workflow_id not in listed:
                self._to_read[workflow_id] = None

    def _turns(self, active: list[WorkflowExecution]) -> list[str]:
        """The active meetings that are described in this look: all, or the next ones of many."""
        ids = [each.id for each in active]
        begin = self._turn % len(ids) if ids else 0
        self._turn = begin + _DESCRIBED_A_LOOK
        return [*ids[begin:], *ids[:begin]][:_DESCRIBED_A_LOOK]

    async def _read(
        self, client: TemporalMeetingClient, described: Mapping[str, WorkflowExecutionDescription], now: datetime
    ) -> None:
        """Reads what has to be read; if that is very much, the rest of it in the next looks."""
        some = list(self._to_read)[:_READ_A_LOOK]
        others = await describe_each(client.temporal, [each for each in some if each not in described])
        executions = {**described, **{each.id: each for each in others}}
        slots = asyncio.Semaphore(_READ_AT_ONCE)

        async def one(workflow_id: str) -> None:
            async with slots:
                await self._read_one(client, workflow_id, executions.get(workflow_id), now)

        for result in await asyncio.gather(*map(one, some), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _read_one(
        self,
        client: TemporalMeetingClient,
        workflow_id: str,
        execution: WorkflowExecutionDescription | None,
        now: datetime,
    ) -> None:
        """Reads a meeting if something has happened. One that cannot be read now is read in a later look."""
        before = self._known.get(workflow_id)
        if before is not None and _is_as_before(before, execution):
            del self._to_read[workflow_id]
            return
        try:
            view, is_complete = await self._view_of(client, workflow_id, execution, now)
        except MeetingNotFoundError:
            self._forget(workflow_id)
            return
        except TemporalUnreachableError:
            raise
        except MeetingError:
            self._to_read[workflow_id] = self._to_read.pop(workflow_id)
            return
        summary = _summary(view, execution, before)
        if before is None or view != before.view:
            self._changed.append(ChangedMeeting(summary, view))
        is_far = view.status is MeetingStatus.SCHEDULED and view.start_time > now + NEAR
        if execution is None or is_closed(execution) or is_far:
            self._forget(workflow_id)
        else:
            del self._to_read[workflow_id]
            is_active = before.is_active if before else True
            self._keep(_Known(summary, view, _revision(execution), is_active, is_complete))
        if execution is not None:
            self._report(execution)

    async def _view_of(
        self,
        client: TemporalMeetingClient,
        workflow_id: str,
        execution: WorkflowExecutionDescription | None,
        now: datetime,
    ) -> tuple[MeetingView, bool]:
        """The meeting, and whether a worker told it."""
        is_stuck = execution is not None and bool(trouble_of(execution))
        if not is_stuck and self._may_ask(workflow_id, now):
            try:
                view = await client.status(workflow_id)
            except NoWorkerError:
                self._unanswered[workflow_id] = now
            else:
                self._answered_at = now
                self._unanswered.pop(workflow_id, None)
                return view, True
        return await client.snapshot(workflow_id), False

    def _may_ask(self, workflow_id: str, now: datetime) -> bool:
        """Whether a worker may answer: not for a while after none did for this meeting, or for any."""
        silent = self._unanswered.get(workflow_id, _LONG_AGO)
        if self._unanswered and self._answered_at < max(self._unanswered.values()):
            silent = max(self._unanswered.values())
        return now >= silent + _WITHOUT_WORKER

    def _keep(self, known: _Known) -> None:
        workflow_id = known.summary.workflow_id
        self._known[workflow_id], self.open[workflow_id] = known, known.view

    def _forget(self, workflow_id: str) -> None:
        self._known.pop(workflow_id, None)
        self.open.pop(workflow_id, None)
        self._to_read.pop(workflow_id, None)
        self._unanswered.pop(workflow_id, None)

    def _report(self, execution: WorkflowExecution) -> bool:
        """Notes a beginning or an end of a run; whether it is new."""
        key = (execution.id, execution.start_time, execution.close_time)
        is_new = key not in self._reported
        self._reported[key] = None
        if len(self._reported) > _MOST_REPORTED:
            self._reported.popitem(last=False)
        return is_new


def _revision(execution: WorkflowExecutionDescription) -> tuple[str, int]:
    return execution.run_id, execution.history_length


def _is_as_before(before: _Known, execution: WorkflowExecutionDescription | None) -> bool:
    if execution is None or is_closed(execution) or not before.is_complete:
        return False
    return before.revision == _revision(execution)


def _is_same_booking(before: MeetingSummary, now: MeetingSummary) -> bool:
    fields = ("start_time", "title", "meeting_url", "metadata", "booked_at")
    return all(getattr(before, each) == getattr(now, each) for each in fields)


def _summary(
    view: MeetingView, execution: WorkflowExecutionDescription | None, before: _Known | None
) -> MeetingSummary:
    """One line of a list about the meeting, with what its workflow knows better than its attributes."""
    if execution is not None:
        known = summary_of(execution)
    elif before is not None:
        known = before.summary.model_copy(update={"known_from": KnownFrom.RECORD})
    else:
        shown = {name: getattr(view, name) for name in MeetingSummary.model_fields if hasattr(view, name)}
        return MeetingSummary(booked_at=view.start_time, closed_at=None, known_from=KnownFrom.RECORD, **shown)
    return known.model_copy(update={name: getattr(view, name) for name in ("status", "bot_id")})
