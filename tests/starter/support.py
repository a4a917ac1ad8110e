"""Running the command in this process, and waiting for what Temporal does a moment later."""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import Evidence, Outcome, StoredFile
from minutekeeper.temporal.names import MEETINGS_QUEUE
from minutekeeper.temporal.worker_connection import plugin
from starter.cli import run
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import FakeMeeting, Scene, check_calendars, download, fail, reconcile
from workflows.calendar import CalendarWorkflow
from workflows.calendar_health import CalendarHealthWorkflow

QUIET = "quiet"
SECRET = "a-secret-of-the-tests-with-enough-letters"
"""A namespace in which no worker polls."""

YEAR = datetime.now(UTC).year + 1
"""A year in which every day is still to come."""

URL = "https://meet.google.com/abc-defg-hij"

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, which must be JSON and nothing else; and nothing but that."""
        assert self.err == ""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The error that a program is given; standard output stays empty."""
        assert self.out == ""
        problem = json.loads(self.err)
        assert problem["exit_code"] == self.code
        message: str = problem["error"]
        return message


def run_here(*arguments: str) -> Ended:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return Ended(code, *texts)


async def cli(*arguments: str) -> Ended:
    """Runs a command while the worker of the tests goes on."""
    return await asyncio.to_thread(run_here, *arguments)


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The real command; it does not outlive the block."""
    root = str(Path(__file__).parents[2])
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "starter",
        *arguments,
        env=os.environ | {"PYTHONPATH": root},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


@asynccontextmanager
async def temporal_server(
    attributes: list[SearchAttributeKey[Any]], *extra: str
) -> AsyncIterator[WorkflowEnvironment]:
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_log_level="never",
        dev_server_extra_args=list(extra),
        search_attributes=attributes,
        plugins=[plugin()],
    )
    async with environment:
        yield environment


def fake_worker(temporal: Client) -> Worker:
    return Worker(
        temporal,
        task_queue=MEETINGS_QUEUE,
        workflows=[FakeMeeting, CalendarWorkflow, CalendarHealthWorkflow],
        activities=[download, fail, reconcile, check_calendars],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


async def connect(temporal: Client, namespace: str) -> Client:
    """The same server, another namespace."""
    return await Client.connect(target_of(temporal), namespace=namespace, plugins=[plugin()])


def target_of(client: Client) -> str:
    return client.service_client.config.target_host


def a_request(hours: float = 24, **fields: Any) -> MeetingRequest:
    """A meeting that starts so many hours from now, at a second of its own."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    return MeetingRequest.model_validate({"meeting_url": URL, "start_time": start} | fields)


def an_outcome(meeting_id: str, status: MeetingStatus = MeetingStatus.COMPLETED, **fields: Any) -> Outcome:
    evidence = Evidence(event=status.value, at=datetime.now(UTC), text="the provider's own words")
    has_files = status is MeetingStatus.COMPLETED
    files = (StoredFile(path=f"{meeting_id}/recording.mp4", size=12_345),) if has_files else ()
    state = TranscriptState.READY if has_files else TranscriptState.FAILED
    bare = {"bot_id": "bot-1", "artifacts": files, "transcript": state}
    return Outcome.model_validate(
        {"meeting_id": meeting_id, "status": status, "evidence": evidence} | bare | fields
    )


async def play(client: TemporalMeetingClient, workflow_id: str, scene: Scene) -> None:
    await client.temporal.get_workflow_handle(workflow_id).signal("play", scene)


async def end(client: TemporalMeetingClient, workflow_id: str, outcome: Outcome) -> None:
    """Ends a meeting, and waits until Temporal says so."""
    await play(client, workflow_id, Scene(outcome=outcome))
    await client.temporal.get_workflow_handle(workflow_id).result()


async def eventually(
    look: Callable[[], Awaitable[_Result]], is_right: Callable[[_Result], bool], tries: int = 200
) -> _Result:
    """What is seen once it is right, because lists lag behind by a moment."""
    for _ in range(tries):
        seen = await look()
        if is_right(seen):
            return seen
        await asyncio.sleep(0.05)
    raise AssertionError(f"still wrong: {seen}")
