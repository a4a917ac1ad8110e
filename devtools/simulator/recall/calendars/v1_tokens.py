"""Tokens of Calendar V1: the user and the time, signed, with no state behind them."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time


class InvalidTokenError(Exception):
    """The token is not one of ours, or too old; the text says which."""


class CalendarTokens:
    """Each is good for `lifetime` real seconds, and a user may have many."""

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._secret = secrets.token_bytes(32)

    def make(self, external_id: str) -> str:
        body = json.dumps({"user_id": external_id, "issued_at": time.time()}).encode()
        return f"{_encode(body)}.{_encode(self._sign(body))}"

    def read(self, token: str) -> str:
        """The user's id. Raises InvalidTokenError."""
        body, _, signature = token.partition(".")
        try:
            decoded, given = _decode(body), _decode(signature)
        except (binascii.Error, ValueError):
            decoded, given = b"", b""
        if not decoded or not hmac.compare_digest(given, self._sign(decoded)):
            raise InvalidTokenError("Invalid recall_calendar_auth_token: it could not be decoded.")
        content = json.loads(decoded)
        if time.time() > content["issued_at"] + self._lifetime:
            raise InvalidTokenError("Invalid recall_calendar_auth_token: it has expired.")
        return str(content["user_id"])

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._secret, body, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
