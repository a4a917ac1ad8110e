"""Reads and writes the manifest of a meeting's folder."""

from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from minutekeeper.meetings.collection import ManifestInput
from minutekeeper.meetings.views import Artifact
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.manifest import Manifest, ManifestFile
from minutekeeper.storage.store import ArtifactStore


class WrittenManifest(NamedTuple):
    """The manifest's file, and when its content was first written."""

    file: Artifact
    written_at: datetime


async def read_manifest(store: ArtifactStore, folder: str) -> Manifest | None:
    """The manifest of a folder; None if there is no valid one. Raises StoreError."""
    try:
        return Manifest.model_validate_json(await store.get(layout.manifest_path(folder)))
    except (NotStoredError, ValidationError):
        return None


async def store_manifest(store: ArtifactStore, order: ManifestInput) -> WrittenManifest:
    """Writes the manifest and removes partial downloads; a second attempt writes the same bytes.

    Partial downloads are removed last, because a later attempt needs them as long as there is no manifest.
    """
    earlier = await read_manifest(store, order.folder)
    manifest = _manifest(order, earlier)
    written = await store.put(
        layout.manifest_path(order.folder), f"{manifest.model_dump_json(indent=2)}\n".encode()
    )
    await remove_partial_downloads(store, order.folder)
    return WrittenManifest(written, manifest.written_at)


async def remove_partial_downloads(store: ArtifactStore, folder: str) -> None:
    left = [entry.path for entry in await store.list(folder) if layout.is_partial_download(entry.path)]
    for unfinished in {layout.partial_downloads_dir(path) for path in (folder, *left)}:
        await store.delete_prefix(unfinished)


def _manifest(order: ManifestInput, earlier: Manifest | None) -> Manifest:
    known = {file.name: file for file in earlier.files} if earlier else {}
    files = []
    for artifact in order.artifacts:
        name = artifact.path.removeprefix(f"{order.folder}/")
        file = ManifestFile(name=name, size=artifact.size, sha256=artifact.sha256)
        files.append(file if artifact.sha256 else known.get(name, file))
    record = order.record
    manifest = Manifest(
        meeting_id=record.meeting_id,
        meeting_url=record.meeting_url,
        title=record.title,
        start_time=record.start_time,
        run=order.run,
        bots=tuple(bot.bot_id for bot in record.bots),
        deliveries=order.delivery_paths,
        transcript=record.transcript,
        files=tuple(files),
        written_at=record.written_at,
    )
    if earlier is None:
        return manifest
    same = manifest.model_copy(update={"written_at": earlier.written_at})
    return same if same == earlier else manifest
