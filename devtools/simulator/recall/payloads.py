"""Bodies of webhooks, in the form of API version 1.11."""

from typing import Any

from devtools.simulator.recall.state import Artifact, Bot, Recording, Status, StatusChange
from devtools.simulator.state import stamp


def bot_event(bot: Bot, change: StatusChange) -> dict[str, Any]:
    data = {"code": change.code, "sub_code": change.sub_code, "updated_at": stamp(change.created_at)}
    return {"event": f"bot.{change.code}", "data": {"data": data, "bot": _bot(bot)}}


def recording_event(recording: Recording) -> dict[str, Any]:
    data = _status(recording.status)
    if recording.status.code == "failed":
        data["error"] = {"code": "INTERNAL_ERROR", "message": "Internal server error occurred during recording"}
    return {
        "event": f"recording.{recording.status.code}",
        "data": {"data": data, "recording": _named(recording), "bot": _bot(recording.bot)},
    }


def artifact_event(artifact: Artifact) -> dict[str, Any]:
    recording = artifact.recording
    return {
        "event": f"{artifact.kind}.{artifact.status.code}",
        "data": {
            "data": _status(artifact.status),
            artifact.kind: _named(artifact),
            "recording": _named(recording),
            "bot": _bot(recording.bot),
        },
    }


def _status(status: Status) -> dict[str, Any]:
    return {"code": status.code, "sub_code": status.sub_code, "updated_at": stamp(status.updated_at)}


def _named(thing: Recording | Artifact) -> dict[str, Any]:
    return {"id": str(thing.uuid), "metadata": thing.metadata}


def _bot(bot: Bot) -> dict[str, Any]:
    return {"id": str(bot.uuid), "metadata": bot.config.metadata}
