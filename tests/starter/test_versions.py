"""A worker of another version: what it answers and cannot be read is told in one sentence."""

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import QUIET, a_request, cli

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


@workflow.defn(name=MEETING_WORKFLOW)
class OlderMeeting:
    @workflow.run
    async def run(self, _request: MeetingRequest) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def status(self) -> dict[str, str]:
        return {"meeting_id": workflow.info().workflow_id, "status": "scheduled"}


async def test_an_answer_of_another_version_is_told_as_such(
    quiet_client: TemporalMeetingClient, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("TEMPORAL_NAMESPACE", QUIET)
    temporal: Client = quiet_client.temporal
    worker = Worker(
        temporal, task_queue=MEETINGS_QUEUE, workflows=[OlderMeeting], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with worker:
        handle = await temporal.start_workflow(
            MEETING_WORKFLOW, a_request(), id="of-another-version", task_queue=MEETINGS_QUEUE
        )
        shown = await cli("show", "of-another-version")
        await handle.terminate()

    assert (shown.code, shown.out) == (1, "")
    assert "workflow_id: is missing" in shown.err
    assert "different versions" in shown.err
    assert "pydantic" not in shown.err
