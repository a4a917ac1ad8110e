"""Where events may be sent: not to inner addresses, whatever names and redirects say; signed with each secret."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import ResolveResult
from standardwebhooks import Webhook, WebhookVerificationError
from yarl import URL

from activities.endpoint_requests import EndpointRequests
from minutekeeper.deliveries.delivery import DeliveryAttempt, delivery_of
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from minutekeeper.downloads.url_policy import create_checked_session, endpoint_policy
from tests.deliveries.examples import an_endpoint, an_event
from tests.deliveries.receiver import Receiver, status

MASTER = "the-master-secret-of-all-endpoints"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


async def attempt_at(url: str, *, private_addresses: bool = False, **fields: Any) -> DeliveryAttempt:
    endpoint = an_endpoint(url=url, **fields)
    policy = endpoint_policy(private_addresses=private_addresses)
    async with create_checked_session(4, policy) as session:
        attempt, _ = await EndpointRequests(session, MASTER).post(endpoint, delivery_of(an_event(), endpoint))
    return attempt


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/in?token=s3cret", "by http"),
        ("https://10.0.0.1/in?token=s3cret", "no public address"),
        ("https://[::1]/in?token=s3cret", "no public address"),
        ("https://[::ffff:169.254.169.254]/in?token=s3cret", "no public address"),
        ("https://2130706433/in?token=s3cret", "does not name a host"),
        ("https://localhost/in?token=s3cret", "no public address"),
        ("https://hooks.example.com:25/in?token=s3cret", "a port that is not the web's"),
    ],
)
async def test_inner_addresses_and_odd_ones_are_refused_in_words_that_hold_no_secret(url: str, said: str) -> None:
    attempt = await attempt_at(url)
    assert attempt.status_code is None
    assert said in attempt.error
    assert "s3cret" not in attempt.error
    assert "DOWNLOAD" not in attempt.error


async def test_a_name_that_has_come_to_lead_inwards_is_refused_when_it_is_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def resolve(_: Any, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        asked.append(host)
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=6, flags=0)]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    port = URL(receiver.url).port
    attempt = await attempt_at(f"https://moved.example.com:{port}/in")
    assert asked == ["moved.example.com"]
    assert "moved.example.com, which is no public address" in attempt.error
    assert receiver.received == []


async def test_a_redirect_inwards_is_not_followed(receiver: Receiver) -> None:
    async with Receiver().listening() as inner:
        receiver.answers = [status(307, "", Location=inner.url)]
        attempt = await attempt_at(receiver.url, private_addresses=True)
    assert (attempt.status_code, inner.received) == (307, [])


async def test_after_a_rotation_both_secrets_verify_and_no_other_does(receiver: Receiver) -> None:
    rotated = {"generation": 2, "previous_until": datetime.now(UTC) + timedelta(hours=1)}
    assert (await attempt_at(receiver.url, private_addresses=True, **rotated)).is_success
    (got,) = receiver.received
    for generation in (1, 2):
        got.verified(endpoint_secret(MASTER, "ep_1", generation))
    with pytest.raises(WebhookVerificationError):
        got.verified(endpoint_secret(MASTER, "ep_1", 3))
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint_secret(MASTER, "ep_1", 2)).verify(got.body + b" ", got.headers)
