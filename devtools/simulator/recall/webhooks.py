"""Webhooks as Svix sends them for Recall.ai: signed, repeated for more than a day, in no order."""

import asyncio
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from standardwebhooks import Webhook

from devtools.simulator.recall.settings import HeaderFamily, RecallSettings
from devtools.simulator.state import DeliveryRecord, Ledger, WebhookSource, now
from devtools.simulator.webhooks import Attempt, Courier

_ENDS = frozenset({"bot.done", "bot.fatal"})
_NAMES = ("id", "timestamp", "signature")


def new_secret() -> str:
    return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"


@dataclass
class Endpoint:
    """Where webhooks go. `secrets` are the workspace's, of which each signs; `own_secret` is the older kind.

    `events` are the beginnings of the names of those it wants; none is all. `failing_since` is when the first of
    those attempts failed after which none succeeded.
    """

    url: str
    secrets: tuple[str, ...]
    headers: HeaderFamily
    events: tuple[str, ...] = ()
    own_secret: str = field(default_factory=new_secret)
    id: str = field(default_factory=lambda: f"ep_{uuid4().hex[:24]}")
    failing_since: float | None = None
    is_disabled: bool = False
    failed: list["RecallDelivery"] = field(default_factory=list)

    def wants(self, event: str) -> bool:
        return not self.is_disabled and (not self.events or event.startswith(self.events))


@dataclass(frozen=True)
class RecallDelivery:
    """One message to one endpoint: each repeat has the same id, and a time of its own."""

    source: WebhookSource
    endpoint: Endpoint
    body: Any
    message_id: str = field(default_factory=lambda: f"msg_{uuid4().hex[:27]}")

    @cached_property
    def payload(self) -> bytes:
        return json.dumps(self.body, separators=(",", ":")).encode()

    @property
    def url(self) -> str:
        return self.endpoint.url

    @property
    def event(self) -> str | None:
        event = self.body.get("event") if isinstance(self.body, dict) else None
        return event if isinstance(event, str) else None

    @property
    def code(self) -> str | None:
        code = self._part("data").get("code")
        return None if code is None else str(code)

    @property
    def created_at(self) -> str | None:
        at = self._part("data").get("updated_at")
        return None if at is None else str(at)

    @property
    def bot_id(self) -> str:
        return str(self._part("bot").get("id", ""))

    @property
    def named(self) -> tuple[str, str]:
        """Of which bot and of which calendar it tells."""
        data = self.body.get("data") if isinstance(self.body, dict) else None
        return self.bot_id, str(data.get("calendar_id", "")) if isinstance(data, dict) else ""

    @property
    def is_end(self) -> bool:
        return self.event in _ENDS

    def of_stranger(self) -> "RecallDelivery":
        """The same of another environment of the workspace."""
        data = dict(self.body["data"])
        if self.bot_id:
            data["bot"] = {"id": str(uuid4()), "metadata": {"environment": "staging"}}
        else:
            data["calendar_id"] = str(uuid4())
        return replace(self, body=self.body | {"data": data}, message_id=f"msg_{uuid4().hex[:27]}")

    def _part(self, name: str) -> dict[str, Any]:
        data = self.body.get("data") if isinstance(self.body, dict) else None
        part = data.get(name) if isinstance(data, dict) else None
        return part if isinstance(part, dict) else {}


def signed_headers(endpoint: Endpoint, message_id: str, at: datetime, payload: bytes) -> dict[str, str]:
    """The three headers of each family that the endpoint gets."""
    families: dict[str, Sequence[str]] = {}
    if endpoint.headers in ("webhook", "both"):
        families["webhook"] = endpoint.secrets
    if endpoint.headers == "svix":
        families["svix"] = endpoint.secrets
    elif endpoint.headers == "both":
        families["svix"] = (endpoint.own_secret,)
    headers: dict[str, str] = {}
    for family, keys in families.items():
        signatures = [Webhook(key).sign(message_id, at, payload.decode()) for key in keys]
        values = (message_id, str(int(at.timestamp())), " ".join(signatures))
        headers |= {f"{family}-{name}": value for name, value in zip(_NAMES, values, strict=True)}
    return headers


class SvixSender:
    """Any 2xx acknowledges; redirects do not."""

    def __init__(self, session: aiohttp.ClientSession, settings: RecallSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._courier = Courier(session, ledger)

    async def send(self, delivery: RecallDelivery) -> None:
        """Deliver with all repeats, unless the endpoint is switched off meanwhile."""
        delays = (*self._settings.webhook_retry_delays, None)
        for number, delay in enumerate(delays, 1):
            if delivery.endpoint.is_disabled:
                return
            record = await self.attempt(delivery, number)
            if record.acknowledged:
                return
            if delay is None:
                delivery.endpoint.failed.append(delivery)
                return
            await asyncio.sleep(self._settings.real(delay))

    async def attempt(
        self, delivery: RecallDelivery, number: int = 1, *, age: float = 0, forged: bool = False
    ) -> DeliveryRecord:
        """Deliver once, and note what came of it; signed `age` real seconds ago, or (`forged`) with another key."""
        endpoint, at = delivery.endpoint, now()
        signer = replace(endpoint, secrets=(new_secret(),), own_secret=new_secret()) if forged else endpoint
        headers = signed_headers(signer, delivery.message_id, at - timedelta(seconds=age), delivery.payload)
        attempt = Attempt(
            number,
            self._settings.webhook_timeout,
            headers | {"User-Agent": "Svix-Webhooks/1.0"},
            message_id=delivery.message_id,
        )
        record = await self._courier.carry(delivery, attempt)
        self._judge(endpoint, is_good=record.acknowledged)
        return record

    def _judge(self, endpoint: Endpoint, *, is_good: bool) -> None:
        """Switch an endpoint off at which everything has failed for too long."""
        moment = time.monotonic()
        if is_good:
            endpoint.failing_since = None
            return
        endpoint.failing_since = endpoint.failing_since or moment
        lasts = self._settings.real(self._settings.endpoint_disabled_after)
        endpoint.is_disabled = moment - endpoint.failing_since >= lasts


@dataclass
class Stranger:
    """Whom a message tells of that is sent on order only."""

    uuid: UUID = field(default_factory=uuid4)
    turn: int = 0
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)
    meeting_url: str = ""
