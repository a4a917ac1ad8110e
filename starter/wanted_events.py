"""Which events before a meeting's end the endpoints want, as its request has to say."""

import asyncio
import logging
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from minutekeeper.deliveries.events import is_wanted
from minutekeeper.deliveries.meeting_events import EARLY_TYPES
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from starter.errors import MeetingError
from starter.inputs import settings

logger = logging.getLogger("starter")

_FRESH_SECONDS = 5.0
_READ_SECONDS = 2.0
"""A booking waits no longer for the store; the meeting then tells of its end only."""


class WantedEvents:
    """Reads the endpoints of the configured store, and remembers for seconds what they want."""

    def __init__(self) -> None:
        self._endpoints: EndpointStore | None = None
        self._types: tuple[str, ...] = ()
        self._until = 0.0

    async def added_to(self, request: MeetingRequest) -> MeetingRequest:
        """The request with the events that endpoints want, unless it names some itself."""
        if request.events:
            return request
        if time.monotonic() >= self._until:
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    self._types = await self._read()
            except (StoreError, TimeoutError, MeetingError) as error:
                logger.debug("The endpoints cannot be read: %s", error)
                self._types = ()
            self._until = time.monotonic() + _FRESH_SECONDS
        return request.model_copy(update={"events": self._types}) if self._types else request

    async def _read(self) -> tuple[str, ...]:
        self._endpoints = self._endpoints or _open_endpoints()
        known = await self._endpoints.all() if self._endpoints else []
        return tuple(kind.value for kind in EARLY_TYPES if any(is_wanted(each, kind) for each in known))


def _open_endpoints() -> EndpointStore | None:
    """None if the store is a folder that does not exist here, because there are no endpoints then."""
    url = settings().artifacts_url
    if url.startswith("file://") and not Path(unquote(urlsplit(url).path)).is_dir():
        return None
    return EndpointStore(ArtifactStore(url))
