"""Reads what a bot recorded, from its delivery or from the API, and until when its URLs are valid."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from minutekeeper.providers.base import MalformedWebhookError, NotFoundError, ProviderError
from minutekeeper.providers.media_links import media_file
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.response_models import MeetingData
from minutekeeper.providers.meetingbaas.transcripts import from_meeting_data, from_webhook
from minutekeeper.providers.meetingbaas.webhooks import WebhookData, parse_envelope
from minutekeeper.providers.recorded_content import Media, RecordedContent
from minutekeeper.providers.response_bodies import ResponseTooLargeError
from minutekeeper.providers.segment_reading import TranscriptError
from minutekeeper.transcripts.model import Transcript

_SECONDS_OF_A_LONG_TRANSCRIPT = 300.0

_NOTHING = RecordedContent(media=(), transcript=None)


async def recorded_content(client: MeetingBaasClient, bot_id: str, pushed: bytes | None) -> RecordedContent:
    """Uses the pushed delivery if it is complete, else requests the rest."""
    # Hours of speech take a second to read: whatever else this process does must not wait for it.
    given = _NOTHING if pushed is None else await asyncio.to_thread(_from_delivery, pushed)
    if given.media and given.transcript is not None:
        return given
    try:
        asked = await _ask(client, bot_id)
    except ProviderError:
        if not given.media:
            raise
        # The recording can be downloaded now; its transcript is requested again later anyway.
        return given
    if given.transcript is not None and not (given.transcript.is_empty and asked.transcript):
        asked = replace(asked, transcript=given.transcript, transcript_failed=False)
    # The answer's URLs are the fresher ones.
    return asked if asked.media else replace(asked, media=given.media, audio=given.audio)


async def _ask(client: MeetingBaasClient, bot_id: str) -> RecordedContent:
    try:
        data = await client.meeting_data(bot_id, seconds=_SECONDS_OF_A_LONG_TRANSCRIPT)
    except NotFoundError:
        return replace(_NOTHING, deleted=True)
    except ResponseTooLargeError:
        # The recording is available nevertheless.
        data = await client.meeting_data(bot_id, include_transcripts=False)
        return replace(await asyncio.to_thread(_from_meeting_data, data), transcript_failed=True)
    return await asyncio.to_thread(_from_meeting_data, data)


def _from_meeting_data(data: MeetingData) -> RecordedContent:
    bot = data.bot_data.bot
    audio_only = bot is not None and bot.recording_mode == "audio_only"
    transcript = _transcript(from_meeting_data, data.bot_data.transcripts)
    return RecordedContent(
        media=_media(data.mp4, data.audio, audio_only=audio_only),
        audio=_separate_audio(data.mp4, data.audio),
        transcript=transcript,
        transcript_failed=transcript is None and bot is not None and bot.transcription_fails,
        deleted=data.content_deleted,
        duration=data.duration,
    )


def _from_delivery(body: bytes) -> RecordedContent:
    """What a stored `complete` holds; nothing if it cannot be read."""
    try:
        data = parse_envelope(body).data
    except MalformedWebhookError:
        return _NOTHING
    return RecordedContent(
        media=_media(data.mp4, data.audio, audio_only=False),
        audio=_separate_audio(data.mp4, data.audio),
        transcript=_delivered_transcript(data),
    )


def _delivered_transcript(data: WebhookData) -> Transcript | None:
    """An empty list in a delivery means that there was no speech.

    In the API it is there from the start and means nothing.
    """
    return Transcript() if data.transcript == [] else _transcript(from_webhook, data.transcript or [])


def _transcript(read: Callable[[Sequence[Any]], Transcript], items: Sequence[Any]) -> Transcript | None:
    """The transcript in these items; None if there are none or they cannot be understood."""
    try:
        return read(items) if items else None
    except TranscriptError:
        return None


def _media(video: str, audio: str, *, audio_only: bool) -> tuple[Media, ...]:
    """The one recording: the video, or the sound where there is no video."""
    url = video or audio
    if not url:
        return ()
    return (media_file(url, usual_extension="mp3" if audio_only or not video else "mp4"),)


def _separate_audio(video: str, audio: str) -> Media | None:
    """The sound, if it is not the recording itself."""
    return media_file(audio, usual_extension="wav") if video and audio and audio != video else None
