"""Meetings whose executions were deleted are told of as before, while no worker answers."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.service import RPCError

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from tests.devtools.stack.processes import descendants
from tests.starter.support import cli
from tests.system.conftest import SHORT_DEADLINES
from tests.system.stack import RunningStack, running_stack
from tests.system.test_ends import start

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = " Read from the meeting's record in the artifact store."


async def told_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `show` and `why` say."""
    shown, why = (await cli("show", name, "--json")).json, (await cli("why", name, "--json")).json
    return shown, why


async def delete(stack: RunningStack, name: str) -> None:
    request = DeleteWorkflowExecutionRequest(
        namespace=stack.client.namespace, workflow_execution=WorkflowExecution(workflow_id=name)
    )
    await stack.client.workflow_service.delete_workflow_execution(request)


async def schedule(url: str) -> str:
    """A meeting of tomorrow; its workflow's id."""
    workflow_id: str = (await cli("schedule", url, "--at", "+1d", "--json")).json["workflow_id"]
    return workflow_id


async def makes_missing_records(stack: RunningStack, names: list[str], *, already_there: int) -> None:
    """Has records made of a meeting whose record is lost, and of one that was terminated."""
    lost, terminated = names
    records = RecordStore(ArtifactStore(stack.addresses["artifacts"]))
    (record,) = await records.of_meeting(lost)
    (file,) = (stack.artifacts / "records").glob(f"2*/*/*/*-{lost.removeprefix('meeting-')}.json")
    file.unlink()
    assert await records.of_meeting(lost) == await records.of_meeting(terminated) == []
    rebuilt = (await cli("records", "rebuild", "--json")).json
    assert (rebuilt["already_there"], len(rebuilt["made"])) == (already_there, 2)
    (again,) = await records.of_meeting(lost)
    assert (again.view, again.bots, again.run) == (record.view, record.bots, record.run)
    (ended,) = await records.of_meeting(terminated)
    assert (ended.status, ended.reason) == (MeetingStatus.FAILED, FailureReason.TERMINATED)
    assert "5 ended meetings had a record; no records made." in (await cli("records", "rebuild")).out


async def until_forgotten(stack: RunningStack, name: str) -> None:
    with contextlib.suppress(RPCError):
        for _ in range(240):
            await stack.handle(name).describe()
            await asyncio.sleep(0.5)
        raise AssertionError(f"{name} was never deleted")


async def test_show_and_why_say_the_same_of_a_deleted_meeting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_stack(tmp_path, **SHORT_DEADLINES) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        ends = {
            await start(stack, "normal", title="Weekly", metadata={"deal": "7"}): MeetingStatus.COMPLETED,
            await start(stack, "rejected"): MeetingStatus.FAILED,
            await start(stack, "failed_then_complete"): MeetingStatus.COMPLETED,
        }
        cancelled = await schedule("https://meet.google.com/xyz-abcd-efg")
        assert (await cli("cancel", cancelled, "--json")).code == 0
        ends[cancelled] = MeetingStatus.CANCELLED
        for name, status in ends.items():
            assert (await stack.outcome(name, 100)).status is status
        terminated = await schedule("https://meet.google.com/xyz-abcd-efh")
        await stack.handle(terminated).terminate("by hand")
        await makes_missing_records(stack, [list(ends)[1], terminated], already_there=3)
        before = {name: await told_of(name) for name in ends}
        listed = {each["workflow_id"]: each for each in (await cli("list", "--json")).json}

        for name in (*ends, terminated):
            await delete(stack, name)
        for name in (*ends, terminated):
            await until_forgotten(stack, name)
        workers = [pid for pid, command in descendants(stack.process.pid).items() if command.endswith("-m worker")]
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        try:
            for name, (shown, why) in before.items():
                assert shown["from"] == why["from"] == "temporal"
                said = why["explanation"] + ORIGIN
                assert await told_of(name) == (
                    shown | {"from": "record"},
                    why | {"from": "record", "explanation": said},
                )
            assert (await told_of(terminated))[1]["reason"] == "terminated"
            again = {each["workflow_id"]: each for each in (await cli("list", "--json")).json}
            assert again.keys() == listed.keys()
            assert {each["from"] for each in again.values()} == {"record"}
            assert (await cli("transcript", next(iter(ends)))).code == 0
            assert (await cli("watch", next(iter(ends)), "--json")).code == 0
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)

        records = RecordStore(ArtifactStore(stack.addresses["artifacts"]))
        (record,) = await records.of_meeting(next(iter(ends)))
        assert {file.name for file in record.files} >= {"recording.mp4", "transcript.json"}
        assert all(len(file.sha256) == 64 for file in record.files)
        assert record.speakers
        assert record.duration_seconds
