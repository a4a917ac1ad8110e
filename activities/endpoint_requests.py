"""Sends an event to its endpoint: signs it, posts it, and tells what came of it."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from minutekeeper import __version__
from minutekeeper.deliveries.delivery import MAX_ANSWER_BYTES, DeliveryAttempt, OutgoingDelivery
from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.deliveries.endpoint_secrets import signing_secrets_of
from minutekeeper.downloads.url_policy import UrlNotAllowedError
from minutekeeper.providers.api_connection import retry_after
from minutekeeper.text import one_line, without_link_details

ATTEMPT_SECONDS = 20
_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 2
"""How long the beginning of a refusal is waited for, because the status says already what to do."""


@dataclass(frozen=True)
class EndpointRequests:
    """Posts events. `session` opens connections to allowed addresses only, `master` is what secrets derive from."""

    session: aiohttp.ClientSession
    master: str

    async def post(
        self, endpoint: WebhookEndpoint, delivery: OutgoingDelivery
    ) -> tuple[DeliveryAttempt, float | None]:
        """One try, and for how many seconds the endpoint asks to be left alone. Whatever goes wrong is in the try.

        Redirects are not followed. Nothing of an accepted event's answer is read, and of a refusal the beginning,
        because an answer may be endless.
        """
        at, clock = datetime.now(UTC), asyncio.get_running_loop().time
        began = clock()
        status, answer, error, pause = None, "", "", None
        try:
            async with (
                asyncio.timeout(ATTEMPT_SECONDS),
                self.session.post(
                    endpoint.url,
                    data=delivery.body.encode(),
                    headers=self._headers(endpoint, delivery, at),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS, sock_connect=_CONNECT_SECONDS),
                ) as response,
            ):
                status = response.status
                pause = retry_after(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
                answer = "" if response.ok and status < 300 else await _beginning(response)
                response.close()
        except UrlNotAllowedError as refusal:
            error = str(refusal)
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            error = "" if status else _words(problem)
        attempt = DeliveryAttempt(
            at=at,
            status_code=status,
            milliseconds=round((clock() - began) * 1000),
            answer=without_link_details(one_line(answer)),
            error=error,
        )
        return attempt, pause

    def _headers(self, endpoint: WebhookEndpoint, delivery: OutgoingDelivery, at: datetime) -> dict[str, str]:
        # The library takes the time as UTC, whatever zone it has.
        signatures = [
            Webhook(secret).sign(delivery.event_id, at, delivery.body)
            for secret in signing_secrets_of(self.master, endpoint, at)
        ]
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Minutekeeper/{__version__}",
            "webhook-id": delivery.event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


async def _beginning(response: aiohttp.ClientResponse) -> str:
    read = bytearray()
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            while len(read) < MAX_ANSWER_BYTES and (chunk := await response.content.read(MAX_ANSWER_BYTES)):
                read += chunk
    except (aiohttp.ClientError, OSError):
        pass
    return bytes(read[:MAX_ANSWER_BYTES]).decode(errors="replace")


_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (aiohttp.ClientSSLError, ssl.SSLError),
        "No secure connection could be made: the certificate is not valid for this name, or TLS is not spoken.",
    ),
    ((aiohttp.ClientConnectorDNSError,), "The name of the host is unknown."),
    ((aiohttp.InvalidURL,), "The address cannot be used."),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), "The answer is not HTTP."),
)


def _words(problem: Exception) -> str:
    """Why there was no answer, without the endpoint's address, which may hold a secret."""
    if isinstance(problem, TimeoutError):
        return f"There was no answer within {ATTEMPT_SECONDS} seconds."
    if known := next((text for kinds, text in _WORDS if isinstance(problem, kinds)), ""):
        return known
    if isinstance(problem, aiohttp.ClientConnectorError):
        return f"No connection could be made: {problem.os_error.strerror or 'the host does not answer'}."
    return "The connection was closed before there was an answer."
