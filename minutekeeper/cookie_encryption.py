"""Encrypts what a browser keeps for us in cookies, so that it can neither be read nor changed there."""

import base64
import zlib
from collections.abc import Sequence
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel, ValidationError

from minutekeeper.signing import Purpose, derived_keys

_Model = TypeVar("_Model", bound=BaseModel)


class CookieEncryption:
    """Encrypts with the first of the `secrets`, and decrypts with any of them for `lifetime_seconds`."""

    def __init__(self, purpose: Purpose, secrets: Sequence[str], lifetime_seconds: int) -> None:
        keys = derived_keys(purpose, secrets)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
        self._lifetime_seconds = lifetime_seconds

    def encrypt(self, content: BaseModel) -> str:
        """The encrypted content as text for cookies and URLs, slightly longer than its JSON."""
        return self._fernet.encrypt(zlib.compress(content.model_dump_json().encode(), 9)).decode()

    def decrypt(self, model: type[_Model], encrypted: str) -> _Model | None:
        """The content; None if it was not encrypted here, or is too old."""
        try:
            content = self._fernet.decrypt(encrypted.encode(), ttl=self._lifetime_seconds)
            return model.model_validate_json(zlib.decompress(content))
        except (InvalidToken, ValidationError, UnicodeError, zlib.error):
            return None

    def encrypted_at(self, encrypted: str) -> int:
        """When the content was encrypted, as Unix time; 0 if that was not here."""
        try:
            return self._fernet.extract_timestamp(encrypted.encode())
        except (InvalidToken, UnicodeError):
            return 0
