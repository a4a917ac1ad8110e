"""Keys of the HTTP API: a file that holds their names, hashes, scopes and ends, and never the keys themselves."""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

_KEY = re.compile(r"mk_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")
_ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_NO_HASH = "0" * 64


class ApiScope(StrEnum):
    """What a key may be used for."""

    READ = "read"
    FILES = "files"
    BOOK = "book"
    STEER = "steer"
    ADMIN = "admin"


class ApiKey(BaseModel):
    """One key, without the key itself. `expires_at` (UTC) is None for a key without end."""

    model_config = ConfigDict(frozen=True)

    key_id: str
    name: str
    sha256: str
    scopes: tuple[ApiScope, ...]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


class ApiKeyFileError(Exception):
    """The file of the keys cannot be read or written; the message says why."""


class _Content(BaseModel):
    keys: tuple[ApiKey, ...] = ()


class _Read(NamedTuple):
    """A file's content, and by what it is seen that the file has changed."""

    stamp: tuple[int, int, int]
    keys: dict[str, ApiKey]


class ApiKeyFile:
    """The keys in a file, which is read again when it has changed. A file that does not exist holds none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: _Read | None = None

    def entries(self) -> list[ApiKey]:
        """All keys, also those that have ended. Raises ApiKeyFileError."""
        return list(self._keys().values())

    def find(self, key: str) -> ApiKey | None:
        """The entry of a key; None if it is unknown. Takes as long for a wrong key as for a right one."""
        match = _KEY.fullmatch(key)
        entry = self._keys().get(match[1]) if match else None
        is_same = hmac.compare_digest(_hash(key), entry.sha256 if entry else _NO_HASH)
        return entry if entry is not None and is_same else None

    def add(self, name: str, scopes: tuple[ApiScope, ...], now: datetime, expires_at: datetime | None) -> str:
        """Makes a key and returns it; it cannot be read from the file later. Raises ApiKeyFileError."""
        keys = self._keys()
        key_id = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(8))
        key = f"mk_{key_id}_{secrets.token_urlsafe(32)}"
        entry = ApiKey(
            key_id=key_id, name=name, sha256=_hash(key), scopes=scopes, created_at=now, expires_at=expires_at
        )
        self._write([*keys.values(), entry])
        return key

    def revoke(self, name_or_id: str) -> list[ApiKey]:
        """Removes the keys with this name or id; returns them. Raises ApiKeyFileError."""
        keys = self._keys().values()
        revoked = [each for each in keys if name_or_id in {each.name, each.key_id}]
        if revoked:
            self._write([each for each in keys if each not in revoked])
        return revoked

    def _keys(self) -> dict[str, ApiKey]:
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if self._read is None or self._read.stamp != stamp:
                content = _Content.model_validate_json(self.path.read_bytes())
                self._read = _Read(stamp, {each.key_id: each for each in content.keys})
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no file of keys"
            raise ApiKeyFileError(f"The file of API keys {self.path} cannot be read: {reason}") from None
        return self._read.keys

    def _write(self, keys: list[ApiKey]) -> None:
        """Replaces the file at once, readable for its owner only."""
        text = _Content(keys=tuple(keys)).model_dump_json(indent=1)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".keys-")
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{text}\n")
            Path(name).replace(self.path)
        except OSError as error:
            raise ApiKeyFileError(f"The file of API keys {self.path} cannot be written: {error.strerror}") from None


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
