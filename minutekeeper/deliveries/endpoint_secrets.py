"""Derives the secrets with which deliveries to an endpoint are signed; none of them is stored."""

import base64
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from minutekeeper.deliveries.endpoint import WebhookEndpoint

_BYTES = 32
_PURPOSE = b"minutekeeper webhook endpoint"


def endpoint_secret(master: str, endpoint_id: str, generation: int) -> str:
    """The secret of one generation of an endpoint, `whsec_…`, as receivers pass it to their library.

    `master` is the value of MINUTEKEEPER_WEBHOOK_SECRET: with another one, all endpoints have other secrets.
    """
    info = b"\0".join((_PURPOSE, endpoint_id.encode(), str(generation).encode()))
    key = HKDF(SHA256(), _BYTES, salt=None, info=info).derive(master.encode())
    return f"whsec_{base64.b64encode(key).decode()}"


def signing_secrets_of(master: str, endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets that sign what is sent now: the present one, and for a day after a rotation the one before."""
    generations = [endpoint.generation]
    if endpoint.previous_until is not None and now < endpoint.previous_until:
        generations.append(endpoint.generation - 1)
    return [endpoint_secret(master, endpoint.endpoint_id, each) for each in generations]
