"""Books, moves and gives up meetings as a connected calendar does: by claims and releases instead of by hand."""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from devtools.chaos.evidence import Booking
from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest, Reschedule
from minutekeeper.temporal.names import CLAIM_UPDATE, RELEASE_UPDATE
from starter.errors import MeetingError, MeetingRefusedError

_CALENDAR = "calendar-of-chaos"
_RPC_LIMIT = timedelta(seconds=10)


class CalendarCustomer:
    """The one calendar of a run.

    Methods raise MeetingRefusedError if the answer is no, MeetingError for what may be tried again.
    """

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal

    def request(self, request: MeetingRequest, event_id: str) -> MeetingRequest:
        """The request as a calendar books it: with its origin and its claim."""
        move = Reschedule(start_time=request.start_time, end_time=request.end_time)
        claim = _claim(event_id, request.meeting_url, move).model_copy(update={"bot": request.bot})
        origin = CalendarEventRef(calendar_id=_CALENDAR, event_id=event_id)
        return request.model_copy(update={"calendar": origin, "claim": claim})

    async def move(self, workflow_id: str, booking: Booking, move: Reschedule) -> None:
        claim = _claim(workflow_id, booking.meeting_url, move)
        answer = await self._update(workflow_id, CLAIM_UPDATE, claim, ClaimResult)
        if answer is ClaimResult.DEFERRED:
            raise MeetingRefusedError("It is being recorded, and stays where it is.")

    async def release(self, workflow_id: str) -> None:
        release = ClaimRelease(calendar_id=_CALENDAR, seen_at=datetime.now(UTC), why="Its event was deleted.")
        await self._update(workflow_id, RELEASE_UPDATE, release, None)

    async def _update(
        self, workflow_id: str, name: str, message: Claim | ClaimRelease, answer: type[ClaimResult] | None
    ) -> object:
        handle = self._temporal.get_workflow_handle(workflow_id)
        try:
            return await handle.execute_update(name, message, result_type=answer, rpc_timeout=_RPC_LIMIT)
        except WorkflowUpdateFailedError as error:
            raise MeetingRefusedError(str(error.cause)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise MeetingError(str(error)) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise MeetingRefusedError("It has ended.") from error
            raise MeetingError(error.message) from error


def _claim(event_id: str, meeting_url: str, move: Reschedule) -> Claim:
    now = datetime.now(UTC)
    return Claim(
        calendar_id=_CALENDAR,
        event_id=event_id,
        seen_at=now,
        updated_at=now,
        start_time=move.start_time,
        end_time=move.end_time,
        meeting_url=meeting_url,
    )
