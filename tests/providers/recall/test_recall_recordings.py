"""What a bot of Recall.ai recorded: several recordings, whose files are ready, fail or vanish by themselves."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.providers.base import RateLimitedError, UnavailableError
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.recorded_content import RecordedContent, TranscriptLink
from tests.providers.response_server import Answer, ToldServer

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
STREAMED: dict[str, Any] = {"transcript": {"provider": {"recallai_streaming": {}}}}


def artifact(code: str = "done", url: str | None = None) -> dict[str, Any]:
    return {"id": "a", "status": {"code": code}, "data": {"download_url": url}}


def ready(name: str) -> dict[str, Any]:
    return artifact(url=f"https://s3.example/{name}?X-Amz-Signature=x")


def recording(number: int = 0, status: str = "done", **shortcuts: Any) -> dict[str, Any]:
    began = BEGAN + timedelta(minutes=10 * number)
    return {
        "id": f"r-{number}",
        "started_at": began.isoformat(),
        "completed_at": (began + timedelta(minutes=5)).isoformat(),
        "status": {"code": status},
        "media_shortcuts": shortcuts,
    }


async def content(
    recall: RecallProvider,
    server: ToldServer,
    *recordings: Any,
    codes: tuple[str, ...] = ("in_call_recording", "done"),
    at: datetime = BEGAN,
    config: Any = STREAMED,
) -> RecordedContent:
    changes = [{"code": code, "created_at": at.isoformat()} for code in codes]
    bot = {"id": "b-1", "status_changes": changes, "recordings": list(recordings), "recording_config": config}
    server.tell(Answer(bot))
    server.always = Answer({"results": []})
    return await recall.get_recorded_content("b-1", None)


async def test_all_recordings_are_listed_in_the_order_of_their_start(
    recall: RecallProvider, server: ToldServer
) -> None:
    found = await content(
        recall,
        server,
        recording(1, video_mixed=ready("second.mp4"), transcript=ready("second.json")),
        recording(0, video_mixed=ready("first.mp4"), transcript=ready("first.json"), audio_mixed=ready("a.mp3")),
    )
    assert [(each.part, each.url.split("/")[-1][:6], each.extension) for each in found.media] == [
        (0, "first.", "mp4"),
        (1, "second", "mp4"),
    ]
    assert [link.offset for link in found.transcript_links] == [0.0, 600.0]
    assert isinstance(found.transcript_links[0], TranscriptLink)
    assert found.audio is not None
    assert (found.audio.extension, found.duration) == ("mp3", 600.0)
    assert (found.is_pending, found.transcript, found.transcript_failed, found.deleted) == (
        False,
        None,
        False,
        False,
    )


async def test_sound_alone_is_the_recording(recall: RecallProvider, server: ToldServer) -> None:
    found = await content(recall, server, recording(audio_mixed=ready("a.mp3"), video_mixed=None))
    assert [each.extension for each in found.media] == ["mp3"]
    assert found.audio is None


@pytest.mark.parametrize("video", [None, artifact("failed")])
async def test_sound_that_is_no_shortcut_is_listed(recall: RecallProvider, server: ToldServer, video: Any) -> None:
    bot = {"id": "b-1", "recordings": [recording(video_mixed=video)], "recording_config": STREAMED}
    server.tell(Answer(bot), Answer({"results": [artifact("failed"), ready("a.mp3")]}))
    server.always = Answer({"results": []})
    found = await recall.get_recorded_content("b-1", None)
    assert [(each.url.split("?")[0], each.extension) for each in found.media] == [
        ("https://s3.example/a.mp3", "mp3")
    ]
    assert (server.asked[1].path, server.asked[1].query) == ("/api/v1/audio_mixed/", {"recording_id": "r-0"})


@pytest.mark.parametrize(
    ("recordings", "is_pending"),
    [
        ([recording(video_mixed=artifact("processing"))], True),
        ([recording(video_mixed=artifact("done"))], True),
        ([recording(status="processing")], True),
        ([], True),
        ([recording(video_mixed=artifact("failed"))], False),
        ([recording(video_mixed=artifact("failed"), audio_mixed=artifact("processing"))], True),
        ([recording(video_mixed=artifact("failed"), audio_mixed=ready("a.mp3"))], False),
        ([recording(0, video_mixed=ready("x.mp4")), recording(1, video_mixed=artifact("processing"))], True),
    ],
)
async def test_files_that_are_still_prepared(
    recall: RecallProvider, server: ToldServer, recordings: list[Any], is_pending: bool
) -> None:
    assert (await content(recall, server, *recordings)).is_pending is is_pending


async def test_files_that_are_never_ready_are_not_waited_for_for_ever(
    recall: RecallProvider, server: ToldServer
) -> None:
    late = recording(video_mixed=artifact("processing"))
    assert not (await content(recall, server, late, at=BEGAN - timedelta(hours=3))).is_pending


@pytest.mark.parametrize(
    ("recordings", "codes", "is_deleted"),
    [
        ([recording(status="deleted")], ("done",), True),
        ([recording(status="deleted"), recording(1, video_mixed=ready("x.mp4"))], ("done",), False),
        ([], ("done", "media_expired"), True),
    ],
)
async def test_deleted_media(
    recall: RecallProvider, server: ToldServer, recordings: list[Any], codes: tuple[str, ...], is_deleted: bool
) -> None:
    found = await content(recall, server, *recordings, codes=codes)
    assert (found.deleted, found.is_pending) == (is_deleted, False)


async def test_a_bot_that_is_unknown_has_no_media_any_more(recall: RecallProvider, server: ToldServer) -> None:
    server.always = Answer({"detail": "Not found."}, status=404)
    assert (await recall.get_recorded_content("b-1", None)).deleted


@pytest.mark.parametrize(
    ("transcript", "config", "has_failed"),
    [
        (artifact("processing"), STREAMED, False),
        (artifact("failed"), STREAMED, True),
        (artifact("deleted"), STREAMED, True),
        (None, STREAMED, False),
        (None, {"transcript": None}, True),
        (None, None, False),
    ],
)
async def test_transcripts_that_are_not_there(
    recall: RecallProvider, server: ToldServer, transcript: Any, config: Any, has_failed: bool
) -> None:
    found = await content(
        recall, server, recording(video_mixed=ready("x.mp4"), transcript=transcript), config=config
    )
    assert (found.transcript_links, found.transcript_failed) == ((), has_failed)


async def test_a_transcript_that_was_asked_for_later_counts(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(
        Answer({"id": "b-1", "recordings": [recording(video_mixed=ready("x.mp4"), transcript=artifact("failed"))]}),
        Answer({"results": [artifact("failed"), artifact("processing"), ready("later.json")]}),
    )
    found = await recall.get_recorded_content("b-1", None)
    assert [link.url for link in found.transcript_links] == ["https://s3.example/later.json?X-Amz-Signature=x"]
    assert not found.transcript_failed
    assert server.asked[1].query == {"recording_id": "r-0"}


@pytest.mark.parametrize("missing", ["processing", "done"])
async def test_transcripts_are_listed_together_when_all_are_ready(
    recall: RecallProvider, server: ToldServer, missing: str
) -> None:
    shown = (
        recording(0, video_mixed=ready("x.mp4"), transcript=ready("x.json")),
        recording(1, video_mixed=ready("y.mp4"), transcript=artifact(missing)),
    )
    found = await content(recall, server, *shown)
    assert (found.transcript_links, found.is_transcript_pending, found.transcript_failed) == ((), True, False)


async def test_a_transcript_that_failed_does_not_end_the_waiting_for_another(
    recall: RecallProvider, server: ToldServer
) -> None:
    shown = (recording(0, transcript=artifact("failed")), recording(1, transcript=artifact("processing")))
    found = await content(recall, server, *shown)
    assert (found.is_transcript_pending, found.transcript_failed) == (True, False)


async def test_transcripts_of_which_all_that_are_listed_have_failed(
    recall: RecallProvider, server: ToldServer
) -> None:
    bot = {
        "id": "b-1",
        "recordings": [recording(transcript=None, video_mixed=ready("x.mp4"))],
        "recording_config": STREAMED,
    }
    server.tell(Answer(bot), Answer({"results": [artifact("failed"), artifact("deleted")]}))
    found = await recall.get_recorded_content("b-1", None)
    assert (found.is_transcript_pending, found.transcript_failed) == (False, True)


@pytest.mark.parametrize("transcript", [artifact("processing"), artifact("done"), None])
@pytest.mark.parametrize(("hours", "has_failed"), [(1, False), (4, True)])
async def test_a_transcript_that_never_comes_is_given_up_after_hours(
    recall: RecallProvider, server: ToldServer, transcript: Any, hours: int, has_failed: bool
) -> None:
    shown = recording(-6 * hours, transcript=transcript)
    found = await content(recall, server, shown, at=BEGAN - timedelta(hours=hours))
    assert (found.is_transcript_pending, found.transcript_failed) == (not has_failed, has_failed)


async def test_without_any_recording_a_transcript_is_given_up_after_hours(
    recall: RecallProvider, server: ToldServer
) -> None:
    assert (await content(recall, server)).is_transcript_pending
    assert (await content(recall, server, at=BEGAN - timedelta(hours=4))).transcript_failed


async def test_after_hours_the_transcripts_that_came_are_taken(recall: RecallProvider, server: ToldServer) -> None:
    shown = (recording(-30, transcript=ready("x.json")), recording(-29, transcript=artifact("processing")))
    found = await content(recall, server, *shown, at=BEGAN - timedelta(hours=4))
    assert [link.offset for link in found.transcript_links] == [0.0]
    assert (found.is_transcript_pending, found.transcript_failed) == (False, False)


async def test_the_newest_transcript_is_read_even_if_the_shortcut_is_an_older_one(
    recall: RecallProvider, server: ToldServer
) -> None:
    older = ready("older.json") | {"created_at": BEGAN.isoformat()}
    newer = ready("newer.json") | {"created_at": (BEGAN + timedelta(minutes=20)).isoformat()}
    server.tell(
        Answer({"id": "b-1", "recordings": [recording(video_mixed=ready("x.mp4"), transcript=older)]}),
        Answer({"results": [older, newer]}),
    )
    found = await recall.get_recorded_content("b-1", None)
    assert [link.url.split("?")[0] for link in found.transcript_links] == ["https://s3.example/newer.json"]


@pytest.mark.parametrize("minutes", [1, 30])
async def test_the_limit_of_lists_holds_nothing_back_right_after_a_meeting(
    recall: RecallProvider, server: ToldServer, minutes: int
) -> None:
    ended = {"completed_at": (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()}
    there = recording(video_mixed=ready("x.mp4"), transcript=ready("x.json")) | ended
    server.tell(Answer({"id": "b-1", "recordings": [there]}), Answer(status=429))
    if minutes == 1:
        assert (await recall.get_recorded_content("b-1", None)).transcript_links
    else:
        with pytest.raises(RateLimitedError):
            await recall.get_recorded_content("b-1", None)


@pytest.mark.parametrize("shown", [7, "x", [1], {"video_mixed": 7}, {"transcript": [], "video_mixed": {"data": 1}}])
async def test_odd_shapes_do_no_harm(recall: RecallProvider, server: ToldServer, shown: Any) -> None:
    odd = {"id": "r", "status": 7, "media_shortcuts": shown}
    assert (await content(recall, server, odd, None, 7)).media == ()


def test_a_transcript_keeps_names_times_and_language(recall: RecallProvider) -> None:
    said = {"text": "Grüße", "start_timestamp": {"relative": 1.5}, "end_timestamp": {"relative": 2}}
    items = [
        {"participant": {"id": 7, "name": "Ada"}, "words": [said], "language_code": "de"},
        {"participant": {"id": 8, "name": None}, "words": [{"text": "Hi", "start_timestamp": 3.0}]},
    ]
    transcript = recall.parse_transcript(json.dumps(items).encode())
    first, second = transcript.segments
    assert (first.speaker, first.start, first.end, first.text, first.language) == ("Ada", 1.5, 2.0, "Grüße", "de")
    assert (second.speaker, second.start) == ("speaker 8", 3.0)


@pytest.mark.parametrize("body", [b"", b"{}", b"<xml/>", b"[1, 2]", b'[{"a": 1}]'])
def test_what_is_no_transcript_is_said(recall: RecallProvider, body: bytes) -> None:
    with pytest.raises(UnavailableError, match="The file behind"):
        recall.parse_transcript(body)


def test_an_empty_transcript_is_one(recall: RecallProvider) -> None:
    assert recall.parse_transcript(b"[]").is_empty
