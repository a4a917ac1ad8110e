"""Stores when each provider last reported to its webhook endpoint, so that an endpoint that is silent is noticed.

No API of a provider tells whether an endpoint exists and signs with our secret, but a delivery of it shows that.
"""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore

_EXACT_TO = timedelta(minutes=10)
"""How old what is stored may be: each write costs a request to the store."""


class _LastWebhook(BaseModel):
    model_config = ConfigDict(frozen=True)

    received_at: AwareDatetime


class LastWebhooks:
    """Notes and tells the last webhooks. Every method raises StoreError."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._noted: dict[str, datetime] = {}

    async def note(self, provider: str, received_at: datetime) -> None:
        """Stores the time, unless this process stored one of the last ten minutes."""
        last = self._noted.get(provider)
        if last is not None and received_at - last < _EXACT_TO:
            return
        self._noted[provider] = received_at
        content = _LastWebhook(received_at=received_at).model_dump_json().encode()
        await self._store.put(layout.last_webhook_path(provider), content)

    async def of(self, provider: str) -> datetime | None:
        """When the provider's last webhook came, to ten minutes; None if none is known of."""
        try:
            return _LastWebhook.model_validate_json(
                await self._store.get(layout.last_webhook_path(provider))
            ).received_at
        except (NotStoredError, ValidationError):
            return None
