"""How bots end, and what becomes of their recordings."""

import json
from typing import Any

import aiohttp
import pytest

from tests.devtools.simulator.recall.support import TRANSCRIBED, Recall, codes, events, running
from tests.devtools.simulator.support import Receiver, eventually

RECORDED = ["joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording"]


async def fetched(url: str, **headers: str) -> tuple[int, bytes]:
    async with aiohttp.request("GET", url, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_a_meeting_that_goes_well(recall: Recall, receiver: Receiver) -> None:
    bot = (await recall.create(metadata={"k": "v"}, recording_config=TRANSCRIBED))["id"]
    shown = await recall.done(bot)
    assert [change["code"] for change in shown["status_changes"]] == [*RECORDED, "call_ended", "done"]
    assert shown["status_changes"][-2]["sub_code"] == "call_ended_by_host"
    [recording] = shown["recordings"]
    parts = recording["media_shortcuts"]
    assert {name: part and part["status"]["code"] for name, part in parts.items()} == {
        "video_mixed": "done",
        "transcript": "done",
        "participant_events": "done",
        "meeting_metadata": "done",
        "audio_mixed": None,
    }
    status, video = await fetched(parts["video_mixed"]["data"]["download_url"])
    assert (status, len(video)) == (200, 30_000)
    assert await fetched(parts["video_mixed"]["data"]["download_url"], Range="bytes=10-19") == (206, video[10:20])
    utterances = json.loads((await fetched(parts["transcript"]["data"]["download_url"]))[1])
    assert utterances[0]["participant"]["name"] == "Ada"
    assert set(utterances[0]["words"][0]) == {"text", "start_timestamp", "end_timestamp"}
    await receiver.wait_for(lambda: "transcript.done" in events(receiver) and "bot.done" in events(receiver))
    done = next(body for body in receiver.bodies if body["event"] == "recording.done")
    assert done["data"]["recording"]["id"] == recording["id"]
    assert done["data"]["bot"] == {"id": bot, "metadata": {"k": "v"}}
    ended = next(body for body in receiver.bodies if body["event"] == "bot.call_ended")["data"]["data"]
    assert ended == {
        "code": "call_ended",
        "sub_code": "call_ended_by_host",
        "updated_at": shown["status_changes"][-2]["created_at"],
    }


async def test_links_are_null_until_their_file_is_there() -> None:
    async with running(processing_delay=10**6) as recall:
        bot = (await recall.create(recording_config=TRANSCRIBED | {"audio_mixed_mp3": {}}))["id"]
        await recall.until(bot, lambda bot: bot["ended_at"])
        [recording] = (await recall.bot(bot))["recordings"]
    assert recording["status"]["code"] == "processing"
    parts = recording["media_shortcuts"]
    assert [parts[name]["data"]["download_url"] for name in ("video_mixed", "audio_mixed", "transcript")] == [
        None
    ] * 3


async def test_a_link_that_is_too_old_answers_as_s3_does() -> None:
    async with running(url_validity=0) as recall:
        shown = await recall.done((await recall.create())["id"])
        link = shown["recordings"][0]["media_shortcuts"]["video_mixed"]["data"]["download_url"]
        status, answer = await eventually(lambda: fetched(link), lambda answer: answer[0] != 200)
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in answer


ENDS = {
    "removed": ("done", "bot_kicked_from_call", 1),
    "removed_early": ("done", "bot_kicked_from_call", 0),
    "rejected": ("done", "bot_kicked_from_waiting_room", 0),
    "waiting_room_timeout": ("done", "call_ended_by_platform_waiting_room_timeout", 0),
    "nobody_came": ("done", "timeout_exceeded_noone_joined", 0),
    "never_recorded": ("done", "timeout_exceeded_in_call_not_recording", 0),
    "denied": ("done", "timeout_exceeded_recording_permission_denied", 0),
    "allowed_late": ("done", "call_ended_by_host", 1),
    "paused": ("done", "call_ended_by_host", 1),
    "two_recordings": ("done", "call_ended_by_host", 2),
    "invalid_url": ("fatal", "meeting_link_invalid", 0),
    "meeting_error": ("fatal", "meeting_requires_sign_in", 0),
    "needs_zoom_authorisation": ("fatal", "zoom_obf_or_zak_missing_or_invalid", 0),
    "internal_error": ("fatal", "bot_errored", 1),
    "failed_to_launch": ("fatal", "failed_to_launch_in_time", 0),
    "fatal_waiting_room": ("fatal", "timeout_exceeded_waiting_room", 0),
    "unknown_words": ("done", "some_future_ending", 1),
}


@pytest.mark.parametrize("name", ENDS)
async def test_ends(name: str) -> None:
    async with running(speed=10_000) as recall:
        bot = await recall.create_with(name)
        shown = await recall.done(bot)
        known = await recall.known(bot)
    code, reason, recordings = ENDS[name]
    assert (codes(known)[-1], known["end_reason"], len(shown["recordings"])) == (code, reason, recordings)


async def test_the_parts_of_a_paused_recording_are_one_and_of_a_stopped_one_two(recall: Recall) -> None:
    paused, stopped = await recall.create_with("paused"), await recall.create_with("two_recordings")
    await recall.done(paused)
    await recall.done(stopped)
    [whole] = (await recall.known(paused))["recordings"]
    first, second = (await recall.known(stopped))["recordings"]
    assert whole["seconds"] == pytest.approx(150, abs=10)
    assert (first["seconds"], second["seconds"]) == (pytest.approx(30, abs=5), pytest.approx(120, abs=5))


@pytest.mark.parametrize(
    ("name", "video", "transcript"),
    [
        ("empty_complete", "failed", "failed"),
        ("transcript_failed", "done", "failed"),
        ("nobody_spoke", "done", "done"),
        ("transcript_never", "done", "processing"),
    ],
)
async def test_each_part_has_an_end_of_its_own(recall: Recall, name: str, video: str, transcript: str) -> None:
    bot = await recall.create_with(name, recording_config=TRANSCRIBED)

    def found(bot: Any) -> tuple[str, str]:
        parts = bot["recordings"][0]["media_shortcuts"]
        return parts["video_mixed"]["status"]["code"], parts["transcript"]["status"]["code"]

    await recall.until(bot, lambda bot: bot["ended_at"])
    shown = await eventually(lambda: recall.bot(bot), lambda bot: found(bot) == (video, transcript))
    if name == "nobody_spoke":
        link = shown["recordings"][0]["media_shortcuts"]["transcript"]["data"]["download_url"]
        assert (await fetched(link))[1] == b"[]"


async def test_a_recording_that_fails_says_why(receiver: Receiver, recall: Recall) -> None:
    await recall.create_with("empty_complete")
    await receiver.wait_for(lambda: "recording.failed" in events(receiver))
    failed = next(body for body in receiver.bodies if body["event"] == "recording.failed")["data"]["data"]
    assert (failed["sub_code"], failed["error"]["code"]) == ("internal_error", "INTERNAL_ERROR")


async def test_a_transcript_is_asked_for_later(receiver: Receiver, recall: Recall) -> None:
    shown = await recall.done((await recall.create())["id"])
    recording = shown["recordings"][0]["id"]
    path = f"/api/v1/recording/{recording}/create_transcript/"
    wish = {"provider": {"recallai_async": {"language_code": "auto"}}, "metadata": {"k": "later"}}
    transcript = await recall.ok("POST", path, json=wish)
    assert (transcript["status"]["code"], transcript["recording"]["id"]) == ("processing", recording)
    await receiver.wait_for(lambda: "transcript.done" in events(receiver))
    done = next(body for body in receiver.bodies if body["event"] == "transcript.done")["data"]
    assert done["transcript"] == {"id": transcript["id"], "metadata": {"k": "later"}}
    found = await recall.ok("GET", f"/api/v1/transcript/{transcript['id']}/")
    assert (await fetched(found["data"]["download_url"]))[0] == 200
    [listed] = (await recall.ok("GET", "/api/v1/transcript/", params={"recording_id": recording}))["results"]
    assert listed["id"] == transcript["id"]
    streaming: dict[str, Any] = {"provider": {"recallai_streaming": {}}}
    assert (await recall.call("POST", path, json=streaming))[0] == 400
    for _ in range(3):
        await recall.ok("POST", path, json=wish)
    assert (await recall.call("POST", path, json=wish))[0] == 429


async def test_a_recording_has_at_most_ten_transcripts() -> None:
    async with running(transcripts_per_minute=100) as recall:
        shown = await recall.done((await recall.create())["id"])
        path = f"/api/v1/recording/{shown['recordings'][0]['id']}/create_transcript/"
        wish: dict[str, Any] = {"provider": {"recallai_async": {}}}
        ids = [(await recall.ok("POST", path, json=wish))["id"] for _ in range(10)]
        assert (await recall.call("POST", path, json=wish))[0] == 400
        await recall.ok("DELETE", f"/api/v1/transcript/{ids[0]}/")
        await recall.ok("POST", path, json=wish)


async def test_media_is_deleted_on_order(receiver: Receiver, recall: Recall) -> None:
    bot = (await recall.create(recording_config=TRANSCRIBED))["id"]
    assert (await recall.call("POST", f"/api/v1/bot/{bot}/delete_media/"))[0] == 400
    link = (await recall.done(bot))["recordings"][0]["media_shortcuts"]["video_mixed"]["data"]["download_url"]
    deleted = await recall.ok("POST", f"/api/v1/bot/{bot}/delete_media/")
    assert deleted["recordings"][0]["status"]["code"] == "deleted"
    assert deleted["recordings"][0]["media_shortcuts"]["video_mixed"]["data"] == {"download_url": None}
    assert (await fetched(link))[0] == 404
    await receiver.wait_for(lambda: {"recording.deleted", "transcript.deleted"} <= set(events(receiver)))


@pytest.mark.parametrize("retention", [{"type": "timed", "hours": 1}, None])
async def test_media_ends_with_its_retention(receiver: Receiver, retention: Any) -> None:
    async with running(speed=20_000, webhook_url=receiver.url) as recall:
        bot = (await recall.create(recording_config={"retention": retention}))["id"]
        await receiver.wait_for(lambda: "recording.deleted" in events(receiver))
        shown = await eventually(lambda: recall.bot(bot), lambda bot: bot["recordings"] == [])
    assert shown["status_changes"][-1]["code"] == "media_expired"
    assert "bot.media_expired" not in events(receiver)


async def test_a_bot_leaves_on_order_and_keeps_its_recording(recall: Recall) -> None:
    bot = (await recall.create())["id"]
    await recall.until_code(bot, "in_call_recording")
    await recall.ok("POST", f"/api/v1/bot/{bot}/leave_call/")
    shown = await recall.done(bot)
    assert shown["status_changes"][-2]["sub_code"] == "bot_received_leave_call"
    assert shown["recordings"][0]["status"]["code"] == "done"


async def test_a_recording_is_as_long_as_the_bot_allows(recall: Recall) -> None:
    bot = (await recall.create(automatic_leave={"in_call_recording_timeout": 10}))["id"]
    shown = await recall.done(bot)
    assert shown["status_changes"][-2]["sub_code"] == "timeout_exceeded_in_call_recording"
    assert (await recall.known(bot))["duration"] == 10


async def test_files_may_follow_the_end_of_their_bot(receiver: Receiver, recall: Recall) -> None:
    await recall.create_with("late_recording")
    await receiver.wait_for(lambda: "recording.done" in events(receiver))
    assert events(receiver).index("bot.done") < events(receiver).index("recording.done")


async def test_days_after_its_end_a_bot_has_no_link_any_more() -> None:
    async with running(meeting_url_lifetime=10**6) as recall:
        bot = (await recall.create())["id"]
        assert (await recall.done(bot))["meeting_url"]["platform"] == "google_meet"
    async with running(meeting_url_lifetime=0) as recall:
        bot = (await recall.create())["id"]
        assert (await recall.bot(bot))["meeting_url"]["platform"] == "google_meet"
        assert (await recall.done(bot))["meeting_url"] is None


async def test_usage_leaves_fatal_ends_out(recall: Recall) -> None:
    await recall.done(await recall.create_with("invalid_url"))
    assert await recall.ok("GET", "/api/v1/billing/usage/") == {"bot_total": 0}
    await recall.done((await recall.create())["id"])
    assert (await recall.ok("GET", "/api/v1/billing/usage/"))["bot_total"] > 0
