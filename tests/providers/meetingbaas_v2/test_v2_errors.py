"""What the answers of Meeting BaaS v2 mean when they are none of success."""

import pytest

from minutekeeper.providers.base import (
    AccountError,
    DuplicateBotError,
    NotFoundError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from tests.providers.conftest import KEY
from tests.providers.meetingbaas_v2.bodies import ADDRESS, BOT, ORDER, data, listed, refusal
from tests.providers.response_server import Answer, ToldServer

DUE = ORDER.dispatch_at


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(400, "FST_ERR_VALIDATION"), RequestRejectedError),
        (refusal(422, "FST_ERR_VALIDATION"), RequestRejectedError),
        (refusal(401, "FST_ERR_UNAUTHORIZED"), AccountError),
        (refusal(402, "FST_ERR_INSUFFICIENT_TOKENS"), AccountError),
        (refusal(403, "FST_ERR_FORBIDDEN"), AccountError),
        (refusal(404, "FST_ERR_NOT_FOUND"), RequestRejectedError),
        (refusal(409, "FST_ERR_BOT_ALREADY_EXISTS"), DuplicateBotError),
        (refusal(409, "FST_ERR_BOT_STATUS"), RequestRejectedError),
        (refusal(429, "FST_ERR_DAILY_BOT_CAP_REACHED"), QuotaError),
        (refusal(429, "FST_ERR_CALENDAR_CONNECTION_LIMIT_EXCEEDED"), QuotaError),
        (refusal(429, "FST_ERR_TOO_MANY_REQUESTS", retryAfter=1), RateLimitedError),
        (refusal(408, "TIMEOUT"), UnavailableError),
        (refusal(500, "FST_ERR_INTERNAL"), UnavailableError),
        (Answer(b"<html>bad gateway</html>", status=502), UnavailableError),
        (Answer(b"", status=302, headers={"Location": "https://elsewhere/x"}), UnavailableError),
        (Answer(b"{}", status=201), UnavailableError),
        (Answer(b"not json", status=201), UnavailableError),
        (data({}, 201), UnavailableError),
        (Answer({"success": False, "data": {"bot_id": "b"}}), UnavailableError),
        (Answer(cut=True), UnavailableError),
    ],
)
async def test_a_refused_bot(
    v2: MeetingBaasV2Provider, server: ToldServer, answer: Answer, kind: type[ProviderError]
) -> None:
    server.tell(answer)
    with pytest.raises(ProviderError) as refused:
        await v2.dispatch(ORDER, ADDRESS, DUE)
    assert type(refused.value) is kind or (kind is RequestRejectedError and isinstance(refused.value, kind))


async def test_a_rate_limit_says_how_long(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    limited = [
        refusal(429, "FST_ERR_TOO_MANY_REQUESTS", retryAfter=3),
        Answer({"code": "FST_ERR_TOO_MANY_REQUESTS"}, status=429, headers={"Retry-After": "2"}),
        Answer(b"slow down", status=429),
    ]
    server.tell(*limited)
    waits = []
    for _ in limited:
        with pytest.raises(RateLimitedError) as refused:
            await v2.dispatch(ORDER, ADDRESS, DUE)
        waits.append(refused.value.retry_after)
    assert waits == [3, 2, None]


async def test_no_secret_is_in_a_message(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(data({"bot_id": BOT}, 201))
    await v2.dispatch(ORDER, ADDRESS, DUE)
    sent = server.asked[0].body
    server.tell(refusal(400, "FST_ERR_VALIDATION", details={"key": KEY, "body": sent}))
    with pytest.raises(RequestRejectedError) as refused:
        await v2.dispatch(ORDER, ADDRESS, DUE)
    assert KEY not in str(refused.value)
    assert "t0ken" not in str(refused.value)
    assert sent["callback_config"]["secret"] not in str(refused.value)


async def test_a_page_that_fails_is_requested_again(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(refusal(500, "X"))
    server.always = listed()
    assert await v2.find("mk-abc-0", ORDER.meeting_url, DUE) == []


async def test_an_answer_without_a_list_is_no_empty_list(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.always = data({})
    with pytest.raises(UnavailableError):
        await v2.find("mk-abc-0", ORDER.meeting_url, DUE)


async def test_a_cursor_that_repeats_ends_the_list(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.always = listed(cursor="c")
    with pytest.raises(UnavailableError, match="repeats a cursor"):
        await v2.find("mk-abc-0", ORDER.meeting_url, DUE)


async def test_the_key_is_proven_by_a_call_of_a_full_key(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(listed(), refusal(403, "FST_ERR_FORBIDDEN"))
    assert await v2.account_webhook_url() == ""
    assert server.asked[0].headers["x-meeting-baas-api-key"] == KEY
    with pytest.raises(AccountError, match="a full one is needed"):
        await v2.account_webhook_url()


async def test_what_is_no_id_is_not_asked_for(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    with pytest.raises(NotFoundError):
        await v2.get_bot_origin("..")
    assert server.asked == []


def test_a_key_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="Meeting BaaS v2 API key"):
        MeetingBaasV2Client("http://127.0.0.1:1", "ключ")
