"""Stores the endpoints of outgoing events; no concurrent change of one is lost.

Every change of an endpoint is a file of its own with the next number, which only one writer can create. The highest
number is valid, and a few earlier ones are kept, because a writer recognises by them that no other was faster.
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from contextlib import suppress

from pydantic import ValidationError

from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.store import ArtifactStore

_KEPT = 5
_MAX_TRIES = 10


class EndpointChangedError(Exception):
    """The endpoint was changed or removed since it was read."""


class EndpointStore:
    """Reads and writes endpoints. Every method raises StoreError if the store fails.

    What was read is remembered by its path, whose content never changes, so that `all` costs one listing.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._known: dict[str, WebhookEndpoint] = {}

    async def all(self) -> list[WebhookEndpoint]:
        """Every endpoint, the oldest first."""
        newest: dict[str, str] = {}
        for entry in await self._store.list(layout.endpoints_path()):
            newest[entry.path.rpartition("/")[0]] = entry.path
        found = await asyncio.gather(*(self._read(folder, path) for folder, path in newest.items()))
        self._known = {path: self._known[path] for path in newest.values() if path in self._known}
        return sorted((each for each in found if each), key=lambda each: (each.created_at, each.endpoint_id))

    async def get(self, endpoint_id: str) -> WebhookEndpoint | None:
        """The endpoint of this id; None if there is none."""
        folder = layout.endpoints_path(endpoint_id)
        paths = await self._paths(folder)
        return await self._read(folder, paths[-1]) if paths else None

    async def put(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """Writes the next version of what was read, or a new endpoint, and returns it with its number.

        Raises EndpointChangedError if it was changed or removed since it was read.
        """
        folder = layout.endpoints_path(endpoint.endpoint_id)
        written = endpoint.model_copy(update={"version": endpoint.version + 1})
        # Two writers of the same change would otherwise take each other's file for their own.
        content = written.model_dump(mode="json", exclude_defaults=True) | {"write_id": uuid.uuid4().hex}
        path = _path(folder, written.version)
        if not await self._store.create(path, json.dumps(content).encode()):
            raise EndpointChangedError
        paths = await self._paths(folder)
        if endpoint.version and _path(folder, endpoint.version) not in paths:
            # The number was free because the endpoint was removed, or because later changes have displaced it.
            await self._store.delete(path)
            raise EndpointChangedError
        for each in paths:
            if each < _path(folder, written.version - _KEPT + 1):
                await self._store.delete(each)
        return written

    async def change(
        self, endpoint_id: str, change: Callable[[WebhookEndpoint], WebhookEndpoint]
    ) -> WebhookEndpoint | None:
        """Changes an endpoint as it is now, anew if others change it at the same time; None if there is none."""
        for _ in range(_MAX_TRIES):
            known = await self.get(endpoint_id)
            if known is None:
                return None
            if (changed := change(known)) == known:
                return known
            with suppress(EndpointChangedError):
                return await self.put(changed)
        raise StoreError(f"the endpoint {endpoint_id} is being changed by others; try again")

    async def remove(self, endpoint_id: str) -> bool:
        """Removes an endpoint, also if it is being changed; False if there was none."""
        folder = layout.endpoints_path(endpoint_id)
        was_there = False
        for _ in range(_MAX_TRIES):
            if not (paths := await self._paths(folder)):
                return was_there
            was_there = True
            for path in paths:
                await self._store.delete(path)
        raise StoreError(f"the endpoint {endpoint_id} is being changed by others; try again")

    async def _paths(self, folder: str) -> list[str]:
        return [entry.path for entry in await self._store.list(folder)]

    async def _read(self, folder: str, path: str) -> WebhookEndpoint | None:
        """The newest version, which is under this path unless it was displaced meanwhile."""
        for _ in range(_MAX_TRIES):
            if (known := self._known.get(path)) is not None:
                return known
            with suppress(NotStoredError):
                endpoint = await self._parsed(path)
                self._known[path] = endpoint
                return endpoint
            if not (paths := await self._paths(folder)):
                return None
            path = paths[-1]
        raise StoreError(f"{path} is gone each time it is read; try again")

    async def _parsed(self, path: str) -> WebhookEndpoint:
        content = await self._store.get(path)
        try:
            return WebhookEndpoint.model_validate_json(content)
        except ValidationError:
            raise StoreError(f"{path} cannot be read; remove it to fall back to the version before") from None


def _path(folder: str, number: int) -> str:
    return f"{folder}/{number:08d}.json"
