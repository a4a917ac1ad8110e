"""Checks webhooks that are signed by Standard Webhooks, or by Svix: the same scheme with other headers."""

import binascii
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

_TOLERANCE = timedelta(minutes=5)
"""How far the time of a delivery may be from ours."""

_FAMILIES = ("webhook", "svix")
"""The beginnings of the header names, the newer scheme first."""

_VERSION = "v1,"
_MOST_SIGNATURES = 20
"""Twice the most secrets with which a sender signs during a rotation."""
_MOST_CHARACTERS = 255


@dataclass(frozen=True)
class _Claim:
    """What the headers of one family say: id, time and the signatures of the known version."""

    delivery: str
    sent_at: datetime
    signatures: tuple[str, ...]


class WebhookSignatures:
    """Verifies webhooks against the secrets of one endpoint: the present one, and the one before a rotation.

    A secret that cannot be one is ignored; without any, nothing is accepted. `clock` tells the present time.
    """

    def __init__(self, secrets: Iterable[str], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._webhooks = [webhook for secret in secrets if (webhook := _webhook(secret.strip()))]
        self._clock = clock

    def may_accept(self, headers: Mapping[str, str]) -> bool:
        """Whether a whole family of headers is there with a time of now, so that the body is worth reading."""
        return bool(self._webhooks) and bool(self._claims(headers))

    def accepts(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a whole family of headers signs this body with one of the secrets. In constant time."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return False
        # Every pair is compared, so that the time taken reveals nothing.
        matches = [
            hmac.compare_digest(webhook.sign(claim.delivery, claim.sent_at, text).encode(), signature.encode())
            for claim in self._claims(headers)
            for webhook in self._webhooks
            for signature in claim.signatures
        ]
        return any(matches)

    def _claims(self, headers: Mapping[str, str]) -> list[_Claim]:
        """What the headers claim at a time of now."""
        now = self._clock()
        return [claim for claim in _all_claims(headers) if abs(now - claim.sent_at) <= _TOLERANCE]


def delivery_id(headers: Mapping[str, str]) -> str:
    """The id that all repeats of a delivery have; empty if the headers name none."""
    named = {name.lower(): value for name, value in headers.items()}
    found = (named.get(f"{family}-id", "") for family in _FAMILIES)
    return next((value for value in found if _is_id(value)), "")


def _all_claims(headers: Mapping[str, str]) -> Iterator[_Claim]:
    """What each family of headers says that is complete and well-formed."""
    named = {name.lower(): value for name, value in headers.items()}
    for family in _FAMILIES:
        delivery = named.get(f"{family}-id", "")
        sent_at = _instant(named.get(f"{family}-timestamp", ""))
        given = named.get(f"{family}-signature", "").split(" ")
        signatures = tuple(each for each in given if each.startswith(_VERSION) and each.isascii())
        if _is_id(delivery) and sent_at and signatures:
            yield _Claim(delivery, sent_at, signatures[:_MOST_SIGNATURES])


def _is_id(value: str) -> bool:
    return value.isascii() and value.isprintable() and 0 < len(value) <= _MOST_CHARACTERS


def _instant(value: str) -> datetime | None:
    """The instant of whole seconds; None for any other spelling."""
    if not (value.isascii() and value.isdecimal() and len(value) <= len("9999999999")):
        return None
    return datetime.fromtimestamp(int(value), UTC)


def _webhook(secret: str) -> Webhook | None:
    try:
        return Webhook(secret)
    except (EmptyWebhookSecretError, binascii.Error, ValueError):
        return None
