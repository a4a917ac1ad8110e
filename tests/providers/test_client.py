"""Every endpoint: what is sent, and what is understood of the answer."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from minutekeeper.providers.base import NotFoundError, UnavailableError
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.request_models import AutomaticLeave, BotQuery, NewBot, SpeechToText
from tests.providers.response_server import Answer, ToldServer

BOT = NewBot(meeting_url="https://meet.google.com/abc-defg-hij", bot_name="Scribe", reserved=False)


async def test_sends_a_bot(client: MeetingBaasClient, server: ToldServer, api_key: str) -> None:
    server.tell(Answer({"bot_id": "b-1"}))
    bot = BOT.model_copy(
        update={
            "speech_to_text": SpeechToText(provider="Gladia", api_key="stt"),
            "automatic_leave": AutomaticLeave(waiting_room_timeout=300),
            "extra": {"a": "b"},
        }
    )
    assert await client.create_bot(bot) == "b-1"
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/bots/")
    assert asked.headers["x-meeting-baas-api-key"] == api_key
    assert "authorization" not in asked.headers
    assert "x-spoke-api-key" not in asked.headers
    assert asked.body == {
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "bot_name": "Scribe",
        "reserved": False,
        "speech_to_text": {"provider": "Gladia", "api_key": "stt"},
        "automatic_leave": {"waiting_room_timeout": 300},
        "extra": {"a": "b"},
    }


async def test_a_number_as_bot_id_becomes_text(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(Answer({"bot_id": 42}))
    assert await client.create_bot(BOT) == "42"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"bot_id": null}', b'{"bot_id": ""}', b"[]", b"<html>", b'"b-1"'])
async def test_an_answer_without_bot_id_leaves_it_open_whether_there_is_a_bot(
    client: MeetingBaasClient, server: ToldServer, body: bytes
) -> None:
    server.tell(Answer(body))
    with pytest.raises(UnavailableError):
        await client.create_bot(BOT)


async def test_a_base_url_with_a_path_is_kept(server: ToldServer, api_key: str) -> None:
    client = MeetingBaasClient(f"{server.url}/proxy", f" {api_key}\n")
    server.tell(Answer({"bot_id": "b-1"}))
    await client.create_bot(BOT)
    await client.aclose()
    assert server.asked[0].path == "/proxy/bots/"
    assert server.asked[0].headers["x-meeting-baas-api-key"] == api_key


async def test_goes_through_the_proxy_of_the_environment(
    server: ToldServer, api_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "inside.example")
    server.tell(Answer({"bot_id": "b-1"}))
    outside = MeetingBaasClient("http://api.example", api_key)
    assert await outside.create_bot(BOT) == "b-1"
    await outside.aclose()
    assert server.asked[0].headers["host"] == "api.example"
    inside = MeetingBaasClient("http://inside.example:1", api_key)
    with pytest.raises(UnavailableError):
        await inside.create_bot(BOT)
    await inside.aclose()
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", ["naïve", "a\nb", "a\x00b"])
def test_a_key_that_cannot_be_sent_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="API key"):
        MeetingBaasClient("http://127.0.0.1:1", key)


@pytest.mark.parametrize("body", [b'{"ok": true}', b"", b"{}"])
async def test_makes_a_bot_leave(client: MeetingBaasClient, server: ToldServer, body: bytes) -> None:
    server.tell(Answer(body))
    await client.leave("b/1")
    assert (server.asked[0].method, server.asked[0].path) == ("DELETE", "/bots/b/1")


async def test_a_leave_that_is_not_confirmed_is_none(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(Answer({"ok": False}))
    with pytest.raises(UnavailableError):
        await client.leave("b-1")


@pytest.mark.parametrize("bot_id", ["", ".", ".."])
async def test_an_id_that_leads_elsewhere_is_never_asked_for(
    client: MeetingBaasClient, server: ToldServer, bot_id: str
) -> None:
    with pytest.raises(NotFoundError):
        await client.leave(bot_id)
    assert server.asked == []


async def test_lists_bots_with_every_filter(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(Answer({"bots": [], "next_cursor": None}))
    noon_in_paris = datetime(2026, 7, 1, 12, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    query = BotQuery(
        bot_name="Scribe",
        meeting_url="abc-defg-hij",
        created_after=noon_in_paris,
        created_before=datetime(2026, 7, 2, tzinfo=UTC),
        ended_after=datetime(2026, 7, 3, tzinfo=UTC),
        filter_by_extra={"a": "1", "b": "2"},
        sort_by_extra="a:desc",
        speaker_name="Ann",
        limit=7,
        cursor="YWI+/w==",
    )
    assert [bot async for bot in client.list_bots(query)] == []
    assert (server.asked[0].method, server.asked[0].path) == ("GET", "/bots/bots_with_metadata")
    assert server.asked[0].query == {
        "bot_name": "Scribe",
        "meeting_url": "abc-defg-hij",
        "created_after": "2026-07-01T10:00:00",
        "created_before": "2026-07-02T00:00:00",
        "ended_after": "2026-07-03T00:00:00",
        "filter_by_extra": "a:1,b:2",
        "sort_by_extra": "a:desc",
        "speaker_name": "Ann",
        "limit": "7",
        "cursor": "YWI+/w==",
    }


async def test_follows_the_cursor_over_short_and_empty_pages(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(
        Answer({"bots": [{"uuid": "1"}], "next_cursor": "a"}),
        Answer({"bots": [], "next_cursor": "b"}),
        Answer({"recent_bots": [{"id": "2"}], "next_cursor": ""}),
    )
    assert [bot.bot_id async for bot in client.list_bots(BotQuery(bot_name="x"))] == ["1", "2"]
    assert [asked.query.get("cursor") for asked in server.asked] == [None, "a", "b"]
    assert {asked.query["bot_name"] for asked in server.asked} == {"x"}


async def test_a_list_without_end_is_an_error(client: MeetingBaasClient, server: ToldServer) -> None:
    server.always = Answer({"bots": [], "next_cursor": "again"})
    with pytest.raises(UnavailableError, match="repeats a cursor"):
        assert [bot async for bot in client.list_bots(BotQuery())]


@pytest.mark.parametrize(
    "page",
    [
        {"bots": [{"id": 7, "uuid": "u", "created_at": "2025-03-01T10:00:00", "ended_at": None, "extra": None}]},
        {"recent_bots": [{"id": "u", "name": "n", "created_at": "2025-03-01T10:00:00.000000001Z"}]},
        {
            "recentBots": [{"id": "u", "createdAt": "2025-03-01T10:00:00+00:00", "endedAt": None}],
            "nextCursor": None,
        },
        {"bots": [{"uuid": None, "id": "u", "created_at": {"secs_since_epoch": 1740823200}}, None, "junk"]},
    ],
)
async def test_reads_the_list_of_any_year(
    client: MeetingBaasClient, server: ToldServer, page: dict[str, object]
) -> None:
    server.tell(Answer(page))
    (bot,) = [bot async for bot in client.list_bots(BotQuery())]
    assert (bot.bot_id, bot.created_at) == ("u", datetime(2025, 3, 1, 10, tzinfo=UTC))
    assert bot.ended_at is None


async def test_reads_a_camel_case_list_whole(client: MeetingBaasClient, server: ToldServer) -> None:
    bot = {"id": "u", "meetingUrl": "https://meet.google.com/abc-defg-hij", "endedAt": "2025-03-01T11:00:00Z"}
    server.tell(Answer({"recentBots": [bot], "nextCursor": "n"}), Answer({"recentBots": []}))
    (found,) = [bot async for bot in client.list_bots(BotQuery())]
    assert found.meeting_url == "https://meet.google.com/abc-defg-hij"
    assert found.ended_at == datetime(2025, 3, 1, 11, tzinfo=UTC)
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"bots": null}', b'{"bots": {}}', b'{"error": "x"}', b"oops"])
async def test_what_is_no_list_is_never_taken_for_an_empty_one(
    client: MeetingBaasClient, server: ToldServer, body: bytes
) -> None:
    server.tell(Answer(body))
    with pytest.raises(UnavailableError):
        assert [bot async for bot in client.list_bots(BotQuery())]


async def test_reads_meeting_data_and_keeps_its_secrets_out_of_sight(
    client: MeetingBaasClient, server: ToldServer
) -> None:
    server.tell(
        Answer(
            {
                "mp4": "https://s3/x.mp4?X-Amz-Signature=sig",
                "duration": "61",
                "bot_data": {
                    "bot": {
                        "uuid": "u",
                        "speech_to_text_api_key": "stt-key",
                        "bot_joined_at": 1740823200,
                        "errors": {"code": "x", "at": "https://h/p?token=tok"},
                        "transcription_fails": 2,
                    },
                    "transcripts": [{"speaker": "Ann", "words": [{"text": "secret words"}]}],
                },
            }
        )
    )
    data = await client.meeting_data("u", include_transcripts=False)
    assert server.asked[0].path == "/bots/meeting_data"
    assert server.asked[0].query == {"bot_id": "u", "include_transcripts": "false"}
    assert data.mp4.startswith("https://s3/")
    assert data.duration == 61
    assert data.bot_data.bot
    assert data.bot_data.bot.bot_joined_at == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert data.bot_data.bot.transcription_fails
    for secret in ("sig", "stt-key", "secret words", "tok"):
        assert secret not in repr(data)


async def test_the_other_endpoints(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(
        Answer(status=202),
        Answer([{"date": "2025-03-01T10:00:00Z", "url": "https://s3/shot.png?X-Amz-Signature=sig"}]),
        Answer({"webhook_url": "https://ours/webhooks"}),
        Answer({"webhook_url": None}),
    )
    await client.retranscribe("b-1", SpeechToText(provider="Gladia", api_key="k"))
    (screenshot,) = await client.screenshots("b-1")
    assert screenshot.date == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert screenshot.url.endswith("sig")
    assert "sig" not in repr(screenshot)
    assert await client.webhook_url() == "https://ours/webhooks"
    assert await client.webhook_url() == ""
    assert [(asked.method, asked.path, asked.query, asked.body) for asked in server.asked] == [
        (
            "POST",
            "/bots/retranscribe",
            {},
            {
                "bot_uuid": "b-1",
                "speech_to_text": {"provider": "Gladia", "api_key": "k"},
            },
        ),
        ("GET", "/bots/b-1/screenshots", {}, None),
        ("GET", "/accounts/webhook_url", {}, None),
        ("GET", "/accounts/webhook_url", {}, None),
    ]
