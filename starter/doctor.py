"""The health checks of `minutekeeper doctor`: what is missing or broken, and what to do about it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecution

from minutekeeper.config import Settings
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.startup_checks import key_problems, signing_problems, webhook_problems
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import (
    CALENDAR_HEALTH_WORKFLOW,
    CALENDAR_WORKFLOW,
    MEETING_WORKFLOW,
    MEETINGS_QUEUE,
    RECORDINGS_QUEUE,
    ROOM_WORKFLOW,
)
from minutekeeper.temporal.queries import quoted_list
from starter import namespace, webhook_checks
from starter.calendars.doctor import check_bookings, check_limits
from starter.client import MeetingClient
from starter.endpoint_checks import check_endpoints
from starter.error_translation import translate_temporal_errors
from starter.errors import MeetingError
from starter.health_checks import (
    CHECK_TIMEOUT_SECONDS,
    CheckFailedError,
    CheckResult,
    HealthCheck,
    run_check,
    shared_connection,
)
from starter.output import amount
from starter.provider_checks import provider_checks
from starter.temporal_client import TemporalMeetingClient

_RPC_TIMEOUT = timedelta(seconds=CHECK_TIMEOUT_SECONDS)

_POLLER_TIMEOUT = timedelta(minutes=2)
"""A worker that polls sends a new poll request every minute."""

_QUEUES = {
    MEETINGS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    RECORDINGS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,),
}
_WORKFLOW_TYPES = quoted_list([MEETING_WORKFLOW, ROOM_WORKFLOW, CALENDAR_WORKFLOW, CALENDAR_HEALTH_WORKFLOW])
_MAX_NAMED = 5
_MAX_COLLECTING = 20
"""Meetings that are checked for stalled downloads: a cause that holds up all of them shows in any."""


async def run_checks(settings: Settings) -> Sequence[CheckResult]:
    """Runs all checks at the same time, each with a timeout of five seconds."""
    temporal = asyncio.create_task(_connect())
    checks: dict[str, HealthCheck] = {
        "secrets": partial(_check_secrets, settings),
        "Temporal": partial(_check_namespace, temporal),
        "search attributes": partial(_check_search_attributes, temporal),
        "worker for meetings": partial(_check_workers, temporal, MEETINGS_QUEUE),
        "worker for recordings": partial(_check_workers, temporal, RECORDINGS_QUEUE),
        "workflows": partial(_check_workflows, temporal),
        **dict(provider_checks(settings)),
        "bridge": partial(webhook_checks.check_bridge, settings),
        "webhooks": partial(webhook_checks.check_deliveries, temporal, settings),
        "artifact store": partial(_check_store, settings),
        "inbox": partial(webhook_checks.check_inbox, settings),
        "downloads": partial(_check_downloads, temporal),
        "calendars": partial(check_bookings, temporal, settings),
        "limits": partial(check_limits, settings),
        "endpoints": partial(check_endpoints, settings),
    }
    return await asyncio.gather(*(run_check(name, each) for name, each in checks.items()))


async def _connect() -> Client:
    return (await MeetingClient.connect()).temporal


async def _check_secrets(settings: Settings) -> str:
    if problems := [*key_problems(settings), *webhook_problems(settings), *signing_problems(settings)]:
        raise CheckFailedError(
            "; ".join(problems), "correct it in the environment or in .env, and restart worker and bridge"
        )
    return "all set"


async def _check_namespace(connecting: "asyncio.Task[Client]") -> str:
    try:
        client = await asyncio.shield(connecting)
        with translate_temporal_errors(client):
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=client.namespace), timeout=_RPC_TIMEOUT
            )
    except MeetingError as error:
        raise CheckFailedError(
            str(error), "start it, for a first try with `minutekeeper dev`, or correct these settings"
        ) from error
    return f"{client.service_client.config.target_host}, namespace {client.namespace}"


async def _check_search_attributes(connecting: "asyncio.Task[Client]") -> str:
    client = await shared_connection(connecting)
    try:
        with translate_temporal_errors(client):
            report = await namespace.read_attributes(client)
    except MeetingError as error:
        raise CheckFailedError(str(error), "correct that, then run `minutekeeper setup`") from error
    if report.missing:
        raise CheckFailedError(f"missing: {', '.join(report.missing)}", "run `minutekeeper setup`")
    return f"all {len(report.present)} registered"


async def _check_workers(connecting: "asyncio.Task[Client]", queue: str) -> str:
    client = await shared_connection(connecting)
    remedy = f"start one with `minutekeeper worker`, or find out why none polls the task queue {queue!r}"
    identities: set[str] = set()
    for kind in _QUEUES[queue]:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        try:
            with translate_temporal_errors(client):
                answer = await client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)
        except MeetingError as error:
            raise CheckFailedError(str(error), remedy) from error
        since = datetime.now(UTC) - _POLLER_TIMEOUT
        polling = {each.identity for each in answer.pollers if each.last_access_time.ToDatetime(tzinfo=UTC) > since}
        if not polling:
            raise CheckFailedError(f"no worker polls the task queue {queue!r}", remedy)
        identities |= polling
    return f"polled by {', '.join(sorted(identities))}"


async def _check_workflows(connecting: "asyncio.Task[Client]") -> str:
    """Whether running workflows are on a task queue, or of a type, that no worker of Minutekeeper executes."""
    client = await shared_connection(connecting)
    with translate_temporal_errors(client):
        misplaced = await _running(
            client, f"WorkflowType IN ({_WORKFLOW_TYPES}) AND TaskQueue != '{MEETINGS_QUEUE}'"
        )
        unknown = await _running(
            client, f"WorkflowType NOT IN ({_WORKFLOW_TYPES}) AND TaskQueue = '{MEETINGS_QUEUE}'"
        )
    problems = [
        *(f"{each.id} waits on the task queue {each.task_queue!r}" for each in misplaced),
        *(f"{each.id} is of the type {each.workflow_type!r}" for each in unknown),
    ]
    if not problems:
        return f"all wait on {MEETINGS_QUEUE!r}"
    more = ", and more" if len(problems) > _MAX_NAMED else ""
    raise CheckFailedError(
        f"no worker executes: {', '.join(problems[:_MAX_NAMED])}{more}",
        "end them with `temporal workflow terminate --workflow-id ID`, and start them on the task queue "
        f"{MEETINGS_QUEUE!r} with the type {MEETING_WORKFLOW}",
    )


async def _running(client: Client, condition: str) -> list[WorkflowExecution]:
    query = f"{condition} AND ExecutionStatus = 'Running'"
    return [each async for each in client.list_workflows(query, limit=_MAX_NAMED + 1)]


async def _check_store(settings: Settings) -> str:
    try:
        await ArtifactStore(settings.artifacts_url).check()
    except StoreError as error:
        raise CheckFailedError(str(error), "set ARTIFACTS_URL to a writable location") from error
    return f"{settings.artifacts_url} is writable"


async def _check_downloads(connecting: "asyncio.Task[Client]") -> str:
    """Whether meetings whose bot has left are held up while fetching recording and transcript."""
    client = TemporalMeetingClient(await shared_connection(connecting))
    remedy = "correct that; downloads are retried automatically, and `minutekeeper show ID` shows their progress"
    try:
        collecting = await client.list(status=MeetingStatus.COLLECTING, limit=_MAX_COLLECTING)
        pending = await asyncio.gather(*(client.pending_activities(each.workflow_id) for each in collecting))
    except MeetingError as error:
        raise CheckFailedError(str(error), remedy) from error
    held_up = [(meeting, found[0]) for meeting, found in zip(collecting, pending, strict=True) if found]
    if held_up:
        meeting, first = held_up[0]
        others = f" (and {len(held_up) - 1} more)" if len(held_up) > 1 else ""
        raise CheckFailedError(f"{meeting.meeting_id}{others}: {first.activity} failed: {first.failure}", remedy)
    return f"{amount(len(collecting), 'meeting')} collecting recordings and transcripts"
