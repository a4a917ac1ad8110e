"""What brings recordings home, run as a worker would run it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiohttp
from temporalio.testing import ActivityEnvironment

from activities.recordings import RecordingActivities
from minutekeeper.downloads.downloader import DownloadLimits
from minutekeeper.meetings.collection import (
    CollectInput,
    CollectResult,
    DownloadProgress,
    ManifestInput,
    RecordingResult,
    TranscriptResult,
)
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.recorded_content import RecordedContent
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.transcripts.model import Segment, Transcript
from tests.activities.fake_provider import Answer, FakeProvider, recorded
from tests.activities.media_server import BLOCK, MediaServer
from tests.records import a_record

BODY = "m/raw/complete.json"
FIRST = CollectInput(folder="m", bot_id="bot-1", title="Board", start_time=datetime(2026, 12, 1, 10, tzinfo=UTC))
ORDER = FIRST.model_copy(update={"is_problem_logged": True})
"""That of a meeting which shows its trouble already."""
RECORD = a_record("Board: Q4", bots=("bot-0", "bot-1"), title="Board")
WHOLE = ORDER.model_copy(update={"record": RECORD})
"""The same where this is all that the meeting keeps."""
LIMITS = DownloadLimits(piece_bytes=BLOCK, pause=0)
NOTHING = RecordedContent(media=(), transcript=None)
SPOKEN = Transcript(segments=(Segment(speaker="Ada", start=0.5, end=2, text="Grüße an alle"),), speakers=("Ada",))


def manifest_of(*artifacts: Artifact | None) -> ManifestInput:
    return ManifestInput(
        folder="m",
        record=RECORD,
        artifacts=tuple(artifact for artifact in artifacts if artifact is not None),
    )


@dataclass
class RecordingRunner:
    """One attempt's worker: a provider that lists the server's file unless told otherwise; heartbeats are kept."""

    server: MediaServer
    store: ArtifactStore
    session: aiohttp.ClientSession
    provider: FakeProvider
    limits: DownloadLimits = LIMITS
    give_up: timedelta = timedelta(days=1)
    temporal: ActivityEnvironment = field(default_factory=ActivityEnvironment)
    beats: list[DownloadProgress] = field(default_factory=list)

    def __post_init__(self) -> None:
        # So that a cut takes away nothing, and the server need not wait until it can be sure.
        self.server.received = lambda: self.received
        self.temporal.on_heartbeat = self.beats.append

    def answers(self, asked: Callable[[], Answer], pushed: Callable[[], Answer] | None = None) -> None:
        """What the provider tells from now on when it is asked, and of a delivery that was stored."""
        self.provider = FakeProvider(asked, pushed)

    def next(self) -> "RecordingRunner":
        """The next attempt's worker."""
        return replace(self, temporal=ActivityEnvironment(), beats=[])

    @property
    def received(self) -> int:
        """Bytes that are here, as the last heartbeat told."""
        return self.beats[-1].done if self.beats else 0

    @property
    def recording(self) -> RecordingResult:
        """What is to come of the server's file."""
        artifact = Artifact(path="m/recording.mp4", size=self.server.size, sha256=self.server.sha256)
        return RecordingResult(artifact=artifact)

    async def kept(self) -> list[str]:
        """The files of the store but for the claims of the folders, and for records."""
        paths = [entry.path for entry in await self.store.list()]
        return [path for path in paths if not path.endswith("/.run.json") and not path.startswith("records/")]

    async def collect(self, order: CollectInput = ORDER) -> CollectResult:
        return await self.temporal.run(self._activities.collect, order)

    async def download(self, order: CollectInput = ORDER) -> RecordingResult:
        """The recording alone."""
        brought = await self.collect(order.model_copy(update={"transcript": False}))
        text = brought.is_recording_lost or brought.no_recording_reason
        artifact = next(iter(brought.artifacts_in(order.folder)), None)
        return RecordingResult(artifact=artifact, text=text, is_lost=bool(brought.is_recording_lost))

    async def loses(self) -> str:
        """Why nothing can bring the recording home any more."""
        given_up = await self.download()
        assert (given_up.is_lost, given_up.artifact) == (True, None)
        return given_up.text

    async def download_delivered(self) -> RecordingResult:
        """The recording that a stored delivery tells of."""
        await self.store.put(BODY, b"the delivery")
        return await self.download(ORDER.model_copy(update={"delivery_path": BODY}))

    async def transcript(self, order: CollectInput = ORDER) -> TranscriptResult:
        """The transcript alone."""
        brought = await self.collect(order.model_copy(update={"recording": False}))
        artifacts = tuple(brought.artifacts_in(order.folder))
        return TranscriptResult(state=brought.transcript, artifacts=artifacts, error=brought.transcript_error)

    async def manifest(self, order: ManifestInput) -> Artifact:
        return await self.temporal.run(self._activities.write_manifest, order)

    @property
    def _activities(self) -> RecordingActivities:
        return RecordingActivities(
            Providers([self.provider.port]), self.store, self.session, self.limits, self.give_up
        )


def desk_of(server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> RecordingRunner:
    return RecordingRunner(server, store, session, FakeProvider(lambda: recorded(server.link())))
