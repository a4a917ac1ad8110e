"""Every recording is in the store, as it was made."""

from collections.abc import Iterator

from devtools.chaos.evidence import Evidence, FileInStore, Run
from devtools.chaos.ledger import Bot
from devtools.chaos.rules.breach import Breach
from minutekeeper.meetings.collection import MIN_RECORDING_BYTES
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage.layout import is_partial_download


def recordings_lost(evidence: Evidence) -> Iterator[Breach]:
    """A recording that the provider has and the meeting's folder has not, or not to the last byte."""
    for bot in evidence.ledger.bots:
        if not _is_worth_keeping(bot):
            continue
        kept = [file for file in evidence.files_of(bot.extra.workflow_id) if _is_recording(file)]
        if bot.recording and bot.recording.sha256 not in {file.sha256 for file in kept}:
            there = ", ".join(f"{file.path} of {file.size} bytes" for file in kept) or "nothing"
            what = f"bot {bot.id} ({bot.script}) recorded {bot.recording.size} bytes; in the store: {there}"
            yield Breach(workflow_id=bot.extra.workflow_id, what=what)


def recordings_damaged(evidence: Evidence) -> Iterator[Breach]:
    """A recording in the store that no bot has made like this."""
    made = {bot.recording.sha256 for bot in evidence.ledger.bots if bot.recording}
    for file in evidence.files:
        if _is_recording(file) and file.sha256 not in made:
            yield Breach(workflow_id="", what=f"{file.path} of {file.size} bytes is no recording of any bot")


def promises_broken(evidence: Evidence) -> Iterator[Breach]:
    """A file that an outcome or a manifest names and that the store has not, or a completed meeting without any."""
    stored = {file.path: file.sha256 for file in evidence.files}
    sizes = {file.path: file.size for file in evidence.files}
    for run in evidence.runs:
        if run.outcome is None:
            continue
        for artifact in run.outcome.artifacts:
            if sizes.get(artifact.path) != artifact.size:
                yield Breach(
                    workflow_id=run.workflow_id,
                    what=f"the outcome names {artifact.path}: {_fate(artifact.path, stored)}",
                )
        if run.outcome.status is MeetingStatus.COMPLETED and not _has_recording(run):
            yield Breach(workflow_id=run.workflow_id, what="completed, but its outcome names no recording")
    for manifest, named in evidence.manifests.items():
        for path, sha256 in named.items():
            if stored.get(path) != sha256:
                yield Breach(workflow_id="", what=f"{manifest} names {path}: {_fate(path, stored)}")


def _is_worth_keeping(bot: Bot) -> bool:
    """A bot of ours that recorded something; what one leaves that was thrown out at once is no recording."""
    size = bot.recording.size if bot.recording else 0
    return bool(bot.extra.workflow_id) and size >= MIN_RECORDING_BYTES


def _is_recording(file: FileInStore) -> bool:
    return file.path.rpartition("/")[2].startswith("recording.") and not is_partial_download(file.path)


def _has_recording(run: Run) -> bool:
    artifacts = run.outcome.artifacts if run.outcome else ()
    return any("/recording." in artifact.path for artifact in artifacts)


def _fate(path: str, stored: dict[str, str]) -> str:
    return "other bytes are there" if path in stored else "it is not there"
