from temporalio import workflow

from minutekeeper.meetings.bot_events import BotEvent


@workflow.defn(name="Recorder")
class Recorder:
    """Stands in for a meeting: writes down what its bots report."""

    def __init__(self) -> None:
        self._events: list[BotEvent] = []

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.signal
    def bot_event(self, event: BotEvent) -> None:
        self._events.append(event)

    @workflow.query
    def events(self) -> list[BotEvent]:
        return self._events
