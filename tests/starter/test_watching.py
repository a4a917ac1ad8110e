"""`watch`: a meeting as it happens."""

import asyncio

import pytest

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.temporal_client import TemporalMeetingClient
from starter.watch import follow
from tests.starter.fakes import Scene
from tests.starter.support import a_request, an_outcome, cli, end, eventually, fake_worker, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


async def test_every_change_is_seen_once_and_the_end_ends_it(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(110))
    changes = follow(client, started.meeting_id, 0.01)
    assert (await anext(changes)).view.status is MeetingStatus.SCHEDULED
    await play(client, started.workflow_id, Scene(status=MeetingStatus.RECORDING, text="It records."))
    assert (await anext(changes)).view.timeline[-1].text == "It records."
    await play(client, started.workflow_id, Scene(download=DownloadProgress(done=5, total=9)))
    assert (await anext(changes)).progress == DownloadProgress(done=5, total=9)
    await end(client, started.workflow_id, an_outcome(started.meeting_id))
    last = [change async for change in changes]
    assert last[-1].view.status is MeetingStatus.COMPLETED
    assert last[-1].progress is None


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (MeetingStatus.COMPLETED, None, 0),
        (MeetingStatus.FAILED, FailureReason.NOBODY_CAME, 1),
        (MeetingStatus.CANCELLED, None, 1),
    ],
)
async def test_the_exit_status_says_how_it_ended(
    client: TemporalMeetingClient, status: MeetingStatus, reason: FailureReason | None, code: int
) -> None:
    started = await client.start(a_request(111), f"watched-{status.value}")
    watching = asyncio.create_task(cli("watch", started.meeting_id))
    await end(client, started.workflow_id, an_outcome(started.meeting_id, status, reason=reason))
    ended = await watching
    assert ended.code == code
    assert "The meeting ended" in ended.out
    assert ended.err == ""
    program = await cli("watch", started.meeting_id, "--json")
    assert program.code == code
    assert (program.json["status"], program.json["download"]) == (status.value, None)


@pytest.mark.usefixtures("without_worker")
async def test_a_worker_that_goes_away_meanwhile_is_waited_for(
    quiet_client: TemporalMeetingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started = await quiet_client.start(a_request(113))
    changes = follow(quiet_client, started.meeting_id, 0.01)
    async with fake_worker(quiet_client.temporal):
        await anext(changes)
    await play(quiet_client, started.workflow_id, Scene(text="Nobody hears this yet."))
    following = asyncio.ensure_future(anext(changes))
    said = await eventually(lambda: asyncio.sleep(0, capsys.readouterr().err), bool)
    assert "no worker answered" in said
    async with fake_worker(quiet_client.temporal):
        assert (await following).view.timeline[-1].text == "Nobody hears this yet."
        await end(quiet_client, started.workflow_id, an_outcome(started.meeting_id))
        async for change in changes:
            last = change
    assert last.view.status is MeetingStatus.COMPLETED


@pytest.mark.usefixtures("without_worker")
async def test_a_meeting_that_cannot_be_asked_is_not_watched(quiet_client: TemporalMeetingClient) -> None:
    started = await quiet_client.start(a_request(112))
    ended = await cli("watch", started.meeting_id, "--json")
    assert ended.code == 1
    assert "no worker answered" in ended.error
