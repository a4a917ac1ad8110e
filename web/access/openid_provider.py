"""What is read from an OpenID provider: its description and its signing keys, both kept for an hour."""

import asyncio
import json
import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any

from authlib.oidc.discovery import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from minutekeeper.providers.http_client import HTTP_ERRORS, error_name, open_http_client
from minutekeeper.startup_checks import is_loopback

logger = logging.getLogger("web")

_ANSWER_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_KEPT_SECONDS = 3600.0
_PAUSE_SECONDS = 5.0
"""How long a provider that did not answer is left alone, because everybody can have it asked."""
_LEAST_SECONDS_BETWEEN_KEYS = 30.0
"""An id token that names an unknown key makes the keys be read again, but no more often than this."""


class ProviderAwayError(Exception):
    """The provider does not answer, or answers what cannot be used; the message says why, for the log."""


class ProviderDescription(BaseModel):
    """The part of the discovery document that signing in needs."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @field_validator("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        if value and not value.startswith("https://") and not is_loopback(value):
            raise ValueError("must be https")
        return value


class OpenIdProvider:
    """The provider at `issuer`."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._lock = asyncio.Lock()
        self._description: ProviderDescription | None = None
        self._described_at = self._keys_at = self._next_try_at = 0.0
        self._keys: KeySet | None = None

    async def description(self) -> ProviderDescription:
        """Raises ProviderAwayError, unless it was read before."""
        async with self._lock:
            is_old = self._description is None or monotonic() - self._described_at > _KEPT_SECONDS
            if is_old and monotonic() >= self._next_try_at:
                try:
                    address = get_well_known_url(self.issuer, external=True)
                    self._description = self._described(await self._object(address))
                    self._described_at = monotonic()
                except ProviderAwayError as error:
                    self._next_try_at = monotonic() + _PAUSE_SECONDS
                    logger.warning("The sign-in service cannot be used: %s", error)
            if self._description is None:
                raise ProviderAwayError("it did not answer when it was last asked")
            return self._description

    async def keys(self, *, key_id: str) -> KeySet:
        """The keys with which id tokens are signed, read again if none has this id. Raises ProviderAwayError."""
        address = (await self.description()).jwks_uri
        async with self._lock:
            age = monotonic() - self._keys_at
            is_known = self._keys is not None and (not key_id or any(each.kid == key_id for each in self._keys))
            if self._keys is None or age > _KEPT_SECONDS or (not is_known and age > _LEAST_SECONDS_BETWEEN_KEYS):
                try:
                    found: Any = await self._object(address)
                    self._keys = KeySet.import_key_set(found)
                except (JoseError, ValueError, TypeError, KeyError) as error:
                    raise ProviderAwayError(f"its keys cannot be read: {type(error).__name__}") from None
                self._keys_at = monotonic()
            return self._keys

    async def user_information(self, access_token: str) -> Mapping[str, Any]:
        """What the provider tells about the user beside the id token; nothing if it has no address for it."""
        address = (await self.description()).userinfo_endpoint
        if not address or not access_token:
            return {}
        return await self._object(address, {"Authorization": f"Bearer {access_token}"})

    async def post(self, address: str, headers: Mapping[str, str], body: str) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON object of an answer. Raises ProviderAwayError."""
        return await self._ask("POST", address, headers, body)

    async def _object(self, address: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        status, found = await self._ask("GET", address, headers or {})
        if status != 200:
            raise ProviderAwayError(f"{address} answered {status}")
        return found

    async def _ask(
        self, method: str, address: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), open_http_client(connect_seconds=_CONNECT_SECONDS) as http:
                answer = await http.request(
                    method, address, headers={"Accept": "application/json", **headers}, content=body
                )
        except HTTP_ERRORS as error:
            raise ProviderAwayError(f"{address} cannot be reached: {error_name(error)}") from None
        if answer.status_code >= 500:
            raise ProviderAwayError(f"{address} answered {answer.status_code}")
        try:
            found = json.loads(answer.content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ProviderAwayError(f"{address} answered {answer.status_code} without a JSON object")
        return answer.status_code, found

    def _described(self, found: Mapping[str, Any]) -> ProviderDescription:
        try:
            description = ProviderDescription.model_validate(found)
        except ValidationError as error:
            fields = ", ".join(str(each["loc"][0]) for each in error.errors())
            raise ProviderAwayError(f"its description cannot be used: {fields}") from None
        if description.issuer != self.issuer:
            raise ProviderAwayError(f"it calls itself {description.issuer!r}, other than MINUTEKEEPER_OIDC_ISSUER")
        return description
