"""Every activity that workflows call, with its timeouts and retries and why they are what they are."""

import math
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityHandle

with workflow.unsafe.imports_passed_through():
    from activities.bots import BotActivities
    from activities.calendar_health import CalendarHealthActivities
    from activities.calendars import CalendarActivities
    from activities.deliveries import DeliveryActivities
    from activities.outgoing_events import EventActivities
    from activities.recordings import RecordingActivities
    from activities.send_attempt import TIME_TO_SEND
    from minutekeeper.calendars.health import HealthCheckInput, HealthCheckResult
    from minutekeeper.calendars.messages import ReconcileInput, ReconcileResult
    from minutekeeper.deliveries.delivery import DeliveryInput, DeliveryRecord, DeliveryResult
    from minutekeeper.deliveries.meeting_events import MeetingNews
    from minutekeeper.meetings.bot_events import ObservedBot
    from minutekeeper.meetings.bot_state import BotState
    from minutekeeper.meetings.collection import CollectInput, CollectResult, ManifestInput, RecordInput
    from minutekeeper.meetings.dispatch import DispatchedBot, DispatchTerms, SendBotInput
    from minutekeeper.meetings.provider_choice import ProviderChoice
    from minutekeeper.meetings.views import Artifact
    from minutekeeper.meetings.webhook_health import BotStatusQuery
    from minutekeeper.temporal.names import RECORDINGS_QUEUE


_Result = TypeVar("_Result")


def give_up(call: ActivityHandle[_Result]) -> None:
    """Cancels an activity whose result is not needed any more."""
    call.cancel()
    call.add_done_callback(lambda done: done.cancelled() or done.exception())


def earlier_run(first_run_id: str) -> str:
    """The first run, if this is a later one. The first one's id is left out: activities know it by themselves."""
    return "" if workflow.info().run_id == first_run_id else first_run_id


_SEARCH_ALLOWANCE = timedelta(seconds=20)
"""An attempt that has to look for the bot of an earlier one has at least this long for it."""


def send_bot(
    request: SendBotInput, call_at: datetime, give_up_at: datetime
) -> ActivityHandle[DispatchedBot | ProviderChoice]:
    """Armed until about `call_at`, then tried again for as long as a bot still helps the meeting.

    Where several providers could send it, a request that names none is answered with the choice of one.

    A send that was lost with its worker is noticed ten seconds after its instant. A cancellation waits for the
    attempt under way: a bot id that exists must come back. No heartbeats while armed, a rush of them would load the
    server when it is busiest.
    """
    now = workflow.now()
    ahead = _whole_seconds(max(call_at - now, timedelta()))
    return workflow.start_activity_method(
        BotActivities.send_bot,
        request,
        start_to_close_timeout=max(ahead, _SEARCH_ALLOWANCE) + TIME_TO_SEND,
        schedule_to_close_timeout=max(_whole_seconds(give_up_at - now), ahead + 3 * TIME_TO_SEND),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=f"at {max(call_at, now):%H:%M:%SZ}",
    )


def find_bot(request: SendBotInput) -> ActivityHandle[DispatchedBot | None]:
    """Whether a bot was sent after all; tried for hours, because the answer decides if one is left behind."""
    return workflow.start_activity_method(
        BotActivities.find_bot,
        request,
        start_to_close_timeout=timedelta(minutes=1),
        schedule_to_close_timeout=timedelta(hours=6),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1)),
        summary="is there a bot of the unconfirmed request?",
    )


async def dispatch_policy(request: SendBotInput) -> DispatchTerms:
    """The worker's settings, where a webhook told of the bot and no answer of `send_bot` did."""
    return await workflow.execute_activity_method(
        BotActivities.dispatch_policy,
        request,
        start_to_close_timeout=timedelta(seconds=10),
        summary="the settings of this worker",
    )


def remove_bot(bot: BotState) -> ActivityHandle[str]:
    """Repeated until acknowledged; after five hours a bot has ended by itself."""
    return workflow.start_activity_method(
        BotActivities.remove_bot,
        bot.reference,
        start_to_close_timeout=timedelta(seconds=20),
        schedule_to_close_timeout=timedelta(hours=5),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
        summary=f"bot {bot.bot_id} leaves",
    )


async def identify_bot(question: BotStatusQuery) -> ObservedBot:
    """Whether the provider knows the bot of a webhook, which is believed if the provider does not answer."""
    return await workflow.execute_activity_method(
        BotActivities.observe_bot,
        question,
        start_to_close_timeout=timedelta(seconds=8),
        schedule_to_close_timeout=timedelta(seconds=8),
        retry_policy=RetryPolicy(maximum_attempts=2),
        summary=f"is {question.bot_id} the bot that was sent?",
    )


async def observe_bot(question: BotStatusQuery, why: str, *, is_urgent: bool = False) -> ObservedBot:
    """Given up after minutes: the next deadline asks again anyway.

    It is urgent where another provider has to send a bot unless this one is at work.
    """
    return await workflow.execute_activity_method(
        BotActivities.observe_bot,
        question,
        start_to_close_timeout=timedelta(seconds=10 if is_urgent else 30),
        schedule_to_close_timeout=timedelta(seconds=15) if is_urgent else timedelta(minutes=3),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=30)),
        summary=why,
    )


async def retranscribe(bot: BotState) -> None:
    """Asks the provider for a new transcript; it is ready when a webhook or a later question says so."""
    await workflow.execute_activity_method(
        BotActivities.retranscribe,
        bot.reference,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=timedelta(hours=1),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)),
        summary="a new transcript",
    )


async def collect(order: CollectInput) -> CollectResult:
    """Hours for a long recording on a slow line, but a dead worker is noticed within a minute by its heartbeats.

    Tried for a week: the recording exists, and an outage of the provider or the store is no reason to lose it.
    """
    return await workflow.execute_activity_method(
        RecordingActivities.collect,
        order,
        task_queue=RECORDINGS_QUEUE,
        start_to_close_timeout=timedelta(hours=6),
        schedule_to_close_timeout=timedelta(days=7),
        heartbeat_timeout=timedelta(seconds=45),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)),
        summary=_collect_summary(order),
    )


async def store_manifest_file(order: ManifestInput) -> Artifact:
    """Only the store is needed; tried for a week so that no whole folder stays without its manifest."""
    return await workflow.execute_activity_method(
        RecordingActivities.write_manifest,
        order,
        task_queue=RECORDINGS_QUEUE,
        start_to_close_timeout=timedelta(minutes=5),
        schedule_to_close_timeout=timedelta(days=7),
        heartbeat_timeout=timedelta(seconds=20),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
        summary="manifest: the folder is whole",
    )


async def store_record(order: RecordInput) -> None:
    """Only the store is needed; given up after an hour, as `minutekeeper records rebuild` makes up for it."""
    await workflow.execute_activity_method(
        RecordingActivities.write_record,
        order,
        task_queue=RECORDINGS_QUEUE,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=timedelta(hours=1),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=45)),
        summary="record: how the meeting ended",
    )


async def announce(news: MeetingNews) -> None:
    """Starts deliveries, and waits for none. Given up after minutes, as the meeting goes on in any case."""
    await workflow.execute_activity_method(
        EventActivities.announce,
        news,
        start_to_close_timeout=timedelta(seconds=15),
        schedule_to_close_timeout=timedelta(minutes=10),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
        summary=news.kind.value,
    )


async def deliver(order: DeliveryInput) -> DeliveryResult:
    """Tried for ever, as what fails here was not sent; a lost worker is noticed in seconds by its heartbeats."""
    return await workflow.execute_activity_method(
        DeliveryActivities.deliver,
        order,
        start_to_close_timeout=timedelta(minutes=2),
        heartbeat_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
        summary=f"try {len(order.attempts) + 1}",
    )


async def record_delivery(record: DeliveryRecord) -> None:
    """Tried for a week, so that an outage of the store leaves no delivery without its record."""
    await workflow.execute_activity_method(
        DeliveryActivities.record_delivery,
        record,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=timedelta(days=7),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
        summary=f"record: {record.outcome.value}",
    )


async def reconcile(order: ReconcileInput) -> ReconcileResult:
    """Minutes for a thousand meetings; a dead worker is noticed within a minute by its heartbeats.

    Given up after half an hour of trouble, so that the calendar shows it and what changed meanwhile is seen to.
    """
    return await workflow.execute_activity_method(
        CalendarActivities.reconcile,
        order,
        start_to_close_timeout=timedelta(minutes=30),
        schedule_to_close_timeout=timedelta(minutes=30),
        heartbeat_timeout=timedelta(seconds=45),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=2)),
        summary=_reconcile_summary(order),
    )


def _whole_seconds(span: timedelta) -> timedelta:
    """Not less than the span. Fractions take bytes in every timeout."""
    return timedelta(seconds=math.ceil(span.total_seconds()))


def _collect_summary(order: CollectInput) -> str:
    parts = ["recording"] * order.recording + ["transcript"] * order.transcript
    return " and ".join(parts)


def _reconcile_summary(order: ReconcileInput) -> str:
    if order.disconnect_reason:
        return "let go of all meetings"
    return "read everything to come" if order.changes.full else "read what changed"


async def check_calendars(order: HealthCheckInput) -> HealthCheckResult:
    """Minutes while the provider reads a thousand calendars; given up after half an hour: the next round comes."""
    return await workflow.execute_activity_method(
        CalendarHealthActivities.check_calendars,
        order,
        start_to_close_timeout=timedelta(minutes=15),
        schedule_to_close_timeout=timedelta(minutes=30),
        heartbeat_timeout=timedelta(seconds=45),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=10)),
        summary="which calendars can be read?",
    )
