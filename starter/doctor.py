"""Whether everything that a meeting needs is there, and what to do about what is not."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client

from artifacts.errors import StoreError
from artifacts.store import ArtifactStore
from meetings.names import MEETINGS_QUEUE, RECORDINGS_QUEUE
from providers.base import AccountError, ProviderError
from providers.meetingbaas.client import MeetingBaasClient
from runtime.settings import Settings
from runtime.startup import key_problems, signing_problems
from starter import collecting_checks, namespace, webhook_checks
from starter.calendars import losses
from starter.checkup import SECONDS_PER_CHECK, Check, Examination, TroubleError, check, connected
from starter.client import MeetingsClient
from starter.errors import MeetingError
from starter.stranded import stranded
from starter.temporal_errors import in_plain_words

_RPC_LIMIT = timedelta(seconds=SECONDS_PER_CHECK)

_STILL_POLLING = timedelta(minutes=2)
"""A worker that polls begins anew every minute."""

_QUEUES = {
    MEETINGS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    RECORDINGS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,),
}


async def examine(settings: Settings) -> Sequence[Check]:
    """Every check at once; none takes longer than five seconds."""
    temporal = asyncio.create_task(_connected())
    examinations: dict[str, Examination] = {
        "secrets": partial(_secrets, settings),
        "Temporal": partial(_namespace, temporal),
        "search attributes": partial(_attributes, temporal),
        "worker for meetings": partial(_workers, temporal, MEETINGS_QUEUE),
        "worker for recordings": partial(_workers, temporal, RECORDINGS_QUEUE),
        "workflows": partial(stranded, temporal),
        "Meeting BaaS": partial(_account, settings),
        "bridge": partial(webhook_checks.bridge, settings),
        "webhooks": partial(webhook_checks.reports, temporal, settings),
        "artifact store": partial(_store, settings),
        "inbox": partial(webhook_checks.inbox, settings),
        "downloads": partial(collecting_checks.examine, temporal),
        "calendars": partial(losses.examine, temporal, settings),
    }
    return await asyncio.gather(*(check(name, each) for name, each in examinations.items()))


async def _secrets(settings: Settings) -> str:
    if problems := [*key_problems(settings), *signing_problems(settings)]:
        raise TroubleError(
            "; ".join(problems), "correct it in the environment or in .env, and restart worker and bridge"
        )
    return "all set"


async def _connected() -> Client:
    return (await MeetingsClient.connect()).temporal


async def _namespace(connecting: "asyncio.Task[Client]") -> str:
    try:
        client = await asyncio.shield(connecting)
        with in_plain_words(client):
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=client.namespace), timeout=_RPC_LIMIT
            )
    except MeetingError as error:
        raise TroubleError(
            str(error), "start it, with `minutekeeper dev` for a try, or correct these settings"
        ) from error
    return f"{client.service_client.config.target_host}, namespace {client.namespace}"


async def _attributes(connecting: "asyncio.Task[Client]") -> str:
    client = await connected(connecting)
    try:
        with in_plain_words(client):
            report = await namespace.look(client)
    except MeetingError as error:
        raise TroubleError(str(error), "put that right, then run `minutekeeper setup`") from error
    if report.missing:
        raise TroubleError(f"missing: {', '.join(report.missing)}", "run `minutekeeper setup`")
    return f"all {len(report.present)} registered"


async def _workers(connecting: "asyncio.Task[Client]", queue: str) -> str:
    client = await connected(connecting)
    remedy = f"start one with `minutekeeper worker`, or see why none polls the task queue {queue!r}"
    identities: set[str] = set()
    for kind in _QUEUES[queue]:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        try:
            with in_plain_words(client):
                answer = await client.workflow_service.describe_task_queue(request, timeout=_RPC_LIMIT)
        except MeetingError as error:
            raise TroubleError(str(error), remedy) from error
        since = datetime.now(UTC) - _STILL_POLLING
        polling = {each.identity for each in answer.pollers if each.last_access_time.ToDatetime(tzinfo=UTC) > since}
        if not polling:
            raise TroubleError(f"nobody polls the task queue {queue!r}", remedy)
        identities |= polling
    return f"polled by {', '.join(sorted(identities))}"


async def _account(settings: Settings) -> str:
    address = settings.meetingbaas_base_url
    try:
        client = MeetingBaasClient(address, settings.meetingbaas_api_key.get_secret_value())
    except ValueError as error:
        raise TroubleError(str(error), "set MEETINGBAAS_API_KEY to the account's key") from error
    try:
        await client.webhook_url()
    except AccountError as error:
        raise TroubleError(
            str(error), "set MEETINGBAAS_API_KEY to the account's key, and check the account"
        ) from error
    except ProviderError as error:
        raise TroubleError(str(error), "check MEETINGBAAS_BASE_URL and the way out to the internet") from error
    finally:
        await client.aclose()
    return f"{address} accepts the API key"


async def _store(settings: Settings) -> str:
    try:
        await ArtifactStore(settings.artifacts_url).check()
    except StoreError as error:
        raise TroubleError(str(error), "set ARTIFACTS_URL to a place that can be written to") from error
    return f"{settings.artifacts_url} can be written to"
