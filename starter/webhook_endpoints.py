"""The typed client for endpoints of outgoing events: add, read, change and try them, and replay deliveries.

`endpoint` is an endpoint's id or its name everywhere. Every method raises MeetingError: EndpointNotFoundError for
an unknown endpoint, StorageError if the artifact store fails, and others as described.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client

from minutekeeper.config import Settings
from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from minutekeeper.storage.delivery_records import DeliveryStore, EndpointFailures
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from starter.endpoint_deliveries import DeliveryHistory
from starter.endpoint_models import (
    DeliveryState,
    EndpointChange,
    EndpointDeliveries,
    EndpointDelivery,
    EndpointView,
    EndpointWithSecret,
    NewEndpoint,
    ReplayedDeliveries,
    facts_of,
)
from starter.endpoint_urls import checked_endpoint_url
from starter.errors import (
    EndpointDisabledError,
    EndpointExistsError,
    EndpointNotFoundError,
    MeetingInputError,
    StorageError,
    WebhookSecretMissingError,
)
from starter.inputs import settings
from starter.temporal_client import TemporalMeetingClient

MAX_ENDPOINTS = 50
"""Each event is delivered once for every endpoint that wants it."""

PREVIOUS_SECRET_LASTS = timedelta(hours=24)

_BY_HAND = "switched off by hand"


@dataclass(frozen=True)
class EndpointRules:
    """What the settings say of endpoints. Without a `secret` none can be added."""

    secret: str
    private_addresses: bool = False
    api_url: str = ""


class WebhookClient:
    """The endpoints in an artifact store, and the deliveries to them.

    `connected` gives the client of meetings, whose connection to Temporal deliveries need; endpoints do not.
    """

    def __init__(
        self,
        store: ArtifactStore,
        rules: EndpointRules,
        connected: Callable[[], Awaitable[TemporalMeetingClient]] = TemporalMeetingClient.connect,
    ) -> None:
        async def temporal() -> Client:
            return (await connected()).temporal

        self._endpoints = EndpointStore(store)
        self._failures = EndpointFailures(store)
        self._history = DeliveryHistory(DeliveryStore(store), temporal)
        self._rules = rules

    @classmethod
    def from_settings(
        cls,
        given: Settings | None = None,
        connected: Callable[[], Awaitable[TemporalMeetingClient]] = TemporalMeetingClient.connect,
    ) -> "WebhookClient":
        """Opens the store as the settings (by default the environment's) say."""
        chosen = given or settings()
        with _translated_errors():
            store = ArtifactStore(chosen.artifacts_url)
        secret = chosen.minutekeeper_webhook_secret.get_secret_value()
        allows_private, api_url = chosen.minutekeeper_webhook_private_addresses, chosen.minutekeeper_web_public_url
        return cls(store, EndpointRules(secret, allows_private, api_url), connected)

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
            return [await self._view(each) for each in await self._endpoints.all()]

    async def show(self, endpoint: str) -> EndpointView:
        return await self._view(await self._find(endpoint))

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

        if change.url is not None or change.enabled:
            # What failed before says nothing of what comes now.
            with _translated_errors():
                await self._failures.note_success(known.endpoint_id)
        return await self._view(await self._changed(known, changed))

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
            await self._failures.note_success(known.endpoint_id)
        return await self._view(known)

    async def test(self, endpoint: str) -> EndpointDelivery:
        """Sends `webhook.test`, and tells what the receiver answered.

        Raises EndpointDisabledError, WebhookSecretMissingError, and NoWorkerError if no worker sends it.
        """
        self._need_secret()
        known = await self._find_enabled(endpoint)
        with _translated_errors():
            return await self._history.test(known, self._rules.api_url)

    async def deliveries(
        self,
        endpoint: str,
        *,
        outcome: DeliveryState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> EndpointDeliveries:
        """Deliveries to an endpoint: pending ones, then ended ones, those of the newest events first.

        Args:
            endpoint: The endpoint.
            outcome: Only deliveries of which this has become.
            since: Only events of this instant or later; of those that have ended.
            until: Only events before this instant; of those that have ended.
            limit: Maximum number of deliveries.
        """
        known = await self._find(endpoint)
        with _translated_errors():
            return await self._history.recent(known.endpoint_id, outcome, since, until, limit)

    async def delivery(self, endpoint: str, event_id: str) -> EndpointDelivery:
        """The delivery of one event with every try. Raises DeliveryNotFoundError."""
        known = await self._find(endpoint)
        with _translated_errors():
            return await self._history.show(known.endpoint_id, event_id)

    async def replay(self, endpoint: str, event_id: str) -> EndpointDelivery:
        """Delivers an event once more under the same id. Raises DeliveryNotFoundError, EndpointDisabledError."""
        known = await self._find_enabled(endpoint)
        with _translated_errors():
            return await self._history.replay(known.endpoint_id, event_id)

    async def replay_span(
        self,
        endpoint: str,
        *,
        outcome: DeliveryState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> ReplayedDeliveries:
        """Delivers the events of a span once more, by default those that were not delivered.

        Raises EndpointDisabledError. At most 1,000 are started, the oldest first; repeat it for what is left.
        """
        known = await self._find_enabled(endpoint)
        with _translated_errors():
            return await self._history.replay_span(known.endpoint_id, outcome, since, until)

    async def _find_enabled(self, endpoint: str) -> WebhookEndpoint:
        known = await self._find(endpoint)
        if not known.is_enabled:
            raise EndpointDisabledError(
                f"The endpoint {known.endpoint_id} is disabled: {known.disabled_why}. `minutekeeper webhook enable "
                f"{known.endpoint_id}` changes that."
            )
        return known

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

    async def _view(self, endpoint: WebhookEndpoint) -> EndpointView:
        with _translated_errors():
            since = await self._failures.failing_since(endpoint.endpoint_id)
        return EndpointView.model_validate(facts_of(endpoint) | {"failing_since": since})

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
