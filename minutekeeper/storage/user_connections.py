"""Stores which user has connected which calendar; of two concurrent changes exactly one succeeds.

Every change is a file of its own with the next number, which only one writer can create. The highest number is
valid.
"""

import uuid

from pydantic import ValidationError

from minutekeeper.calendars.user_connection import ConnectionClaim, UserConnection
from minutekeeper.storage import layout
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore

_KEPT = 50
"""Changes that are kept: far more than can happen while a reader still has an old one."""


class ConcurrentUpdateError(Exception):
    """The connection was changed since it was read."""


class UserConnectionStore:
    """Reads and writes connections. Every method raises StoreError if the store fails."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def read(self, user: str, platform: str) -> UserConnection:
        """The user's connection; empty if they never connected a calendar."""
        paths = [entry.path for entry in await self._store.list(layout.user_connections_path(user, platform))]
        if not paths:
            return UserConnection(user=user, platform=platform)
        try:
            return UserConnection.model_validate_json(await self._store.get(paths[-1]))
        except ValidationError:
            raise StoreError(f"{paths[-1]} cannot be read; remove it to fall back to the one before") from None

    async def write(self, connection: UserConnection) -> UserConnection:
        """Writes the next version and returns it with its number. Raises ConcurrentUpdateError."""
        folder = layout.user_connections_path(connection.user, connection.platform)
        written = connection.model_copy(update={"version": connection.version + 1, "write_id": uuid.uuid4().hex})
        content = written.model_dump_json(exclude_defaults=True).encode()
        if not await self._store.create(_path(folder, written.version), content):
            raise ConcurrentUpdateError
        if written.version > _KEPT:
            await self._store.delete(_path(folder, written.version - _KEPT))
        return written

    async def claim(self, calendar_id: str, claim: ConnectionClaim) -> bool:
        """Claims a calendar of the provider; True if it belongs to this claim now. Idempotent.

        Of several attempts that connect what may be one calendar, only its owner may use or delete it.
        """
        return await self._store.create(layout.calendar_claim_path(calendar_id), claim.model_dump_json().encode())


def _path(folder: str, number: int) -> str:
    return f"{folder}/{number:08d}.json"
