"""The activities a meeting asks for, each with its timeouts and retries and why they are what they are."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityHandle

with workflow.unsafe.imports_passed_through():
    from activities.bots import BotActivities
    from activities.calendars import CalendarActivities
    from activities.recordings import RecordingActivities
    from meetings.calendars.keeping import LookOrder, LookResult
    from meetings.collection import CollectOrder, ManifestOrder, RecordingResult, TranscriptResult
    from meetings.dispatch import DispatchOrder, DispatchPlan, PlanRequest, SentBot
    from meetings.events import ObservedBot
    from meetings.names import RECORDINGS_QUEUE
    from meetings.outcome import Artifact
    from meetings.reporting import BotQuestion

_SEND_ALLOWANCE = timedelta(seconds=10)
"""A send that was lost with its worker is noticed this long after its instant, and no request takes longer."""


async def plan_dispatch(start_time: datetime) -> DispatchPlan:
    """A microsecond of arithmetic with the worker's settings.

    Not a local activity: with an update in the same workflow task, its replay was seen to differ (SDK 1.35).
    """
    return await workflow.execute_activity_method(
        BotActivities.plan_dispatch,
        PlanRequest(start_time=start_time, now=workflow.now()),
        start_to_close_timeout=timedelta(seconds=10),
        summary="when does the provider want to be called?",
    )


def send_bot(order: DispatchOrder, give_up_at: datetime, summary: str) -> ActivityHandle[SentBot]:
    """Armed until the order's instant, then tried again for as long as a bot still helps the meeting.

    A cancellation waits for the attempt under way: a bot id that exists must come back. No heartbeats while armed,
    a rush of them would load the server when it is busiest.
    """
    now = workflow.now()
    ahead = max(order.call_at - now, timedelta())
    return workflow.start_activity_method(
        BotActivities.send_bot,
        order,
        start_to_close_timeout=ahead + _SEND_ALLOWANCE,
        schedule_to_close_timeout=max(give_up_at - now, ahead + 3 * _SEND_ALLOWANCE),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=summary,
    )


async def find_bot(order: DispatchOrder) -> SentBot | None:
    """Whether a bot was sent after all; tried for hours, because the answer decides if one is left behind."""
    return await workflow.execute_activity_method(
        BotActivities.find_bot,
        order,
        start_to_close_timeout=timedelta(minutes=1),
        schedule_to_close_timeout=timedelta(hours=6),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1)),
        summary="is there a bot of the order that ended in doubt?",
    )


async def remove_bot(bot_id: str) -> str:
    """Repeated until acknowledged; after five hours a bot has ended by itself."""
    return await workflow.execute_activity_method(
        BotActivities.remove_bot,
        bot_id,
        start_to_close_timeout=timedelta(seconds=20),
        schedule_to_close_timeout=timedelta(hours=5),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
        summary=f"bot {bot_id} leaves",
    )


async def observe_bot(question: BotQuestion, why: str) -> ObservedBot:
    """Given up after minutes: the next deadline asks again anyway."""
    return await workflow.execute_activity_method(
        BotActivities.observe_bot,
        question,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=timedelta(minutes=3),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=30)),
        summary=why,
    )


async def download_recording(order: CollectOrder) -> RecordingResult:
    """Hours for a long recording on a slow line, but a dead worker is noticed within a minute by its heartbeats.

    Tried for a week: the recording exists, and an outage of the provider or the store is no reason to lose it.
    """
    return await workflow.execute_activity_method(
        RecordingActivities.download_recording,
        order,
        task_queue=RECORDINGS_QUEUE,
        start_to_close_timeout=timedelta(hours=6),
        schedule_to_close_timeout=timedelta(days=7),
        heartbeat_timeout=timedelta(seconds=45),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)),
        summary=f"recording of bot {order.bot_id}",
    )


async def write_transcript(order: CollectOrder) -> TranscriptResult:
    """Minutes for megabytes of text, but a dead worker is noticed by its heartbeats; tried for a week."""
    return await workflow.execute_activity_method(
        RecordingActivities.write_transcript,
        order,
        task_queue=RECORDINGS_QUEUE,
        start_to_close_timeout=timedelta(minutes=5),
        schedule_to_close_timeout=timedelta(days=7),
        heartbeat_timeout=timedelta(seconds=20),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)),
        summary=f"transcript of bot {order.bot_id}",
    )


async def write_manifest(order: ManifestOrder) -> Artifact:
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


async def reconcile(order: LookOrder) -> LookResult:
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
        summary=_look_summary(order),
    )


def _look_summary(order: LookOrder) -> str:
    if order.farewell:
        return "let go of all meetings"
    return "read everything to come" if order.news.full else "read what changed"
