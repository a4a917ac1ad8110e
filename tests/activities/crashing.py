"""A program: brings one recording home again and again, killed at another call of the store each time.

Usage: STORE PROVIDER_LINK PIECE_BYTES. For each call it writes one line of JSON: what the killed process held, and
what the next one, which nobody kills, left in the store. It ends with the call that the work no longer reaches.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

from temporalio.testing import ActivityEnvironment

from activities import recording_download, recordings
from minutekeeper.downloads.downloader import Downloader, DownloadLimits
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fake_provider import FakeProvider, recorded
from tests.activities.recording_runner import WHOLE


class Known:
    """What the world outside knows of a process: its download."""

    download: Downloader | None = None

    def as_json(self) -> bytes:
        return json.dumps({"held": self.download.progress.done if self.download else 0}).encode()


KNOWN = Known()


class Watched(Downloader):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # The first one is the recording's; that of an audio file follows.
        KNOWN.download = KNOWN.download or self


class Fuse(ThreadPoolExecutor):
    """The store's threads, on which every one of its calls runs: the process dies at call number `calls`."""

    def __init__(self, calls: int, last_words: Callable[[], None]) -> None:
        super().__init__(4)
        self._calls = calls
        self._last_words = last_words

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        if self._calls == 0:
            self._last_words()
            os.kill(os.getpid(), signal.SIGKILL)
        self._calls -= 1
        return super().submit(*arguments, **options)


async def bring_home(url: str, link: str, piece_bytes: int, *, fuse: Fuse | None = None) -> None:
    """A recording and its manifest, as on a good day."""
    store = ArtifactStore(url)
    if fuse is not None:
        store._threads = fuse
    provider = FakeProvider(lambda: recorded(link))
    policy = UrlPolicy(hosts=("127.0.0.1:*",), private_addresses=True)
    async with create_checked_session(1, policy) as session:
        limits = DownloadLimits(piece_bytes=piece_bytes)
        activities = recordings.RecordingActivities(Providers([provider.port]), store, session, limits)
        order = WHOLE.model_copy(update={"transcript": False})
        brought = await ActivityEnvironment().run(activities.collect, order)
        assert brought.has_manifest
        assert set(brought.files) == {"recording.mp4", "manifest.json"}


def in_process_of_its_own(work: Coroutine[Any, Any, None]) -> int:
    """Its exit code, negative for a signal. A fork, because starting Python a hundred times takes minutes."""
    child = os.fork()
    if child:
        work.close()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        asyncio.run(work)
        code = 0
    finally:
        os._exit(code)


def main(url: str, link: str, piece_bytes: int) -> None:
    for calls in range(1000):
        reading, writing = os.pipe()

        def last_words(pipe: int = writing) -> None:
            os.write(pipe, KNOWN.as_json())

        case, signed = f"{url}/{calls}", f"{link}-{calls}"
        fuse = Fuse(calls, last_words)
        killed = bring_home(case, f"{signed}-killed", piece_bytes, fuse=fuse)
        code = in_process_of_its_own(killed)
        os.close(writing)
        if code == 0:
            return
        assert code == -signal.SIGKILL, code
        known = json.loads(os.read(reading, 10_000))
        os.close(reading)
        code = in_process_of_its_own(bring_home(case, f"{signed}-next", piece_bytes))
        sys.stdout.write(json.dumps({"calls": calls, "held": known["held"], "code": code}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    with patch.object(recording_download, "Downloader", Watched):
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
