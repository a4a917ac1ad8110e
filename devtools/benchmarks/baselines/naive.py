"""The plain shape of a whole meeting: one timed wait and one search attribute for each status."""

from datetime import timedelta

from temporalio import workflow

from devtools.benchmarks.baselines.plain_timer import PlainTimerWorkflow

with workflow.unsafe.imports_passed_through():
    from activities.recordings import RecordingActivities
    from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
    from minutekeeper.meetings.collection import CollectInput
    from minutekeeper.meetings.dispatch import SendBotInput
    from minutekeeper.temporal.names import RECORDINGS_QUEUE
    from minutekeeper.temporal.search_attributes import MEETING_STATUS

_PATIENCE = timedelta(minutes=30)
_ENDS = frozenset({BotEventKind.COMPLETE, BotEventKind.FAILED})


@workflow.defn
class NaiveWorkflow:
    """Sends a bot as PlainTimerWorkflow does, and hears the same webhooks as a meeting of ours."""

    @workflow.init
    def __init__(self, _request: SendBotInput) -> None:
        self._events: list[BotEvent] = []

    @workflow.run
    async def run(self, request: SendBotInput) -> None:
        sent = await PlainTimerWorkflow().run(request)
        event = await self._next()
        while event.kind not in _ENDS:
            workflow.upsert_search_attributes([MEETING_STATUS.value_set(event.code)])
            event = await self._next()
        collect = CollectInput(
            folder=workflow.info().workflow_id,
            run=workflow.info().first_execution_run_id,
            bot_id=sent.bot_id,
            delivery_path=event.body,
            start_time=request.start_time,
        )
        for part in ({"transcript": False}, {"recording": False}):
            await workflow.execute_activity_method(
                RecordingActivities.collect,
                collect.model_copy(update=part),
                task_queue=RECORDINGS_QUEUE,
                start_to_close_timeout=_PATIENCE,
            )

    @workflow.signal
    def bot_event(self, event: BotEvent) -> None:
        self._events.append(event)

    async def _next(self) -> BotEvent:
        await workflow.wait_condition(lambda: bool(self._events), timeout=_PATIENCE)
        return self._events.pop(0)
