"""Bots, recordings and what is made of them, as the API shows them. The bot has no time of its creation."""

from typing import Any

from devtools.simulator.recall.meeting_links import parsed_link
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import (
    Artifact,
    ArtifactKind,
    Bot,
    CalendarLink,
    Recording,
    Status,
    StatusChange,
)
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import stamp

_SHORTCUTS: tuple[ArtifactKind, ...] = (
    "video_mixed",
    "transcript",
    "participant_events",
    "meeting_metadata",
    "audio_mixed",
)
_LINKS: dict[ArtifactKind, tuple[str, ...]] = {
    "video_mixed": ("download_url",),
    "audio_mixed": ("download_url",),
    "transcript": ("download_url", "provider_data_download_url"),
    "participant_events": (
        "participant_events_download_url",
        "speaker_timeline_download_url",
        "participants_download_url",
    ),
    "meeting_metadata": (),
}


def shown_bot(bot: Bot, signer: UrlSigner, settings: RecallSettings) -> dict[str, Any]:
    """`join_at` can be read until the bot joins, its link until some days after its end.

    After the media's end there are no recordings any more.
    """
    config = bot.config
    recordings = [] if bot.media_expired else bot.recordings
    rest = config.model_dump(mode="json", exclude={"meeting_url", "join_at", "bot_name", "metadata"})
    return {
        "id": str(bot.uuid),
        "meeting_url": None if bot.is_long_over(settings) else parsed_link(config.meeting_url),
        "bot_name": config.bot_name,
        "join_at": None if bot.status_changes else stamp(bot.join_at),
        "status_changes": [_change(change) for change in bot.status_changes],
        "recordings": [_embedded(recording, signer) for recording in recordings],
        "calendar_meetings": [_calendar_meeting(link) for link in bot.calendar_meetings],
        "slack_team": None,
        "metadata": config.metadata,
        **rest,
    }


def shown_recording(recording: Recording, signer: UrlSigner) -> dict[str, Any]:
    bot = recording.bot
    return _embedded(recording, signer) | {
        "bot": {"id": str(bot.uuid), "metadata": bot.config.metadata},
        "realtime_endpoints": [],
        "desktop_sdk_upload": None,
    }


def shown_artifact(artifact: Artifact, signer: UrlSigner) -> dict[str, Any]:
    recording = artifact.recording
    return {"recording": {"id": str(recording.uuid), "metadata": recording.metadata}} | _shortcut(artifact, signer)


def _embedded(recording: Recording, signer: UrlSigner) -> dict[str, Any]:
    shortcuts: dict[str, Any] = {}
    for kind in _SHORTCUTS:
        artifact = recording.latest(kind)
        shortcuts[kind] = artifact and _shortcut(artifact, signer)
    return {
        "id": str(recording.uuid),
        "created_at": stamp(recording.created_at),
        "started_at": stamp(recording.created_at),
        "completed_at": stamp(recording.completed_at),
        "expires_at": stamp(recording.expires_at),
        "status": _status(recording.status),
        "media_shortcuts": shortcuts,
        "metadata": recording.metadata,
    }


def _shortcut(artifact: Artifact, signer: UrlSigner) -> dict[str, Any]:
    """A link is null until the artifact is done, and signed anew with each answer."""
    data: dict[str, Any] = {
        name: signer.sign(f"/media/{artifact.uuid}/{name}") if name in artifact.files else None
        for name in _LINKS[artifact.kind]
    }
    if artifact.kind == "meeting_metadata":
        is_done = artifact.status.code == "done"
        data = {"title": "Meeting" if is_done else None, "zoom": None}
    return {
        "id": str(artifact.uuid),
        "created_at": stamp(artifact.created_at),
        "status": _status(artifact.status),
        "metadata": artifact.metadata,
        "data": data,
        **artifact.details,
    }


def _status(status: Status) -> dict[str, Any]:
    return {"code": status.code, "sub_code": status.sub_code, "updated_at": stamp(status.updated_at)}


def _change(change: StatusChange) -> dict[str, Any]:
    return {
        "code": change.code,
        "message": change.message,
        "created_at": stamp(change.created_at),
        "sub_code": change.sub_code,
    }


def _calendar_meeting(link: CalendarLink) -> dict[str, Any]:
    return {
        "id": str(link.meeting_id),
        "start_time": stamp(link.start),
        "end_time": stamp(link.end),
        "calendar_user": {"id": str(link.user_id), "external_id": link.external_id},
    }
