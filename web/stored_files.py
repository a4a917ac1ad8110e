"""Files of the artifact store over HTTP: whole or in part, or as a short-lived link into a bucket."""

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web

from minutekeeper.meetings.record import RecordedFile
from minutekeeper.storage.layout import validate_path
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.web_config import FileDelivery
from web.bucket_file import BucketFile

_LINK_LIFETIME = timedelta(minutes=15)
_CHUNK_BYTES = 1024 * 1024


class StoredFiles:
    """Sends and reads files.

    Args:
        open_store: Opens the artifact store when it is first needed.
        from_bucket: Whether files of a bucket are sent as links, or through this process.
    """

    def __init__(
        self, open_store: Callable[[], ArtifactStore], from_bucket: FileDelivery = FileDelivery.LINK
    ) -> None:
        self._open_store = open_store
        self._from_bucket = from_bucket
        self._store: ArtifactStore | None = None

    async def response(self, folder: str, file: RecordedFile) -> web.StreamResponse | None:
        """The file from a folder, or a link to it in a bucket; None if it is not stored any more.

        Raises StoreError.
        """
        store = await self.opened()
        path = validate_path(f"{folder}/{file.name}")
        if store.root is not None:
            here = store.root / path
            if not await asyncio.to_thread(here.is_file):
                return None
            return web.FileResponse(here, chunk_size=_CHUNK_BYTES, headers=_headers(file))
        if self._from_bucket is FileDelivery.LINK:
            link = await store.signed_link(path, _LINK_LIFETIME)
            return web.Response(status=302, headers={hdrs.LOCATION: link})
        if (size := await store.size(path)) is None:
            return None
        return BucketFile(store, path, size, file.sha256, _headers(file))

    async def content(self, folder: str, file: RecordedFile) -> bytes:
        """The bytes of a small file. Raises StoreError, which a NotStoredError is."""
        return await (await self.opened()).get(validate_path(f"{folder}/{file.name}"))

    async def whole(self, folder: str, file: RecordedFile) -> web.Response:
        """A small file from this address itself, also from a bucket. Raises StoreError."""
        return web.Response(body=await self.content(folder, file), headers=_headers(file))

    async def link_origin(self) -> str:
        """The origin of the links into a bucket; empty for a folder. Raises StoreError."""
        store = await self.opened()
        if store.root is not None:
            return ""
        parts = urlsplit(await store.signed_link("a", _LINK_LIFETIME))
        return f"{parts.scheme}://{parts.netloc}"

    async def opened(self) -> ArtifactStore:
        if self._store is None:
            self._store = await asyncio.to_thread(self._open_store)
        return self._store


def _headers(file: RecordedFile) -> dict[str, str]:
    name = quote(file.name.rpartition("/")[2])
    headers = {
        hdrs.CONTENT_TYPE: file.content_type,
        hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{name}",
        "X-Content-Type-Options": "nosniff",
    }
    if file.sha256:
        headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:"
    return headers
