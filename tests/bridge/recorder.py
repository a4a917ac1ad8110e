from temporalio import workflow

from meetings.events import BotEvent


@workflow.defn(name="Recorder")
class Recorder:
    """Stands in for a meeting or a calendar: writes down the signals that reach it."""

    def __init__(self) -> None:
        self._events: list[BotEvent] = []
        self._calendar: list[dict[str, str]] = []
        self._done = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._done)

    @workflow.signal
    def bot_event(self, event: BotEvent) -> None:
        self._events.append(event)

    @workflow.signal
    def calendar_event(self, change: dict[str, str]) -> None:
        self._calendar.append(change)

    @workflow.signal
    def finish(self) -> None:
        self._done = True

    @workflow.query
    def events(self) -> list[BotEvent]:
        return self._events

    @workflow.query
    def calendar(self) -> list[dict[str, str]]:
        return self._calendar
