"""What brings recordings home, run as a worker would run it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiohttp
from temporalio.testing import ActivityEnvironment

from activities.download import Limits
from activities.recordings import RecordingActivities
from artifacts.store import ArtifactStore
from meetings.collection import CollectOrder, DownloadProgress, ManifestOrder, RecordingResult, TranscriptResult
from meetings.outcome import Artifact
from meetings.status import TranscriptState
from meetings.transcript import Segment, Transcript
from providers.base import Collected
from tests.activities.fake_provider import Answer, FakeProvider, recorded
from tests.activities.media_server import BLOCK, MediaServer

BODY = "m/raw/complete.json"
ORDER = CollectOrder(folder="m", bot_id="bot-1", title="Board", start_time=datetime(2026, 12, 1, 10, tzinfo=UTC))
LIMITS = Limits(piece_bytes=BLOCK, pause=0.001)
NOTHING = Collected(media=(), transcript=None)
SPOKEN = Transcript(segments=(Segment(speaker="Ada", start=0.5, end=2, text="Grüße an alle"),), speakers=("Ada",))


def manifest_of(*artifacts: Artifact | None) -> ManifestOrder:
    return ManifestOrder(
        folder="m",
        meeting_id="Board: Q4",
        meeting_url="https://meet.google.com/abc-defg-hij",
        title="Board",
        start_time=datetime(2026, 12, 1, 10, tzinfo=UTC),
        bot_ids=("bot-0", "bot-1"),
        transcript=TranscriptState.READY,
        artifacts=tuple(artifact for artifact in artifacts if artifact is not None),
    )


@dataclass
class Desk:
    """One attempt's worker: a provider that lists the server's file unless told otherwise; heartbeats are kept."""

    server: MediaServer
    store: ArtifactStore
    session: aiohttp.ClientSession
    provider: FakeProvider
    limits: Limits = LIMITS
    give_up: timedelta = timedelta(days=1)
    temporal: ActivityEnvironment = field(default_factory=ActivityEnvironment)
    beats: list[DownloadProgress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.temporal.on_heartbeat = self.beats.append

    def answers(self, asked: Callable[[], Answer], pushed: Callable[[], Answer] | None = None) -> None:
        """What the provider tells from now on when it is asked, and of a delivery that was stored."""
        self.provider = FakeProvider(asked, pushed)

    def next(self) -> "Desk":
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

    async def download(self, order: CollectOrder = ORDER) -> RecordingResult:
        return await self.temporal.run(self._activities.download_recording, order)

    async def download_delivered(self) -> RecordingResult:
        """The recording that a stored delivery tells of."""
        await self.store.put(BODY, b"the delivery")
        return await self.download(ORDER.model_copy(update={"body": BODY}))

    async def transcript(self, order: CollectOrder = ORDER) -> TranscriptResult:
        return await self.temporal.run(self._activities.write_transcript, order)

    async def manifest(self, order: ManifestOrder) -> Artifact:
        return await self.temporal.run(self._activities.write_manifest, order)

    @property
    def _activities(self) -> RecordingActivities:
        return RecordingActivities(self.provider.port, self.store, self.session, self.limits, self.give_up)


def desk_of(server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> Desk:
    return Desk(server, store, session, FakeProvider(lambda: recorded(server.link())))
