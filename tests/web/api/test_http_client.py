"""The Python client over HTTP: the methods of the one over Temporal, with the same answers and errors."""

import asyncio
import hashlib
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.request import Reschedule
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptFormat
from minutekeeper.meetings.views import MeetingView
from minutekeeper.storage.store import ArtifactStore
from starter.client import MeetingClient
from starter.errors import (
    FilesNotReadyError,
    IdTakenError,
    KeyRefusedError,
    MeetingError,
    MeetingInputError,
    MeetingNotFoundError,
    MeetingOverError,
    MeetingRefusedError,
    NoSuchFileError,
    NoWorkerError,
    ProviderRefusedError,
    StorageError,
    TemporalUnreachableError,
)
from starter.http_client import HttpMeetingClient
from starter.meeting_models import BookingOutcome, KnownFrom
from starter.temporal_client import TemporalMeetingClient
from tests.records import a_record
from tests.starter.fakes import Scene
from tests.starter.support import a_request, eventually, play
from tests.system.stack import ROOT
from tests.web.api.test_files import FILES, VIDEO, store_meeting
from tests.web.conftest import Api
from web.api.models import MeetingDetail
from web.api.problems import ProblemError, problem_for
from web.api.waiting import MOST_OF_KEY, WaitingRequests

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = timedelta()


@pytest_asyncio.fixture(loop_scope="session")
async def client(api: Api) -> AsyncIterator[HttpMeetingClient]:
    async with MeetingClient.over_http(api.url, api.keys["all"], patience=NOW) as client:
        yield client


@pytest.fixture
def temporal(environment: WorkflowEnvironment) -> TemporalMeetingClient:
    return TemporalMeetingClient(environment.client)


async def test_all_methods_are_there_with_the_same_arguments() -> None:
    for name in MeetingClient.__abstractmethods__:
        both = [inspect.signature(getattr(each, name)) for each in (HttpMeetingClient, TemporalMeetingClient)]
        assert both[0].parameters == both[1].parameters, name


async def test_no_temporal_library_is_loaded(api: Api) -> None:
    program = (
        "import asyncio, sys\n"
        "from starter.client import MeetingClient\n"
        "async def main():\n"
        "    async with MeetingClient.over_http(*sys.argv[1:]) as client:\n"
        "        assert await client.is_ready()\n"
        "        await client.list(limit=1)\n"
        "asyncio.run(main())\n"
        "print([name for name in ('temporalio', 'obstore', 'aiohttp') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", program, api.url, api.keys["read"]]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


async def test_meetings_are_booked_read_and_changed_as_through_temporal(
    client: HttpMeetingClient, temporal: TemporalMeetingClient
) -> None:
    request = a_request(601, title="Over HTTP", metadata={"deal": "601"}, bot={"name": "Scribe"})
    booked = await client.start(request)
    assert (booked.booking, booked.view) == (BookingOutcome.BOOKED, None)
    again = await client.start(request)
    assert again == await temporal.start(request)
    assert again.already_existed
    meeting = booked.meeting_id
    assert await client.details(meeting) == await temporal.details(meeting)
    assert await client.snapshot(meeting) == await temporal.status(meeting)
    assert await client.activity(meeting) == await temporal.activity(meeting)
    assert await client.list(title="Over HTTP", metadata={"deal": "601"}) == await temporal.list(
        title="Over HTTP", metadata={"deal": "601"}
    )
    assert await client.find_all([meeting, booked.workflow_id]) == (booked.workflow_id,)
    later = request.start_time + timedelta(hours=1)
    assert (await client.reschedule(meeting, Reschedule(start_time=later))).start_time == later
    cancelled = await client.cancel(meeting, "called off")
    assert cancelled == await temporal.cancel(meeting)
    assert cancelled.status is MeetingStatus.CANCELLED
    assert await client.wait(meeting) == await temporal.wait(meeting)


async def test_errors_are_those_of_the_client_through_temporal(
    client: HttpMeetingClient, temporal: TemporalMeetingClient
) -> None:
    coming, over = a_request(602), a_request(603)
    await client.start(coming, "http-coming")
    await client.start(over, "http-over")
    await client.cancel("http-over")

    async def failures(each: MeetingClient) -> list[tuple[type[MeetingError], str]]:
        asked = [
            each.leave("http-coming"),
            each.leave("http-over"),
            each.collect("http-coming"),
            each.send_bot("http-coming"),
            each.start(a_request(604), "http-coming"),
            each.start(a_request(-604)),
            each.list(status=MeetingStatus.SCHEDULED, reason=FailureReason.UNKNOWN),
            each.status(" "),
        ]
        ended = await asyncio.gather(*asked, return_exceptions=True)
        return [(type(error), str(error)) for error in ended if isinstance(error, MeetingError)]

    found = await failures(client)
    assert found == await failures(temporal)
    assert [kind for kind, _ in found] == [
        MeetingRefusedError,
        MeetingOverError,
        MeetingRefusedError,
        MeetingRefusedError,
        IdTakenError,
        MeetingInputError,
        MeetingInputError,
        MeetingInputError,
    ]
    with pytest.raises(MeetingNotFoundError, match="There is no such meeting"):
        await client.status("no-such-meeting")
    with pytest.raises(MeetingNotFoundError, match=r"none-1\.\nThere is no meeting none-2\."):
        await client.find_all(["none-1", "http-coming", "none-2"])
    with pytest.raises(MeetingInputError, match="rebooked: cannot be given over HTTP"):
        await client.start(a_request(605, rebooked=True))


async def test_a_meeting_is_watched_to_its_end(client: HttpMeetingClient, temporal: TemporalMeetingClient) -> None:
    await client.start(a_request(606), "http-watched")

    async def seen(each: MeetingClient, views: list[MeetingView]) -> None:
        async for view in each.watch("http-watched"):
            views.append(view)  # noqa: PERF401 - the list is read while it grows

    views: list[MeetingView] = []
    others: list[MeetingView] = []
    watching = asyncio.gather(seen(client, views), seen(temporal, others))

    async def shown(status: MeetingStatus) -> bool:
        return any(each.status is status for each in views) and any(each.status is status for each in others)

    await eventually(lambda: shown(MeetingStatus.SCHEDULED), bool)
    await play(temporal, "http-watched", Scene(status=MeetingStatus.RECORDING, text="It records."))
    await eventually(lambda: shown(MeetingStatus.RECORDING), bool)
    await client.cancel("http-watched")
    await asyncio.wait_for(watching, 30)
    assert views[-1].status is others[-1].status is MeetingStatus.CANCELLED


async def test_files_and_transcripts_are_fetched(client: HttpMeetingClient, tmp_path: Path) -> None:
    await client.start(a_request(607), "http-files")
    with pytest.raises(FilesNotReadyError):
        await client.files("http-files")
    with pytest.raises(FilesNotReadyError):
        await client.transcript("http-files", TranscriptFormat.VTT)
    await client.cancel("http-files")
    assert (await client.files("http-files")).is_final
    with pytest.raises(NoSuchFileError):
        await client.transcript("http-files")
    with pytest.raises(NoSuchFileError):
        await client.download("http-files", "recording.mp4", tmp_path / "recording.mp4")
    assert not (tmp_path / "recording.mp4").exists()


async def test_a_stored_file_is_downloaded(api: Api, client: HttpMeetingClient, tmp_path: Path) -> None:
    await store_meeting(ArtifactStore((api.folder / "store").as_uri()), "downloaded")
    here = tmp_path / "recording.mp4"
    stored = await client.download("downloaded", "recording.mp4", here)
    assert here.read_bytes() == VIDEO
    assert stored.sha256 == hashlib.sha256(VIDEO).hexdigest()
    assert await client.transcript("downloaded", TranscriptFormat.VTT) == FILES["transcript.vtt"]


async def test_every_problem_becomes_the_error_that_it_was() -> None:
    errors = [
        MeetingNotFoundError("x"),
        MeetingOverError("x"),
        MeetingRefusedError("x"),
        IdTakenError("x"),
        TemporalUnreachableError("x"),
        NoWorkerError("x"),
        StorageError("x"),
        ProviderRefusedError("x"),
        MeetingInputError("start_time", "must have a zone"),
        MeetingError("x"),
    ]
    for error in errors:
        answered = problem_for(error).problem
        transport = httpx.MockTransport(
            lambda _, problem=answered: httpx.Response(problem.status, content=problem.model_dump_json())
        )
        client = HttpMeetingClient("https://api.test", "mk_key", patience=NOW, transport=transport)
        with pytest.raises(MeetingError) as raised:
            await client.status("m")
        assert (type(raised.value), str(raised.value)) == (type(error), answered.detail)


async def test_a_client_has_no_more_requests_wait_than_the_api_takes() -> None:
    waiting = WaitingRequests()
    ended = a_record("m").view
    now = MeetingDetail(**dict(ended), known_from=KnownFrom.TEMPORAL, complete=True)
    before = now.model_copy(update={"status": MeetingStatus.RECORDING})

    async def answer(request: httpx.Request) -> httpx.Response:
        if "wait" not in request.url.params:
            return httpx.Response(200, content=before.model_dump_json(by_alias=True), headers={"ETag": "x"})
        try:
            with waiting.one_of("key"):
                await asyncio.sleep(0.05)
                return httpx.Response(200, content=now.model_dump_json(by_alias=True))
        except ProblemError as error:
            return httpx.Response(error.problem.status, content=error.problem.model_dump_json())

    transport = httpx.MockTransport(answer)
    client = HttpMeetingClient("https://api.test", "mk_key", patience=NOW, transport=transport)
    outcomes = await asyncio.gather(*(client.wait(f"m{number}") for number in range(2 * MOST_OF_KEY + 1)))
    assert {each.status for each in outcomes} == {ended.status}


async def test_a_key_without_a_scope_is_refused(api: Api) -> None:
    async with MeetingClient.over_http(api.url, api.keys["read"], patience=NOW) as client:
        with pytest.raises(KeyRefusedError, match="scope book"):
            await client.start(a_request(608))
    async with MeetingClient.over_http(api.url, "mk_unknown", patience=NOW) as client:
        with pytest.raises(KeyRefusedError, match="known"):
            await client.list()
    with pytest.raises(MeetingInputError, match="address such as"):
        MeetingClient.over_http("meetings.example.com", "mk_x")
    with pytest.raises(MeetingInputError, match="minutekeeper key new"):
        MeetingClient.over_http("https://meetings.example.com", "mk_\n")
