"""One delivery: an event on its way to one endpoint, what was tried, and how it ended. Pure."""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.deliveries.endpoint import OutgoingEventType, WebhookEndpoint
from minutekeeper.deliveries.events import OutgoingEvent

MAX_ANSWER_BYTES = 1024


class OutgoingDelivery(BaseModel):
    """An event for one endpoint, with which its workflow starts. `body` is sent as it is, each time.

    The address and the secrets of the endpoint are read for each try, and are in no history.
    """

    model_config = ConfigDict(frozen=True)

    endpoint_id: str
    event_id: str
    type: OutgoingEventType
    timestamp: AwareDatetime
    workflow_id: str = ""
    """Of the meeting or calendar that the event is about."""
    body: str


class DeliveryAttempt(BaseModel):
    """One try. `answer` is the beginning of a refusal; `error` says why there was no answer."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    status_code: int | None = None
    milliseconds: int
    answer: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


class DeliveryEnd(StrEnum):
    """How a delivery ended."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """The last try failed as well."""
    HELD = "held"
    """The endpoint is disabled; a replay sends the event."""
    REMOVED = "removed"
    """There is no such endpoint any more."""


class DeliveryRecord(BaseModel):
    """What is kept of a delivery; `attempts` are those of replays, too."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    format_version: Literal[1] = Field(1, alias="schema")
    endpoint_id: str
    event_id: str
    type: OutgoingEventType
    timestamp: AwareDatetime
    """Of the event."""
    workflow_id: str = ""
    """Of the meeting or calendar that the event is about."""
    outcome: DeliveryEnd
    why: str = ""
    """Why it was not delivered."""
    ended_at: AwareDatetime
    attempts: tuple[DeliveryAttempt, ...] = ()
    body: str

    @property
    def delivery(self) -> OutgoingDelivery:
        """The same once more, for a replay."""
        return OutgoingDelivery(
            endpoint_id=self.endpoint_id,
            event_id=self.event_id,
            type=self.type,
            timestamp=self.timestamp,
            workflow_id=self.workflow_id,
            body=self.body,
        )


class DeliveryInput(BaseModel):
    """One try of a delivery, after the earlier ones. After the last one it is given up."""

    model_config = ConfigDict(frozen=True)

    delivery: OutgoingDelivery
    attempts: tuple[DeliveryAttempt, ...] = ()
    is_last: bool = False


class DeliveryResult(BaseModel):
    """What came of one try. Without an `outcome` there is another one, `retry_after` seconds later at the earliest.

    `attempt` is None if nothing was sent; `is_recorded` says whether the record of the end is stored.
    """

    model_config = ConfigDict(frozen=True)

    attempt: DeliveryAttempt | None = None
    retry_after: float | None = None
    outcome: DeliveryEnd | None = None
    why: str = ""
    is_recorded: bool = False


class DeliveryView(BaseModel):
    """What the `status` query of a delivery answers."""

    model_config = ConfigDict(frozen=True)

    endpoint_id: str
    event_id: str
    type: OutgoingEventType
    attempts: tuple[DeliveryAttempt, ...]
    next_attempt_at: AwareDatetime | None
    outcome: DeliveryEnd | None


def delivery_of(event: OutgoingEvent, endpoint: WebhookEndpoint) -> OutgoingDelivery:
    return OutgoingDelivery(
        endpoint_id=endpoint.endpoint_id,
        event_id=event.event_id,
        type=event.type,
        timestamp=event.timestamp,
        workflow_id=event.workflow_id,
        body=event.body_for(endpoint),
    )


def delivery_workflow_id(endpoint_id: str, event_id: str) -> str:
    return f"delivery-{endpoint_id}-{event_id}"
