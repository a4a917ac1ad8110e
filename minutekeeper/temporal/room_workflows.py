"""Reserves rooms, by the uniqueness of workflow ids: one open reservation for each room.

A reservation is a workflow that does nothing. Its start is delayed until the bot's longest lifetime is over, so
that it costs one action and no workflow task until then, and ends by itself.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowQueryFailedError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.meetings.rooms import (
    BotPresence,
    PresenceQuery,
    RoomNeeded,
    RoomReservation,
    RoomShared,
    room_workflow_id,
)
from minutekeeper.temporal.names import (
    MEETINGS_QUEUE,
    PRESENCE_QUERY,
    ROOM_NEEDED_SIGNAL,
    ROOM_SHARED_SIGNAL,
    ROOM_WORKFLOW,
)

_MEMO = "reservation"
_TIMEOUT = timedelta(seconds=10)
_ENDED_IN_ORDER = frozenset(
    {
        WorkflowExecutionStatus.RUNNING,
        WorkflowExecutionStatus.COMPLETED,
        WorkflowExecutionStatus.CANCELED,
        WorkflowExecutionStatus.CONTINUED_AS_NEW,
    }
)
"""After any other end, the workflow's bot may still be in the room."""

_Answer = TypeVar("_Answer")


class RoomsUnavailableError(Exception):
    """Temporal or the holder's worker did not answer."""


@dataclass(frozen=True)
class Holder:
    """Who holds a room; `run_id` is the run of the reservation."""

    reservation: RoomReservation
    run_id: str


class Rooms:
    """The reservations of all rooms. Every method raises RoomsUnavailableError if Temporal does not answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def reserve(self, meeting_url: str, mine: RoomReservation, lifetime: timedelta) -> Holder | None:
        """Reserves a room for the given time; returns the holder if that is another workflow."""
        room_id = room_workflow_id(meeting_url)
        while True:
            try:
                await _answered(
                    self._client.start_workflow(
                        ROOM_WORKFLOW,
                        mine,
                        id=room_id,
                        task_queue=MEETINGS_QUEUE,
                        start_delay=lifetime,
                        memo={_MEMO: mine},
                        rpc_timeout=_TIMEOUT,
                    )
                )
            except WorkflowAlreadyStartedError:
                holder = await self._holder(room_id)
            else:
                return None
            if holder is None:
                continue
            if holder.reservation == mine:
                return None
            if holder.reservation.workflow_id != mine.workflow_id:
                return holder
            # An earlier request of the same workflow, which keeps its own bots apart.
            await self.end(meeting_url, holder)

    async def end(self, meeting_url: str, holder: Holder) -> None:
        """Ends this reservation, and no later one of the room."""
        handle = self._client.get_workflow_handle(room_workflow_id(meeting_url), run_id=holder.run_id)
        try:
            await handle.terminate(reason="the bot is not in the room any more", rpc_timeout=_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise RoomsUnavailableError(error.message) from None

    async def presence(self, workflow_id: str, query: PresenceQuery) -> BotPresence | None:
        """The state of a workflow's bot; None if it is unknown.

        The workflow was terminated, lost, or is another run.
        """
        handle: WorkflowHandle[object, object] = self._client.get_workflow_handle(workflow_id)
        try:
            described = await _answered(handle.describe(rpc_timeout=_TIMEOUT))
            if described is None or described.status not in _ENDED_IN_ORDER:
                return None
            presence: BotPresence | None = await _answered(
                handle.query(PRESENCE_QUERY, query, result_type=BotPresence, rpc_timeout=_TIMEOUT)
            )
        except WorkflowQueryFailedError as error:
            raise RoomsUnavailableError(str(error)) from None
        return presence if presence is not None and presence.is_known else None

    async def announce(
        self, workflow_id: str, message: RoomNeeded | RoomShared, query: PresenceQuery
    ) -> BotPresence | None:
        """Tells the holder of a room when the next meeting begins there, or who shares its bot.

        Returns the state of its bot after that.
        """
        name = ROOM_NEEDED_SIGNAL if isinstance(message, RoomNeeded) else ROOM_SHARED_SIGNAL
        await _answered(self._client.get_workflow_handle(workflow_id).signal(name, message, rpc_timeout=_TIMEOUT))
        return await self.presence(workflow_id, query)

    async def _holder(self, room_id: str) -> Holder | None:
        described = await _answered(self._client.get_workflow_handle(room_id).describe(rpc_timeout=_TIMEOUT))
        if described is None or described.status is not WorkflowExecutionStatus.RUNNING or not described.run_id:
            return None
        reservation = await described.memo_value(_MEMO, type_hint=RoomReservation)
        return Holder(reservation=reservation, run_id=described.run_id)


async def _answered(call: Awaitable[_Answer]) -> _Answer | None:
    """The answer of a call; None if what it names does not exist."""
    try:
        return await call
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise RoomsUnavailableError(error.message) from None
