"""Makes files and transcripts of recordings, tells of them, and deletes them when their time is over."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from devtools.simulator.recall.files import files_of
from devtools.simulator.recall.models import NewTranscript, Retention
from devtools.simulator.recall.scripts import Outcome
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import Artifact, ArtifactKind, Bot, Recording, StatusChange
from devtools.simulator.state import now

_BESIDE_VIDEO: tuple[ArtifactKind, ...] = ("participant_events", "meeting_metadata")


class MediaWorks:
    """`announce` hears of each artifact, `report` of each recording, whose status has changed."""

    def __init__(
        self,
        settings: RecallSettings,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        report: Callable[[Recording, Artifact | None], None],
    ) -> None:
        self._settings = settings
        self._spawn = spawn
        self._report = report

    def begin(self, bot: Bot) -> Recording:
        """A new recording with what was asked for, all of it in processing."""
        config = bot.config.recording_config
        recording = Recording(bot, dict(config.metadata))
        bot.recordings.append(recording)
        self._report(recording, None)
        if config.video_mixed_mp4 is not None:
            self._add(recording, "video_mixed", config.video_mixed_mp4.metadata, {"format": "mp4"})
        if config.audio_mixed_mp3 is not None:
            self._add(recording, "audio_mixed", config.audio_mixed_mp3.metadata, {"format": "mp3"})
        for kind in _BESIDE_VIDEO:
            if (wanted := getattr(config, kind)) is not None:
                self._add(recording, kind, wanted.metadata, {})
        if (transcript := config.transcript) is not None:
            details = _of_transcript(dict(transcript.provider), is_separate=bool(transcript.diarization))
            self._add(recording, "transcript", transcript.metadata, details)
        return recording

    def end(self, recording: Recording) -> None:
        """Nothing is recorded any more; its files come after a while."""
        self._spawn(self._process(recording))

    def transcribe(self, recording: Recording, wish: NewTranscript) -> Artifact:
        """A transcript in processing, which ends as the bot's script says."""
        details = _of_transcript(dict(wish.provider), is_separate=bool(wish.diarization))
        transcript = self._add(recording, "transcript", wish.metadata, details)
        script = recording.bot.script
        self._spawn(self._finish(transcript, self._settings.async_transcription_delay, script.async_transcript))
        return transcript

    def delete(self, recording: Recording) -> None:
        """Delete all of it at once."""
        for artifact in recording.artifacts:
            self.delete_artifact(artifact)
        if recording.status.code != "deleted":
            recording.status.change("deleted")
            self._report(recording, None)

    def delete_artifact(self, artifact: Artifact) -> None:
        artifact.files.clear()
        if artifact.status.code != "deleted":
            artifact.status.change("deleted")
            self._report(artifact.recording, artifact)

    def _add(
        self, recording: Recording, kind: ArtifactKind, metadata: dict[str, str | None], details: dict[str, Any]
    ) -> Artifact:
        artifact = Artifact(kind, recording, dict(metadata), details)
        recording.artifacts.append(artifact)
        self._report(recording, artifact)
        return artifact

    async def _process(self, recording: Recording) -> None:
        settings, script = self._settings, recording.bot.script
        await asyncio.sleep(settings.real(settings.processing_delay + script.media_delay))
        if recording.status.code == "deleted":
            return
        for artifact in recording.artifacts:
            if artifact.kind != "transcript":
                await self._finish(artifact, 0, script.recording)
        recording.status.change(script.recording, "internal_error" if script.recording == "failed" else None)
        self._set_expiry(recording)
        self._report(recording, None)
        transcript = recording.latest("transcript")
        if transcript and transcript.status.code == "processing":
            delay = settings.transcription_delay + script.transcript_delay
            self._spawn(self._finish(transcript, delay, script.transcript))

    async def _finish(self, artifact: Artifact, delay: float, outcome: Outcome) -> None:
        await asyncio.sleep(self._settings.real(delay))
        if outcome == "never" or artifact.status.code == "deleted":
            return
        if outcome == "failed":
            sub_code = artifact.recording.bot.script.transcript_sub_code if artifact.kind == "transcript" else None
            artifact.status.change("failed", sub_code)
        else:
            silent = outcome == "empty" or artifact.recording.bot.script.transcript == "empty"
            artifact.files = files_of(artifact, self._settings, nobody_speaks=silent)
            artifact.status.change("done")
        self._report(artifact.recording, artifact)

    def _set_expiry(self, recording: Recording) -> None:
        """The clock of the retention runs from the recording's completion; without retention nothing is kept."""
        config, done = recording.bot.config.recording_config, recording.completed_at or now()
        hours = self._settings.default_retention_hours
        if "retention" in config.model_fields_set:
            hours = _hours(config.retention)
        if hours is not None:
            recording.expires_at = done + timedelta(seconds=self._settings.real(hours * 3600))
            self._spawn(self._expire(recording, recording.expires_at.timestamp()))

    async def _expire(self, recording: Recording, timestamp: float) -> None:
        await asyncio.sleep(max(0.0, timestamp - now().timestamp()))
        self.delete(recording)
        bot = recording.bot
        if not bot.media_expired:
            bot.media_expired = True
            bot.status_changes.append(StatusChange("media_expired", None, None, now(), sent=False))


def _hours(retention: Retention | None) -> float | None:
    """How long media is kept; None is for ever."""
    if retention is None:
        return 0
    return retention.hours if retention.type == "timed" else None


def _of_transcript(provider: dict[str, Any], *, is_separate: bool) -> dict[str, Any]:
    return {"provider": provider, "diarization": {"use_separate_streams_when_available": is_separate}}
