"""The worker process: connects, registers, polls, shuts down cleanly."""

from minutekeeper import early_signals  # noqa: F401 - it works by being loaded before all that takes time

# isort: split

import argparse
import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import (
    Interceptor,
    PatchActivationInput,
    PollerBehaviorAutoscaling,
    UnsandboxedWorkflowRunner,
    Worker,
)

from activities.bots import BotActivities
from activities.calendar_health import CalendarHealthActivities
from activities.calendars import CalendarActivities
from activities.deliveries import DeliveryActivities
from activities.dispatch_batches import ServerClock
from activities.dispatch_slots import DispatchPacing, open_account_limit_queue
from activities.endpoint_requests import EndpointRequests
from activities.meeting_metrics import BUCKETS
from activities.outgoing_events import EventActivities, EventAnnouncer
from activities.recordings import RecordingActivities
from minutekeeper.config import Settings
from minutekeeper.config_reader import SettingsError, read_settings
from minutekeeper.downloads.downloader import DownloadLimits
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session, endpoint_policy
from minutekeeper.logs import set_up_logging
from minutekeeper.process import exit_within, run_and_exit
from minutekeeper.providers.calendar_factory import open_calendars
from minutekeeper.providers.factory import open_providers
from minutekeeper.startup_checks import describe_problems, key_problems, start_problems
from minutekeeper.stop_signals import stop_event
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import DELIVERIES_QUEUE, MEETINGS_QUEUE, RECORDINGS_QUEUE
from minutekeeper.temporal.room_workflows import Rooms
from minutekeeper.temporal.webhook_monitor import WebhookMonitor
from minutekeeper.temporal.worker_connection import connect_with_retry
from workflows.calendar import CalendarWorkflow
from workflows.calendar_health import CalendarHealthWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.meeting import MeetingWorkflow
from workflows.room_reservation import RoomReservationWorkflow

logger = logging.getLogger("worker")

_PROGRESS_EVERY = timedelta(seconds=5)
"""How often the bytes of a download reach Temporal: a lively progress bar, but each report is an action."""

_DELIVERIES_AT_ONCE = 1000
"""Most of them wait for their turn, as an endpoint has few at a time."""

_GRACE_SHARE = 0.8
"""The part of the time to shut down that running activities have to finish; the rest is for cancelling them."""

_WORKFLOW_TASK_SECONDS = 9.0
"""Just below the 10 s after which the server gives a workflow task to another worker.

The SDK gives up a task that takes 2 s of the wall clock as deadlocked, fails it for ever, and cannot evict it. Ten
thousand piled-up webhooks of one meeting are one task and 0.6 s of CPU, which are more than 2 s on a busy machine.
"""


def meetings_worker(
    client: Client,
    activities: tuple[BotActivities, CalendarActivities, CalendarHealthActivities, EventActivities],
    settings: Settings,
    interceptors: Sequence[Interceptor] = (),
) -> Worker:
    bots, calendars, rounds, events = activities
    worker = Worker(
        client,
        task_queue=MEETINGS_QUEUE,
        workflows=[MeetingWorkflow, RoomReservationWorkflow, CalendarWorkflow, CalendarHealthWorkflow],
        activities=[
            *(bots.send_bot, bots.find_bot, bots.remove_bot, bots.observe_bot),
            *(bots.retranscribe, bots.dispatch_policy),
            calendars.reconcile,
            rounds.check_calendars,
            events.announce,
        ],
        # The tests run the same workflows in the sandbox, which finds what is not deterministic. Here it would cost
        # as much CPU as all else together.
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=settings.minutekeeper_cached_workflows,
        max_concurrent_activities=settings.minutekeeper_max_concurrent_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        graceful_shutdown_timeout=_grace(settings),
        interceptors=interceptors,
        patch_activation_callback=_deny_patches if settings.minutekeeper_disable_new_patches else None,
    )
    # The SDK has no setting for it but its debug mode, which runs workflows in the event loop.
    workflows = worker._workflow_worker  # noqa: SLF001 - no other way, see above
    workflows._deadlock_timeout_seconds = _WORKFLOW_TASK_SECONDS  # type: ignore[union-attr]  # noqa: SLF001 - likewise
    return worker


def _grace(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.minutekeeper_shutdown_seconds * _GRACE_SHARE)


def _deny_patches(_: PatchActivationInput) -> bool:
    """No new way: a worker of an older release could not carry on a meeting that has taken it."""
    return False


def recordings_worker(client: Client, recordings: RecordingActivities, settings: Settings) -> Worker:
    return Worker(
        client,
        task_queue=RECORDINGS_QUEUE,
        activities=[recordings.collect, recordings.write_manifest, recordings.write_record],
        max_concurrent_activities=settings.minutekeeper_download_slots,
        max_heartbeat_throttle_interval=_PROGRESS_EVERY,
        graceful_shutdown_timeout=_grace(settings),
    )


def deliveries_worker(client: Client, deliveries: DeliveryActivities, settings: Settings) -> Worker:
    """A queue of its own, so that a receiver that is slow delays no bot and no recording."""
    return Worker(
        client,
        task_queue=DELIVERIES_QUEUE,
        workflows=[DeliveryWorkflow],
        activities=[deliveries.deliver, deliveries.record_delivery],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=settings.minutekeeper_cached_workflows,
        max_concurrent_activities=_DELIVERIES_AT_ONCE,
        graceful_shutdown_timeout=_grace(settings),
    )


def _pacing(client: Client, settings: Settings) -> DispatchPacing:
    clock = ServerClock()
    return DispatchPacing(clock, queue=open_account_limit_queue(client, clock), paces=settings.account_paces)


@contextlib.asynccontextmanager
async def _workers(client: Client, settings: Settings, queues: str) -> AsyncIterator[list[Worker]]:
    async with contextlib.AsyncExitStack() as stack:
        providers = open_providers(settings)
        stack.push_async_callback(providers.aclose)
        workers = []
        if queues in {"all", MEETINGS_QUEUE}:
            bots = BotActivities(
                providers,
                public_url=settings.bridge_public_url,
                secret=settings.bridge_secret.get_secret_value(),
                pacing=_pacing(client, settings),
                rooms=Rooms(client),
            )
            account = open_calendars(settings)
            stack.push_async_callback(account.aclose)
            store = ArtifactStore(settings.artifacts_url)
            events = EventAnnouncer(store, settings.minutekeeper_web_public_url)
            calendars = CalendarActivities(
                account.of,
                store,
                settings.wake_up,
                veto=settings.minutekeeper_veto,
                limits=settings.limits,
                events=events,
            )
            rounds = CalendarHealthActivities(list(account), settings.minutekeeper_calendar_check_seconds, events)
            reporting = WebhookMonitor(settings.bridge_public_url)
            workers.append(
                meetings_worker(client, (bots, calendars, rounds, EventActivities(events)), settings, [reporting])
            )
        if queues in {"all", RECORDINGS_QUEUE}:
            policy = UrlPolicy(
                hosts=settings.download_hosts,
                private_addresses=settings.minutekeeper_download_private_addresses,
            )
            recordings = RecordingActivities(
                providers,
                ArtifactStore(settings.artifacts_url),
                await stack.enter_async_context(
                    create_checked_session(settings.minutekeeper_download_slots, policy)
                ),
                DownloadLimits(max_bytes=settings.minutekeeper_download_max_bytes),
                timedelta(seconds=settings.minutekeeper_download_give_up_seconds),
                EventAnnouncer(ArtifactStore(settings.artifacts_url), settings.minutekeeper_web_public_url),
            )
            workers.append(recordings_worker(client, recordings, settings))
        if queues in {"all", DELIVERIES_QUEUE}:
            sending = EndpointRequests(
                await stack.enter_async_context(
                    create_checked_session(
                        _DELIVERIES_AT_ONCE,
                        endpoint_policy(private_addresses=settings.minutekeeper_webhook_private_addresses),
                    )
                ),
                settings.minutekeeper_webhook_secret.get_secret_value(),
            )
            deliveries = DeliveryActivities(ArtifactStore(settings.artifacts_url), sending)
            workers.append(deliveries_worker(client, deliveries, settings))
        yield workers


async def serve(settings: Settings, queues: str) -> None:
    """Works until SIGINT or SIGTERM, then finishes or hands back what is under way."""
    stop = stop_event()
    runtime = None
    if settings.minutekeeper_metrics_address:
        metrics = PrometheusConfig(
            bind_address=settings.minutekeeper_metrics_address,
            durations_as_seconds=True,
            histogram_bucket_overrides=BUCKETS,
        )
        runtime = Runtime(telemetry=TelemetryConfig(metrics=metrics))
    connecting = asyncio.create_task(connect_with_retry(runtime=runtime))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not connecting.done():
        connecting.cancel()
        return
    async with _workers(await connecting, settings, queues) as workers:
        logger.info("ready, polling %s", ", ".join(worker.task_queue for worker in workers))
        running = [asyncio.create_task(worker.run()) for worker in workers]
        await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
        exit_within(settings.minutekeeper_shutdown_seconds)
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*running)
    logger.info("stopped")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="worker", description="Runs meetings and brings their recordings home.")
    parser.add_argument(
        "--queue", choices=["all", MEETINGS_QUEUE, RECORDINGS_QUEUE, DELIVERIES_QUEUE], default="all"
    )
    queues = parser.parse_args(argv).queue
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # Downloads and deliveries sign nothing for providers, and give no address away.
    problems = start_problems(settings) if queues in {"all", MEETINGS_QUEUE} else key_problems(settings)
    if problems:
        sys.stderr.write(describe_problems(problems))
        return 2
    set_up_logging(json=settings.minutekeeper_log_format == "json", level=settings.minutekeeper_log_level)
    # What was imported is looked at by no collection, which would take half the time of a task with many webhooks.
    gc.freeze()
    try:
        asyncio.run(serve(settings, queues))
    except StoreError as error:
        sys.stderr.write(f"The worker cannot start: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    run_and_exit(main)
