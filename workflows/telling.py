"""Has other services told of what happens to a meeting before its end, if an endpoint wants to know."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import activity_calls
from workflows.context import MeetingContext

with workflow.unsafe.imports_passed_through():
    from minutekeeper.deliveries.endpoint import OutgoingEventType
    from minutekeeper.deliveries.meeting_events import begin_telling, due_event, noted_news


class EarlyEvents:
    """Does nothing, and costs nothing, for a meeting whose request asks for no events."""

    def __init__(self, context: MeetingContext) -> None:
        self._context = context
        self._telling: asyncio.Task[None] | None = None
        self._is_telling = False

    def start_telling(self) -> None:
        """Tells of what happens from now on, beside all else."""
        if self._context.state.request.events:
            begin_telling(self._context.state)
            self._telling = asyncio.create_task(self._run())

    async def finish_telling(self) -> None:
        """Once all is told, which takes seconds: starting a delivery waits for no receiver."""
        if self._telling is not None:
            await workflow.wait_condition(lambda: not self._is_telling)
            self._telling.cancel()

    async def _run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: self._due is not None)
            if (kind := self._due) is not None:
                await self._tell(kind)

    @property
    def _due(self) -> OutgoingEventType | None:
        return due_event(self._context.state)

    async def _tell(self, kind: OutgoingEventType) -> None:
        context = self._context
        self._is_telling = True
        try:
            with context.in_flight:
                await activity_calls.announce(noted_news(context.state, kind, context.clock.now()))
        except ActivityError as error:
            workflow.logger.warning("%s could not be told: %s", kind.value, error.cause)
        finally:
            self._is_telling = False
