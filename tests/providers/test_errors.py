"""Answers that are none: which error they become, and that no secret gets into its message."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.api_connection import retry_after
from minutekeeper.providers.base import (
    AccountError,
    DuplicateBotError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.http import ConflictError
from minutekeeper.providers.meetingbaas.request_models import NewBot, SpeechToText
from minutekeeper.providers.redaction import MAX_LENGTH, redact
from tests.providers.response_server import Answer, ToldServer

WEBHOOK_URL = "https://ours.example/webhooks/meetingbaas/meeting-1/0/t0kent0kent0ken"
SIGNED_URL = "https://bucket.s3.eu.example/a/b.mp4?X-Amz-Date=20260101T000000Z&X-Amz-Signature=s1gnature"
BOT = NewBot(
    meeting_url="https://meet.google.com/abc-defg-hij",
    bot_name="Scribe",
    reserved=True,
    webhook_url=WEBHOOK_URL,
    speech_to_text=SpeechToText(provider="Gladia", api_key="stt-key-1"),
)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b"bad query", RequestRejectedError),
        (415, b"", RequestRejectedError),
        (422, b"unknown field", RequestRejectedError),
        (418, b"", RequestRejectedError),
        (401, b'{"error": "InvalidApiKey"}', AccountError),
        (402, b"", AccountError),
        (403, b"not in your plan", AccountError),
        (400, b'{"error": "InsufficientTokens"}', AccountError),
        (422, b"FST_ERR_INSUFFICIENT_TOKENS", AccountError),
        (429, b"Insufficient tokens", AccountError),
        (404, b'{"error": "BotNotFound"}', NotFoundError),
        (429, b"TooManyRequests, you already have five", RateLimitedError),
        (409, b"", ConflictError),
        (400, b"Bot ALREADY exists", ConflictError),
        (403, b"Duplicated bot", ConflictError),
        (408, b"", UnavailableError),
        (425, b"", UnavailableError),
        (498, b"", RequestRejectedError),
        (499, b"", UnavailableError),
        (500, b"InsufficientTokens", UnavailableError),
        (503, b"<html>already down</html>", UnavailableError),
        (300, b"", UnavailableError),
        (302, b"", UnavailableError),
        (304, b"", UnavailableError),
        (399, b"", UnavailableError),
        (599, b"", UnavailableError),
    ],
)
async def test_status_codes(
    client: MeetingBaasClient, server: ToldServer, status: int, body: bytes, error: type[ProviderError]
) -> None:
    server.tell(Answer(body, status=status))
    with pytest.raises(ProviderError) as caught:
        await client.leave("b-1")
    assert type(caught.value) is error
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (409, b"", DuplicateBotError),
        (400, b"a duplicate of bot 1", DuplicateBotError),
        (422, b'{"error": "BotAlreadyExists"}', DuplicateBotError),
        (404, b"no such page", RequestRejectedError),
    ],
)
async def test_status_codes_for_a_new_bot(
    client: MeetingBaasClient, server: ToldServer, status: int, body: bytes, error: type[ProviderError]
) -> None:
    server.tell(Answer(body, status=status))
    with pytest.raises(ProviderError) as caught:
        await client.create_bot(BOT)
    assert type(caught.value) is error


async def test_a_rejection_shows_the_answer_but_not_all_of_it(
    client: MeetingBaasClient, server: ToldServer
) -> None:
    server.tell(Answer(b"meeting_url: missing " + b"x" * 10_000, status=422))
    with pytest.raises(RequestRejectedError, match="meeting_url: missing") as caught:
        await client.create_bot(BOT)
    assert len(str(caught.value)) < MAX_LENGTH + 100


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
async def test_every_status_of_success_is_one(client: MeetingBaasClient, server: ToldServer, status: int) -> None:
    server.tell(Answer(status=status))
    await client.leave("b-1")


@pytest.mark.parametrize("status", [400, 399, 300])
async def test_only_a_redirect_is_told_as_one(client: MeetingBaasClient, server: ToldServer, status: int) -> None:
    server.tell(Answer(status=status, headers={"location": "https://elsewhere.example/x"}))
    with pytest.raises(ProviderError) as caught:
        await client.leave("b-1")
    assert ("redirect" in str(caught.value)) is (status < 400)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
async def test_no_redirect_is_followed(
    client: MeetingBaasClient, server: ToldServer, status: int, method: str
) -> None:
    server.tell(Answer(status=status, headers={"location": f"{server.url}/elsewhere?token=t0ken"}))
    calls = {"POST": client.create_bot(BOT), "DELETE": client.leave("b"), "GET": client.webhook_url()}
    call = calls.pop(method)
    for other in calls.values():
        other.close()
    with pytest.raises(UnavailableError, match=r"redirect to http://127\.0\.0\.1.*base URL") as caught:
        await call
    assert "t0ken" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer", [Answer(cut=True), Answer(stall=True), Answer(b"x", headers={"content-length": "99"})]
)
async def test_no_whole_answer_leaves_it_open_whether_there_is_a_bot(
    server: ToldServer, api_key: str, answer: Answer
) -> None:
    client = MeetingBaasClient(server.url, api_key, send_timeout=0.2)
    server.tell(answer)
    with pytest.raises(UnavailableError) as caught:
        await client.create_bot(BOT)
    assert len(server.asked) == 1
    assert str(caught.value).startswith("Meeting BaaS cannot be reached for POST /bots/: ")
    await client.aclose()


async def test_nobody_there(api_key: str) -> None:
    client = MeetingBaasClient("http://127.0.0.1:1", api_key)
    with pytest.raises(UnavailableError, match="Cannot connect"):
        await client.create_bot(BOT)
    await client.aclose()


@pytest.mark.parametrize(
    "garbage", [b"", b"SMTP ready\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nbad\r\n\r\n"]
)
async def test_something_else_is_there(api_key: str, garbage: bytes) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = MeetingBaasClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", api_key)
    with pytest.raises(UnavailableError):
        await client.create_bot(BOT)
    await client.aclose()
    server.close()
    await server.wait_closed()


async def test_a_broken_encoding_is_no_answer(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(Answer(b"no gzip", headers={"content-encoding": "gzip"}))
    with pytest.raises(UnavailableError):
        await client.create_bot(BOT)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 429, 500])
async def test_no_secret_in_any_message(
    client: MeetingBaasClient, server: ToldServer, api_key: str, status: int
) -> None:
    escaped = WEBHOOK_URL.replace("/", "\\/")
    echo = f'{{"key": "{api_key}", "stt": "stt-key-1", "urls": ["{escaped}", "{WEBHOOK_URL}", "{SIGNED_URL}"]}}'
    server.tell(Answer(echo.encode(), status=status))
    with pytest.raises(ProviderError) as caught:
        await client.create_bot(BOT)
    message = str(caught.value)
    for secret in (api_key, "stt-key-1", "t0ken", "s1gnature", "X-Amz-Date"):
        assert secret not in message
    assert "https://ours.example/…" in message
    assert caught.value.__cause__ is None


async def test_retry_after_arrives(client: MeetingBaasClient, server: ToldServer) -> None:
    server.tell(Answer(status=429, headers={"retry-after": "7"}), Answer(status=429))
    with pytest.raises(RateLimitedError) as caught:
        await client.webhook_url()
    assert caught.value.retry_after == 7
    with pytest.raises(RateLimitedError) as caught:
        await client.webhook_url()
    assert caught.value.retry_after is None


def test_retry_after_in_both_forms() -> None:
    assert retry_after("1.5") == 1.5
    assert retry_after("-3") == 0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None
    seconds = retry_after(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert seconds is not None
    assert 3000 < seconds <= 3600


@pytest.mark.parametrize("off", [timedelta(0), timedelta(hours=5), timedelta(days=-400)])
def test_a_date_is_measured_by_the_answers_own_clock(off: timedelta) -> None:
    theirs = datetime.now(UTC) + off
    until = format_datetime(theirs + timedelta(seconds=90), usegmt=True)
    assert retry_after(until, format_datetime(theirs, usegmt=True)) == 90


@pytest.mark.parametrize("hours", [0, 5, -7])
@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "", "{:+03d}00"])
def test_retry_after_is_the_same_in_every_zone(zone: str, hours: int) -> None:
    """A time without a zone, or in one that is not told, is UTC."""
    here = hours if "{" in zone else 0
    at = datetime.now(UTC) + timedelta(hours=1 + here)
    seconds = retry_after(f"{at:%a, %d %b %Y %H:%M:%S} {zone.format(hours)}".strip())
    assert seconds is not None
    assert 3590 < seconds <= 3600


@given(st.text(max_size=40) | st.sampled_from(["nan", "inf", "1e999", "", "Wed, 99 Oct 99999 07:28:00 -0000"]))
def test_retry_after_is_harmless(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or 0 <= seconds < float("inf")


@given(st.text(), st.text(), st.sampled_from([SIGNED_URL, WEBHOOK_URL, SIGNED_URL.replace("/", "\\/")]))
def test_urls_lose_all_but_their_host(before: str, after: str, url: str) -> None:
    text = redact(f"{before} {url} {after}", ["k3y"])
    assert "s1gnature" not in text
    assert "t0ken" not in text
    assert len(text) <= MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no such page", "no such page"),
        ("see https://user:pw@h.example:8/p/q?r#s, or", "see https://h.example:8/… or"),
        ("HTTPS://USER:PW@H.EXAMPLE:8/P?X-AMZ-SIGNATURE=S", "HTTPS://H.EXAMPLE:8/…"),
        ("https://t0ken@h.example", "https://h.example/…"),
        ("https://user:p@w@h.example/x", "https://h.example/…"),
        ("https://user:p#w@h.example/x", "https://user/…"),
        ("https://user:p/w@h.example/x", "https://user/…"),
        ("https://[::1]:8090/x", "https://[::1]:8090/…"),
        ("redis://:pw@h.example/0", "redis://h.example/…"),
        ("http:\\/\\/u:pw@h.example\\/p", "http:\\/\\/h.example/…"),
        ('{"u":"wss://h/x?y=z"}', '{"u":"wss://h/…"}'),
        ("at 10:30 // note", "at 10:30 // note"),
        ("X-Amz-Signature=abc&x=1", "X-Amz-Signature=…&x=1"),
        ("x-amz-signature=abc&x=1", "x-amz-signature=…&x=1"),
        ("X-AMZ-SECURITY-TOKEN=FwoG%2F/x==", "X-AMZ-SECURITY-TOKEN=…"),
        ("X-Amz-Credential=AKIA%2F2026&X-Amz-Date=1", "X-Amz-Credential=…&X-Amz-Date=…"),
        ("X-Goog-Signature=abc", "X-Goog-Signature=…"),
        ("\\u0026X-Amz-Signature=abc", "\\u0026X-Amz-Signature=…"),
        ("API_KEY=abc TOKEN=abc Secret: abcdefghijklmnop", "API_KEY=… TOKEN=… Secret: …"),
        ("key k3y, k3y2", "key ***, ***2"),
        ("a\n\n b\t\x00c", "a b ?c"),
        ("red \x1b[31m, \u202ereversed", "red ?[31m, ?reversed"),
        ("keys k%2F3y and k/3y", "keys *** and ***"),
        ("GET /v.mp4?Expires=9&Signature=abc&Key-Pair-Id=K1", "GET /v.mp4?Expires=9&Signature=…&Key-Pair-Id=K1"),
        ('{"speech_to_text_api_key": "sk_live_0123456789"}', '{"speech_to_text_api_key": "…"}'),
        ("x-meeting-baas-api-key: 0123456789abcdef is unknown", "x-meeting-baas-api-key: … is unknown"),
        ("POST /webhooks/meetingbaas/m-1/0/t0ken failed", "POST /webhooks/meetingbaas/… failed"),
        ("token: expired", "token: expired"),
        ("InvalidApiKey: see the docs", "InvalidApiKey: see the docs"),
        ("", ""),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    assert redact(text, ["k3y", "k/3y", ""]) == shown


def test_redaction_takes_the_longer_secret_first() -> None:
    assert redact("abcdef abc", ["abc", "abcdef"]) == "*** ***"
