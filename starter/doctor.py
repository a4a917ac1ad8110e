"""Whether everything that a meeting needs is there, and what to do about what is not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
from pydantic import BaseModel, ConfigDict
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
from starter import namespace
from starter.client import MeetingsClient
from starter.errors import MeetingError
from starter.temporal_errors import in_plain_words

_SECONDS_PER_CHECK = 5.0
_RPC_LIMIT = timedelta(seconds=_SECONDS_PER_CHECK)

_STILL_POLLING = timedelta(minutes=2)
"""A worker that polls begins anew every minute."""

_QUEUES = {
    MEETINGS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    RECORDINGS_QUEUE: (TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,),
}


class _TroubleError(Exception):
    """A check failed: what was found, and what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.remedy = remedy


class Check(BaseModel):
    """One line of the doctor's report; `remedy` says what to do if it is not `ok`."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    found: str
    remedy: str = ""


_Examination = Callable[[], Awaitable[str]]


async def examine(settings: Settings) -> Sequence[Check]:
    """Every check at once; none takes longer than five seconds."""
    temporal = asyncio.create_task(_connected())
    examinations: dict[str, _Examination] = {
        "secrets": partial(_secrets, settings),
        "Temporal": partial(_namespace, temporal),
        "search attributes": partial(_attributes, temporal),
        "worker for meetings": partial(_workers, temporal, MEETINGS_QUEUE),
        "worker for recordings": partial(_workers, temporal, RECORDINGS_QUEUE),
        "Meeting BaaS": partial(_account, settings),
        "bridge": partial(_bridge, settings),
        "artifact store": partial(_store, settings),
    }
    return await asyncio.gather(*(_check(name, each) for name, each in examinations.items()))


async def _check(name: str, examination: _Examination) -> Check:
    try:
        async with asyncio.timeout(_SECONDS_PER_CHECK):
            return Check(name=name, ok=True, found=await examination())
    except _TroubleError as trouble:
        return Check(name=name, ok=False, found=str(trouble), remedy=trouble.remedy)
    except TimeoutError:
        found = f"no answer within {_SECONDS_PER_CHECK:g} seconds"
        return Check(name=name, ok=False, found=found, remedy="check that the address is right and reachable")


async def _secrets(settings: Settings) -> str:
    if missing := settings.missing_secrets():
        raise _TroubleError(f"not set: {', '.join(missing)}", "set them in the environment or in .env")
    return "all set"


async def _connected() -> Client:
    return (await MeetingsClient.connect()).temporal


async def _temporal(connecting: "asyncio.Task[Client]") -> Client:
    try:
        # Shielded, because several checks wait for the same connection.
        return await asyncio.shield(connecting)
    except MeetingError as error:
        raise _TroubleError("not checked: Temporal does not answer", "see there") from error


async def _namespace(connecting: "asyncio.Task[Client]") -> str:
    try:
        client = await asyncio.shield(connecting)
        with in_plain_words(client):
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=client.namespace), timeout=_RPC_LIMIT
            )
    except MeetingError as error:
        raise _TroubleError(
            str(error), "start it, with `minutekeeper dev` for a try, or correct these settings"
        ) from error
    return f"{client.service_client.config.target_host}, namespace {client.namespace}"


async def _attributes(connecting: "asyncio.Task[Client]") -> str:
    client = await _temporal(connecting)
    try:
        with in_plain_words(client):
            report = await namespace.look(client)
    except MeetingError as error:
        raise _TroubleError(str(error), "put that right, then run `minutekeeper setup`") from error
    if report.missing:
        raise _TroubleError(f"missing: {', '.join(report.missing)}", "run `minutekeeper setup`")
    return f"all {len(report.present)} registered"


async def _workers(connecting: "asyncio.Task[Client]", queue: str) -> str:
    client = await _temporal(connecting)
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
            raise _TroubleError(str(error), remedy) from error
        since = datetime.now(UTC) - _STILL_POLLING
        polling = {each.identity for each in answer.pollers if each.last_access_time.ToDatetime(tzinfo=UTC) > since}
        if not polling:
            raise _TroubleError(f"nobody polls the task queue {queue!r}", remedy)
        identities |= polling
    return f"polled by {', '.join(sorted(identities))}"


async def _account(settings: Settings) -> str:
    address = settings.meetingbaas_base_url
    try:
        client = MeetingBaasClient(address, settings.meetingbaas_api_key.get_secret_value())
    except ValueError as error:
        raise _TroubleError(str(error), "set MEETINGBAAS_API_KEY to the account's key") from error
    try:
        await client.webhook_url()
    except AccountError as error:
        raise _TroubleError(
            str(error), "set MEETINGBAAS_API_KEY to the account's key, and check the account"
        ) from error
    except ProviderError as error:
        raise _TroubleError(str(error), "check MEETINGBAAS_BASE_URL and the way out to the internet") from error
    finally:
        await client.aclose()
    return f"{address} accepts the API key"


async def _bridge(settings: Settings) -> str:
    url = f"{settings.bridge_public_url}/healthz"
    remedy = "start it with `minutekeeper bridge`, and set BRIDGE_PUBLIC_URL to where the provider reaches it"
    try:
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            if response.status != 200:
                raise _TroubleError(f"{url} answers {response.status}", remedy)
    except (aiohttp.ClientError, OSError) as error:
        raise _TroubleError(f"{url} cannot be reached: {error}", remedy) from error
    return f"{url} answers"


async def _store(settings: Settings) -> str:
    try:
        await ArtifactStore(settings.artifacts_url).check()
    except StoreError as error:
        raise _TroubleError(str(error), "set ARTIFACTS_URL to a place that can be written to") from error
    return f"{settings.artifacts_url} can be written to"
