"""What is expected of the HTTP client, whatever carries it: cheap rushes, no leaks, nothing taken from outside."""

import asyncio
import base64
import logging
import time
from collections.abc import Iterator

import pytest

from minutekeeper.logs import set_up_logging
from minutekeeper.providers import api_connection
from minutekeeper.providers.base import ProviderError, UnavailableError
from minutekeeper.providers.http_client import open_http_client
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.request_models import BotQuery, NewBot
from tests.providers.response_server import Answer, ToldServer

BOT = NewBot(meeting_url="https://meet.google.com/abc-defg-hij", bot_name="Scribe", reserved=False)
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


async def test_a_thousand_bots_at_once_cost_what_they_cost_over_aiohttp(server: ToldServer, api_key: str) -> None:
    server.always = Answer({"bot_id": "b-1"})
    client = MeetingBaasClient(server.url, api_key, send_timeout=60)
    before = time.process_time()
    assert await asyncio.gather(*(client.create_bot(BOT) for _ in range(1000))) == ["b-1"] * 1000
    spent = time.process_time() - before
    await client.aclose()
    # About 1 s with the server's share on a quiet machine; httpx's own pool takes more than 20 s for it.
    assert spent < 12
    assert len({asked.connection for asked in server.asked}) <= api_connection.MAX_CONNECTIONS


async def test_calls_that_run_out_of_time_leave_no_connection_behind(server: ToldServer, api_key: str) -> None:
    client = MeetingBaasClient(server.url, api_key, send_timeout=0.5)
    server.always = Answer(stall=True)
    sent = (client.create_bot(BOT) for _ in range(api_connection.MAX_CONNECTIONS + 10))
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert {type(answer) for answer in answers} == {UnavailableError}
    server.always = Answer({"bot_id": "b-1"})
    assert await client.create_bot(BOT) == "b-1"
    await client.aclose()


def test_a_client_may_be_made_before_there_is_an_event_loop(api_key: str) -> None:
    client = MeetingBaasClient("http://127.0.0.1:1", api_key)

    async def ask() -> None:
        with pytest.raises(UnavailableError, match="Cannot connect"):
            await client.create_bot(BOT)
        await client.aclose()

    asyncio.run(ask())


async def test_a_closed_client_says_so(client: MeetingBaasClient) -> None:
    await client.aclose()
    with pytest.raises(UnavailableError, match="closed on our side"):
        await client.create_bot(BOT)


async def test_cookies_are_not_kept(server: ToldServer, api_key: str) -> None:
    # aiohttp's own jar takes none from bare addresses.
    client = MeetingBaasClient(server.url.replace("127.0.0.1", "localhost"), api_key)
    server.tell(Answer({"bot_id": "b-1"}, headers={"set-cookie": "session=1; Path=/"}), Answer({"bot_id": "b-2"}))
    await client.create_bot(BOT)
    await client.create_bot(BOT)
    await client.aclose()
    assert "cookie" not in server.asked[1].headers


async def test_a_login_in_the_base_url_is_used(server: ToldServer, api_key: str) -> None:
    client = MeetingBaasClient(server.url.replace("//", "//gate:pass%40word@"), api_key)
    server.tell(Answer({"bot_id": "b-1"}), Answer(status=422))
    await client.create_bot(BOT)
    given = server.asked[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(given) == b"gate:pass@word"
    with pytest.raises(ProviderError) as caught:
        await client.create_bot(BOT)
    assert "pass" not in str(caught.value)
    await client.aclose()


@pytest.mark.parametrize(
    "target", ["http://[nowhere", "mailto:x", "http://h:99999999/", "", "//", "http://[::1", "http://a b/", "\x80"]
)
async def test_a_redirect_that_leads_nowhere_is_an_answer_like_others(
    client: MeetingBaasClient, server: ToldServer, target: str
) -> None:
    server.tell(Answer(status=302, headers={"location": target}))
    with pytest.raises(UnavailableError):
        await client.create_bot(BOT)
    assert len(server.asked) == 1


@pytest.mark.parametrize("text", ["a b+c", "100%", "%2F", "a&b=c#d", "Zoë ✓", "../x", "a\r\nb: c", "\x00"])
async def test_any_text_arrives_as_it_is(client: MeetingBaasClient, server: ToldServer, text: str) -> None:
    server.tell(Answer({"bots": [], "next_cursor": None}))
    query = BotQuery(bot_name=text, meeting_url=f"https://ours.example/{text}")
    assert [bot async for bot in client.list_bots(query)] == []
    assert server.asked[0].query == query.to_wire()


@pytest.mark.parametrize("url", ["ftp://h.example", "h.example", "", "http://", "http://h:bad", "http://a b"])
async def test_a_base_url_that_is_none_is_told_as_such(api_key: str, url: str) -> None:
    client = MeetingBaasClient(url, api_key)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await client.create_bot(BOT)
    await client.aclose()


async def test_proxies_of_the_environment_are_for_those_who_ask_for_them(
    server: ToldServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with open_http_client(connect_seconds=5) as http:
        assert (await http.get(server.url)).status_code == 200


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("_logging_as_it_was")
@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_no_url_is_logged(
    client: MeetingBaasClient, server: ToldServer, capsys: pytest.CaptureFixture[str], level: str
) -> None:
    set_up_logging(json=False, level=level)
    logging.getLogger("a-test").info("logging works")
    server.tell(Answer({"bots": [], "next_cursor": None}))
    address = "https://ours.example/webhooks/t0ken?X-Amz-Signature=s1gnature"
    assert [bot async for bot in client.list_bots(BotQuery(meeting_url=address))] == []
    logged = capsys.readouterr().err
    assert "logging works" in logged
    for word in ("t0ken", "s1gnature", "bots_with_metadata", "ours.example"):
        assert word not in logged
