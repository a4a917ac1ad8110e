"""The resumable fetch on its own, from a server that may misbehave."""

from datetime import datetime

import aiohttp

from minutekeeper.downloads.downloader import Downloader, DownloadLimits
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.recorded_content import Media
from minutekeeper.storage.store import ArtifactStore
from tests.activities.media_server import MediaServer
from tests.activities.recording_runner import LIMITS

PATH = "m/recording.mp4"


class Fetcher:
    """Downloads from the media server; `renewals` counts the fresh links it asked for."""

    def __init__(self, server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.store = store
        self.session = session
        self.renewals = 0
        self.expires_at: datetime | None = None

    def media(self, signature: str = "t0") -> Media:
        return Media(url=self.server.link(signature), extension="mp4", expires_at=self.expires_at)

    async def renew(self) -> Media:
        self.renewals += 1
        self.expires_at = None
        self.server.tokens = {f"t{self.renewals}"}
        return self.media(f"t{self.renewals}")

    def pieces(self) -> ResumableFile:
        return ResumableFile(self.store, "m/.unfinished/bot-1")

    async def run(self, limits: DownloadLimits = LIMITS, least_bytes: int = 0) -> Artifact:
        download = Downloader(self.session, self.pieces(), self.renew, limits)
        self.server.received = lambda: download.progress.done
        artifact = await download.run(self.media(), lambda extension: f"m/recording.{extension}", least_bytes)
        assert download.progress.done in {artifact.size, self.server.size}
        return artifact

    async def assert_whole(self, artifact: Artifact, path: str = PATH) -> None:
        assert artifact == Artifact(path=path, size=self.server.size, sha256=self.server.sha256)
        assert await self.store.get(path) == self.server.content
        assert [entry.path for entry in await self.store.list("m")] == [
            "m/.unfinished/bot-1/done.json",
            "m/.unfinished/bot-1/version.json",
            path,
        ]
        assert await self.pieces().finished() == artifact

    async def assert_nothing_visible(self) -> None:
        assert not await self.store.exists(PATH)
