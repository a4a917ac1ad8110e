"""The calls by which a calendar books, changes and lets go of meetings. Each is a no-op the second time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from meetings import story
from meetings.calendars.comparing import booked_state_of
from meetings.calendars.entry import BookedState
from meetings.dispatch import is_worth_joining
from meetings.ids import is_adopted, meeting_id_of, sittings_of, workflow_id_for
from meetings.names import CLAIM_UPDATE, MEETING_WORKFLOW, MEETINGS_QUEUE, RELEASE_UPDATE, RELEASED
from meetings.outcome import MeetingView, Outcome
from meetings.request import Claim, ClaimAnswer, MeetingRequest, Release
from meetings.status import MeetingStatus
from meetings.waking import WAKE_UP, WakeUp
from minutekeeper.temporal.search_attributes import MEETING_START, MEETING_STATUS, initial_attributes

_LIMIT = timedelta(seconds=20)


CALL_ERRORS = (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError)
"""What a call may fail with for the time being."""


class Claimed(StrEnum):
    TAKEN = "taken"
    HELD = "held"
    """It is being recorded, and stays where it is."""
    CLOSED = "closed"
    """It was held, or people ended it: there is nothing to book."""
    ENDING = "ending"
    """It comes to its end right now; what is to be done shows only afterwards."""


class MeetingCalls:
    """`wake_up` is when meetings have their bots sent.

    Every method may raise one of CALL_ERRORS, after which it can be called again.
    """

    def __init__(self, client: Client, wake_up: WakeUp = WAKE_UP) -> None:
        self._client = client
        self._wake_up = wake_up

    async def claim(
        self, meeting_id: str, request: MeetingRequest, claim: Claim, now: datetime, *, is_new: bool = False
    ) -> Claimed:
        """Claims a meeting; one that does not exist is booked. For one that `is_new` that is tried first.

        A meeting that was recorded keeps its name and its files: its event, moved to another time, has a meeting
        with a number behind the name, which is the same for all calendars.
        """
        request = request.model_copy(update={"wake_up": self._wake_up})
        if is_new and await self._book(workflow_id_for(meeting_id), request, claim):
            return Claimed.TAKEN
        for name in map(workflow_id_for, sittings_of(meeting_id)):
            try:
                return await self._claim(name, request, claim, WorkflowIDReusePolicy.REJECT_DUPLICATE)
            except WorkflowAlreadyStartedError:
                execution = await self._client.get_workflow_handle(name).describe(rpc_timeout=_LIMIT)
            if execution.status is WorkflowExecutionStatus.RUNNING:
                return Claimed.ENDING
            outcome = await self._outcome(execution)
            if not _may_follow(execution, outcome, request, now):
                return Claimed.CLOSED
            if _state(execution).is_lost:
                request = request.model_copy(update={"rebooked": True})
            if outcome is None or not outcome.artifacts:
                return await self._claim(name, request, claim, WorkflowIDReusePolicy.ALLOW_DUPLICATE)
        return Claimed.CLOSED

    async def release(self, meeting_id: str, release: Release) -> None:
        """Lets go of a meeting, and of what was booked under its name after it was held."""
        for name in map(workflow_id_for, sittings_of(meeting_id)):
            handle = self._client.get_workflow_handle(name)
            try:
                await handle.execute_update(RELEASE_UPDATE, release, rpc_timeout=_LIMIT)
                return
            except WorkflowUpdateFailedError:
                # It closed at this very moment.
                return
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                if "already completed" not in error.message:
                    return

    async def of_calendar(self, calendar_id: str) -> AsyncIterator[str]:
        """The running meetings that this calendar has booked. What happened a second ago may be missing.

        Those that follow the provider's own bots are no calendar's to let go of.
        """
        quoted = calendar_id.replace("\\", "\\\\").replace('"', '\\"')
        query = f'CalendarId = "{quoted}" AND WorkflowType = "{MEETING_WORKFLOW}" AND ExecutionStatus = "Running"'
        async for execution in self._client.list_workflows(query):
            if not is_adopted(meeting_id := meeting_id_of(execution.id)):
                yield meeting_id

    async def state(self, meeting_id: str) -> BookedState:
        """What became of a meeting, by its id: unlike a search, this knows what happened a second ago."""
        handle = self._client.get_workflow_handle(workflow_id_for(meeting_id))
        try:
            execution = await handle.describe(rpc_timeout=_LIMIT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or error.message.startswith("Namespace "):
                raise
            return BookedState.ABSENT
        state = _state(execution)
        if state is BookedState.CANCELLED:
            outcome = await self._outcome(execution)
            return BookedState.RELEASED if outcome and outcome.evidence.event == RELEASED else state
        return state

    async def event_of(self, meeting_id: str, calendar_id: str) -> str | None:
        """The event for which a calendar has a meeting; empty if the meeting was booked and never claimed.

        None if the meeting cannot say: that of one must not keep a calendar from following all the others.
        """
        handle = self._client.get_workflow_handle(workflow_id_for(meeting_id))
        try:
            view = await handle.query("status", result_type=MeetingView, rpc_timeout=_LIMIT)
        except (RPCError, WorkflowQueryFailedError):
            return None
        return next((each.event_id for each in view.calendars if each.calendar_id == calendar_id), "")

    async def _book(self, name: str, request: MeetingRequest, claim: Claim) -> bool:
        """Whether the meeting was booked, with its claim: one call instead of two."""
        try:
            await self._client.start_workflow(
                MEETING_WORKFLOW,
                request.model_copy(update={"claim": claim}),
                id=name,
                task_queue=MEETINGS_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=initial_attributes(request),
                static_summary=story.summary(request),
                static_details=story.booking(request, name),
                rpc_timeout=_LIMIT,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _claim(
        self, name: str, request: MeetingRequest, claim: Claim, reuse: WorkflowIDReusePolicy
    ) -> Claimed:
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            MEETING_WORKFLOW,
            request,
            id=name,
            task_queue=MEETINGS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=reuse,
            search_attributes=initial_attributes(request),
            static_summary=story.summary(request),
            static_details=story.booking(request, name),
        )
        try:
            answer: ClaimAnswer = await self._client.execute_update_with_start_workflow(
                CLAIM_UPDATE,
                claim,
                start_workflow_operation=start,
                result_type=ClaimAnswer,
                rpc_timeout=_LIMIT,
            )
        except WorkflowUpdateFailedError:
            return Claimed.ENDING
        except (WorkflowAlreadyStartedError, *CALL_ERRORS):
            # The start holds the same failure, and would complain if nobody had looked at it.
            with contextlib.suppress(WorkflowAlreadyStartedError, TimeoutError, *CALL_ERRORS):
                await asyncio.wait_for(start.workflow_handle(), 1)
            raise
        return Claimed.TAKEN if answer is ClaimAnswer.TAKEN else Claimed.HELD

    async def _outcome(self, execution: WorkflowExecutionDescription) -> Outcome | None:
        """None for a meeting that did not end by itself."""
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id, result_type=Outcome)
        try:
            outcome: Outcome = await handle.result()
        except WorkflowFailureError:
            return None
        return outcome


def _may_follow(
    execution: WorkflowExecutionDescription, outcome: Outcome | None, request: MeetingRequest, now: datetime
) -> bool:
    """Whether another meeting may come after one that has ended.

    What was terminated is booked again. Calendars that let go may come back. What people cancelled stays so until
    its time is over. All others have had their meeting, unless its event was moved to a time after that.
    """
    if not is_worth_joining(request, now):
        return False
    if _state(execution).is_lost:
        return True
    if outcome is not None and outcome.evidence.event == RELEASED:
        return True
    if outcome is not None and outcome.status is MeetingStatus.CANCELLED:
        return False
    is_elsewhen = execution.typed_search_attributes.get(MEETING_START) != request.start_time
    return is_elsewhen and execution.close_time is not None and request.start_time > execution.close_time


def _state(execution: WorkflowExecutionDescription) -> BookedState:
    status = execution.status.name if execution.status else ""
    return booked_state_of(status, execution.typed_search_attributes.get(MEETING_STATUS, ""))
