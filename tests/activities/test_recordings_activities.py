import asyncio
import dataclasses
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities import heartbeats
from activities.download import DownloadError, Limits, LinkError, MissingError
from activities.recordings import RecordingActivities
from artifacts.errors import StoreError
from artifacts.manifest import Manifest
from artifacts.store import ArtifactStore
from meetings.collection import CollectOrder, DownloadProgress, ManifestOrder, RecordingResult
from meetings.outcome import Artifact
from meetings.status import TranscriptState
from meetings.transcript import Segment, Transcript
from providers.base import (
    AccountError,
    Collected,
    Media,
    NotFoundError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from tests.activities.conftest import sha256
from tests.activities.fake_provider import FakeProvider, recorded
from tests.activities.media_server import BLOCK, Fault, MediaServer

Worker = Callable[[FakeProvider], RecordingActivities]

ORDER = CollectOrder(folder="m", bot_id="bot-1", title="Board", start_time=datetime(2026, 12, 1, 10, tzinfo=UTC))
LIMITS = Limits(piece_bytes=BLOCK, pause=0.001)
NOTHING = Collected(media=(), transcript=None)
SPOKEN = Transcript(segments=(Segment(speaker="Ada", start=0.5, end=2, text="Grüße an alle"),), speakers=("Ada",))


@pytest.fixture
def provider(media_server: MediaServer) -> FakeProvider:
    return FakeProvider(lambda: recorded(media_server.link()))


@pytest.fixture
def worker(store: ArtifactStore, session: aiohttp.ClientSession) -> Worker:
    return lambda provider: RecordingActivities(provider.port, store, session, LIMITS)


@pytest.fixture
def activities(worker: Worker, provider: FakeProvider) -> RecordingActivities:
    return worker(provider)


class Environment:
    """Runs activities as a worker would, and keeps the heartbeats."""

    def __init__(self) -> None:
        self.temporal = ActivityEnvironment()
        self.beats: list[DownloadProgress] = []
        self.temporal.on_heartbeat = self.beats.append

    async def download(self, activities: RecordingActivities, order: CollectOrder = ORDER) -> RecordingResult:
        return await self.temporal.run(activities.download_recording, order)


@pytest.fixture
async def environment(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Environment]:
    monkeypatch.setattr(heartbeats, "_RHYTHM_SECONDS", 0.01)
    yield Environment()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "with_heartbeats" in repr(task) or "_bring_home" in repr(task)]


def expect(media_server: MediaServer) -> RecordingResult:
    content = media_server.content
    return RecordingResult(artifact=Artifact(path="m/recording.mp4", size=len(content), sha256=sha256(content)))


class TestDownload:
    async def test_a_recording_comes_home_and_work_of_a_moment_costs_no_heartbeat(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(heartbeats, "_RHYTHM_SECONDS", 60)

        assert await environment.download(activities) == expect(media_server)

        assert not environment.beats

    async def test_heartbeats_tell_the_bytes_while_the_line_is_silent(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
    ) -> None:
        media_server.faults.append(Fault(wait_after=3 * BLOCK))
        reported = asyncio.Event()
        stuck = DownloadProgress(done=3 * BLOCK, total=media_server.size)

        def beat(progress: DownloadProgress) -> None:
            environment.beats.append(progress)
            if environment.beats.count(stuck) > 3:
                reported.set()

        environment.temporal.on_heartbeat = beat
        task = asyncio.create_task(environment.download(activities))
        await reported.wait()
        environment.temporal.cancel()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_heartbeats_go_on_while_the_store_is_silent(
        self, environment: Environment, activities: RecordingActivities, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        alive = asyncio.Event()

        def beat(progress: DownloadProgress) -> None:
            environment.beats.append(progress)
            if len(environment.beats) > 3:
                alive.set()

        async def hang(*_: object) -> bytes:
            await alive.wait()
            raise StoreError("Cannot read m/manifest.json: the storage service cannot be reached")

        environment.temporal.on_heartbeat = beat
        monkeypatch.setattr(ArtifactStore, "get", hang)

        with pytest.raises(StoreError, match="cannot be reached"):
            await environment.download(activities)

    async def test_mp3(self, environment: Environment, media_server: MediaServer, worker: Worker) -> None:
        media_server.head = b"ID3\x04"
        provider = FakeProvider(lambda: recorded(media_server.link(), "mp3"))

        result = await environment.download(worker(provider))

        assert result.artifact is not None
        assert result.artifact.path == "m/recording.mp3"

    async def test_video_is_preferred(
        self, environment: Environment, media_server: MediaServer, worker: Worker
    ) -> None:
        link = media_server.link()
        both = tuple(Media(url=link, extension=each, expires_at=None) for each in ("mp3", "mp4"))
        provider = FakeProvider(lambda: Collected(media=both, transcript=None))

        assert await environment.download(worker(provider)) == expect(media_server)

    async def test_a_killed_worker_costs_at_most_one_piece(
        self,
        environment: Environment,
        media_server: MediaServer,
        store: ArtifactStore,
        worker: Worker,
    ) -> None:
        provider = FakeProvider(lambda: recorded(media_server.link()))
        media_server.faults.append(Fault(wait_after=6 * BLOCK + 10))
        media_server.received = lambda: environment.beats[-1].done if environment.beats else 0
        first = asyncio.create_task(environment.download(worker(provider)))
        await media_server.reached.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert not await store.exists("m/recording.mp4")

        assert await Environment().download(worker(provider)) == expect(media_server)

        assert media_server.log[1].start is not None
        assert media_server.log[1].start >= 5 * BLOCK
        assert media_server.sent <= media_server.size + BLOCK + 10

    async def test_a_worker_that_shuts_down_hands_the_download_back_at_once(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        store: ArtifactStore,
    ) -> None:
        media_server.faults.append(Fault(wait_after=6 * BLOCK))
        media_server.received = lambda: environment.beats[-1].done if environment.beats else 0
        task = asyncio.create_task(environment.download(activities))
        await media_server.reached.wait()

        environment.temporal.worker_shutdown()
        with pytest.raises(ApplicationError) as caught:
            await task

        assert caught.value.type == "HandedBack"
        assert not caught.value.non_retryable
        assert caught.value.category is ApplicationErrorCategory.BENIGN
        assert not await store.exists("m/recording.mp4")
        assert await Environment().download(activities) == expect(media_server)

    async def test_a_finished_file_is_neither_asked_for_nor_fetched_again(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        provider: FakeProvider,
    ) -> None:
        first = await environment.download(activities)

        assert await environment.download(activities) == first

        assert len(media_server.log) == len(provider.bodies) == 1

    async def test_a_finished_file_that_somebody_removed_is_fetched_again(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        store: ArtifactStore,
    ) -> None:
        await environment.download(activities)
        await store.delete("m/recording.mp4")

        assert await environment.download(activities) == expect(media_server)

    async def test_an_expired_link_is_renewed_by_asking_the_provider(
        self, environment: Environment, media_server: MediaServer, store: ArtifactStore, worker: Worker
    ) -> None:
        await store.put("m/raw/complete.json", b"the delivery")
        provider = FakeProvider(
            lambda: recorded(media_server.link("t0")), pushed=lambda: recorded(media_server.link("old"))
        )
        activities = worker(provider)

        result = await environment.download(activities, ORDER.model_copy(update={"body": "m/raw/complete.json"}))

        assert result == expect(media_server)
        assert provider.bodies == [b"the delivery", None]

    async def test_a_delivery_that_is_gone_from_the_store_is_asked_for(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        provider: FakeProvider,
    ) -> None:
        order = ORDER.model_copy(update={"body": "m/raw/none.json"})

        assert await environment.download(activities, order) == expect(media_server)

        assert provider.bodies == [None]

    async def test_a_delivery_without_a_recording_is_not_the_last_word(
        self, environment: Environment, media_server: MediaServer, store: ArtifactStore, worker: Worker
    ) -> None:
        await store.put("m/raw/complete.json", b"the delivery")
        provider = FakeProvider(lambda: recorded(media_server.link()), pushed=lambda: NOTHING)
        activities = worker(provider)

        result = await environment.download(activities, ORDER.model_copy(update={"body": "m/raw/complete.json"}))

        assert result == expect(media_server)


class TestNoRecording:
    async def run(self, environment: Environment, worker: Worker, answer: Collected) -> RecordingResult:
        provider = FakeProvider(lambda: answer)
        return await environment.download(worker(provider))

    async def test_none_is_listed(self, environment: Environment, worker: Worker) -> None:
        result = await self.run(environment, worker, NOTHING)

        assert result == RecordingResult(text="the provider lists no recording")

    @pytest.mark.parametrize("file", [(0, None), (312, 60.0), (1023, None), (60_000, 0.0)])
    async def test_a_file_that_plays_nothing(
        self,
        environment: Environment,
        store: ArtifactStore,
        media_server: MediaServer,
        worker: Worker,
        *,
        file: tuple[int, float | None],
    ) -> None:
        size, duration = file
        media_server.size = size

        result = await self.run(environment, worker, recorded(media_server.link(), duration=duration))

        assert result == RecordingResult(text=f"the recording has only {size} bytes: nothing was recorded")
        assert await store.list() == []

    @pytest.mark.parametrize("file", [(1024, None), (70_000, 0.0)])
    async def test_a_small_file_that_may_play(
        self, environment: Environment, media_server: MediaServer, worker: Worker, file: tuple[int, float | None]
    ) -> None:
        media_server.size, duration = file

        result = await self.run(environment, worker, recorded(media_server.link(), duration=duration))

        assert result == expect(media_server)

    async def test_deleted_at_the_provider(self, environment: Environment, worker: Worker) -> None:
        with pytest.raises(ApplicationError, match="deleted") as caught:
            await self.run(environment, worker, dataclasses.replace(NOTHING, deleted=True))

        assert (caught.value.type, caught.value.non_retryable) == ("RecordingLost", True)

    async def test_deleted_between_two_links(
        self, environment: Environment, media_server: MediaServer, worker: Worker
    ) -> None:
        answers = [recorded(media_server.link("old")), dataclasses.replace(NOTHING, deleted=True)]
        provider = FakeProvider(lambda: answers.pop(0))

        with pytest.raises(ApplicationError) as caught:
            await environment.download(worker(provider))

        assert caught.value.type == "RecordingLost"

    async def test_no_link_when_it_should_be_renewed(
        self, environment: Environment, media_server: MediaServer, worker: Worker
    ) -> None:
        answers = [recorded(media_server.link("old")), NOTHING]
        provider = FakeProvider(lambda: answers.pop(0))

        with pytest.raises(
            DownloadError, match="refused with 403; the provider no longer lists the recording; given"
        ):
            await environment.download(worker(provider))


class TestLinksThatLeadNowhere:
    """No link works, the newest neither: tried for a while, with the reason in sight, then given up."""

    async def age(self, store: ArtifactStore, by: timedelta) -> None:
        """Lets the time pass that the attempts of a meeting share."""
        for entry in await store.list("m"):
            if ".stuck/" in entry.path:
                since = datetime.fromisoformat((await store.get(entry.path)).decode())
                await store.put(entry.path, (since - by).isoformat().encode())

    @pytest.mark.parametrize(
        ("fault", "kind", "patience"),
        [
            (Fault(status=404), MissingError, timedelta(minutes=10)),
            (Fault(status=410), MissingError, timedelta(minutes=10)),
            (Fault(status=403), LinkError, timedelta(days=1)),
            (Fault(location="http://169.254.169.254/latest?sig=t0"), LinkError, timedelta(days=1)),
            (Fault(body=b"<Error>t0</Error>"), LinkError, timedelta(days=1)),
        ],
    )
    async def test_they_are_tried_for_a_while(
        self,
        environment: Environment,
        worker: Worker,
        provider: FakeProvider,
        media_server: MediaServer,
        store: ArtifactStore,
        *,
        fault: Fault,
        kind: type[LinkError],
        patience: timedelta,
    ) -> None:
        media_server.faults.extend([fault] * 20)

        with pytest.raises(LinkError, match=r"; given up at \d{4}-\d\d-\d\d \d\d:\d\d UTC unless") as first:
            await environment.download(worker(provider))
        assert type(first.value) is kind
        await self.age(store, patience - timedelta(seconds=30))
        with pytest.raises(LinkError) as second:
            await environment.download(worker(provider))
        assert type(second.value) is kind
        await self.age(store, timedelta(seconds=30))
        with pytest.raises(ApplicationError, match=r"so it has been since \d{4}-") as lost:
            await environment.download(worker(provider))

        assert (lost.value.type, lost.value.non_retryable) == ("RecordingLost", True)
        assert "t0" not in str(lost.value)
        assert await store.list() == []

    async def test_the_reason_names_the_host_and_the_setting(
        self, environment: Environment, worker: Worker, store: ArtifactStore
    ) -> None:
        await store.put("m/raw/complete.json", b"the delivery")
        provider = FakeProvider(
            lambda: recorded("https://cdn.example/a?sig=1"), pushed=lambda: recorded("http://10.0.0.1/a?sig=1")
        )

        with pytest.raises(LinkError, match=r"cdn\.example, which is not in MINUTEKEEPER_DOWNLOAD_HOSTS; given"):
            await environment.download(worker(provider), ORDER.model_copy(update={"body": "m/raw/complete.json"}))

        assert provider.bodies == [b"the delivery", None]

    async def test_what_the_provider_no_longer_lists_is_given_up_as_well(
        self, environment: Environment, media_server: MediaServer, store: ArtifactStore, worker: Worker
    ) -> None:
        answers = [recorded(media_server.link("old")), NOTHING] * 2
        provider = FakeProvider(lambda: answers.pop(0))
        with pytest.raises(LinkError):
            await environment.download(worker(provider))
        await self.age(store, timedelta(days=1))

        with pytest.raises(ApplicationError) as lost:
            await environment.download(worker(provider))

        assert lost.value.type == "RecordingLost"

    async def test_every_piece_that_comes_starts_the_time_anew(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        store: ArtifactStore,
    ) -> None:
        media_server.faults.extend([Fault(status=403)] * 2)
        with pytest.raises(LinkError):
            await environment.download(activities)
        await self.age(store, timedelta(days=2))
        media_server.received = lambda: environment.beats[-1].done if environment.beats else 0
        media_server.faults.extend([Fault(cut_after=2 * BLOCK), *[Fault(status=403)] * 3])

        with pytest.raises(LinkError):
            await environment.download(activities)

        assert await environment.download(activities) == expect(media_server)

    async def test_an_outage_is_no_reason_to_give_up(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        store: ArtifactStore,
    ) -> None:
        for _ in range(2):
            media_server.faults.extend([Fault(status=503)] * 12)
            with pytest.raises(DownloadError, match="the server answered 503"):
                await environment.download(activities)
            await self.age(store, timedelta(days=6))

        assert await environment.download(activities) == expect(media_server)

    async def test_the_time_is_a_setting_and_may_be_short(
        self, environment: Environment, store: ArtifactStore, session: aiohttp.ClientSession
    ) -> None:
        provider = FakeProvider(lambda: recorded("https://cdn.example/a"))
        activities = RecordingActivities(provider.port, store, session, LIMITS, timedelta())

        with pytest.raises(ApplicationError, match=r"cdn\.example.*MINUTEKEEPER_DOWNLOAD_HOSTS") as lost:
            await environment.download(activities)

        assert lost.value.type == "RecordingLost"

    async def test_a_recording_that_is_too_large_is_not_tried_again(
        self,
        environment: Environment,
        provider: FakeProvider,
        media_server: MediaServer,
        store: ArtifactStore,
        session: aiohttp.ClientSession,
    ) -> None:
        media_server.says_length = False
        limits = Limits(piece_bytes=BLOCK, pause=0.001, max_bytes=3 * BLOCK)
        activities = RecordingActivities(provider.port, store, session, limits)

        with pytest.raises(ApplicationError, match="MINUTEKEEPER_DOWNLOAD_MAX_BYTES") as lost:
            await environment.download(activities)

        assert (lost.value.type, lost.value.non_retryable) == ("RecordingLost", True)
        assert await store.list() == []


class TestProviderTrouble:
    @pytest.mark.parametrize(
        ("error", "kind", "is_final", "delay"),
        [
            (RequestRejectedError("no such field"), "RequestRejected", True, None),
            (AccountError("the key was refused"), "Account", False, timedelta(seconds=60)),
            (RateLimitedError("slow down", 7), "RateLimited", False, timedelta(seconds=7)),
            (RateLimitedError("slow down", None), "RateLimited", False, None),
            (UnavailableError("503"), "Unavailable", False, None),
        ],
    )
    async def test_is_retried_as_it_deserves(
        self,
        environment: Environment,
        worker: Worker,
        *,
        error: Any,
        kind: str,
        is_final: bool,
        delay: timedelta | None,
    ) -> None:
        activities = worker(FakeProvider(lambda: error))

        for work in (activities.download_recording, activities.write_transcript):
            with pytest.raises(ApplicationError) as caught:
                await environment.temporal.run(work, ORDER)

            failure = caught.value
            assert (failure.type, failure.non_retryable) == (kind, is_final)
            assert failure.next_retry_delay == delay
            assert failure.message == str(error)
            assert failure.__cause__ is None

    async def test_an_unknown_bot_has_lost_its_recording(self, environment: Environment, worker: Worker) -> None:
        activities = worker(FakeProvider(lambda: NotFoundError("no such bot")))

        with pytest.raises(ApplicationError) as caught:
            await environment.download(activities)
        assert (caught.value.type, caught.value.non_retryable) == ("RecordingLost", True)

        with pytest.raises(ApplicationError) as caught:
            await environment.temporal.run(activities.write_transcript, ORDER)
        assert (caught.value.type, caught.value.non_retryable) == ("NotFound", True)


class TestSecrets:
    @pytest.mark.parametrize(
        "faults",
        [
            [Fault(status=403), Fault(status=403)],
            [Fault(status=404), Fault(status=404)],
            [Fault(status=500)] * 12,
            [Fault(cut_after=0)] * 12,
            [Fault(body=b"<Error>t0 is over</Error>")] * 2,
        ],
    )
    async def test_no_link_gets_into_history_heartbeats_or_logs(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        caplog: pytest.LogCaptureFixture,
        faults: list[Fault],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        media_server.faults.extend(faults)

        with pytest.raises(DownloadError) as caught:
            await environment.download(activities)

        history = Failure()
        DefaultFailureConverter().to_failure(caught.value, DefaultPayloadConverter(), history)
        for text in (str(history), repr(environment.beats), caplog.text):
            assert "sig=" not in text
            assert "X-Amz" not in text
            assert "t0" not in text

    async def test_not_even_if_nobody_answers(
        self, environment: Environment, activities: RecordingActivities, media_server: MediaServer
    ) -> None:
        media_server.url = "http://127.0.0.1:1"

        with pytest.raises(DownloadError) as caught:
            await environment.download(activities)

        history = Failure()
        DefaultFailureConverter().to_failure(caught.value, DefaultPayloadConverter(), history)
        assert "sig=" not in str(history)


class TestTranscript:
    @pytest.mark.parametrize(
        ("collected", "state"),
        [
            (NOTHING, TranscriptState.PENDING),
            (dataclasses.replace(NOTHING, transcript_failed=True), TranscriptState.FAILED),
            (dataclasses.replace(NOTHING, deleted=True), TranscriptState.FAILED),
            (dataclasses.replace(NOTHING, transcript=Transcript()), TranscriptState.EMPTY),
        ],
    )
    async def test_without_words_nothing_is_written(
        self,
        environment: Environment,
        store: ArtifactStore,
        collected: Collected,
        state: TranscriptState,
        worker: Worker,
    ) -> None:
        activities = worker(FakeProvider(lambda: collected))

        result = await environment.temporal.run(activities.write_transcript, ORDER)

        assert (result.state, result.artifacts) == (state, ())
        assert await store.list() == []

    async def test_five_forms_and_the_same_ones_again(
        self, environment: Environment, store: ArtifactStore, worker: Worker
    ) -> None:
        provider = FakeProvider(lambda: dataclasses.replace(NOTHING, transcript=SPOKEN))
        activities = worker(provider)

        result = await environment.temporal.run(activities.write_transcript, ORDER)

        assert result.state is TranscriptState.READY
        assert [artifact.path for artifact in result.artifacts] == [
            f"m/transcript.{form}" for form in ("json", "md", "vtt", "srt", "txt")
        ]
        for artifact in result.artifacts:
            data = await store.get(artifact.path)
            assert (artifact.size, artifact.sha256) == (len(data), hashlib.sha256(data).hexdigest())
            assert "Grüße an alle" in data.decode()
        assert Transcript.model_validate_json(await store.get("m/transcript.json")) == SPOKEN
        assert "# Board" in (await store.get("m/transcript.md")).decode()
        assert await environment.temporal.run(activities.write_transcript, ORDER) == result

    async def test_a_store_that_fails_is_told(
        self, environment: Environment, store: ArtifactStore, worker: Worker
    ) -> None:
        provider = FakeProvider(lambda: dataclasses.replace(NOTHING, transcript=SPOKEN))
        await store.put("m", b"a file where the folder should be")

        with pytest.raises(StoreError, match="Not a directory"):
            await environment.temporal.run(worker(provider).write_transcript, ORDER)


class TestManifest:
    def order(self, *artifacts: Artifact) -> ManifestOrder:
        return ManifestOrder(
            folder="m",
            meeting_id="Board: Q4",
            meeting_url="https://meet.google.com/abc-defg-hij",
            title="Board",
            start_time=datetime(2026, 12, 1, 10, tzinfo=UTC),
            bot_ids=("bot-0", "bot-1"),
            transcript=TranscriptState.READY,
            artifacts=artifacts,
        )

    async def test_says_what_the_folder_holds(
        self,
        environment: Environment,
        activities: RecordingActivities,
        media_server: MediaServer,
        store: ArtifactStore,
    ) -> None:
        recording = await environment.download(activities)
        assert recording.artifact is not None

        artifact = await environment.temporal.run(activities.write_manifest, self.order(recording.artifact))

        data = await store.get("m/manifest.json")
        assert artifact == Artifact(path="m/manifest.json", size=len(data), sha256=sha256(data))
        content = json.loads(data)
        assert content.pop("written_at")
        assert content == {
            "meeting_id": "Board: Q4",
            "meeting_url": "https://meet.google.com/abc-defg-hij",
            "title": "Board",
            "run": "",
            "deliveries": [],
            "start_time": "2026-12-01T10:00:00Z",
            "bots": ["bot-0", "bot-1"],
            "transcript": "ready",
            "files": [
                {
                    "name": "recording.mp4",
                    "size": media_server.size,
                    "sha256": sha256(media_server.content),
                }
            ],
        }

    async def test_leaves_nothing_of_the_downloads(
        self, environment: Environment, activities: RecordingActivities, store: ArtifactStore
    ) -> None:
        await environment.download(activities)
        await environment.download(activities, ORDER.model_copy(update={"folder": "m/earlier/0"}))
        await store.put("m/raw/complete.json", b"{}")

        await environment.temporal.run(activities.write_manifest, self.order())

        assert [entry.path for entry in await store.list()] == [
            "m/earlier/0/recording.mp4",
            "m/manifest.json",
            "m/raw/complete.json",
            "m/recording.mp4",
        ]

    async def test_a_second_attempt_writes_the_same_bytes(
        self, environment: Environment, activities: RecordingActivities
    ) -> None:
        first = await environment.temporal.run(activities.write_manifest, self.order())

        assert await environment.temporal.run(activities.write_manifest, self.order()) == first

    async def test_other_facts_make_a_new_one(
        self, environment: Environment, activities: RecordingActivities, store: ArtifactStore
    ) -> None:
        await store.put("m/manifest.json", b"not ours")
        await environment.temporal.run(activities.write_manifest, self.order())
        first = Manifest.model_validate_json(await store.get("m/manifest.json"))

        late = Artifact(path="m/recording.mp4", size=1, sha256="00")
        await environment.temporal.run(activities.write_manifest, self.order(late))

        second = Manifest.model_validate_json(await store.get("m/manifest.json"))
        assert first.files == ()
        assert [file.name for file in second.files] == ["recording.mp4"]
        assert second.written_at > first.written_at

    async def test_a_second_run_of_the_same_name_keeps_its_files_apart(
        self, environment: Environment, activities: RecordingActivities, store: ArtifactStore
    ) -> None:
        first, second = {"run": "0000-aaaaaaaa"}, {"run": "0000-bbbbbbbb"}
        await environment.download(activities, ORDER.model_copy(update=first))
        await environment.temporal.run(activities.write_manifest, self.order().model_copy(update=first))

        kept = await environment.download(activities, ORDER.model_copy(update=second))
        earlier = second | {"folder": "m/earlier/0"}
        await environment.download(activities, ORDER.model_copy(update=earlier))
        assert kept.artifact is not None
        order = self.order(kept.artifact).model_copy(update=second)
        manifest = await environment.temporal.run(activities.write_manifest, order)

        assert manifest.path == "m~bbbbbbbb/manifest.json"
        assert [entry.path for entry in await store.list()] == [
            "m/manifest.json",
            "m/recording.mp4",
            "m~bbbbbbbb/earlier/0/recording.mp4",
            "m~bbbbbbbb/manifest.json",
            "m~bbbbbbbb/recording.mp4",
        ]
        content = Manifest.model_validate_json(await store.get(manifest.path))
        assert [file.name for file in content.files] == ["recording.mp4"]
