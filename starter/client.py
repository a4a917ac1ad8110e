"""The typed client of meetings: start them, look at them, steer them.

`meeting` is a meeting id or a workflow id everywhere. Every method raises MeetingError: TemporalUnreachableError if
Temporal does not answer, MeetingNotFoundError for an unknown meeting, and what its own description adds.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError

from meetings.collection import DownloadProgress
from meetings.ids import workflow_id_for
from meetings.names import CANCEL_UPDATE, LEAVE_UPDATE, RESCHEDULE_UPDATE
from meetings.outcome import MeetingView, Outcome
from meetings.request import MeetingRequest, Reschedule, StopRequest
from meetings.status import MeetingStatus
from minutekeeper.temporal.queries import describe_workflow
from runtime.connection import connect
from starter import records
from starter.asking import NoAnswerError, ask_status
from starter.booking import RPC_LIMIT, StartedMeeting, book
from starter.changing import confirmed
from starter.errors import MeetingNotFoundError, MeetingRefusedError, WorkerMissingError
from starter.inputs import check_id, checked
from starter.listing import list_meetings
from starter.summaries import MeetingSummary, is_closed, is_meeting, summary_of, trouble_of
from starter.temporal_errors import in_plain_words, no_connection
from starter.waiting import Waiting, waiting_for

_CONNECT_SECONDS = 5
_ANSWER_WITHIN = timedelta(seconds=5)
_CHANGE_WITHIN = timedelta(seconds=15)
_END_SECONDS = 3
"""Cancelling a meeting that sleeps ends it at once; its caller is shown that end rather than the moment before."""


class Glance(NamedTuple):
    """What Temporal says of a meeting without asking a worker: `moment` differs whenever something has happened."""

    moment: tuple[str, int]
    is_closed: bool
    progress: DownloadProgress | None


class MeetingsClient:
    """Meetings behind a Temporal client, which must have the data converter of `runtime.connection`."""

    def __init__(self, temporal: Client) -> None:
        self.temporal = temporal

    @classmethod
    async def connect(cls) -> "MeetingsClient":
        """Connects as `TEMPORAL_*` and Temporal's config file say."""
        # The SDK's native part logs to stdout unless told otherwise, where programs expect JSON.
        quiet = Runtime(telemetry=TelemetryConfig(logging=None))
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return cls(await connect(runtime=quiet))
        except (RuntimeError, ValueError, OSError, RPCError) as error:
            raise no_connection(error) from error

    async def start(self, request: MeetingRequest, workflow_id: str | None = None) -> StartedMeeting:
        """Books a meeting, once: the same link at the same start is the same meeting.

        A meeting that was cancelled or failed is booked anew, unless it is over or left files behind. Raises
        MeetingRefusedError if `workflow_id` belongs to something else.
        """
        if workflow_id is not None:
            check_id("workflow_id", workflow_id)
        with in_plain_words(self.temporal):
            return await book(self.temporal, request, workflow_id)

    async def status(self, meeting: str) -> MeetingView:
        """The meeting now; one that has ended is shown without its timeline if no worker answers.

        Raises WorkerMissingError for a running one then.
        """
        with in_plain_words(self.temporal):
            return await self._view(await self._find(meeting))

    async def known(self, meeting: str) -> MeetingView:
        """The meeting as well as Temporal itself knows it: no worker is asked, and there is no timeline."""
        with in_plain_words(self.temporal):
            return await records.view_of(self.temporal, await self._find(meeting))

    async def glance(self, meeting: str) -> Glance:
        """A cheap look: nothing is asked of a worker, and nothing is billed."""
        with in_plain_words(self.temporal):
            execution = await self._find(meeting)
            progress = await records.progress_of(execution)
        moment = (execution.run_id, execution.history_length)
        return Glance(moment, is_closed(execution), progress)

    async def waiting(self, meeting: str) -> tuple[Waiting, ...]:
        """What a meeting tries again because it failed, such as a download from a store that is full."""
        with in_plain_words(self.temporal):
            return waiting_for(await self._find(meeting))

    async def progress(self, meeting: str) -> DownloadProgress | None:
        """Bytes of a recording that is being downloaded; None if none is."""
        return (await self.glance(meeting)).progress

    async def list(
        self, *, status: MeetingStatus | None = None, title: str = "", limit: int = 50
    ) -> list[MeetingSummary]:
        """Meetings of a status and with all these words in their title, in the order of their start.

        What runs and what comes next precedes what comes later, and that what has ended, the latest first.
        """
        with in_plain_words(self.temporal):
            return await list_meetings(self.temporal, status, title, limit)

    async def wait(self, meeting: str) -> Outcome:
        """How the meeting ended; waits for as long as it takes."""
        with in_plain_words(self.temporal):
            execution = await self._find(meeting)
            with suppress(WorkflowFailureError):
                await self._handle(execution).result()
            ended = await self._handle(execution).describe(rpc_timeout=RPC_LIMIT)
            return await records.outcome_of(self.temporal, ended)

    async def reschedule(self, meeting: str, change: Reschedule) -> MeetingView:
        """Moves a meeting.

        Raises MeetingRefusedError if it is too late for that, WorkerMissingError if nobody confirmed it.
        """
        with in_plain_words(self.temporal):
            execution = await self._find_running(meeting, "moved")
            return await self._change(execution, RESCHEDULE_UPDATE, change)

    async def cancel(self, meeting: str, why: str = "") -> MeetingView:
        """Cancels a meeting; one that is cancelled already stays so. Raises as `reschedule`."""
        request = checked(StopRequest, {"why": why})
        with in_plain_words(self.temporal):
            execution = await self._find(meeting)
            if is_closed(execution):
                view = await self._view(execution)
                if view.status is MeetingStatus.CANCELLED:
                    return view
                raise _over(view, "cancelled")
            view = await self._change(execution, CANCEL_UPDATE, request)
            return await self._ended_soon(execution) or view

    async def leave(self, meeting: str, why: str = "") -> MeetingView:
        """Sends the bot out of the meeting; what it recorded is kept. Raises as `reschedule`."""
        request = checked(StopRequest, {"why": why})
        with in_plain_words(self.temporal):
            execution = await self._find_running(meeting, "left")
            return await self._change(execution, LEAVE_UPDATE, request)

    async def _find(self, meeting: str) -> WorkflowExecutionDescription:
        """The workflow of exactly this name, else that of the meeting id."""
        check_id("ID", meeting)
        names = (meeting, workflow_id_for(meeting))
        for execution in await asyncio.gather(*(self._describe(name) for name in names)):
            if execution is not None and is_meeting(execution):
                return execution
        raise MeetingNotFoundError(
            f"There is no meeting {meeting} in namespace {self.temporal.namespace}. `minutekeeper list` shows "
            "those that Temporal knows; it forgets ended ones after a while, but their files stay."
        )

    async def _find_running(self, meeting: str, what: str) -> WorkflowExecutionDescription:
        execution = await self._find(meeting)
        if is_closed(execution):
            raise _over(await self._view(execution), what)
        return execution

    async def _describe(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        return await describe_workflow(self.temporal, workflow_id, RPC_LIMIT)

    async def _view(self, execution: WorkflowExecutionDescription) -> MeetingView:
        known = summary_of(execution)
        if known.trouble:
            raise WorkerMissingError(f"Meeting {known.meeting_id} does not run: {known.trouble}.")
        try:
            view = await ask_status(self._handle(execution), _ANSWER_WITHIN)
        except NoAnswerError as error:
            if is_closed(execution):
                return await records.view_of(self.temporal, execution)
            raise WorkerMissingError(
                f"Meeting {known.meeting_id} ({known.status.value} when last written down) cannot be asked: "
                f"{error}. Start one with `minutekeeper worker`; `minutekeeper doctor` says what is missing."
            ) from error
        return records.settled(view, execution)

    async def _change(
        self,
        execution: WorkflowExecutionDescription,
        update: str,
        change: Reschedule | StopRequest,
    ) -> MeetingView:
        if trouble := trouble_of(execution):
            raise WorkerMissingError(f"This meeting does not run: {trouble}.")
        handle = self._handle(execution)
        answer = await confirmed(handle, update, change, within=_CHANGE_WITHIN, answer=MeetingView)
        try:
            # The answer of an update stays in the history, so it leaves out the timeline and the files.
            return await ask_status(handle, _ANSWER_WITHIN)
        except NoAnswerError:
            return answer

    async def _ended_soon(self, execution: WorkflowExecutionDescription) -> MeetingView | None:
        try:
            async with asyncio.timeout(_END_SECONDS):
                with suppress(WorkflowFailureError):
                    await self._handle(execution).result()
        except TimeoutError:
            return None
        return await self._view(await self._handle(execution).describe(rpc_timeout=RPC_LIMIT))

    def _handle(self, execution: WorkflowExecutionDescription) -> WorkflowHandle[Any, Any]:
        return self.temporal.get_workflow_handle(execution.id)


def _over(view: MeetingView, what: str) -> MeetingRefusedError:
    return MeetingRefusedError(
        f"Meeting {view.meeting_id} is over ({view.status.value}) and cannot be {what} any more."
    )
