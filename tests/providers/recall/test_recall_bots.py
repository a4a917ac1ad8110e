"""Bots of Recall.ai after they were sent: removed, asked about, searched for, and what their words mean."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import RemovalResult
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import NotFoundError, ProviderBotStatus, UnavailableError
from minutekeeper.providers.recall.bot_marks import BotMarks
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.recall.status_codes import reason_of
from tests.providers.recall.support import MEETING_URL, ORDER, SECRET, START
from tests.providers.response_server import Answer, ToldServer

CANNOT_DELETE = Answer({"code": "cannot_delete_bot", "detail": "no"}, status=405)
UNSTARTED = Answer({"code": "cannot_command_unstarted_bot", "detail": "no"}, status=400)
COMPLETED = Answer({"code": "cannot_command_completed_bot", "detail": "no"}, status=400)
GONE = Answer({"detail": "Not found."}, status=404)


def bot(*codes: str | tuple[str, str], recordings: int | list[Any] = 0, **fields: Any) -> dict[str, Any]:
    """A bot whose statuses are a minute apart."""
    changes = []
    for number, each in enumerate(codes):
        code, sub_code = each if isinstance(each, tuple) else (each, None)
        at = (START + timedelta(minutes=number)).isoformat()
        changes.append({"code": code, "sub_code": sub_code, "message": None, "created_at": at})
    return {
        "id": "b-1",
        "status_changes": changes,
        "recordings": recordings
        if isinstance(recordings, list)
        else [{"id": f"r-{each}", "status": {"code": "done"}} for each in range(recordings)],
    } | fields


@pytest.mark.parametrize(
    ("answers", "result", "calls"),
    [
        ([Answer(status=204)], RemovalResult.LEAVING, ["DELETE"]),
        ([GONE], RemovalResult.ALREADY_GONE, ["DELETE"]),
        ([CANNOT_DELETE, Answer(bot("joining_call"))], RemovalResult.LEAVING, ["DELETE", "POST"]),
        ([CANNOT_DELETE, GONE], RemovalResult.ALREADY_GONE, ["DELETE", "POST"]),
        (
            [CANNOT_DELETE, COMPLETED, Answer(bot("call_ended", "done"))],
            RemovalResult.ALREADY_GONE,
            ["DELETE", "POST", "GET"],
        ),
        (
            [CANNOT_DELETE, UNSTARTED, Answer(bot("call_ended"))],
            RemovalResult.ALREADY_GONE,
            ["DELETE", "POST", "GET"],
        ),
        ([CANNOT_DELETE, UNSTARTED, Answer(bot())], RemovalResult.REFUSED_NOW, ["DELETE", "POST", "GET"]),
        ([CANNOT_DELETE, UNSTARTED, GONE], RemovalResult.ALREADY_GONE, ["DELETE", "POST", "GET"]),
    ],
)
async def test_removal_needs_no_clock(
    recall: RecallProvider, server: ToldServer, answers: list[Answer], result: RemovalResult, calls: list[str]
) -> None:
    server.tell(*answers)
    assert await recall.remove_bot("b-1") is result
    assert [asked.method for asked in server.asked] == calls
    paths = ["/api/v1/bot/b-1/", "/api/v1/bot/b-1/leave_call/", "/api/v1/bot/b-1/"]
    assert [asked.path for asked in server.asked] == paths[: len(calls)]


async def test_a_removal_that_fails_is_no_removal(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(CANNOT_DELETE, Answer(status=502))
    with pytest.raises(UnavailableError):
        await recall.remove_bot("b-1")


@pytest.mark.parametrize("bot_id", ["", "..", "."])
async def test_what_is_no_id_is_asked_about_nowhere(
    recall: RecallProvider, server: ToldServer, bot_id: str
) -> None:
    assert await recall.remove_bot(bot_id) is RemovalResult.ALREADY_GONE
    assert server.asked == []


ENDS: list[tuple[dict[str, Any], BotEventKind, FailureReason | None, bool]] = [
    (
        bot("in_call_recording", ("call_ended", "call_ended_by_host"), "done", recordings=1),
        BotEventKind.COMPLETE,
        None,
        True,
    ),
    (bot("in_call_recording", "done"), BotEventKind.COMPLETE, None, True),
    (
        bot("in_waiting_room", ("call_ended", "timeout_exceeded_waiting_room"), "done"),
        BotEventKind.FAILED,
        FailureReason.WAITING_TIMEOUT,
        False,
    ),
    (
        bot("in_call_not_recording", ("call_ended", "bot_received_leave_call"), "done"),
        BotEventKind.FAILED,
        FailureReason.STOPPED,
        False,
    ),
    (bot("joining_call", "done"), BotEventKind.FAILED, FailureReason.UNKNOWN, False),
    (
        bot("joining_call", ("fatal", "meeting_link_invalid")),
        BotEventKind.FAILED,
        FailureReason.INVALID_MEETING_URL,
        False,
    ),
    (bot("joining_call", ("fatal", "never_seen_before")), BotEventKind.FAILED, FailureReason.PROVIDER_ERROR, False),
    (bot("joining_call", "fatal"), BotEventKind.FAILED, FailureReason.PROVIDER_ERROR, False),
    (
        bot("in_call_recording", ("fatal", "bot_errored"), recordings=1),
        BotEventKind.FAILED,
        FailureReason.PROVIDER_ERROR,
        True,
    ),
    (bot(("fatal", "bot_errored"), "done"), BotEventKind.FAILED, FailureReason.PROVIDER_ERROR, False),
    (bot("done", "media_expired"), BotEventKind.COMPLETE, None, True),
    (
        bot("in_call_recording", "done", recordings=[{"status": {"code": "failed", "sub_code": "internal_error"}}]),
        BotEventKind.FAILED,
        FailureReason.PROVIDER_ERROR,
        False,
    ),
]


@pytest.mark.parametrize("end", ENDS)
async def test_the_end_is_worked_out(
    recall: RecallProvider,
    server: ToldServer,
    end: tuple[dict[str, Any], BotEventKind, FailureReason | None, bool],
) -> None:
    shown, kind, reason, has_recording = end
    server.always = Answer(shown)
    seen = await recall.get_bot_status("b-1")
    final = seen.events[-1]
    assert seen.status is (
        ProviderBotStatus.COMPLETE if kind is BotEventKind.COMPLETE else ProviderBotStatus.FAILED
    )
    assert (final.kind, final.reason, final.has_recording) == (kind, reason, has_recording)


async def test_a_bot_that_is_unknown_is_gone(recall: RecallProvider, server: ToldServer) -> None:
    server.always = GONE
    assert (await recall.get_bot_status("b-1")).status is ProviderBotStatus.GONE
    with pytest.raises(NotFoundError):
        await recall.get_bot_origin("b-1")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("meeting_ended_by_host", FailureReason.MEETING_OVER),
        ("timeout_exceeded_only_bots_in_call", FailureReason.NOBODY_CAME),
        ("timeout_exceeded_silence_detected", FailureReason.NOBODY_SPOKE),
        ("bot_kicked_from_call", FailureReason.REMOVED),
        ("bot_kicked_from_waiting_room", FailureReason.NOT_ACCEPTED),
        ("zoom_obf_or_zak_missing_or_invalid", FailureReason.NEEDS_AUTHORISATION),
        ("zoom_anonymous_join_not_allowed", FailureReason.NEEDS_AUTHORISATION),
        ("zoom_local_recording_request_denied_by_host", FailureReason.NEEDS_AUTHORISATION),
        ("zoom_obf_something_new", FailureReason.NEEDS_AUTHORISATION),
        ("google_meet_sso_redirect_failed", FailureReason.CANNOT_JOIN),
        ("some_new_platform_captcha_page", FailureReason.CANNOT_JOIN),
        ("webex_internal_error", FailureReason.PROVIDER_ERROR),
        ("media_processor_gone", FailureReason.UNKNOWN),
        ("webex_meeting_full", FailureReason.CANNOT_JOIN),
        ("webex_meeting_locked", FailureReason.CANNOT_JOIN),
        ("webex_bot_removed", FailureReason.REMOVED),
        ("webex_meeting_not_found", FailureReason.INVALID_MEETING_URL),
        ("webex_sso_needed", FailureReason.CANNOT_JOIN),
        ("BOT_ERRORED", FailureReason.PROVIDER_ERROR),
        ("", FailureReason.UNKNOWN),
        ("a_riddle", FailureReason.UNKNOWN),
    ],
)
def test_what_words_mean(word: str, reason: FailureReason) -> None:
    assert reason_of(word) is reason


@pytest.mark.parametrize("word", ["", "a_riddle", "bot_exploded"])
def test_an_unknown_crash_is_a_fault_of_the_provider(word: str) -> None:
    assert reason_of(word, is_crash=True) is FailureReason.PROVIDER_ERROR


@pytest.mark.parametrize(
    "word",
    [
        *("waiting_room_internal_error", "disk_full", "recorder_locked", "browser_login_timeout", "pod_removed"),
        *("media_pipeline_required", "instance_removed", "launch_denied", "gpu_process_blocked"),
        *("permission_manager_crashed", "resource_not_found", "queue_full", "asset_not_found", "job_removed"),
    ],
)
def test_a_machine_that_fails_is_a_fault_of_the_provider(word: str) -> None:
    assert reason_of(word, is_crash=True) is FailureReason.PROVIDER_ERROR


def marked(
    key: str = ORDER.key, *, at: datetime = START, url: str = MEETING_URL, secret: str = SECRET
) -> dict[str, str]:
    marks = BotMarks(key=key, dispatch=3, workflow_id="meeting-x", run="run-1", sent_at=at, meeting_url=url)
    return marks.to_wire([secret])


def listed(*bots: dict[str, Any], more: bool = False) -> Answer:
    return Answer({"results": list(bots), "next": "http://elsewhere.example/?page=2" if more else None})


async def test_bots_are_found_by_key_and_by_link(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(
        listed(bot("done", id="b-1", metadata=marked())),
        listed(
            bot(id="b-2", metadata=marked("mk-other", at=START + timedelta(minutes=1))),
            bot(id="b-3", metadata=marked("mk-other", at=START - timedelta(minutes=3))),
            bot(id="b-7", metadata=marked("mk-other", at=START - timedelta(minutes=1))),
            bot("in_call_recording", id="b-4", meeting_url=MEETING_URL, metadata={"mk_key": ORDER.key}),
            bot(id="b-5", metadata=marked(secret="another")),
            bot(id="b-6", metadata=marked("mk-other", url="https://meet.google.com/zzz-zzzz-zzz")),
        ),
    )
    found = await recall.find(ORDER.key, MEETING_URL, START)
    assert [(each.bot_id, each.key, each.is_open) for each in found] == [
        ("b-2", "mk-other", True),
        ("b-1", ORDER.key, False),
        ("b-4", "", True),
        ("b-7", "mk-other", True),
    ]
    assert (found[1].workflow_id, found[1].run, found[1].created_at) == ("meeting-x", "run-1", START)
    by_key, by_link = [asked.query for asked in server.asked]
    assert by_key == {"metadata__mk_key": ORDER.key, "page": "1"}
    assert by_link == {"meeting_url": MEETING_URL, "page": "1"}


async def test_lists_are_read_by_number_and_never_elsewhere(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(listed(more=True), listed(bot(metadata=marked())), listed())
    assert [each.bot_id for each in await recall.find(ORDER.key, MEETING_URL, START)] == ["b-1"]
    assert [asked.query["page"] for asked in server.asked] == ["1", "2", "1"]


@pytest.mark.parametrize("breaks_off", [Answer({"detail": "slow"}, status=429), Answer(status=507), None])
async def test_a_list_that_breaks_off_says_nothing_of_what_is_absent(
    recall: RecallProvider, server: ToldServer, breaks_off: Answer | None
) -> None:
    server.always = listed(bot(metadata=marked()), more=True)
    if breaks_off:
        server.tell(server.always, breaks_off)
    with pytest.raises(UnavailableError, match="list of bots"):
        await recall.find(ORDER.key, MEETING_URL, START)
    assert len(server.asked) == (2 if breaks_off else 100)


async def test_the_old_bots_of_a_room_are_not_read(recall: RecallProvider, server: ToldServer) -> None:
    old = [bot(id=f"b-{days}", metadata=marked("mk-old", at=START - timedelta(days=days))) for days in (1, 2)]
    server.tell(listed())
    server.always = listed(*old, more=True)
    assert await recall.find(ORDER.key, MEETING_URL, START) == []
    assert len(server.asked) == 2


async def test_where_a_bot_comes_from(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(
        Answer(bot(metadata=marked(), meeting_url={"platform": "google_meet", "meeting_id": "abc-defg-hij"})),
        Answer(bot("joining_call", calendar_meetings=[{"id": "m-1"}], metadata={"mk_key": "x"})),
    )
    ours = await recall.get_bot_origin("b-1")
    assert (ours.is_ours, ours.workflow_id, ours.dispatch, ours.meeting_url) == (True, "meeting-x", 3, MEETING_URL)
    other = await recall.get_bot_origin("b-1")
    assert (other.is_ours, other.event_id, other.created_at) == (False, "m-1", START)


async def test_recent_origins_come_by_page(recall: RecallProvider, server: ToldServer) -> None:
    old = START - timedelta(days=1)
    server.tell(
        listed(bot(id="b-2", metadata=marked(at=old)), bot(id="b-1", metadata=marked()), more=True),
        listed(bot(id="b-3", metadata=marked())),
    )
    pages = [[origin.bot_id for origin in page] async for page in recall.recent_origins(START)]
    assert pages == [["b-1"], ["b-3"]]


async def test_a_list_of_the_newest_first_is_not_read_beyond_what_is_wanted(
    recall: RecallProvider, server: ToldServer
) -> None:
    newest_first = [bot(id=f"b-{hours}", metadata=marked(at=START - timedelta(hours=hours))) for hours in (0, 1, 3)]
    server.always = listed(*newest_first, more=True)
    pages = [page async for page in recall.recent_origins(START - timedelta(hours=2))]
    assert [[origin.bot_id for origin in page] for page in pages] == [["b-0", "b-1"]]


async def test_a_new_transcript_is_asked_for_of_each_recording(recall: RecallProvider, server: ToldServer) -> None:
    config = {"transcript": {"provider": {"recallai_streaming": {"language_code": "de"}}}}
    server.tell(Answer(bot("done", recordings=2, recording_config=config)))
    await recall.retranscribe("b-1")
    first, second = server.asked[1:]
    assert first.path == "/api/v1/recording/r-0/create_transcript/"
    assert second.path == "/api/v1/recording/r-1/create_transcript/"
    assert first.body == {"provider": {"recallai_async": {"language_code": "de"}}}


async def test_the_repeat_of_a_request_asks_for_no_second_transcript(
    recall: RecallProvider, server: ToldServer
) -> None:
    shown = Answer(bot("done", recordings=2))
    for request in ("run/1", "run/1", "run/2"):
        server.tell(shown)
        await recall.retranscribe("b-1", request)
    keys = [asked.headers["idempotency-key"] for asked in server.asked if asked.method == "POST"]
    assert keys[:2] == keys[2:4]
    assert len(set(keys)) == 4


async def test_without_a_recording_there_is_nothing_to_transcribe(
    recall: RecallProvider, server: ToldServer
) -> None:
    server.tell(Answer(bot("done")))
    with pytest.raises(NotFoundError):
        await recall.retranscribe("b-1")
    assert await recall.screenshots("b-1") == ()


async def test_a_history_with_odd_times_is_still_read(recall: RecallProvider, server: ToldServer) -> None:
    changes = [{"code": "joining_call", "created_at": "soon"}, {"code": "in_waiting_room"}, None, {"code": None}]
    server.tell(Answer({"id": "b-1", "status_changes": changes}))
    seen = await recall.get_bot_status("b-1")
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, ())
