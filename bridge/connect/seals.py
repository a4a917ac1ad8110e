"""What a browser keeps for us while its user is away: sealed, so that it can neither be read nor changed.

A seal is opened by every bridge with the same secret, and by the next one after a restart.
"""

import base64
import zlib
from collections.abc import Sequence
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel, ValidationError

from meetings.signing import Purpose, derived_keys

KEPT_SECONDS = 3600
"""How long a user may be away."""

_Model = TypeVar("_Model", bound=BaseModel)


class Seals:
    """`secrets`: the first one seals, all of them open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = derived_keys(Purpose.CONNECT_SESSION, secrets)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def close(self, content: BaseModel) -> str:
        """A text for cookies and URLs, about as long as the JSON of the content."""
        return self._fernet.encrypt(zlib.compress(content.model_dump_json().encode(), 9)).decode()

    def open(self, model: type[_Model], sealed: str) -> _Model | None:
        """None for what is not of ours, or too old."""
        try:
            content = self._fernet.decrypt(sealed.encode(), ttl=KEPT_SECONDS)
            return model.model_validate_json(zlib.decompress(content))
        except (InvalidToken, ValidationError, UnicodeError, zlib.error):
            return None

    def made_at(self, sealed: str) -> int:
        """Unix time; 0 for what is not of ours."""
        try:
            return self._fernet.extract_timestamp(sealed.encode())
        except (InvalidToken, UnicodeError):
            return 0
