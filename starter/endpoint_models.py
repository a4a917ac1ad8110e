"""What is asked for and told of endpoints of outgoing events, and of deliveries to them."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.deliveries.delivery import DeliveryAttempt, DeliveryRecord
from minutekeeper.deliveries.endpoint import DEFAULT_TYPES, DeliveryFormat, OutgoingEventType, WebhookEndpoint


def _subscribable(types: tuple[OutgoingEventType, ...]) -> tuple[OutgoingEventType, ...]:
    if OutgoingEventType.WEBHOOK_TEST in types:
        raise ValueError("webhook.test is sent by `test` alone, to any endpoint")
    return tuple(dict.fromkeys(types))


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line of printable characters, without blanks around them")
    return text


EventTypes = Annotated[tuple[OutgoingEventType, ...], Field(min_length=1), AfterValidator(_subscribable)]
EndpointName = Annotated[str, Field(max_length=100), AfterValidator(_one_line)]
EndpointUrl = Annotated[str, Field(min_length=1, max_length=2000)]
Inclusions = Annotated[
    tuple[Literal["meeting_url"], ...], AfterValidator(lambda given: tuple(dict.fromkeys(given)))
]


class _EndpointInput(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewEndpoint(_EndpointInput):
    """An address that is to be told of events, by default of how meetings end.

    `include` adds what events do not contain otherwise. The format `slack` posts a sentence as Slack takes it.
    """

    url: EndpointUrl
    name: EndpointName = ""
    types: EventTypes = DEFAULT_TYPES
    include: Inclusions = ()
    form: DeliveryFormat = Field(DeliveryFormat.STANDARD, alias="format")


class EndpointChange(_EndpointInput):
    """What is to be different; what is not given stays. `enabled` true also ends a disablement for failures."""

    url: EndpointUrl | None = None
    name: EndpointName | None = None
    types: EventTypes | None = None
    include: Inclusions | None = None
    form: DeliveryFormat | None = Field(None, alias="format")
    enabled: bool | None = None


class EndpointView(BaseModel):
    """An endpoint. For one that is not `enabled`, `disabled_why` says why, and events are held.

    `previous_secret_until` is until when the secret before the last rotation also signs; `failing_since` is None if
    the last try succeeded.
    """

    model_config = ConfigDict(frozen=True)

    endpoint_id: str
    url: str
    name: str
    types: tuple[OutgoingEventType, ...]
    include: tuple[str, ...]
    form: DeliveryFormat = Field(serialization_alias="format")
    enabled: bool
    disabled_why: str
    created_at: AwareDatetime
    previous_secret_until: AwareDatetime | None = None
    failing_since: AwareDatetime | None = None


class EndpointWithSecret(EndpointView):
    """An endpoint with the secret with which receivers verify its events."""

    secret: str


def facts_of(endpoint: WebhookEndpoint) -> dict[str, object]:
    """The fields of a view that the endpoint itself has."""
    shared = ("endpoint_id", "url", "name", "types", "include", "form", "disabled_why", "created_at")
    facts: dict[str, object] = {name: getattr(endpoint, name) for name in shared}
    return facts | {"enabled": endpoint.is_enabled, "previous_secret_until": endpoint.previous_until}


class DeliveryState(StrEnum):
    """What has become of a delivery."""

    PENDING = "pending"
    """It is being tried."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """The last try failed as well."""
    HELD = "held"
    """The endpoint was disabled; a replay sends the event."""
    REMOVED = "removed"
    """The endpoint was removed meanwhile."""


class EndpointDelivery(BaseModel):
    """An event on its way to an endpoint, and every try. Of a pending one without a worker only the id is known.

    `workflow_id` is that of the meeting or calendar that the event is about; `timestamp` is the event's time.
    """

    model_config = ConfigDict(frozen=True)

    endpoint_id: str
    event_id: str
    type: OutgoingEventType | None = None
    timestamp: AwareDatetime | None = None
    workflow_id: str = ""
    outcome: DeliveryState
    why: str = ""
    ended_at: AwareDatetime | None = None
    next_attempt_at: AwareDatetime | None = None
    attempts: tuple[DeliveryAttempt, ...] = ()

    @classmethod
    def of_record(cls, record: DeliveryRecord) -> "EndpointDelivery":
        shared = ("endpoint_id", "event_id", "type", "timestamp", "workflow_id", "why", "ended_at", "attempts")
        facts = {name: getattr(record, name) for name in shared}
        return cls(outcome=DeliveryState(record.outcome.value), **facts)


class EndpointDeliveries(BaseModel):
    """Deliveries to an endpoint: pending ones, then ended ones, those of the newest events first.

    They are not `complete` if Temporal does not answer: then pending ones are missing.
    """

    model_config = ConfigDict(frozen=True)

    items: tuple[EndpointDelivery, ...]
    complete: bool


class ReplayedDeliveries(BaseModel):
    """How many deliveries were started anew, how many were under way already, and how many are left for later."""

    model_config = ConfigDict(frozen=True)

    replayed: int
    under_way: int
    left: int
