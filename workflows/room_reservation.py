"""The reservation of a room: it exists, which is all that it is for. See `minutekeeper.temporal.room_workflows`."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from minutekeeper.temporal.names import ROOM_WORKFLOW


@workflow.defn(name=ROOM_WORKFLOW)
class RoomReservationWorkflow:
    @workflow.run
    async def run(self, *_inputs: object) -> None:
        """Runs when the longest lifetime of the bot is over: the reservation ends."""
