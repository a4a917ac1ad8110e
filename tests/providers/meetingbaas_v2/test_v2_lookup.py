"""Bots of Meeting BaaS v2 that are found in its two lists, and what it answers about one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import NotFoundError, ProviderBotStatus
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from tests.providers.meetingbaas_v2.bodies import BOT, MEETING_URL, OURS, data, details, listed, progress, refusal
from tests.providers.response_server import ToldServer

GONE = refusal(404, "FST_ERR_BOT_NOT_FOUND_BY_ID")
KEY = "mk-abc-0"
RECENT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def started(bot_id: str = BOT, **changes: Any) -> dict[str, Any]:
    return {
        "bot_id": bot_id,
        "meeting_url": MEETING_URL,
        "status": "in_call_recording",
        "created_at": RECENT.isoformat(),
        "ended_at": None,
        "extra": OURS,
    } | changes


def waiting(bot_id: str = BOT, **changes: Any) -> dict[str, Any]:
    return started(bot_id, status="scheduled", join_at=RECENT.isoformat()) | changes


async def test_searches_both_lists_by_key_and_by_link(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(listed(waiting("w")), listed(waiting("w")), listed(started("s", status="failed")), listed())
    found = await v2.find(KEY, MEETING_URL, RECENT)
    assert {(bot.bot_id, bot.is_open, bot.key, bot.run) for bot in found} == {
        ("w", True, KEY, "run-1"),
        ("s", False, KEY, "run-1"),
    }
    asked = [(each.path, each.query) for each in server.asked]
    assert [path for path, _ in asked] == ["/v2/bots/scheduled"] * 2 + ["/v2/bots"] * 2
    assert [query.get("extra") for _, query in asked] == ["dispatch_key:mk-abc-0", None] * 2
    assert [query.get("meeting_url") for _, query in asked] == [None, "abc-defg-hij"] * 2
    assert asked[2][1]["created_after"] < f"{RECENT:%Y-%m-%dT%H:%M:%SZ}"


async def test_a_bot_in_both_lists_is_as_the_later_one_says(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(
        listed(waiting(status="completed")), listed(), listed(started(ended_at=RECENT.isoformat())), listed()
    )
    assert [bot.is_open for bot in await v2.find(KEY, MEETING_URL, RECENT)] == [False]


async def test_a_list_that_ignores_its_filters_finds_nothing_foreign(
    v2: MeetingBaasV2Provider, server: ToldServer
) -> None:
    forged = OURS | {"signature": "x"}
    other = "https://meet.google.com/zzz-zzzz-zzz"
    server.always = listed(
        started("foreign", meeting_url=other, extra=None),
        started("forged", meeting_url=other, extra=forged),
        started("old", created_at=(RECENT - timedelta(days=2)).isoformat()),
        started("same-room", extra={"team": "x"}, status="completed"),
    )
    found = await v2.find(KEY, MEETING_URL, RECENT)
    assert [(bot.bot_id, bot.is_open, bot.workflow_id) for bot in found] == [("same-room", False, "")]


async def test_all_pages_are_read_and_no_time_is_too_far_back(
    v2: MeetingBaasV2Provider, server: ToldServer
) -> None:
    server.tell(listed(), listed(), listed(started("a"), cursor="c+/=="), listed(started("b")), listed())
    found = await v2.find(KEY, MEETING_URL, RECENT - timedelta(days=400))
    assert {bot.bot_id for bot in found} == {"a", "b"}
    assert server.asked[3].query["cursor"] == "c+/=="
    earliest = datetime.fromisoformat(server.asked[2].query["created_after"])
    assert datetime.now(UTC) - earliest < timedelta(days=90)


async def test_where_a_bot_comes_from(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(data(details("queued")), GONE, data(waiting(extra={"foreign": "x"})), GONE, GONE)
    ours, foreign = await v2.get_bot_origin(BOT), await v2.get_bot_origin(BOT)
    assert (ours.is_ours, ours.workflow_id, ours.dispatch, ours.meeting_url) == (True, "meeting-x", 0, MEETING_URL)
    assert (foreign.is_ours, foreign.workflow_id, foreign.created_at) == (False, "", RECENT)
    with pytest.raises(NotFoundError):
        await v2.get_bot_origin(BOT)


async def test_recent_bots_are_listed_page_by_page(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(listed(started("a"), cursor="c"), listed(started("b", extra=None)))
    pages = [[(bot.bot_id, bot.is_ours) for bot in page] async for page in v2.recent_origins(RECENT)]
    assert pages == [[("a", True)], [("b", False)]]


async def test_a_bot_at_work_has_one_status(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(
        data(progress("in_call_recording", "2026-03-01T10:05:00Z")),
        data(details("in_call_recording", joined_at="2026-03-01T10:04:00Z")),
    )
    seen = await v2.get_bot_status(BOT)
    assert seen.status is ProviderBotStatus.OPEN
    assert [(event.code, event.status, event.occurred_at.minute) for event in seen.events] == [
        ("in_call_not_recording", MeetingStatus.IN_CALL, 4),
        ("in_call_recording", MeetingStatus.RECORDING, 5),
    ]


async def test_a_status_that_changed_meanwhile_has_no_time(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(data(progress("joining_call")), data(details("in_waiting_room")))
    seen = await v2.get_bot_status(BOT)
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, ())


@pytest.mark.parametrize(
    ("bot", "expected"),
    [
        (details(video="https://f/v"), (BotEventKind.COMPLETE, None, True)),
        (details(audio="https://f/a"), (BotEventKind.COMPLETE, None, True)),
        (details(), (BotEventKind.COMPLETE, None, False)),
        (details("failed"), (BotEventKind.FAILED, FailureReason.UNKNOWN, False)),
        (
            details("failed", error_code="OOM_KILLED"),
            (BotEventKind.FAILED, FailureReason.PROVIDER_ERROR, False),
        ),
        (
            details("failed", error_code="OOM_KILLED", video="https://f/v"),
            (BotEventKind.FAILED, FailureReason.PROVIDER_ERROR, True),
        ),
        (
            details("failed", error_code="INTERNAL_ERROR", audio="https://f/a"),
            (BotEventKind.FAILED, FailureReason.PROVIDER_ERROR, True),
        ),
        (
            details("failed", error_code="EXITING_MEETING_BEFORE_RECORD"),
            (BotEventKind.FAILED, FailureReason.STOPPED, False),
        ),
        (
            details("failed", error_code="BOT_REMOVED", video="https://f/v"),
            (BotEventKind.COMPLETE, None, True),
        ),
        (
            details("failed", error_code="TRANSCRIPTION_FAILED"),
            (BotEventKind.FAILED, FailureReason.RECORDING_LOST, False),
        ),
    ],
)
async def test_the_end_of_a_bot(
    v2: MeetingBaasV2Provider,
    server: ToldServer,
    bot: dict[str, Any],
    expected: tuple[BotEventKind, FailureReason | None, bool],
) -> None:
    server.tell(data(progress(bot["status"])), data(bot))
    seen = await v2.get_bot_status(BOT)
    final = seen.events[-1]
    assert (final.kind, final.reason, final.has_recording) == expected
    assert final.occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert (seen.status is ProviderBotStatus.FAILED) is (final.kind is BotEventKind.FAILED)


@pytest.mark.parametrize(
    ("code", "transcription", "failed"),
    [
        ("TRANSCRIPTION_FAILED", ("error", None), True),
        (None, ("error", None), True),
        (None, ("error", "https://f/t"), False),
        (None, ("done", None), False),
    ],
)
async def test_a_recording_without_a_transcript(
    v2: MeetingBaasV2Provider,
    server: ToldServer,
    code: str | None,
    transcription: tuple[str, str | None],
    failed: bool,
) -> None:
    state, link = transcription
    bot = details("failed" if code else "completed", error_code=code, video="https://f/v", transcription=link)
    server.tell(data(progress(bot["status"], transcription=state)), data(bot))
    kinds = [event.kind for event in (await v2.get_bot_status(BOT)).events]
    assert BotEventKind.COMPLETE in kinds
    assert (BotEventKind.TRANSCRIPTION_FAILED in kinds) is failed


@pytest.mark.parametrize(
    ("files", "age", "is_over"),
    [
        ({"video": "https://f/v", "transcription": "https://f/t"}, timedelta(), True),
        ({"video": "https://f/v"}, timedelta(minutes=29), False),
        ({"video": "https://f/v"}, timedelta(minutes=31), True),
        ({}, timedelta(hours=5), False),
    ],
)
async def test_a_bot_whose_statuses_stop_at_transcribing(
    v2: MeetingBaasV2Provider,
    server: ToldServer,
    files: dict[str, str],
    age: timedelta,
    is_over: bool,
) -> None:
    since = (datetime.now(UTC) - age).isoformat()
    server.tell(data(progress("transcribing", since)), data(details("transcribing", **files)))
    seen = await v2.get_bot_status(BOT)
    assert seen.status is (ProviderBotStatus.COMPLETE if is_over else ProviderBotStatus.OPEN)
    final = seen.events[-1]
    assert (final.kind is BotEventKind.COMPLETE, final.has_transcript) == (is_over, "transcription" in files)


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ("scheduled", ProviderBotStatus.OPEN, None),
        ("completed", ProviderBotStatus.OPEN, None),
        ("cancelled", ProviderBotStatus.FAILED, FailureReason.STOPPED),
        ("failed", ProviderBotStatus.FAILED, FailureReason.ACCOUNT),
    ],
)
async def test_a_bot_that_was_not_started_yet(
    v2: MeetingBaasV2Provider,
    server: ToldServer,
    status: str,
    expected: ProviderBotStatus,
    reason: FailureReason | None,
) -> None:
    server.tell(GONE, data(waiting(status=status)))
    seen = await v2.get_bot_status(BOT)
    assert seen.status is expected
    assert [event.reason for event in seen.events] == ([reason] if reason else [])


async def test_a_bot_that_is_gone(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    deleted = details("failed", artifacts_deleted=True, error_code="X")
    server.tell(GONE, GONE, data(progress("completed")), data(deleted))
    unknown, erased = await v2.get_bot_status(BOT), await v2.get_bot_status(BOT)
    assert (unknown.status, unknown.events) == (ProviderBotStatus.GONE, ())
    assert (erased.status, erased.events) == (ProviderBotStatus.GONE, ())
    assert "deleted" in erased.text


async def test_screenshots_in_their_order(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(
        listed(
            {"screenshot_id": 12, "url": "https://f/12"}, {"screenshot_id": 3, "url": "https://f/3"}, cursor="c"
        ),
        listed({"screenshot_id": 1, "url": "https://f/1"}, {"screenshot_id": 2, "url": None}),
        GONE,
    )
    assert [each.url for each in await v2.screenshots(BOT)] == ["https://f/1", "https://f/3", "https://f/12"]
    assert await v2.screenshots(BOT) == ()
