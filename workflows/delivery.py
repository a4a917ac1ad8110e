"""Delivers one event to one endpoint: tries until it arrives, or for three days, and keeps the history of tries."""

from datetime import datetime

from temporalio import workflow

from workflows import activity_calls
from workflows.inputs import NOTHING, Nothing, UnknownCalls, read_input

with workflow.unsafe.imports_passed_through():
    from minutekeeper.deliveries.delivery import (
        DeliveryAttempt,
        DeliveryEnd,
        DeliveryInput,
        DeliveryRecord,
        DeliveryResult,
        DeliveryView,
        OutgoingDelivery,
        delivery_workflow_id,
    )
    from minutekeeper.deliveries.retry_schedule import MAX_ATTEMPTS, pause_before_next
    from minutekeeper.temporal.names import DELIVERY_WORKFLOW


@workflow.defn(name=DELIVERY_WORKFLOW)
class DeliveryWorkflow(UnknownCalls):
    """A start takes one OutgoingDelivery; one that cannot be read fails the execution at once, with a message."""

    @workflow.init
    def __init__(self, *inputs: object) -> None:
        self._delivery = read_input(OutgoingDelivery, inputs)
        self._attempts: list[DeliveryAttempt] = []
        self._next_at: datetime | None = None
        self._outcome: DeliveryEnd | None = None

    @workflow.run
    async def run(self, *_inputs: object) -> DeliveryEnd:
        while True:
            is_last = len(self._attempts) + 1 >= MAX_ATTEMPTS
            order = DeliveryInput(delivery=self._delivery, attempts=tuple(self._attempts), is_last=is_last)
            result = await activity_calls.deliver(order)
            if result.attempt is not None:
                self._attempts.append(result.attempt)
            if result.outcome is not None:
                return await self._end(result, result.outcome)
            await self._pause(result.retry_after)

    async def _pause(self, retry_after: float | None) -> None:
        delivery = self._delivery
        name = delivery_workflow_id(delivery.endpoint_id, delivery.event_id)
        pause = pause_before_next(name, len(self._attempts), retry_after)
        self._next_at = workflow.now() + pause
        await workflow.sleep(pause, summary=f"until try {len(self._attempts) + 1}")
        self._next_at = None

    async def _end(self, result: DeliveryResult, outcome: DeliveryEnd) -> DeliveryEnd:
        """Has the record stored, if the try itself could not do it."""
        self._outcome = outcome
        if not result.is_recorded:
            await activity_calls.record_delivery(
                DeliveryRecord(
                    **dict(self._delivery),
                    outcome=outcome,
                    why=result.why,
                    ended_at=workflow.now(),
                    attempts=tuple(self._attempts),
                )
            )
        return outcome

    @workflow.query
    def status(self, *inputs: object) -> DeliveryView:
        """What was tried so far, and when the next try is."""
        read_input(Nothing, inputs, NOTHING)
        return DeliveryView(
            endpoint_id=self._delivery.endpoint_id,
            event_id=self._delivery.event_id,
            type=self._delivery.type,
            attempts=tuple(self._attempts),
            next_attempt_at=self._next_at,
            outcome=self._outcome,
        )
