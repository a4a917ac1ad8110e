"""Assigns folders to workflow runs: each run has a folder of its own, claimed before its first file.

Two workflow ids can be one meeting id (`standup` and `meeting-standup`), a workflow id can be used again, and some
file systems take `Standup` and `standup` for one name. The first run gets the folder of the meeting id, any other
one a folder beside it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from minutekeeper.meetings.ids import folder_for, meeting_id_from_workflow_id, workflow_id_for
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.manifest import Manifest
from minutekeeper.storage.store import ArtifactStore


class FolderClaim(BaseModel):
    """The content of the claim file: `run` is the first run of the workflow's chain of runs."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str
    run: str
    claimed_at: AwareDatetime


_UNREADABLE = FolderClaim(workflow_id="", run="", claimed_at=datetime.min.replace(tzinfo=UTC))
"""Stands for a claim file that a power cut emptied: the folder's run is unknown, so no run may use it."""


async def claim_folder(store: ArtifactStore, wanted: str, workflow_id: str, run: str) -> str:
    """The folder of a run, `wanted` or one beside it, claimed for it; the same in every attempt.

    Of several runs that claim one folder at the same time, exactly one gets it. `wanted` may lie below the folder
    of the meeting. Raises StoreError.
    """
    root, *below = wanted.split("/")
    for folder in _candidates(root, run):
        if await _is_claimed(store, folder, workflow_id, run):
            return "/".join([folder, *below])
    raise StoreError(f"Every folder for {root} belongs to another run")


async def transcript_folders(store: ArtifactStore, meeting: str) -> list[str]:
    """The folders of a meeting or workflow id in which to look for a transcript, the newest run's first.

    The workflow of exactly this name counts, else that of the meeting id. Without any claim it is the folder of the
    meeting id, as files that were put there by hand have none. Raises StoreError.
    """
    for workflow_id in (meeting, workflow_id_for(meeting)):
        plain = folder_for(meeting_id_from_workflow_id(workflow_id))
        beside = [name for name in await store.folders() if name.startswith(f"{plain}~")]
        claims = [(await _read(store, folder), folder) for folder in (plain, *beside)]
        own = [(claim.claimed_at, folder) for claim, folder in claims if claim and claim.workflow_id == workflow_id]
        if own:
            return [folder for _, folder in sorted(own, reverse=True)]
    plain = folder_for(meeting_id_from_workflow_id(meeting))
    return [] if await _read(store, plain) else [plain]


def _candidates(root: str, run: str) -> Iterator[str]:
    yield root
    # The end of a run's id is random, its beginning is the time.
    yield f"{root}~{run[-8:]}"
    yield f"{root}~{run}"


async def _is_claimed(store: ArtifactStore, folder: str, workflow_id: str, run: str) -> bool:
    claim = await _read(store, folder)
    if claim is None:
        if await _finished_by_another(store, folder, run):
            return False
        claim = FolderClaim(workflow_id=workflow_id, run=run, claimed_at=datetime.now(UTC))
        await store.create(layout.claim_path(folder), claim.model_dump_json().encode())
        # Read again, because not every storage service supports conditional writes.
        claim = await _read(store, folder)
    return claim is not None and claim.run == run


async def _finished_by_another(store: ArtifactStore, folder: str, run: str) -> bool:
    """The run in the manifest, because a folder may have been copied without its hidden files."""
    try:
        return Manifest.model_validate_json(await store.get(layout.manifest_path(folder))).run != run
    except (NotStoredError, ValidationError):
        return False


async def _read(store: ArtifactStore, folder: str) -> FolderClaim | None:
    try:
        return FolderClaim.model_validate_json(await store.get(layout.claim_path(folder)))
    except NotStoredError:
        return None
    except ValidationError:
        return _UNREADABLE
