"""Starts, claims and finds meeting workflows: the one place that knows their ids, policies and attributes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypedDict

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from minutekeeper.calendars.event import expected_end
from minutekeeper.calendars.limits import WantedBooking
from minutekeeper.meetings import descriptions
from minutekeeper.meetings.claims import Claim, ClaimResult
from minutekeeper.meetings.ids import meeting_id_from_workflow_id
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal.names import CLAIM_UPDATE, MEETING_WORKFLOW, MEETINGS_QUEUE
from minutekeeper.temporal.queries import IS_MEETING, IS_RUNNING, all_of, describe_workflow, quoted
from minutekeeper.temporal.search_attributes import (
    CALENDAR_ID,
    MEETING_START,
    MEETING_STATUS,
    MEETING_URL,
    as_keyword,
    initial_attributes,
)


class FirstSignal(NamedTuple):
    """A signal that starts the workflow it is sent to, unless that is running."""

    name: str
    content: object


_START_ERRORS = (WorkflowAlreadyStartedError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError)


class _StartOptions(TypedDict):
    id: str
    task_queue: str
    id_reuse_policy: WorkflowIDReusePolicy
    search_attributes: TypedSearchAttributes
    memo: dict[str, float]
    static_summary: str
    static_details: str


@dataclass(frozen=True)
class MeetingWorkflows:
    """Starts, claims and lists meeting workflows.

    Every method raises RPCError if Temporal fails; `rpc_timeout` is how long one call may take.
    """

    client: Client
    rpc_timeout: timedelta

    async def start(
        self,
        request: MeetingRequest,
        workflow_id: str,
        *,
        after_ended: bool = False,
        first_signal: FirstSignal | None = None,
    ) -> None:
        """Starts the workflow of a meeting.

        Args:
            request: What is to be recorded.
            workflow_id: The id of the workflow. Two workflows of one id never run at the same time.
            after_ended: Whether the meeting may follow one of the same id that has ended.
            first_signal: A signal to send with the start; a workflow that runs already only gets the signal.

        Raises:
            WorkflowAlreadyStartedError: Without a signal, if the id is that of a running workflow; without
                `after_ended`, if it is that of one that has ended.
        """
        await self.client.start_workflow(
            MEETING_WORKFLOW,
            request,
            **_start_options(request, workflow_id, after_ended=after_ended),
            start_signal=first_signal.name if first_signal else None,
            start_signal_args=[first_signal.content] if first_signal else [],
            rpc_timeout=self.rpc_timeout,
        )

    async def reopen(self, state: MeetingState) -> None:
        """Starts a new run of a meeting that has ended, from the state given.

        Raises:
            WorkflowAlreadyStartedError: If it runs already.
        """
        await self.client.start_workflow(
            MEETING_WORKFLOW,
            args=[state.request, state],
            **_start_options(state.request, state.workflow_id, after_ended=True),
            rpc_timeout=self.rpc_timeout,
        )

    async def claim(
        self, request: MeetingRequest, claim: Claim, workflow_id: str, *, after_ended: bool = False
    ) -> ClaimResult:
        """Claims a meeting for a calendar; starts its workflow first if none is running.

        Raises:
            WorkflowUpdateFailedError: If the meeting ends at this moment.
            WorkflowAlreadyStartedError: Without `after_ended`, if the id is that of a workflow that has ended.
            WorkflowUpdateRPCTimeoutOrCancelledError: If no worker answers in time.
        """
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            MEETING_WORKFLOW,
            request,
            **_start_options(request, workflow_id, after_ended=after_ended),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        try:
            answer: ClaimResult = await self.client.execute_update_with_start_workflow(
                CLAIM_UPDATE,
                claim,
                start_workflow_operation=start,
                result_type=ClaimResult,
                rpc_timeout=self.rpc_timeout,
            )
        except _START_ERRORS:
            # The start holds the same failure, and would complain if it was never awaited.
            with contextlib.suppress(TimeoutError, *_START_ERRORS):
                await asyncio.wait_for(start.workflow_handle(), 1)
            raise
        return answer

    async def describe(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        """The newest run of a meeting's workflow; None if Temporal knows none."""
        return await describe_workflow(self.client, workflow_id, self.rpc_timeout)

    async def running(self, *conditions: str, limit: int | None = None) -> AsyncIterator[WorkflowExecution]:
        """The running meeting workflows that meet all conditions, the newest first.

        Visibility is eventually consistent: what happened about a second ago may be missing.
        """
        query = all_of(IS_MEETING, IS_RUNNING, *conditions)
        async for execution in self.client.list_workflows(query, limit=limit, rpc_timeout=self.rpc_timeout):
            yield execution


_PLANNED_SECONDS = "planned_seconds"
"""In the memo of a meeting: how long it is planned to last. Unlike a search attribute it needs no registration."""


async def meetings_booked_by_hand(workflows: MeetingWorkflows, earliest: datetime) -> AsyncIterator[WantedBooking]:
    """The meetings that no calendar claims and that start after an instant, as far as Temporal keeps them.

    Without those that were cancelled. Raises RPCError.
    """
    query = all_of(
        IS_MEETING,
        "ExecutionStatus IN ('Running', 'Completed')",
        f"{CALENDAR_ID.name} IS NULL",
        f"{MEETING_STATUS.name} != {quoted(MeetingStatus.CANCELLED)}",
        f"{MEETING_START.name} > '{earliest.isoformat()}'",
    )
    async for execution in workflows.client.list_workflows(query, rpc_timeout=workflows.rpc_timeout):
        start = execution.typed_search_attributes[MEETING_START]
        seconds = await execution.memo_value(_PLANNED_SECONDS, None)
        yield WantedBooking(
            meeting_id=meeting_id_from_workflow_id(execution.id),
            start=start,
            until=expected_end(start, start + timedelta(seconds=seconds) if seconds else None),
            since=execution.start_time,
            booked=True,
            fixed=True,
        )


def is_claimed_by(calendar_id: str) -> str:
    """The condition that a meeting is claimed by this calendar, perhaps among others."""
    return f"{CALENDAR_ID.name} = {quoted(calendar_id)}"


def is_in_room(meeting_url: str, earliest: datetime, latest: datetime) -> str:
    """The condition that a meeting has this link and starts between the two instants, both included."""
    return all_of(
        f"{MEETING_URL.name} = {quoted(as_keyword(meeting_url))}",
        f"{MEETING_START.name} BETWEEN '{earliest.isoformat()}' AND '{latest.isoformat()}'",
    )


def _start_options(request: MeetingRequest, workflow_id: str, *, after_ended: bool) -> _StartOptions:
    reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if after_ended else WorkflowIDReusePolicy.REJECT_DUPLICATE
    return _StartOptions(
        id=workflow_id,
        task_queue=MEETINGS_QUEUE,
        id_reuse_policy=reuse,
        search_attributes=initial_attributes(request),
        memo={_PLANNED_SECONDS: (request.expected_end - request.start_time).total_seconds()},
        static_summary=descriptions.summary(request),
        static_details=descriptions.describe_booking(request, workflow_id),
    )
