"""Reads what a bot recorded: several recordings, each with files that are ready, fail or vanish by themselves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from minutekeeper.providers.base import NotFoundError, RateLimitedError
from minutekeeper.providers.media_links import media_file
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.response_models import RecallArtifact, RecallBot, RecallRecording
from minutekeeper.providers.recorded_content import Media, RecordedContent, TranscriptLink

_NOTHING = RecordedContent(media=(), transcript=None)

_STILL_PREPARED = timedelta(hours=3)
"""How long after a bot's end files that are not ready may still become so; a transcript, after it was asked for."""


_RUSH = timedelta(minutes=10)
"""How long after a recording's end the limit of lists does not hold back a transcript that is ready."""


async def recorded_by(client: RecallClient, bot_id: str) -> RecordedContent:
    try:
        bot = await client.bot(bot_id)
    except NotFoundError:
        return RecordedContent(media=(), transcript=None, deleted=True)
    recordings = sorted(
        [await _with_sound(client, each) for each in bot.recordings if not each.is_gone],
        key=lambda each: (each.began_at or datetime.max.replace(tzinfo=UTC), each.id),
    )
    transcripts = [(each, await _transcript(client, each)) for each in recordings]
    is_asked = bot.recording_config is None or bool(bot.recording_config.transcript.provider)
    found = [artifact for _, artifact in transcripts if artifact is not None]
    is_overdue = _is_transcript_overdue(bot, found)
    links = _links(transcripts, is_overdue=is_overdue)
    is_hopeless = not any(each.url or each.is_pending for each in found)
    has_none = is_hopeless and bool(recordings) and (bool(found) or not is_asked)
    has_failed = not links and (has_none or is_overdue)
    return RecordedContent(
        media=tuple(_media(recordings)),
        transcript=None,
        transcript_links=links,
        is_pending=_is_prepared(bot, recordings),
        audio=_audio(recordings),
        # That there was no speech is said by a file without words alone.
        is_transcript_pending=not links and not has_failed,
        transcript_failed=has_failed,
        deleted=bot.has_lost_media,
        duration=_duration(recordings),
    )


async def _with_sound(client: RecallClient, recording: RecallRecording) -> RecallRecording:
    """The recording with its file of sound, if that is all there may be and is not among the shortcuts."""
    shortcuts = recording.media_shortcuts
    has_video = shortcuts.video_mixed is not None and not shortcuts.video_mixed.is_gone
    if has_video or shortcuts.audio_mixed is not None or not recording.id or not recording.status.code:
        return recording
    try:
        listed = await client.sounds(recording.id)
    except NotFoundError:
        return recording
    sound = max(listed, key=lambda each: (not each.is_gone, bool(each.url)), default=None)
    return recording.model_copy(update={"media_shortcuts": shortcuts.model_copy(update={"audio_mixed": sound})})


async def _transcript(client: RecallClient, recording: RecallRecording) -> RecallArtifact | None:
    """The newest transcript that is there or comes, else one that failed.

    One asked for later may not be among the shortcuts.
    """
    shown = recording.media_shortcuts.transcript
    if not recording.id or not recording.status.code:
        return shown
    try:
        listed = await client.transcripts(recording.id)
    except RateLimitedError:
        if shown is None or not shown.url or not _ended_just_now(recording):
            raise
        return shown
    return max(
        (*listed, *([shown] if shown else ())),
        key=lambda each: (not each.is_gone, bool(each.url), each.created_at or datetime.min.replace(tzinfo=UTC)),
        default=shown,
    )


def _ended_just_now(recording: RecallRecording) -> bool:
    ended_at = recording.completed_at
    return ended_at is not None and datetime.now(UTC) < ended_at + _RUSH


def _media(recordings: Sequence[RecallRecording]) -> list[Media]:
    """One file of each recording: the video, or the sound where there is no video."""
    found = []
    for part, recording in enumerate(recordings):
        file = _main_file(recording)
        if file is not None and file.url:
            extension = "mp4" if file is recording.media_shortcuts.video_mixed else "mp3"
            found.append(media_file(file.url, usual_extension=extension, part=part))
    return found


def _main_file(recording: RecallRecording) -> RecallArtifact | None:
    """What is taken for the recording, whether it is there already or not."""
    video, sound = recording.media_shortcuts.video_mixed, recording.media_shortcuts.audio_mixed
    return video if video is not None and not video.is_gone else sound


def _audio(recordings: Sequence[RecallRecording]) -> Media | None:
    """The sound of the first recording, where it is not the recording itself."""
    for recording in recordings:
        shortcuts = recording.media_shortcuts
        if shortcuts.video_mixed and shortcuts.video_mixed.url and shortcuts.audio_mixed:
            url = shortcuts.audio_mixed.url
            return media_file(url, usual_extension="mp3") if url else None
    return None


def _links(
    transcripts: Sequence[tuple[RecallRecording, RecallArtifact | None]], *, is_overdue: bool
) -> tuple[TranscriptLink, ...]:
    """The transcripts that are ready, if none is still waited for; each with where its recording begins."""
    if not is_overdue and any(artifact is not None and artifact.is_pending for _, artifact in transcripts):
        return ()
    began = [recording.began_at for recording, _ in transcripts]
    first = next((each for each in began if each is not None), None)
    return tuple(
        TranscriptLink(
            url=artifact.url,
            offset=(recording.began_at - first).total_seconds() if recording.began_at and first else 0.0,
        )
        for recording, artifact in transcripts
        if artifact is not None and artifact.url
    )


def _is_transcript_overdue(bot: RecallBot, transcripts: Sequence[RecallArtifact]) -> bool:
    """Whether transcripts that are not there by now are not waited for any more: word of a failure may be lost."""
    times = [each.created_at for each in bot.history]
    times += [each.created_at for each in transcripts]
    times += [each.completed_at for each in bot.recordings]
    since = max((time for time in times if time), default=None)
    return since is not None and bot.has_left and datetime.now(UTC) > since + _STILL_PREPARED


def _is_prepared(bot: RecallBot, recordings: Sequence[RecallRecording]) -> bool:
    """Whether a recording's file is still to come; one that is never finished is waited for some hours."""
    ended_at = max((each.created_at for each in bot.history if each.created_at), default=None)
    if ended_at is not None and datetime.now(UTC) > ended_at + _STILL_PREPARED:
        return False
    if not bot.recordings:
        return bot.was_recording and not bot.has_lost_media
    return any(_awaits_file(each) for each in recordings)


def _awaits_file(recording: RecallRecording) -> bool:
    main = _main_file(recording)
    if main is None:
        return recording.media_shortcuts.video_mixed is None and recording.status.code in {"processing", "paused"}
    return main.is_pending


def _duration(recordings: Sequence[RecallRecording]) -> float | None:
    """Of all recordings together, in seconds; None if one does not say."""
    spans = [
        (each.completed_at - each.started_at).total_seconds() if each.completed_at and each.started_at else None
        for each in recordings
    ]
    known = [each for each in spans if each is not None]
    return sum(known) if known and len(known) == len(spans) else None
