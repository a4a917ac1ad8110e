"""Stores the provider's screenshots of a bot, because they show why it failed to join."""

from collections.abc import Mapping

import aiohttp
from temporalio import activity

from minutekeeper.downloads.downloader import DownloadError, FileOverLimitError
from minutekeeper.downloads.small_file import fetch_small_file
from minutekeeper.meetings.collection import CollectInput
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.base import Provider
from minutekeeper.providers.recorded_content import BotScreenshot
from minutekeeper.storage import layout
from minutekeeper.storage.store import ArtifactStore

_MAX_SCREENSHOTS = 20
_MAX_BYTES = 10 * 1024 * 1024
_SIGNATURES: Mapping[bytes, str] = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


async def store_screenshots(
    provider: Provider, store: ArtifactStore, session: aiohttp.ClientSession, order: CollectInput
) -> tuple[Artifact, ...]:
    """Stores the newest screenshots under `screenshots/`; a second attempt overwrites the same files.

    Skips screenshots that cannot be downloaded, because they are only evidence. Raises ProviderError and
    StoreError.
    """
    stored = []
    listed = (await provider.screenshots(order.bot_id))[-_MAX_SCREENSHOTS:]
    for number, screenshot in enumerate(listed, start=1):
        image = await _download(session, screenshot)
        extension = _extension(image)
        if extension:
            path = layout.screenshot_path(order.folder, order.bot_id, number, extension)
            stored.append(await store.put(path, image))
    return tuple(stored)


async def _download(session: aiohttp.ClientSession, screenshot: BotScreenshot) -> bytes:
    """The image; empty if it cannot be downloaded or is too large."""
    try:
        return await fetch_small_file(session, screenshot.url, _MAX_BYTES)
    except (DownloadError, FileOverLimitError) as error:
        activity.logger.warning("A screenshot could not be downloaded: %s", error)
        return b""


def _extension(image: bytes) -> str:
    """The file extension by the first bytes; empty for anything but a supported image."""
    return next((extension for start, extension in _SIGNATURES.items() if image.startswith(start)), "")
