"""The provider as the rest of the house sees it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import BotDispatch, DispatchMode, DispatchPlan, RemovalResult
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.providers import api_connection
from minutekeeper.providers.base import (
    BotCallback,
    DuplicateBotError,
    FoundBot,
    NotFoundError,
    Provider,
    UnavailableError,
)
from minutekeeper.providers.bot_metadata import BotMetadata, event_extra
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import DispatchDefaults, MeetingBaasProvider
from minutekeeper.providers.meetingbaas.request_models import SpeechToText
from tests.providers.conftest import SECRET
from tests.providers.response_server import Answer, ToldServer

START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
MEETING_URL = "https://meet.google.com/abc-defg-hij"
ADDRESS = BotCallback(webhook_url="https://ours/webhooks/token", workflow_id="meeting-x")
ORDER = BotDispatch(
    key="mk-abc-0",
    dispatch=0,
    run="run-1",
    meeting_url=MEETING_URL,
    start_time=START,
    dispatch_at=START - timedelta(minutes=4),
    mode=DispatchMode.RESERVED,
    transcript=True,
    bot=BotOptions(),
)

OURS = BotMetadata(dispatch_key="mk-abc-0", dispatch=0, workflow_id="meeting-x", run="run-1").to_wire([SECRET])


def test_it_is_a_provider(provider: MeetingBaasProvider) -> None:
    port: Provider = provider
    assert port is provider


@pytest.mark.parametrize("left", [timedelta(days=90), timedelta(minutes=5), timedelta(minutes=4)])
def test_with_four_minutes_left_a_reserved_bot_is_planned(provider: MeetingBaasProvider, left: timedelta) -> None:
    plan = provider.dispatch_plan(START, START - left)
    assert plan == DispatchPlan(
        dispatch_at=datetime(2026, 12, 1, 9, 56, tzinfo=UTC),
        join_at=START,
        mode=DispatchMode.RESERVED,
    )


@pytest.mark.parametrize("left", [timedelta(minutes=4, microseconds=-1), timedelta(0), timedelta(hours=-1)])
def test_with_less_a_bot_is_sent_at_once(provider: MeetingBaasProvider, left: timedelta) -> None:
    now = START - left
    assert provider.dispatch_plan(START, now) == DispatchPlan(
        dispatch_at=now, join_at=now, mode=DispatchMode.IMMEDIATE
    )


@pytest.mark.parametrize("left", [timedelta(hours=1), timedelta(0)])
def test_the_policy_is_in_every_plan(client: MeetingBaasClient, left: timedelta) -> None:
    deadlines = Deadlines(joining=7)
    policy = DispatchDefaults(lead=timedelta(minutes=10), max_dispatches=5, deadlines=deadlines)
    plan = MeetingBaasProvider(client, webhook_keys=[], policy=policy).dispatch_plan(START, START - left)
    assert (plan.max_dispatches, plan.deadlines) == (5, deadlines)
    assert (
        plan.dispatch_at == START - left if plan.mode is DispatchMode.IMMEDIATE else START - timedelta(minutes=10)
    )


async def test_sends_a_reserved_bot_with_a_way_back(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(Answer({"bot_id": "b-1"}))
    before = datetime.now(UTC)
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    assert (sent.bot_id, sent.mode, sent.is_adopted, sent.shared_with) == ("b-1", DispatchMode.RESERVED, False, "")
    assert before <= sent.sent_at <= datetime.now(UTC)
    assert server.asked[0].body == {
        "meeting_url": MEETING_URL,
        "bot_name": "Minutekeeper",
        "reserved": True,
        "recording_mode": "speaker_view",
        "speech_to_text": {"provider": "Default"},
        "webhook_url": "https://ours/webhooks/token",
        "deduplication_key": "mk-abc-0",
        "extra": OURS,
    }


async def test_sends_what_was_wished_for(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(Answer({"bot_id": "b-1"}), Answer({"bot_id": "b-2"}))
    provider = MeetingBaasProvider(
        client,
        webhook_keys=[],
        signing_secrets=[SECRET],
        speech_to_text=SpeechToText(provider="Gladia", api_key="stt"),
    )
    options = BotOptions(
        name="Scribe",
        image="https://ours/face.png",
        entry_message="Hello",
        recording_mode=RecordingMode.AUDIO_ONLY,
        waiting_room_timeout=300,
        silence_timeout=900,
    )
    order = ORDER.model_copy(update={"mode": DispatchMode.IMMEDIATE, "bot": options, "dispatch": 2})
    await provider.dispatch(order, ADDRESS, ORDER.dispatch_at)
    await provider.dispatch(order.model_copy(update={"transcript": False}), ADDRESS, ORDER.dispatch_at)
    wished, silent = (asked.body for asked in server.asked)
    assert wished["reserved"] is False
    assert wished["bot_name"] == "Scribe"
    assert wished["bot_image"] == "https://ours/face.png"
    assert wished["entry_message"] == "Hello"
    assert wished["recording_mode"] == "audio_only"
    assert wished["automatic_leave"] == {"waiting_room_timeout": 300, "silence_timeout": 900}
    assert wished["speech_to_text"] == {"provider": "Gladia", "api_key": "stt"}
    assert wished["extra"]["dispatch"] == "2"
    assert "start_time" not in wished
    assert "speech_to_text" not in silent


def test_an_empty_transcription_key_is_none() -> None:
    assert SpeechToText(provider="Default", api_key="").api_key is None
    assert "stt" not in repr(SpeechToText(provider="Gladia", api_key="stt"))


async def test_a_refused_duplicate(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(Answer(b"BotAlreadyExists", status=400))
    with pytest.raises(DuplicateBotError, match="BotAlreadyExists"):
        await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)


@pytest.mark.parametrize(
    ("answer", "removal"),
    [
        (Answer({"ok": True}), RemovalResult.LEAVING),
        (Answer(status=404), RemovalResult.ALREADY_GONE),
        (Answer(status=409), RemovalResult.ALREADY_GONE),
        (Answer(b"bot has already left", status=400), RemovalResult.ALREADY_GONE),
    ],
)
async def test_cancels(
    provider: MeetingBaasProvider, server: ToldServer, answer: Answer, removal: RemovalResult
) -> None:
    server.tell(answer)
    assert await provider.remove_bot("b-1") is removal


async def test_a_removal_in_doubt_is_no_removal(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(Answer(status=503))
    with pytest.raises(UnavailableError):
        await provider.remove_bot("b-1")


def listed(bot_id: str, created_at: str = "2026-12-01T09:56:00Z", **fields: object) -> dict[str, object]:
    return {
        "uuid": bot_id,
        "meeting_url": "https://meet.google.com/zzz-zzzz-zzz",
        "created_at": created_at,
        **fields,
    }


async def test_finds_by_key_and_by_meeting_newest_first(provider: MeetingBaasProvider, server: ToldServer) -> None:
    ours = listed("ours", extra=OURS)
    theirs = listed(
        "theirs",
        "2026-12-01T09:57:00",
        meeting_url="https://MEET.google.com/ABC-defg-hij?authuser=1",
        ended_at="2026-12-01T09:58:00Z",
        extra={"workflow_id": "not ours"},
    )
    server.tell(Answer({"bots": [theirs], "next_cursor": "n"}), Answer({"bots": [ours]}))
    assert await provider.find("mk-abc-0", MEETING_URL, START - timedelta(minutes=5)) == [
        FoundBot(bot_id="theirs", created_at=datetime(2026, 12, 1, 9, 57, tzinfo=UTC), is_open=False),
        FoundBot(
            bot_id="ours",
            created_at=datetime(2026, 12, 1, 9, 56, tzinfo=UTC),
            is_open=True,
            key="mk-abc-0",
            workflow_id="meeting-x",
            run="run-1",
        ),
    ]
    first, second = (asked.query for asked in server.asked)
    assert first == {"created_after": "2026-12-01T09:43:00", "meeting_url": "abc-defg-hij", "limit": "50"}
    assert second == first | {"cursor": "n"}


async def test_a_meeting_without_a_name_is_found_by_its_key(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    server.tell(
        Answer(
            {"bots": [listed("b", meeting_url="https://x/", extra=BotMetadata(dispatch_key="k").to_wire([SECRET]))]}
        )
    )
    assert [bot.bot_id for bot in await provider.find("k", "", START - timedelta(hours=1))] == ["b"]
    assert server.asked[0].query["filter_by_extra"] == "dispatch_key:k"


async def test_a_list_that_ignores_its_window_is_read_no_further_than_that(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    mine = {"meeting_url": MEETING_URL}
    old = [listed(f"old-{day}", f"2026-11-{day}T10:00:00Z", **mine) for day in (20, 19)]
    server.always = Answer({"bots": [listed("mine", **mine), *old], "next_cursor": "more"})
    found = await provider.find("mk-abc-0", MEETING_URL, START - timedelta(minutes=5))
    assert [bot.bot_id for bot in found] == ["mine"]
    assert len(server.asked) == 1


async def test_a_list_in_another_order_is_read_to_its_end(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    mine = {"meeting_url": MEETING_URL}
    old = [listed(f"old-{day}", f"2026-11-{day}T10:00:00Z", **mine) for day in (19, 20)]
    server.tell(Answer({"bots": old, "next_cursor": "n"}), Answer({"bots": [listed("mine", **mine)]}))
    found = await provider.find("mk-abc-0", MEETING_URL, START - timedelta(minutes=5))
    assert [bot.bot_id for bot in found] == ["mine"]


async def test_a_list_that_ignores_its_filters_brings_no_strangers(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    mine = {"meeting_url": MEETING_URL}
    server.always = Answer(
        {
            "bots": [
                listed("another meeting"),
                listed("another key", extra=BotMetadata(dispatch_key="mk-abc-01").to_wire([SECRET])),
                listed("unsigned", extra={name: OURS[name] for name in OURS if name != "signature"}),
                listed("forged", extra=BotMetadata(dispatch_key="mk-abc-0").to_wire(["another secret"])),
                listed("put together", extra=OURS | {"run": "run-2"}),
                listed("a longer code", meeting_url="https://meet.google.com/abc-defg-hijk"),
                listed("an older one", "2026-11-30T10:00:00Z", **mine),
                listed("", **mine),
                listed("no address", meeting_url="https://[broken"),
                listed("mine", **mine),
            ]
        }
    )
    found = await provider.find("mk-abc-0", MEETING_URL, START - timedelta(minutes=5))
    assert [bot.bot_id for bot in found] == ["mine"]


@pytest.mark.parametrize(
    ("url", "asked_for", "other_spelling"),
    [
        ("https://us02web.zoom.us/j/12345678901?pwd=x", "12345678901", "https://zoom.us/wc/join/12345678901"),
        ("https://zoom.us/my/ann.smith", "smith", "https://zoom.us/my/ann.smith?pwd=1"),
        ("https://meet.google.com/lookup/abc", "abc", "https://meet.google.com/lookup/ABC?x=1"),
        (
            "https://teams.live.com/meet/9312345678901?p=x",
            "9312345678901",
            "https://teams.live.com/meet/9312345678901",
        ),
        (
            "https://teams.microsoft.com/l/meetup-join/19%3Ameeting_MzX%40thread.v2/0?context=%7B%7D",
            "meeting_mzx",
            "https://teams.microsoft.com/l/meetup-join/19:meeting_MzX@thread.v2/0",
        ),
    ],
)
async def test_meetings_are_known_in_other_spellings(
    provider: MeetingBaasProvider, server: ToldServer, url: str, asked_for: str, other_spelling: str
) -> None:
    server.tell(Answer({"bots": [listed("b", meeting_url=other_spelling)]}))
    assert [bot.bot_id for bot in await provider.find("k", url, START - timedelta(hours=1))] == ["b"]
    assert server.asked[0].query["meeting_url"] == asked_for


async def test_a_search_that_fails_finds_not_nothing(provider: MeetingBaasProvider, server: ToldServer) -> None:
    server.tell(Answer({"bots": [], "next_cursor": "n"}), Answer(status=500))
    with pytest.raises(UnavailableError):
        await provider.find("k", MEETING_URL, START)


@pytest.mark.parametrize("name", ["x-meeting-baas-api-key", "X-Meeting-Baas-Api-Key", "X-SPOKE-API-KEY"])
def test_webhooks_with_a_key_of_ours_are_accepted(provider: MeetingBaasProvider, api_key: str, name: str) -> None:
    assert provider.accepts_webhook({"Host": "x", name: api_key}, b"{}")
    assert provider.accepts_webhook({name: "the-key-before"}, b"{}")
    for wrong in ("", "wrong", api_key[:-1], api_key + "x", "\udcff", "ключ"):
        assert not provider.accepts_webhook({name: wrong}, b"{}")
        assert not provider.accepts_webhook({name: wrong}, b"{}", allow_missing_key=True)


def test_webhooks_without_a_key_are_accepted_only_if_wanted(provider: MeetingBaasProvider) -> None:
    assert not provider.accepts_webhook({"Authorization": "Bearer x"}, b"{}")
    assert provider.accepts_webhook({"Authorization": "Bearer x"}, b"{}", allow_missing_key=True)


def test_no_key_of_ours_matches_no_key_of_theirs(client: MeetingBaasClient) -> None:
    provider = MeetingBaasProvider(client, webhook_keys=["", " "])
    assert not provider.accepts_webhook({"x-meeting-baas-api-key": ""}, b"{}")
    assert not provider.accepts_webhook({"x-meeting-baas-api-key": " "}, b"{}")


async def test_warming_up_for_a_rush_fills_the_pool_and_no_more(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    await provider.warm_up(1000)
    assert len(server.asked) == api_connection.MAX_CONNECTIONS
    assert {(asked.method, asked.path, asked.body) for asked in server.asked} == {("GET", "/", None)}
    assert not any("x-meeting-baas-api-key" in asked.headers for asked in server.asked)

    warm = {asked.connection for asked in server.asked}
    server.always = Answer({"bot_id": "b"})
    await asyncio.gather(*(provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at) for _ in range(len(warm))))
    assert {asked.connection for asked in server.asked} == warm


async def test_a_closed_provider_asks_nobody(provider: MeetingBaasProvider, server: ToldServer) -> None:
    await provider.aclose()
    await provider.warm_up(1)
    assert server.asked == []


async def test_warming_up_never_raises(api_key: str, server: ToldServer) -> None:
    nobody = MeetingBaasClient("http://127.0.0.1:1", api_key)
    await nobody.warm_up(1)
    await nobody.aclose()
    await nobody.warm_up(1)
    server.tell(Answer(cut=True), Answer(status=500))
    client = MeetingBaasClient(server.url, api_key)
    await client.warm_up(1)
    await client.warm_up(1)
    await client.aclose()


async def test_the_list_tells_of_a_young_bot_that_has_no_data_yet(
    provider: MeetingBaasProvider, server: ToldServer
) -> None:
    young = {
        "uuid": "b-1",
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "created_at": "2026-12-01T10:00:00Z",
        "extra": event_extra([SECRET]),
    }
    server.tell(Answer({"error": "not found"}, status=404))
    with pytest.raises(NotFoundError):
        await provider.get_bot_origin("b-1")
    old = {"uuid": "b-2", "created_at": "2026-12-01T09:00:00Z", "extra": {"dispatch": "1"}}
    server.tell(Answer({"bots": [young], "next_cursor": "n"}), Answer({"bots": [old, {}]}))
    since = datetime(2026, 12, 1, 8, tzinfo=UTC)
    (first,), (second,) = [page async for page in provider.recent_origins(since)]
    assert (first.bot_id, first.is_ours, first.event_id) == ("b-1", True, "")
    assert first.created_at == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert (second.bot_id, second.is_ours) == ("b-2", False)
    assert server.asked[1].query["created_after"] == "2026-12-01T07:58:00", "clocks may differ"
