"""A program: everything that a meeting keeps is written while the store is in trouble, and again when it is over.

Usage: FOLDER LINK TROUBLE, where TROUBLE is `full`, `read-only` or `forbidden`; the first two mount a small disk on
the folder, so they want mounts of their own. For each write it tells in one line of JSON what was said, and which
files that are not a download's own were there before, in the trouble, and in the end.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.recordings import RecordingActivities
from minutekeeper.downloads.downloader import DownloadLimits
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session
from minutekeeper.providers.recorded_content import RecordedContent
from minutekeeper.providers.registry import Providers
from minutekeeper.storage import layout
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fake_provider import FakeProvider, recorded
from tests.activities.recording_runner import FIRST, SPOKEN, manifest_of

MOUNT = "/bin/mount"
BLOCK = 64 * 1024
KIBIBYTE = 1024


class Disk:
    """The place of the store; `free` is what a full disk still has, in bytes."""

    def __init__(self, folder: Path, trouble: str) -> None:
        self._folder = folder
        self._trouble = trouble
        self._filler = folder / "filler"
        if trouble != "forbidden":
            self._mount("-t", "tmpfs", "-o", "size=2m", "tmpfs")
        (folder / "m" / "raw").mkdir(parents=True)

    @contextmanager
    def troubled(self, free: int) -> Iterator[None]:
        if self._trouble == "full":
            self._fill(free)
        elif self._trouble == "read-only":
            self._mount("-o", "remount,ro")
        else:
            self._allow(0o555)
        yield
        if self._trouble == "full":
            self._filler.unlink()
        elif self._trouble == "read-only":
            self._mount("-o", "remount,rw")
        else:
            self._allow(0o755)

    def files(self) -> dict[str, str]:
        """The hashes of what lies there under whatever name, but for what belongs to a download."""
        found = {str(path.relative_to(self._folder)): path for path in self._folder.rglob("*") if path.is_file()}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in found.items()
            if not layout.is_partial_download(name)
            and path not in {self._filler, self._folder / layout.claim_path("m")}
        }

    def _mount(self, *options: str) -> None:
        subprocess.run([MOUNT, *options, self._folder], check=True)

    def _fill(self, free: int) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4 * KIBIBYTE))
            except OSError:
                filler.truncate(filler.tell() - free)

    def _allow(self, mode: int) -> None:
        for folder in (*self._folder.rglob("*"), self._folder):
            if folder.is_dir():
                folder.chmod(mode)


async def tell(what: str, disk: Disk, work: Callable[[], Awaitable[Any]], free: int = 0) -> None:
    before, said, kind = disk.files(), "", ""
    with disk.troubled(free):
        try:
            await work()
        except StoreError as error:
            said, kind = str(error), type(error).__name__
        except ApplicationError as error:
            said, kind = error.message, error.type or ""
        there = disk.files()
    await work()
    line = {"what": what, "said": said, "kind": kind, "before": before, "there": there, "in_the_end": disk.files()}
    sys.stdout.write(json.dumps(line) + "\n")


async def main(folder: Path, link: str, trouble: str) -> None:
    disk = Disk(folder, trouble)
    store = ArtifactStore(folder.as_uri())
    collected = RecordedContent(media=recorded(link).media, transcript=SPOKEN)
    policy = UrlPolicy(hosts=("127.0.0.1:*",), private_addresses=True)
    async with create_checked_session(1, policy) as session:
        activities = RecordingActivities(
            Providers([FakeProvider(lambda: collected).port]), store, session, DownloadLimits(piece_bytes=BLOCK)
        )

        def run(activity: Callable[[Any], Awaitable[Any]], order: Any) -> Callable[[], Awaitable[Any]]:
            return lambda: ActivityEnvironment().run(activity, order)

        await tell("body", disk, lambda: store.put("m/raw/complete.json", b"{}"))
        await tell("inbox", disk, lambda: store.put("inbox/1.json", b"{}"))
        for number, free in enumerate((0, 200 * KIBIBYTE, 600 * KIBIBYTE)):
            order = FIRST.model_copy(update={"folder": f"m/{number}"})
            alone = order.model_copy(update={"transcript": False})
            await tell(f"recording {number}", disk, run(activities.collect, alone), free)
            await store.delete_prefix(f"m/{number}")
        await tell("transcript", disk, run(activities.collect, FIRST.model_copy(update={"recording": False})))
        await tell("manifest", disk, run(activities.write_manifest, manifest_of()))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
