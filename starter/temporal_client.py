"""The client for meetings through Temporal."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError

from minutekeeper.meetings.meeting_changes import ChangeRefusedError
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.reopening import reopened_to_collect, reopened_to_send
from minutekeeper.meetings.request import MeetingRequest, Reschedule, StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.storage.records import RecordStore
from minutekeeper.temporal.connection import connect
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows
from minutekeeper.temporal.names import CANCEL_UPDATE, LEAVE_UPDATE, RESCHEDULE_UPDATE, SEND_UPDATE
from starter.booking import RPC_TIMEOUT, book_meeting
from starter.client import MeetingClient
from starter.error_translation import no_connection, translate_temporal_errors
from starter.errors import MeetingNotFoundError, MeetingOverError, MeetingRefusedError, NoWorkerError
from starter.inputs import check_id, parse_input
from starter.meeting_list import list_meetings
from starter.meeting_models import (
    BookedMeeting,
    MeetingActivity,
    MeetingDetails,
    MeetingFiles,
    MeetingSummary,
    PendingActivity,
)
from starter.meeting_pages import PageOfMeetings, PagePosition, meeting_page
from starter.meeting_queries import MeetingFilter
from starter.meeting_reader import MeetingReader
from starter.meeting_snapshot import is_closed, outcome_of, pending_activities, snapshot, trouble_of
from starter.recorded_meetings import RecordedMeetings, open_records
from starter.wanted_events import WantedEvents
from starter.workflow_calls import NoAnswerError, query_state, query_status, update_workflow

_CONNECT_TIMEOUT_SECONDS = 5
_LOOK_EVERY_SECONDS = 1.0
_QUERY_TIMEOUT = timedelta(seconds=5)
_UPDATE_TIMEOUT = timedelta(seconds=15)
_END_TIMEOUT_SECONDS = 3
"""How long `cancel` waits for the end, because a sleeping meeting ends at once and its caller should see that."""


class TemporalMeetingClient(MeetingClient):
    """Meetings of a Temporal namespace.

    The Temporal client needs the data converter of `minutekeeper.temporal.connection`. Meetings that Temporal has
    forgotten are read from their records in the artifact store, which `open_store` opens when that is needed.
    """

    def __init__(self, temporal: Client, open_store: Callable[[], RecordStore | None] = open_records) -> None:
        self.temporal = temporal
        self._records = RecordedMeetings(open_store)
        self._wanted = WantedEvents()
        self._reader = MeetingReader(temporal, self._records)

    @classmethod
    async def connect(cls) -> "TemporalMeetingClient":
        # Logging is off because the SDK's native library logs to stdout, where programs expect JSON.
        quiet = Runtime(telemetry=TelemetryConfig(logging=None))
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
                return cls(await connect(runtime=quiet))
        except (RuntimeError, ValueError, OSError, RPCError) as error:
            raise no_connection(error) from error

    async def is_ready(self) -> bool:
        try:
            return await self.temporal.service_client.check_health()
        except (RPCError, RuntimeError, OSError):
            return False

    async def start(self, request: MeetingRequest, workflow_id: str | None = None) -> BookedMeeting:
        if workflow_id is not None:
            check_id("workflow_id", workflow_id)
        with translate_temporal_errors(self.temporal):
            return await book_meeting(self.temporal, await self._wanted.added_to(request), workflow_id)

    async def details(self, meeting: str) -> MeetingDetails:
        with translate_temporal_errors(self.temporal):
            return await self._reader.details(meeting, _QUERY_TIMEOUT)

    async def snapshot(self, meeting: str) -> MeetingView:
        with translate_temporal_errors(self.temporal):
            found = await self._reader.find_anywhere(meeting)
            return found.view if isinstance(found, MeetingRecord) else await snapshot(self.temporal, found)

    async def files(self, meeting: str) -> MeetingFiles:
        with translate_temporal_errors(self.temporal):
            return await self._reader.files(meeting, _QUERY_TIMEOUT)

    async def activity(self, meeting: str) -> MeetingActivity:
        with translate_temporal_errors(self.temporal):
            return await self._reader.activity(meeting)

    async def pending_activities(self, meeting: str) -> tuple[PendingActivity, ...]:
        with translate_temporal_errors(self.temporal):
            return pending_activities(await self._reader.find(meeting))

    async def list(  # noqa: PLR0913 - one argument for each filter
        self,
        *,
        status: MeetingStatus | None = None,
        title: str = "",
        starts_from: datetime | None = None,
        starts_before: datetime | None = None,
        platform: Platform | None = None,
        metadata: Mapping[str, str] | None = None,
        reason: FailureReason | Collection[FailureReason] | None = None,
        calendar: str = "",
        limit: int = 50,
    ) -> list[MeetingSummary]:
        reasons = (reason,) if isinstance(reason, FailureReason) else reason or ()
        wanted = (status, title, starts_from, starts_before, platform, metadata or {}, reasons, calendar)
        with translate_temporal_errors(self.temporal):
            return await list_meetings(self.temporal, self._records, MeetingFilter(*wanted), limit)

    async def page(
        self, filters: MeetingFilter, limit: int = 50, after: PagePosition | None = None
    ) -> PageOfMeetings:
        """Meetings page by page: open ones in order of their start, then ended ones, the latest start first."""
        with translate_temporal_errors(self.temporal):
            return await meeting_page(self.temporal, self._records, filters, limit, after)

    async def find_all(self, meetings: Sequence[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        unknown: list[MeetingNotFoundError] = []
        with translate_temporal_errors(self.temporal):
            for meeting in dict.fromkeys(meetings):
                try:
                    known = await self._reader.find_anywhere(meeting)
                    found[known.workflow_id if isinstance(known, MeetingRecord) else known.id] = None
                except MeetingNotFoundError as error:
                    unknown.append(error)
        if len(unknown) == 1:
            raise unknown[0]
        if unknown:
            raise MeetingNotFoundError("\n".join(map(str, unknown)))
        return tuple(found)

    async def watch(self, meeting: str) -> AsyncIterator[MeetingView]:
        seen: tuple[str, int] | None = None
        while True:
            activity = await self.activity(meeting)
            if activity.revision != seen:
                seen = activity.revision
                yield await self.status(meeting)
            if activity.is_closed:
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def wait(self, meeting: str) -> Outcome:
        with translate_temporal_errors(self.temporal):
            execution = await self._reader.find_anywhere(meeting)
            if isinstance(execution, MeetingRecord):
                return execution.outcome
            with suppress(WorkflowFailureError):
                await self._handle(execution).result()
            ended = await self._handle(execution).describe(rpc_timeout=RPC_TIMEOUT)
            return await outcome_of(self.temporal, ended)

    async def reschedule(self, meeting: str, change: Reschedule) -> MeetingView:
        with translate_temporal_errors(self.temporal):
            execution = await self._find_running(meeting, "be rescheduled")
            return await self._change(execution, RESCHEDULE_UPDATE, change)

    async def cancel(self, meeting: str, why: str = "") -> MeetingView:
        request = parse_input(StopRequest, {"why": why})
        with translate_temporal_errors(self.temporal):
            execution = await self._reader.find_anywhere(meeting)
            if isinstance(execution, MeetingRecord) or is_closed(execution):
                view = await self._view(execution)
                if view.status is MeetingStatus.CANCELLED:
                    return view
                raise _over(view, "be cancelled")
            view = await self._change(execution, CANCEL_UPDATE, request)
            return await self._ended_soon(execution) or view

    async def leave(self, meeting: str, why: str = "") -> MeetingView:
        request = parse_input(StopRequest, {"why": why})
        with translate_temporal_errors(self.temporal):
            execution = await self._find_running(meeting, "be left")
            return await self._change(execution, LEAVE_UPDATE, request)

    async def collect(self, meeting: str, *, retranscribe: bool = False) -> MeetingView:
        with translate_temporal_errors(self.temporal):
            execution = await self._find_known(meeting)
            if not is_closed(execution):
                raise MeetingRefusedError(
                    "This meeting still runs; its files are collected as soon as its bot ends."
                )
            state = await self._state(execution)
            return await self._reopen(
                execution, reopened_to_collect, state, retranscribe=retranscribe, now=datetime.now(UTC)
            )

    async def send_bot(self, meeting: str, why: str = "") -> MeetingView:
        request = parse_input(StopRequest, {"why": why})
        with translate_temporal_errors(self.temporal):
            execution = await self._find_known(meeting)
            if not is_closed(execution):
                return await self._change(execution, SEND_UPDATE, request)
            state = await self._state(execution)
            return await self._reopen(execution, reopened_to_send, state, reason=why, now=datetime.now(UTC))

    async def _state(self, execution: WorkflowExecutionDescription) -> MeetingState:
        try:
            return await query_state(self._handle(execution), _QUERY_TIMEOUT)
        except NoAnswerError as error:
            raise NoWorkerError(
                f"The state of this meeting cannot be read: {error}. Start a worker with `minutekeeper worker`."
            ) from error

    async def _reopen(
        self,
        execution: WorkflowExecutionDescription,
        change: Callable[..., MeetingState],
        state: MeetingState,
        **arguments: Any,
    ) -> MeetingView:
        """Starts a new run of an ended meeting; its view."""
        try:
            reopened = change(state, **arguments)
        except ChangeRefusedError as refusal:
            raise MeetingRefusedError(str(refusal)) from None
        try:
            await MeetingWorkflows(self.temporal, RPC_TIMEOUT).reopen(reopened)
        except WorkflowAlreadyStartedError:
            raise MeetingRefusedError("This meeting was taken up again just now.") from None
        try:
            return await query_status(self._handle(execution), _QUERY_TIMEOUT)
        except NoAnswerError:
            return meeting_view(reopened)

    async def workflow_id(self, meeting: str) -> str:
        with translate_temporal_errors(self.temporal):
            return (await self._reader.find(meeting)).id

    async def _find_known(self, meeting: str) -> WorkflowExecutionDescription:
        """The workflow of a meeting that Temporal still knows, because it is started anew from its history."""
        found = await self._reader.find_anywhere(meeting)
        if isinstance(found, MeetingRecord):
            raise MeetingRefusedError(
                f"Meeting {found.meeting_id} is over ({found.status.value}), and Temporal has forgotten it, so it "
                "cannot be taken up again."
            )
        return found

    async def _find_running(self, meeting: str, what: str) -> WorkflowExecutionDescription:
        execution = await self._reader.find_anywhere(meeting)
        if isinstance(execution, MeetingRecord) or is_closed(execution):
            raise _over(await self._view(execution), what)
        return execution

    async def _view(self, found: WorkflowExecutionDescription | MeetingRecord) -> MeetingView:
        if isinstance(found, MeetingRecord):
            return found.view
        return (await self._reader.details_of(found, _QUERY_TIMEOUT)).view

    async def _change(
        self,
        execution: WorkflowExecutionDescription,
        update: str,
        change: Reschedule | StopRequest,
    ) -> MeetingView:
        if trouble := trouble_of(execution):
            raise NoWorkerError(f"This meeting is not being executed: {trouble}.")
        handle = self._handle(execution)
        answer = await update_workflow(handle, update, change, within=_UPDATE_TIMEOUT, result_type=MeetingView)
        try:
            # An update's answer omits timeline and files, because it is stored in the history.
            return await query_status(handle, _QUERY_TIMEOUT)
        except NoAnswerError:
            return answer

    async def _ended_soon(self, execution: WorkflowExecutionDescription) -> MeetingView | None:
        try:
            async with asyncio.timeout(_END_TIMEOUT_SECONDS):
                with suppress(WorkflowFailureError):
                    await self._handle(execution).result()
        except TimeoutError:
            return None
        return await self._view(await self._handle(execution).describe(rpc_timeout=RPC_TIMEOUT))

    def _handle(self, execution: WorkflowExecutionDescription) -> WorkflowHandle[Any, Any]:
        return self.temporal.get_workflow_handle(execution.id)


def _over(view: MeetingView, what: str) -> MeetingOverError:
    return MeetingOverError(f"Meeting {view.meeting_id} is over ({view.status.value}) and cannot {what} any more.")
