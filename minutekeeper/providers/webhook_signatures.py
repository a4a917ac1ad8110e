"""Checks signatures of webhooks: Standard Webhooks, and Svix, which is the same scheme under other header names."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

TOLERANCE = timedelta(minutes=5)
"""How far the time of a delivery may be from the present, so that a captured one cannot be sent again later."""

_PREFIX = "whsec_"
_LEAST_BYTES = 16
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
"""API keys are often written so, and would pass for base64."""

_FAMILIES = ("webhook", "svix")
_PARTS = ("id", "timestamp", "signature")
_EPOCH_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/]{43}=")
"""HMAC-SHA256 in base64. Entries of other versions, and garbage, are passed over."""


class _SignatureHeaders(NamedTuple):
    delivery_id: str
    timestamp: str
    signatures: str

    @property
    def is_recent(self) -> bool:
        if not _EPOCH_SECONDS.fullmatch(self.timestamp):
            return False
        return abs(datetime.now(UTC).timestamp() - int(self.timestamp)) <= TOLERANCE.total_seconds()

    def to_wire(self) -> dict[str, str]:
        """As the library wants them. It raises for some garbage, so only what can be a signature is passed on."""
        signatures = [each for each in self.signatures.split() if _SIGNATURE.fullmatch(each)]
        return {
            "webhook-id": self.delivery_id,
            "webhook-timestamp": self.timestamp,
            "webhook-signature": " ".join(signatures),
        }


class WebhookSignatures:
    """Verifies deliveries by any of several secrets (`whsec_…`), so that they can be rotated.

    Empty secrets are ignored. No method raises, whatever the headers and bodies are. The constructor raises
    ValueError for a secret that is none.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._verifiers = [_verifier(secret) for secret in secrets if secret.strip()]

    def may_accept(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers are complete and recent, so that the body is worth reading."""
        return bool(self._verifiers) and any(each.is_recent for each in _signature_headers(headers))

    def accepts(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed this delivery within the last minutes; compares in constant time."""
        return bool(self.signed_id(headers, body))

    def signed_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of an authentic delivery, the same for every repeat of it; empty if it is not authentic."""
        for given in _signature_headers(headers):
            # Every secret is tried, so that the time taken does not reveal which one matched.
            matches = [_verifies(verifier, given, body) for verifier in self._verifiers]
            if any(matches):
                return given.delivery_id
        return ""


def check_webhook_secret(secret: str) -> None:
    """Raises ValueError if it is neither empty nor a signing secret."""
    WebhookSignatures([secret])


def _verifier(secret: str) -> Webhook:
    text = secret.strip().removeprefix(_PREFIX)
    if text == secret.strip() and _HEXADECIMAL.fullmatch(text):
        raise ValueError("it looks like an API key; copy the signing secret, which begins with whsec_, instead")
    try:
        is_long_enough = len(base64.b64decode(text, validate=True)) >= _LEAST_BYTES
    except (ValueError, binascii.Error):
        is_long_enough = False
    if not is_long_enough:
        raise ValueError("it is no signing secret; copy the text that begins with whsec_ again")
    return Webhook(text)


def _signature_headers(headers: Mapping[str, str]) -> Iterator[_SignatureHeaders]:
    """The headers of each family that are complete."""
    values = {name.lower(): value for name, value in headers.items()}
    for family in _FAMILIES:
        given = _SignatureHeaders(
            *(values.get(f"{family}-{part}", "") for part in ("id", "timestamp", "signature"))
        )
        if all(given):
            yield given


def _verifies(verifier: Webhook, given: _SignatureHeaders, body: bytes) -> bool:
    if not given.is_recent:
        return False
    try:
        verifier.verify(body, given.to_wire(), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
