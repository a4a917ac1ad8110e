"""The typed client for endpoints of outgoing events: add, read, change and try them, and replay deliveries.

`endpoint` is an endpoint's id or its name everywhere. Every method raises MeetingError: EndpointNotFoundError for
an unknown endpoint, StorageError if the artifact store fails, and others as described.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.config import Settings
from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from starter.endpoint_models import EndpointChange, EndpointView, EndpointWithSecret, NewEndpoint, facts_of
from starter.endpoint_urls import checked_endpoint_url
from starter.errors import (
    EndpointExistsError,
    EndpointNotFoundError,
    MeetingInputError,
    StorageError,
    WebhookSecretMissingError,
)
from starter.inputs import settings

MAX_ENDPOINTS = 50
"""Each event is delivered once for every endpoint that wants it."""

PREVIOUS_SECRET_LASTS = timedelta(hours=24)

_BY_HAND = "switched off by hand"


@dataclass(frozen=True)
class EndpointRules:
    """What the settings say of endpoints. Without a `secret` none can be added."""

    secret: str
    private_addresses: bool = False


class WebhookClient:
    """The endpoints in an artifact store."""

    def __init__(self, store: ArtifactStore, rules: EndpointRules) -> None:
        self._endpoints = EndpointStore(store)
        self._rules = rules

    @classmethod
    def from_settings(cls, given: Settings | None = None) -> "WebhookClient":
        """Opens the store as the settings (by default the environment's) say."""
        chosen = given or settings()
        with _translated_errors():
            store = ArtifactStore(chosen.artifacts_url)
        secret = chosen.minutekeeper_webhook_secret.get_secret_value()
        return cls(store, EndpointRules(secret, chosen.minutekeeper_webhook_private_addresses))

    async def add(self, new: NewEndpoint) -> EndpointWithSecret:
        """Adds an endpoint.

        Raises UnsafeUrlError for an address that events must not go to, EndpointExistsError if one has it already,
        WebhookSecretMissingError if MINUTEKEEPER_WEBHOOK_SECRET is not set.
        """
        self._need_secret()
        url = checked_endpoint_url(new.url, private_addresses=self._rules.private_addresses)
        with _translated_errors():
            known = await self._endpoints.all()
            _check_unused(url, new.name, known)
            if len(known) >= MAX_ENDPOINTS:
                raise EndpointExistsError(f"There are {MAX_ENDPOINTS} endpoints already; remove one first.")
            endpoint_id = f"ep_{secrets.token_hex(8)}"
            fields = {"url": url, "endpoint_id": endpoint_id, "created_at": datetime.now(UTC)}
            added = await self._endpoints.put(WebhookEndpoint(**new.model_dump(exclude={"url"}), **fields))
        return self._with_secret(added)

    async def list(self) -> list[EndpointView]:
        """All endpoints, the oldest first."""
        with _translated_errors():
            return [self._view(each) for each in await self._endpoints.all()]

    async def show(self, endpoint: str) -> EndpointView:
        return self._view(await self._find(endpoint))

    async def show_secret(self, endpoint: str) -> EndpointWithSecret:
        """The endpoint with its present secret. Raises WebhookSecretMissingError."""
        return self._with_secret(await self._find(endpoint))

    async def update(self, endpoint: str, change: EndpointChange) -> EndpointView:
        """Changes an endpoint. Raises as `add`."""
        known = await self._find(endpoint)
        given = change.model_dump(exclude_none=True, exclude={"enabled"})
        if change.url is not None:
            given["url"] = checked_endpoint_url(change.url, private_addresses=self._rules.private_addresses)
        if change.url is not None or change.name:
            with _translated_errors():
                others = [each for each in await self._endpoints.all() if each.endpoint_id != known.endpoint_id]
            _check_unused(given.get("url", ""), change.name or "", others)

        def changed(current: WebhookEndpoint) -> dict[str, Any]:
            if change.enabled is None:
                return given
            return given | {"disabled_why": "" if change.enabled else current.disabled_why or _BY_HAND}

        return self._view(await self._changed(known, changed))

    async def rotate(self, endpoint: str) -> EndpointWithSecret:
        """Gives an endpoint a new secret; for a day, events are signed with both. Raises as `show_secret`."""
        self._need_secret()
        until = datetime.now(UTC) + PREVIOUS_SECRET_LASTS
        known = await self._find(endpoint)
        rotated = await self._changed(
            known, lambda current: {"generation": current.generation + 1, "previous_until": until}
        )
        return self._with_secret(rotated)

    async def remove(self, endpoint: str) -> EndpointView:
        """Removes an endpoint; what is on its way to it is given up."""
        known = await self._find(endpoint)
        with _translated_errors():
            await self._endpoints.remove(known.endpoint_id)
        return self._view(known)

    async def _changed(
        self, known: WebhookEndpoint, change: Callable[[WebhookEndpoint], dict[str, Any]]
    ) -> WebhookEndpoint:
        with _translated_errors():
            changed = await self._endpoints.change(
                known.endpoint_id, lambda current: current.model_copy(update=change(current))
            )
        if changed is None:
            raise EndpointNotFoundError(f"The endpoint {known.endpoint_id} was removed just now.")
        return changed

    async def _find(self, endpoint: str) -> WebhookEndpoint:
        with _translated_errors():
            known = await self._endpoints.all()
        found = [each for each in known if endpoint in {each.endpoint_id, each.name}]
        if not found:
            raise EndpointNotFoundError(
                f"There is no endpoint with the id or name {endpoint}; `minutekeeper webhook list` shows all."
            )
        return found[0]

    def _view(self, endpoint: WebhookEndpoint) -> EndpointView:
        return EndpointView.model_validate(facts_of(endpoint))

    def _with_secret(self, endpoint: WebhookEndpoint) -> EndpointWithSecret:
        secret = endpoint_secret(self._need_secret(), endpoint.endpoint_id, endpoint.generation)
        return EndpointWithSecret.model_validate(facts_of(endpoint) | {"secret": secret})

    def _need_secret(self) -> str:
        if not self._rules.secret:
            raise WebhookSecretMissingError(
                "MINUTEKEEPER_WEBHOOK_SECRET is not set: the secrets of endpoints are derived from it. "
                "`openssl rand -hex 32` makes one; it must be the same for workers, API and command line."
            )
        return self._rules.secret


def _check_unused(url: str, name: str, others: list[WebhookEndpoint]) -> None:
    """Raises EndpointExistsError for an address, and MeetingInputError for a name, that another endpoint has."""
    for each in others:
        if each.url == url:
            raise EndpointExistsError(f"The endpoint {each.endpoint_id} has this address already.")
        if name and name in {each.name, each.endpoint_id}:
            raise MeetingInputError("name", f"the endpoint {each.endpoint_id} has this name already")


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise StorageError(str(error)) from None
