"""Signatures and keys made from BRIDGE_SECRET. Every purpose has a key of its own, so that none serves for another.

Callers pass the secrets as `signing_secrets` lists them: the first one signs, all of them verify, so that a
secret can be rotated.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum, unique

from itsdangerous import Signer, URLSafeSerializer


@unique
class Purpose(StrEnum):
    """What a signature is for; its value is the salt from which the key is derived."""

    BOT_WEBHOOK = "minutekeeper.bot-webhook"
    BOT_METADATA = "minutekeeper.bot-metadata"
    BOT_CALLBACK = "minutekeeper.bot-callback"
    CONNECT_LINK = "minutekeeper.connect-link"
    CONNECT_SESSION = "minutekeeper.connect-session"
    PAGE_SESSION = "minutekeeper.page-session"
    PAGE_SIGN_IN = "minutekeeper.page-sign-in"
    PAGE_FORM = "minutekeeper.page-form"
    PAGE_LINK = "minutekeeper.page-link"


def signer(purpose: Purpose, secrets: Sequence[str]) -> Signer:
    """Signs short texts such as an id. Its `unsign` raises itsdangerous.BadSignature for what we did not sign."""
    return Signer(_oldest_first(secrets), salt=purpose.value, key_derivation="hmac", digest_method=hashlib.sha256)


def serializer(purpose: Purpose, secrets: Sequence[str]) -> URLSafeSerializer:
    """Signs JSON values as text for URLs. Its `loads` raises itsdangerous.BadData for what we did not sign."""
    return URLSafeSerializer(
        _oldest_first(secrets),
        salt=purpose.value,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def derived_keys(purpose: Purpose, secrets: Sequence[str]) -> list[bytes]:
    """The 32-byte key of this purpose for each secret, in the order of the secrets."""
    return [signer(purpose, [secret]).derive_key() for secret in secrets]


def _oldest_first(secrets: Sequence[str]) -> list[str]:
    # itsdangerous signs with the last key of a list.
    return list(reversed(secrets))
