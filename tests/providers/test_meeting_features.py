"""What a meeting may ask of Meeting BaaS beyond a bot: language, vocabulary, own data, transcripts, screenshots."""

from typing import Any

import pytest

from minutekeeper.meetings.fields import BotOptions
from minutekeeper.providers.base import RequestRejectedError
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.meetingbaas.request_models import SpeechToText
from tests.providers.conftest import SECRET
from tests.providers.response_server import Answer, ToldServer
from tests.providers.test_outcomes import meeting_data
from tests.providers.test_provider import ADDRESS, ORDER, OURS
from tests.providers.webhook_bodies import BOT, notice


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        (
            {"transcription_language": "pt-BR"},
            {"language_config": {"languages": ["pt"], "code_switching": False}},
        ),
        (
            {"transcription_vocabulary": ("Ada Lovelace", "Temporal")},
            {
                "custom_vocabulary": True,
                "custom_vocabulary_config": {"vocabulary": ["Ada Lovelace", "Temporal"]},
            },
        ),
        ({}, None),
    ],
)
async def test_language_and_vocabulary_go_to_the_transcriber(
    provider: MeetingBaasProvider, server: ToldServer, options: dict[str, Any], parameters: dict[str, Any] | None
) -> None:
    server.tell(Answer({"bot_id": "b-1"}), Answer({"bot_id": "b-2"}))
    order = ORDER.model_copy(update={"bot": BotOptions(**options)})
    await provider.dispatch(order, ADDRESS, ORDER.dispatch_at)
    await provider.dispatch(order.model_copy(update={"transcript": False}), ADDRESS, ORDER.dispatch_at)
    wanted, silent = (asked.body for asked in server.asked)
    assert wanted.get("transcription_custom_parameters") == parameters
    assert "transcription_custom_parameters" not in silent


async def test_a_transcriber_that_takes_no_language_refuses_the_bot(
    client: MeetingBaasClient, server: ToldServer
) -> None:
    provider = MeetingBaasProvider(
        client,
        webhook_keys=[],
        signing_secrets=[SECRET],
        speech_to_text=SpeechToText(provider="Runpod", api_key="k"),
    )
    order = ORDER.model_copy(update={"bot": BotOptions(transcription_language="de")})
    with pytest.raises(RequestRejectedError, match=r"transcription_language.*Runpod takes neither; leave both"):
        await provider.dispatch(order, ADDRESS, ORDER.dispatch_at)
    assert server.asked == []


async def test_the_callers_data_go_along_under_names_that_are_none_of_ours(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    server.tell(Answer({"bot_id": "b-1"}))
    await provider.dispatch(
        ORDER.model_copy(update={"metadata": {"workflow_id": "mine", "crm.id": "7"}}), ADDRESS, ORDER.dispatch_at
    )
    assert server.asked[0].body["extra"] == OURS | {"meta_workflow_id": "mine", "meta_crm.id": "7"}


async def test_orders_a_new_transcript_of_the_transcriber_that_is_set(
    client: MeetingBaasClient, server: ToldServer
) -> None:
    server.tell(Answer(status=202))
    transcriber = SpeechToText(provider="Gladia", api_key="stt")
    provider = MeetingBaasProvider(client, webhook_keys=[], signing_secrets=[SECRET], speech_to_text=transcriber)
    await provider.retranscribe("b-1")
    assert server.asked[0].body == {
        "bot_uuid": "b-1",
        "speech_to_text": {"provider": "Gladia", "api_key": "stt"},
    }


async def test_screenshots_come_in_the_order_in_which_they_were_taken(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    server.tell(
        Answer(
            [
                {"date": "2026-12-01T10:00:09Z", "url": "https://s3/second.png"},
                {"date": "2026-12-01T10:00:01Z", "url": "https://s3/first.png"},
                {"date": "2026-12-01T10:00:02Z"},
            ]
        ),
        Answer({"error": "BotNotFound"}, status=404),
    )
    assert [each.url for each in await provider.screenshots("b-1")] == [
        "https://s3/first.png",
        "https://s3/second.png",
    ]
    assert await provider.screenshots("b-2") == ()


@pytest.mark.parametrize("padding", ["", "x" * 100_000], ids=["small", "large"])
@pytest.mark.parametrize(
    ("transcript", "has_transcript", "is_finished"),
    [
        ([], False, True),
        ([{"speaker": "Ada", "words": [{"word": "hello", "start": 0, "end": 1}]}], True, False),
        (None, False, False),
    ],
)
def test_an_empty_transcript_says_that_none_will_follow(
    padding: str, transcript: list[Any] | None, *, has_transcript: bool, is_finished: bool
) -> None:
    data = {"bot_id": BOT, "mp4": "https://s3/x.mp4", "transcript": transcript, "speakers": [padding]}
    event = notice({"event": "complete", "data": data}).event
    assert (event.has_transcript, event.transcript_finished) == (has_transcript, is_finished)


@pytest.mark.parametrize(
    ("files", "separate"),
    [
        ({"mp4": "https://s3/x.mp4", "audio": "https://s3/x.flac"}, ("https://s3/x.flac", "flac")),
        ({"mp4": "https://s3/x.mp4", "audio": "https://s3/sound"}, ("https://s3/sound", "wav")),
        ({"mp4": "https://s3/x.mp4"}, None),
        ({"mp4": "", "audio": "https://s3/x.wav"}, None),
        ({"mp4": "https://s3/x.mp3", "audio": "https://s3/x.mp3"}, None),
    ],
)
async def test_the_sound_is_separate_only_beside_a_video(
    provider: MeetingBaasProvider, server: ToldServer, files: dict[str, str], separate: tuple[str, str] | None
) -> None:
    server.tell(meeting_data({}, **files))
    audio = (await provider.get_recorded_content("b-1", None)).audio
    assert (audio and (audio.url, audio.extension)) == separate
