"""Reads what a bot of Meeting BaaS v2 recorded, from its delivery or from the API, and its transcript file."""

from dataclasses import replace
from typing import Any

from minutekeeper.providers.base import MalformedWebhookError, NotFoundError, ProviderError, UnavailableError
from minutekeeper.providers.json_decoding import decode_json, reject_json_bombs
from minutekeeper.providers.media_links import media_file
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.http import SERVICE
from minutekeeper.providers.meetingbaas_v2.response_models import BotFiles
from minutekeeper.providers.meetingbaas_v2.status_codes import (
    FINAL_STATUSES,
    TRANSCRIPTION_ERROR,
    TRANSCRIPTION_FAILURES,
)
from minutekeeper.providers.meetingbaas_v2.webhooks import read_files
from minutekeeper.providers.recorded_content import RecordedContent, TranscriptLink
from minutekeeper.providers.segment_reading import TranscriptError, read_segments
from minutekeeper.transcripts.model import Transcript

_NOTHING = RecordedContent(media=(), transcript=None)


async def read_recorded_content(client: MeetingBaasV2Client, bot_id: str, pushed: bytes | None) -> RecordedContent:
    """From the pushed delivery if it is complete, else from the API, whose links are valid for hours from now."""
    given = _NOTHING if pushed is None else _from_delivery(pushed)
    if given.media and given.transcript_links:
        return given
    try:
        asked = await _from_api(client, bot_id)
    except NotFoundError:
        return replace(_NOTHING, deleted=True)
    except ProviderError:
        if not given.media:
            raise
        # The recording can be downloaded now; its transcript is requested again later anyway.
        return given
    return asked if asked.media else replace(asked, media=given.media, audio=given.audio)


async def _from_api(client: MeetingBaasV2Client, bot_id: str) -> RecordedContent:
    """What the API lists. A recording whose bot has ended, or whose transcription failed, gets no transcript."""
    bot = await client.started_bot(bot_id)
    has_ended = bot.status in FINAL_STATUSES
    asked = _content(bot, has_ended=has_ended)
    if not asked.media or asked.transcript_links or asked.transcript_failed:
        return asked
    return replace(asked, transcript_failed=has_ended or await _has_transcription_failed(client, bot_id))


async def _has_transcription_failed(client: MeetingBaasV2Client, bot_id: str) -> bool:
    """Whether that is known; the recording must not wait for the answer."""
    try:
        return (await client.progress(bot_id)).transcription_status == TRANSCRIPTION_ERROR
    except ProviderError:
        return False


def _from_delivery(body: bytes) -> RecordedContent:
    """What a stored `bot.completed` holds; nothing if it cannot be read."""
    try:
        return _content(read_files(body), has_ended=True)
    except MalformedWebhookError:
        return _NOTHING


def _content(files: BotFiles, *, has_ended: bool) -> RecordedContent:
    url = files.video or files.audio
    media = (media_file(url, usual_extension="mp4" if files.video else "flac"),) if url else ()
    has_own_audio = bool(files.video and files.audio and files.audio != files.video)
    return RecordedContent(
        media=media,
        audio=media_file(files.audio, usual_extension="flac") if has_own_audio else None,
        transcript=None,
        transcript_links=(TranscriptLink(url=files.transcription),) if files.transcription else (),
        transcript_failed=not files.transcription and files.error_code in TRANSCRIPTION_FAILURES,
        is_pending=not media and not files.is_deleted and not has_ended,
        deleted=files.is_deleted,
        duration=files.duration_seconds,
    )


def read_transcript_file(body: bytes) -> Transcript:
    """The transcript in the file behind the link: `{result: {utterances: [{speaker, text, words: […]}]}}`.

    Raises UnavailableError for anything else.
    """
    try:
        reject_json_bombs(body)
        return read_segments(_utterances(decode_json(body)))
    except (TranscriptError, ValueError) as error:
        raise UnavailableError(f"{SERVICE} gave a transcript that cannot be read: {error}") from None


def _utterances(document: Any) -> Any:
    """The utterances, also where the layers around them are missing."""
    for layer in ("result", "transcription"):
        if isinstance(document, dict) and isinstance(document.get(layer), dict):
            document = document[layer]
    return document.get("utterances") if isinstance(document, dict) else document
