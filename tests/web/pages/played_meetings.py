"""Meetings that go through what a test says."""

import uuid

from temporalio.testing import WorkflowEnvironment

from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import a_request


class PlayedMeeting:
    def __init__(self, client: TemporalMeetingClient, title: str, workflow_id: str) -> None:
        self._client, self.title, self.workflow_id = client, title, workflow_id

    async def play(self, **scene: object) -> None:
        handle = self._client.temporal.get_workflow_handle(self.workflow_id)
        await handle.signal("play", Scene.model_validate(scene))


async def booked(environment: WorkflowEnvironment, minutes: float, title: str = "") -> PlayedMeeting:
    client = TemporalMeetingClient(environment.client, lambda: None)
    workflow_id = f"board-{uuid.uuid4().hex[:10]}"
    title = title or f"Weekly {workflow_id[-4:]}"
    await client.start(a_request(hours=minutes / 60, title=title[:500]), workflow_id)
    return PlayedMeeting(client, title, workflow_id)
