"""What a bot of Meeting BaaS v2 recorded: files behind links, the transcript among them."""

from typing import Any

import pytest

from minutekeeper.providers.base import ProviderError, UnavailableError
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from tests.providers.meetingbaas_v2.bodies import BOT, completed, data, details, encoded, progress, refusal
from tests.providers.response_server import Answer, ToldServer

FRESH = details(
    video="https://f/new.mp4", audio="https://f/new", transcription="https://f/t", duration_seconds=61.5
)


async def test_a_complete_delivery_needs_no_question(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    found = await v2.get_recorded_content(BOT, encoded(completed()))
    assert [(media.extension, media.url.partition("?")[0]) for media in found.media] == [("mp4", "https://files/v")]
    assert found.audio is not None
    assert found.audio.extension == "flac"
    assert [link.url.partition("?")[0] for link in found.transcript_links] == ["https://files/t"]
    assert (found.duration, found.is_pending, found.deleted, found.transcript) == (61, False, False, None)
    assert server.asked == []


async def test_other_names_of_the_same_files_are_understood(v2: MeetingBaasV2Provider) -> None:
    body = completed(video=None, mp4="https://f/v.mp4")
    found = await v2.get_recorded_content(BOT, encoded(body))
    assert [media.url for media in found.media] == ["https://f/v.mp4"]


@pytest.mark.parametrize("pushed", [None, b"no json", b"{}", encoded(completed(transcription=None))])
async def test_what_is_missing_is_asked_for(
    v2: MeetingBaasV2Provider, server: ToldServer, pushed: bytes | None
) -> None:
    server.tell(data(FRESH))
    found = await v2.get_recorded_content(BOT, pushed)
    assert [media.url for media in found.media] == ["https://f/new.mp4"]
    assert len(found.transcript_links) == 1


async def test_the_sound_alone_is_a_recording(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(data(details(audio="https://f/a")), data(details(audio="https://f/a.mp3")))
    flac, mp3 = await v2.get_recorded_content(BOT, None), await v2.get_recorded_content(BOT, None)
    assert ([media.extension for media in flac.media], flac.audio) == (["flac"], None)
    assert [media.extension for media in mp3.media] == ["mp3"]


async def test_a_delivery_is_enough_while_the_api_is_down(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.always = refusal(500, "X")
    found = await v2.get_recorded_content(BOT, encoded(completed(transcription=None)))
    assert len(found.media) == 1
    with pytest.raises(ProviderError):
        await v2.get_recorded_content(BOT, None)


@pytest.mark.parametrize(
    ("bot", "expected"),
    [
        (details("transcribing"), {"is_pending": True, "deleted": False, "transcript_failed": False}),
        (details("completed"), {"is_pending": False, "deleted": False, "transcript_failed": False}),
        (details(artifacts_deleted=True), {"is_pending": False, "deleted": True, "transcript_failed": False}),
        (
            details("failed", error_code="TRANSCRIPTION_FAILED", video="https://f/v"),
            {"is_pending": False, "deleted": False, "transcript_failed": True},
        ),
    ],
)
async def test_the_state_of_what_is_not_there(
    v2: MeetingBaasV2Provider, server: ToldServer, bot: dict[str, Any], expected: dict[str, bool]
) -> None:
    server.tell(data(bot))
    found = await v2.get_recorded_content(BOT, None)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("bot", "status", "is_failed"),
    [
        (details("completed", video="https://f/v"), None, True),
        (details("failed", video="https://f/v", error_code="OOM_KILLED"), None, True),
        (details("transcribing", video="https://f/v"), data(progress("transcribing", transcription="error")), True),
        (details("transcribing", video="https://f/v"), data(progress("transcribing")), False),
        (details("transcribing", video="https://f/v"), refusal(404, "X"), False),
    ],
)
async def test_a_recording_whose_transcript_does_not_come(
    v2: MeetingBaasV2Provider, server: ToldServer, bot: dict[str, Any], status: Answer | None, is_failed: bool
) -> None:
    server.tell(data(bot), *([] if status is None else [status]))
    found = await v2.get_recorded_content(BOT, None)
    assert (len(found.media), found.transcript_failed, found.deleted) == (1, is_failed, False)


async def test_a_bot_that_is_unknown_has_nothing_left(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(refusal(404, "FST_ERR_BOT_NOT_FOUND_BY_ID"))
    assert (await v2.get_recorded_content(BOT, None)).deleted


UTTERANCES = [
    {
        "text": "Good morning.",
        "language": "en",
        "start": 1.0,
        "end": 1.8,
        "confidence": 0.9,
        "channel": 0,
        "speaker": "Ann",
        "words": [
            {"word": " Good", "start": 1.0, "end": 1.2, "confidence": 0.9},
            {"word": " morning.", "start": 1.3, "end": 1.8, "confidence": 0.9},
        ],
    },
    {"text": "Hello.", "language": "en", "start": 3.0, "end": 3.4, "speaker": "Ben", "words": []},
]
FILE = {
    "bot_id": BOT,
    "provider": "gladia",
    "result": {"utterances": UTTERANCES, "languages": ["en"], "total_utterances": 2, "total_duration": 4},
}


@pytest.mark.parametrize("document", [FILE, FILE["result"], {"transcription": FILE["result"]}, UTTERANCES])
def test_a_transcript_file_is_read(v2: MeetingBaasV2Provider, document: Any) -> None:
    transcript = v2.parse_transcript(encoded(document))
    assert [(each.speaker, each.text, each.start) for each in transcript.segments] == [
        ("Ann", "Good morning.", 1.0),
        ("Ben", "Hello.", 3.0),
    ]
    assert (transcript.speakers, transcript.language) == (("Ann", "Ben"), "en")


def test_a_file_without_utterances_says_that_nobody_spoke(v2: MeetingBaasV2Provider) -> None:
    assert v2.parse_transcript(encoded({"result": {"utterances": []}})).is_empty


@pytest.mark.parametrize(
    "body", [b"", b"<xml/>", b"{}", b"[1]", b'{"result": {}}', b'"text"', b"[" * 100_000, b"\xff"]
)
def test_a_file_that_is_none_is_refused(v2: MeetingBaasV2Provider, body: bytes) -> None:
    with pytest.raises(UnavailableError, match="transcript that cannot be read"):
        v2.parse_transcript(body)
