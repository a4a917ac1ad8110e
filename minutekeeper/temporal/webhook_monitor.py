"""A worker interceptor that counts and logs missing webhooks and unknown codes."""

import contextlib
import logging
import threading
from datetime import datetime
from typing import Any

from temporalio import activity, workflow
from temporalio.common import MetricMeter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from minutekeeper.input_validation import InvalidInputError, read
from minutekeeper.meetings.bot_events import BotEvent, ObservedBot, has_unknown_status
from minutekeeper.meetings.dispatch import DispatchedBot
from minutekeeper.meetings.webhook_health import WINDOW, AlarmChange, BotStatusQuery, WebhookHealthWindow, is_silent
from minutekeeper.temporal.names import BOT_EVENT_SIGNAL

logger = logging.getLogger(__name__)

_MINUTES = round(WINDOW.total_seconds() / 60)

BOTS_SENT = ("minutekeeper_bots_sent_total", "Bots sent that should report to us by webhook.")
BOTS_REPORTING = ("minutekeeper_bots_heard_total", "Bots that reported by webhook; each counts once.")
BOTS_SILENT = ("minutekeeper_bots_silent_total", "Bots that should have reported and did not; each counts once.")
UNKNOWN_CODES = (
    "minutekeeper_unknown_words_total",
    "Statuses and failures of bots in words that are unknown here; each counts once for a bot.",
)

_MAX_REMEMBERED = 10_000
"""Remembered pairs of bot and unknown code, so that one that comes by webhook and by polling is counted once."""


class WebhookMonitor(Interceptor):
    """Observes the activities and signals of a worker, and changes nothing.

    `public_url` is where bots report to, for the message. The metrics are Prometheus counters of the worker.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._window = WebhookHealthWindow()
        self._unknown_words: dict[tuple[str, str], None] = {}
        # Workflows run in threads, activities in the event loop.
        self._lock = threading.Lock()

    def intercept_activity(self, inner: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _ActivityObserver(inner, self)

    def workflow_interceptor_class(self, _about: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        watch = self

        class Ear(_SignalObserver):
            reports = watch

        return Ear

    def record(self, bot_id: str, at: datetime, *, silent: bool) -> None:
        """Records a bot's state of reporting, and logs a line if the overall state changes."""
        with self._lock:
            turn = self._window.record(bot_id, at, silent=silent)
        if turn is not None:
            self._log_change(turn)

    def note_unknown_codes(self, event: BotEvent, meter: MetricMeter) -> None:
        """Counts and logs the code of an event if it is unknown."""
        if not has_unknown_status(event):
            return
        words = (event.bot_id, event.code)
        with self._lock:
            if words in self._unknown_words:
                return
            self._unknown_words[words] = None
            if len(self._unknown_words) > _MAX_REMEMBERED:
                del self._unknown_words[next(iter(self._unknown_words))]
        meter.create_counter(*UNKNOWN_CODES).add(1, {"kind": event.kind.value})
        logger.warning("Bot %s reports a %s with an unknown code: %s", event.bot_id, event.kind.value, event.code)

    def _log_change(self, turn: AlarmChange) -> None:
        if not turn.silent:
            logger.warning("Bots report by webhook again.")
            return
        logger.warning(
            "%d of %d bots that were due in the last %d minutes did not report by webhook: check BRIDGE_PUBLIC_URL "
            "(%s), whether the bridge is up there, and whether the provider has switched its webhooks off; "
            "`minutekeeper doctor` helps. Meetings go on by asking the API.",
            turn.silent,
            turn.known,
            _MINUTES,
            self._public_url,
        )


class _ActivityObserver(ActivityInboundInterceptor):
    """Observes which bots are sent, and what polling them returns."""

    def __init__(self, inner: ActivityInboundInterceptor, reports: WebhookMonitor) -> None:
        super().__init__(inner)
        self._reports = reports

    async def execute_activity(self, call: ExecuteActivityInput) -> Any:
        result = await super().execute_activity(call)
        if isinstance(result, ObservedBot):
            for event in result.events:
                self._reports.note_unknown_codes(event, activity.metric_meter())
        match list(call.args), result:
            case _, DispatchedBot(shared_with=""):
                activity.metric_meter().create_counter(*BOTS_SENT).add(1)
            case [BotStatusQuery() as question], ObservedBot() as seen if is_silent(question, seen):
                if not question.known_to_be_silent:
                    activity.metric_meter().create_counter(*BOTS_SILENT).add(1)
                self._reports.record(question.bot_id, question.asked_at, silent=True)
        return result


class _SignalObserver(WorkflowInboundInterceptor):
    """Observes the signals of one workflow.

    It exists as long as the workflow, so it knows each bot's first report.
    """

    reports: WebhookMonitor

    def __init__(self, inner: WorkflowInboundInterceptor) -> None:
        super().__init__(inner)
        self._heard: set[str] = set()

    async def handle_signal(self, signal: HandleSignalInput) -> None:
        if signal.signal == BOT_EVENT_SIGNAL:
            with contextlib.suppress(InvalidInputError):
                self._hear(read(BotEvent, signal.args))
        await super().handle_signal(signal)

    def _hear(self, event: BotEvent) -> None:
        meter = workflow.metric_meter()
        if event.bot_id not in self._heard:
            self._heard.add(event.bot_id)
            meter.create_counter(*BOTS_REPORTING).add(1)
        if not workflow.unsafe.is_replaying():
            self.reports.record(event.bot_id, workflow.now(), silent=False)
            self.reports.note_unknown_codes(event, meter)
