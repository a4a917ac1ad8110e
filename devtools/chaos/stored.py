"""What lies in the artifact store at the end, read from its folder without the product's own code."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from devtools.chaos.evidence import FileInStore, Waiting
from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.ids import INBOX
from minutekeeper.storage.manifest import Manifest


class _InboxFile(BaseModel):
    """A delivery as the bridge keeps it; those of calendars have another message."""

    model_config = ConfigDict(extra="ignore", val_json_bytes="base64")

    workflow_id: str = ""
    message: BotEvent
    body: bytes | None = None


def read_files(root: Path) -> list[FileInStore]:
    """Every file of the meetings; paths are relative to the store."""
    paths = (path for path in sorted(root.rglob("*")) if path.is_file())
    files = [(path.relative_to(root).as_posix(), path) for path in paths]
    return [_stored(name, path) for name, path in files if not name.startswith(f"{INBOX}/")]


def read_manifests(root: Path) -> dict[str, dict[str, str]]:
    """SHA-256 by path in the store, for everything that each manifest names."""
    named: dict[str, dict[str, str]] = {}
    for path in sorted(root.glob("*/manifest.json")):
        manifest = Manifest.model_validate_json(path.read_bytes())
        folder = path.parent.name
        named[f"{folder}/manifest.json"] = {f"{folder}/{file.name}": file.sha256 for file in manifest.files}
    return named


def read_inbox(root: Path) -> list[Waiting]:
    """The deliveries that wait in the bridge's inbox, for whatever they wait."""
    waiting: list[Waiting] = []
    for path in sorted((root / INBOX).rglob("*.json")):
        try:
            kept = _InboxFile.model_validate_json(path.read_bytes())
        except ValidationError:
            continue
        sha256 = hashlib.sha256(kept.body).hexdigest() if kept.body is not None else ""
        waiting.append(
            Waiting(
                path=path.relative_to(root).as_posix(),
                workflow_id=kept.workflow_id,
                event=kept.message,
                body_sha256=sha256,
            )
        )
    return waiting


def _stored(name: str, path: Path) -> FileInStore:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return FileInStore(path=name, size=path.stat().st_size, sha256=sha256)
