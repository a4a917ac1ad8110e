"""What became of a bot, and what it brought home."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind, EventSource
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import ProviderBotStatus, RateLimitedError, UnavailableError
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.recorded_content import Media, RecordedContent
from tests.bot_events import bot_event
from tests.providers.response_server import Answer, ToldServer

ENDED_AT = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
JOINED_AT = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
URL = "https://s3/x.mp4?X-Amz-Date=20261201T100000Z&X-Amz-Expires=3600&X-Amz-Signature=sig"
FRESH_URL = "https://s3/x.mp4?X-Amz-Date=20261201T120000Z&X-Amz-Expires=3600&X-Amz-Signature=gis"
VIDEO = Media(url=URL, extension="mp4", expires_at=ENDED_AT)
FRESH_VIDEO = Media(url=FRESH_URL, extension="mp4", expires_at=datetime(2026, 12, 1, 13, 0, tzinfo=UTC))
PUSHED_SEGMENTS = [{"speaker": "Ann", "words": [{"start": 0.0, "end": 0.5, "word": "pushed"}]}]
STORED_SEGMENTS = [
    {
        "id": 1,
        "speaker": "Ann",
        "start_time": 0.0,
        "words": [{"text": "stored", "start_time": 0.0, "end_time": 0.5}],
    }
]


def meeting_data(bot: dict[str, Any] | None = None, **fields: Any) -> Answer:
    bot_data = {"bot": {"ended_at": "2026-12-01T11:00:00Z"} | (bot or {}), "transcripts": []}
    if "transcripts" in fields:
        bot_data["transcripts"] = fields.pop("transcripts")
    return Answer({"mp4": "", "duration": 0, "bot_data": bot_data, **fields})


def complete(**data: Any) -> bytes:
    return json.dumps({"event": "complete", "data": {"bot_id": "b-1", **data}}).encode()


def text_of(collected: RecordedContent) -> str | None:
    transcript = collected.transcript
    return None if transcript is None else " ".join(segment.text for segment in transcript.segments)


async def test_a_bot_that_waits(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(meeting_data({"ended_at": None}))
    seen = await provider.get_bot_status("b-1")
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, ())
    assert server.asked[0].query == {"bot_id": "b-1", "include_transcripts": "true"}


async def test_a_bot_in_the_call_and_one_that_left(provider: MeetingBaasProvider, server: ToldServer) -> None:
    times = {"ended_at": None, "bot_joined_at": "2026-12-01T10:00:00"}
    server.tell(
        meeting_data(times, mp4=URL),
        meeting_data(times | {"bot_exited_at": "2026-12-01T11:00:00", "errors": "odd"}),
    )
    joined = bot_event(
        kind=BotEventKind.STATUS,
        bot_id="b-1",
        occurred_at=JOINED_AT,
        code="in_call_not_recording",
        source=EventSource.API,
    )
    seen = await provider.get_bot_status("b-1")
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, (joined,))
    seen = await provider.get_bot_status("b-1")
    left = joined.model_copy(update={"occurred_at": ENDED_AT, "code": "call_ended", "status": MeetingStatus.ENDED})
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, (joined, left))
    assert "odd" in seen.text


@pytest.mark.parametrize(
    ("bot", "fields", "has_recording", "has_transcript", "text"),
    [
        ({}, {"mp4": URL, "duration": 60, "transcripts": STORED_SEGMENTS}, True, True, ""),
        ({}, {"mp4": URL}, True, False, ""),
        ({}, {"mp4": "", "audio": URL}, True, False, ""),
        ({}, {}, False, False, ""),
        ({"errors": []}, {}, False, False, ""),
        ({"errors": "the end was rough"}, {"mp4": URL}, True, False, "the end was rough"),
    ],
)
async def test_a_complete_bot(
    provider: MeetingBaasProvider,
    server: ToldServer,
    bot: dict[str, Any],
    fields: dict[str, Any],
    *,
    has_recording: bool,
    has_transcript: bool,
    text: str,
) -> None:
    server.tell(meeting_data(bot, **fields))
    seen = await provider.get_bot_status("b-1")
    assert seen.status is ProviderBotStatus.COMPLETE
    assert seen.events == (
        bot_event(
            kind=BotEventKind.COMPLETE,
            bot_id="b-1",
            occurred_at=ENDED_AT,
            text=text,
            source=EventSource.API,
            has_recording=has_recording,
            has_transcript=has_transcript,
        ),
    )
    assert text in seen.text
    assert "sig" not in seen.text


async def test_a_failed_bot(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(
        meeting_data({"errors": "BotNotAccepted", "bot_exited_at": "2026-12-01T11:00:01Z", "bot_joined_at": None})
    )
    seen = await provider.get_bot_status("b-1")
    assert seen.status is ProviderBotStatus.FAILED
    failed, left = seen.events
    assert (failed.kind, failed.code, failed.occurred_at) == (BotEventKind.FAILED, "BotNotAccepted", ENDED_AT)
    assert failed.reason is FailureReason.NOT_ACCEPTED
    assert left.code == "call_ended"
    assert "BotNotAccepted" in seen.text


async def test_a_bot_whose_data_were_deleted(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(meeting_data(content_deleted=True), Answer({"content_deleted": True}))
    for _ in range(2):
        seen = await provider.get_bot_status("b-1")
        assert (seen.status, seen.events) == (ProviderBotStatus.GONE, ())
        assert "deleted" in seen.text


@pytest.mark.parametrize(
    "body", [{}, {"mp4": URL}, {"bot_data": None}, {"bot_data": {"bot": None}}, {"bot_data": 1}, []]
)
async def test_an_answer_that_says_nothing_of_the_bot_settles_nothing(
    provider: MeetingBaasProvider, server: ToldServer, body: Any
) -> None:
    server.tell(Answer(body))
    with pytest.raises(UnavailableError):
        await provider.get_bot_status("b-1")


@pytest.mark.parametrize(
    ("bots", "reality"),
    [
        ([], ProviderBotStatus.GONE),
        ([{"uuid": "another", "ended_at": None}], ProviderBotStatus.GONE),
        ([{"uuid": "b-1", "ended_at": "2026-12-01T11:00:00Z"}], ProviderBotStatus.GONE),
        ([{"uuid": "b-1", "ended_at": None}], ProviderBotStatus.OPEN),
    ],
)
async def test_a_bot_that_meeting_data_does_not_know_may_be_at_work(
    provider: MeetingBaasProvider, server: ToldServer, bots: list[dict[str, Any]], reality: ProviderBotStatus
) -> None:
    server.tell(Answer(b"BotNotFound", status=404), Answer({"bots": bots}))
    seen = await provider.get_bot_status("b-1")
    assert (seen.status, seen.events) == (reality, ())
    assert "BotNotFound" in seen.text


async def test_a_push_with_everything_is_enough(provider: MeetingBaasProvider, server: ToldServer) -> None:
    collected = await provider.get_recorded_content(
        "b-1", complete(mp4=URL, audio="https://s3/x.wav", transcript=PUSHED_SEGMENTS)
    )
    assert collected.media == (VIDEO,)
    assert text_of(collected) == "pushed"
    assert server.asked == []


@pytest.mark.parametrize(
    "transcript",
    [{}, {"transcript": None}, {"transcript": "none"}, {"transcript": [7]}, {"transcript": [{"no": "words"}]}],
)
async def test_a_push_without_transcript_is_completed_by_asking(
    provider: MeetingBaasProvider, server: ToldServer, transcript: dict[str, Any]
) -> None:
    server.tell(meeting_data(mp4=FRESH_URL, duration=61, transcripts=STORED_SEGMENTS))
    collected = await provider.get_recorded_content("b-1", complete(mp4=URL, **transcript))
    assert collected.media == (FRESH_VIDEO,)
    assert text_of(collected) == "stored"
    assert collected.duration == 61


async def test_a_push_with_an_explicitly_empty_transcript_is_believed_at_once(
    provider: MeetingBaasProvider,
) -> None:
    collected = await provider.get_recorded_content("b-1", complete(mp4=URL, transcript=[]))

    assert collected.transcript is not None
    assert collected.transcript.is_empty


async def test_a_pushed_recording_does_not_wait_for_an_answer(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    server.tell(Answer(status=503), meeting_data())
    for _ in range(2):
        assert await provider.get_recorded_content("b-1", complete(mp4=URL)) == RecordedContent(
            media=(VIDEO,), transcript=None, duration=None if len(server.asked) == 1 else 0
        )


async def test_a_pushed_transcript_outlives_an_answer_without_one(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    server.tell(meeting_data({"transcription_fails": 1}, mp4=FRESH_URL))
    collected = await provider.get_recorded_content("b-1", complete(mp4="", transcript=PUSHED_SEGMENTS))
    assert collected.media == (FRESH_VIDEO,)
    assert text_of(collected) == "pushed"
    assert not collected.transcript_failed


@pytest.mark.parametrize(
    "pushed", [None, b"", b"{", b"[]", b'{"event": "x"}', b'{"event": "complete"}', complete()]
)
async def test_without_a_usable_push_everything_is_asked_for(
    provider: MeetingBaasProvider, server: ToldServer, pushed: bytes | None
) -> None:
    server.tell(meeting_data(mp4=FRESH_URL, transcripts=STORED_SEGMENTS, duration=61))
    collected = await provider.get_recorded_content("b-1", pushed)
    assert collected.media == (FRESH_VIDEO,)
    assert text_of(collected) == "stored"
    assert collected == RecordedContent(media=(FRESH_VIDEO,), transcript=collected.transcript, duration=61)


async def test_trouble_while_asking_is_told(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(Answer(status=429))
    with pytest.raises(RateLimitedError):
        await provider.get_recorded_content("b-1", None)


@pytest.mark.parametrize(
    ("duration", "seconds"), [(61, 61), ("61.5", 61.5), (0, 0), ("long", None), (-1, None), (None, None)]
)
async def test_the_duration_if_it_is_one(
    provider: MeetingBaasProvider, server: ToldServer, duration: Any, seconds: float | None
) -> None:
    server.tell(meeting_data(duration=duration))
    assert (await provider.get_recorded_content("b-1", None)).duration == seconds


async def test_an_unknown_bot_has_lost_its_data(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(Answer(status=404), meeting_data(content_deleted=True, duration=None))
    for _ in range(2):
        assert await provider.get_recorded_content("b-1", None) == RecordedContent(
            media=(), transcript=None, deleted=True
        )


@pytest.mark.parametrize(("fails", "failed"), [(1, True), ("2", True), (True, True), (0, False), (None, False)])
async def test_a_transcript_failed_only_if_that_is_said(
    provider: MeetingBaasProvider, server: ToldServer, fails: Any, *, failed: bool
) -> None:
    bot = {"transcription_fails": fails}
    server.tell(meeting_data(bot), meeting_data(bot, transcripts=STORED_SEGMENTS), meeting_data())
    assert (await provider.get_recorded_content("b-1", None)).transcript_failed is failed
    assert not (await provider.get_recorded_content("b-1", None)).transcript_failed
    assert not (await provider.get_recorded_content("b-1", None)).transcript_failed


@pytest.mark.parametrize(
    ("mode", "urls", "expected"),
    [
        ("speaker_view", ("https://s3/x.mp4", "https://s3/x.wav"), [("https://s3/x.mp4", "mp4")]),
        ("speaker_view", ("https://s3/x", ""), [("https://s3/x", "mp4")]),
        ("speaker_view", ("", "https://s3/x.wav"), [("https://s3/x.wav", "wav")]),
        ("speaker_view", ("", "https://s3/audio123.FLAC?a=b.mp4"), [("https://s3/audio123.FLAC?a=b.mp4", "flac")]),
        ("speaker_view", ("", "https://s3/audio.exe"), [("https://s3/audio.exe", "mp3")]),
        ("audio_only", ("https://s3/x", ""), [("https://s3/x", "mp3")]),
        (None, ("https://s3/X.MP3?a=b", ""), [("https://s3/X.MP3?a=b", "mp3")]),
        (None, ("https://[broken", ""), [("https://[broken", "mp4")]),
        ("audio_only", ("", ""), []),
        ("audio_only", (None, 7), []),
    ],
)
async def test_one_recording_in_its_form(
    provider: MeetingBaasProvider,
    server: ToldServer,
    mode: Any,
    urls: tuple[Any, Any],
    expected: list[tuple[str, str]],
) -> None:
    mp4, audio = urls
    server.tell(meeting_data({"recording_mode": mode}, mp4=mp4, audio=audio))
    collected = await provider.get_recorded_content("b-1", None)
    assert [(media.url, media.extension) for media in collected.media] == expected
