"""Records of meetings that ended without leaving one."""

from pathlib import Path

import pytest

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import a_request, cli

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("without_worker")]


async def test_a_meeting_that_was_terminated_before_its_first_step_needs_no_worker(
    quiet_client: TemporalMeetingClient, tmp_path: Path
) -> None:
    request = a_request(441, title="Never begun", metadata={"deal": "9"})
    started = await quiet_client.start(request)
    await quiet_client.temporal.get_workflow_handle(started.workflow_id).terminate("by hand")

    rebuilt = (await cli("records", "rebuild", "--json")).json

    assert any(started.meeting_id in path for path in rebuilt["made"])
    assert rebuilt["made"] == rebuilt["without_timeline"]
    store = RecordStore(ArtifactStore((tmp_path / "store").as_uri()))
    (record,) = await store.of_meeting(started.workflow_id)
    assert (record.status, record.reason) == (MeetingStatus.FAILED, FailureReason.TERMINATED)
    assert (record.title, record.metadata, record.start_time) == ("Never begun", {"deal": "9"}, request.start_time)
    again = (await cli("records", "rebuild", "--json")).json
    assert (again["made"], again["already_there"]) == ([], len(rebuilt["made"]) + rebuilt["already_there"])
