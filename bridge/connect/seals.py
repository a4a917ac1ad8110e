"""What a browser keeps for us while its user is away: sealed, so that it can neither be read nor changed.

A seal is opened by every bridge with the same secret, and by the next one after a restart.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel, ValidationError

KEPT_SECONDS = 3600
"""How long a user may be away."""

_PURPOSE = b"minutekeeper connect seal"

_Model = TypeVar("_Model", bound=BaseModel)


class Seals:
    """`secrets`: the first one seals, all of them open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_key(secret)) for secret in secrets])

    def close(self, content: BaseModel) -> str:
        return self._fernet.encrypt(content.model_dump_json().encode()).decode()

    def open(self, model: type[_Model], sealed: str) -> _Model | None:
        """None for what is not of ours, or too old."""
        try:
            return model.model_validate_json(self._fernet.decrypt(sealed.encode(), ttl=KEPT_SECONDS))
        except (InvalidToken, ValidationError):
            return None


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest())
