"""Checks Temporal and the artifact store, at most every few seconds however often readiness is asked for."""

import asyncio
import logging
from typing import NamedTuple

from bridge.temporal_gateway import TemporalGateway
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0
"""Between the beginnings of two checks, because each writes, reads and deletes a file of the store."""

_CHECK_SECONDS = 2.0
"""How long an answer of the store is waited for."""


class Parts(NamedTuple):
    """Which of the bridge's dependencies work."""

    temporal: bool
    artifacts: bool


class Readiness:
    def __init__(self, temporal: TemporalGateway, store: ArtifactStore) -> None:
        self._temporal = temporal
        self._store = store
        self._checked_at = 0.0
        self._check: asyncio.Task[Parts] | None = None
        self._store_check: asyncio.Task[None] | None = None

    async def check(self) -> Parts:
        """Checks, or returns what the last check found if that began a moment ago."""
        now = asyncio.get_running_loop().time()
        if self._check is None or (self._check.done() and now - self._checked_at >= _EVERY_SECONDS):
            self._checked_at = now
            self._check = asyncio.create_task(self._check_parts(), name="readiness")
        # Shared by all requests at the same time, and not cancelled with the first of them.
        return await asyncio.shield(self._check)

    async def _check_parts(self) -> Parts:
        return Parts(*await asyncio.gather(self._temporal.is_healthy(), self._is_writable()))

    async def _is_writable(self) -> bool:
        # A store that hangs keeps a thread for as long as it does, so its check goes on until it answers.
        if self._store_check is None:
            self._store_check = asyncio.create_task(self._store.check(), name="store check")
        check = self._store_check
        await asyncio.wait([check], timeout=_CHECK_SECONDS)
        if not check.done():
            logger.warning("The artifact store does not work: no answer in time")
            return False
        self._store_check = None
        try:
            await check
        except StoreError as error:
            logger.warning("The artifact store does not work: %s", error)
            return False
        return True
