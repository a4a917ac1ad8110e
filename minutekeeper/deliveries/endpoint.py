"""Webhook endpoints: addresses of other services that want to be told of events."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class OutgoingEventType(StrEnum):
    """What an endpoint can be told of."""

    MEETING_BOOKED = "meeting.booked"
    MEETING_MOVED = "meeting.moved"
    MEETING_RECORDING = "meeting.recording"
    MEETING_COMPLETED = "meeting.completed"
    MEETING_FAILED = "meeting.failed"
    MEETING_CANCELLED = "meeting.cancelled"
    MEETING_ERASED = "meeting.erased"
    CALENDAR_CONNECTED = "calendar.connected"
    CALENDAR_TROUBLE = "calendar.trouble"
    CALENDAR_RECOVERED = "calendar.recovered"
    CALENDAR_DISCONNECTED = "calendar.disconnected"
    WEBHOOK_TEST = "webhook.test"


DEFAULT_TYPES = (
    OutgoingEventType.MEETING_COMPLETED,
    OutgoingEventType.MEETING_FAILED,
    OutgoingEventType.MEETING_CANCELLED,
)
"""What an endpoint is told of that names no types."""


class DeliveryFormat(StrEnum):
    """What is sent to an endpoint: an event as Standard Webhooks describes it, or a message for Slack."""

    STANDARD = "standard"
    SLACK = "slack"


class WebhookEndpoint(BaseModel):
    """One endpoint. Its secret is derived from `endpoint_id` and `generation`, and stored nowhere.

    `previous_until` (UTC) is until when the secret of the generation before also signs. `disabled_why` is empty for
    an endpoint that is told of events; for a disabled one they are held. `version` counts its stored changes.
    """

    model_config = ConfigDict(frozen=True)

    endpoint_id: str
    url: str
    name: str = ""
    types: tuple[OutgoingEventType, ...] = DEFAULT_TYPES
    include: tuple[str, ...] = ()
    form: DeliveryFormat = DeliveryFormat.STANDARD
    generation: int = 1
    previous_until: AwareDatetime | None = None
    created_at: AwareDatetime
    disabled_why: str = ""
    version: int = 0

    @property
    def is_enabled(self) -> bool:
        return not self.disabled_why
