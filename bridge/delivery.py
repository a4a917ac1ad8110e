"""A webhook delivery that is addressed to one workflow, and its possible outcomes."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.ids import calendar_workflow_id_for, folder_for, meeting_id_from_workflow_id
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.providers.base import BotWebhook, CalendarWebhook
from minutekeeper.providers.calendar_ids import own_calendar_id
from minutekeeper.storage import layout
from minutekeeper.temporal.names import (
    BOT_EVENT_SIGNAL,
    CALENDAR_EVENT_SIGNAL,
    CALENDAR_HEALTH_ID,
    CHECK_NOW_SIGNAL,
)

_REQUESTS = uuid.uuid5(uuid.NAMESPACE_URL, "minutekeeper:webhook-deliveries")


class DeliveryOutcome(StrEnum):
    DELIVERED = "delivered"
    FINISHED = "meeting finished"
    UNKNOWN = "no such workflow"
    UNKNOWN_BOT = "no meeting has this bot"
    OWNER_UNKNOWN = "owner of the bot unknown"
    """The provider has to be asked again."""
    REFUSED = "refused by Temporal"
    """Permanently: the same call will never succeed."""
    RETRY_LATER = "retry later"
    """Temporal answers, but it is busy, or our access to it is at fault."""
    TEMPORAL_DOWN = "Temporal down"
    REPEATED = "reported too often"
    """Its bot exceeded the rate limit; nothing was signalled."""


class CalendarDelivery(BaseModel):
    """A signal to a calendar: something changed, and which events if that is known.

    The calendar is read in any case.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    calendar_id: str
    delivery: str
    event_ids: tuple[str, ...] = ()
    everything: bool = False


class AccessDelivery(BaseModel):
    """A signal to the workflow of calendar health: whether the calendars of a provider can be read has changed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: str


class BotAddress(NamedTuple):
    """Where news of a bot is to go: `workflow_id` is empty, and `dispatch` None, where the sender does not say."""

    provider: str
    workflow_id: str
    dispatch: int | None


class WebhookDelivery(BaseModel):
    """Everything that is needed to forward a webhook, now or after a restart; it contains no key and no token.

    `delivery` is the same for every repeat. `workflow_id` is empty while the owner of the bot is unknown, since
    `unknown_since`. `body` is the raw delivery where that has to be stored. `meeting_to_create` is the
    meeting that begins with it, unless there is one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    delivery: str
    received_at: AwareDatetime
    message: BotEvent | CalendarDelivery | AccessDelivery
    provider: str = ""
    """Whose bot or calendar it is about, by its provider's name."""
    workflow_id: str = ""
    body: bytes | None = None
    unknown_since: AwareDatetime | None = None
    meeting_to_create: MeetingRequest | None = None

    @classmethod
    def of_bot(cls, notice: BotWebhook, body: bytes | None, received_at: datetime, *, to: BotAddress) -> Self:
        return cls(
            delivery=notice.delivery,
            received_at=received_at,
            message=notice.event.clipped.model_copy(update={"dispatch": to.dispatch}),
            provider=to.provider,
            workflow_id=to.workflow_id,
            body=body,
        )

    @classmethod
    def of_calendar(cls, notice: CalendarWebhook, provider: str, received_at: datetime) -> Self:
        """For the calendar's workflow; news of its access is for the workflow that checks all calendars."""
        if notice.is_about_access:
            return cls(
                delivery=notice.delivery,
                received_at=received_at,
                message=AccessDelivery(provider=provider),
                provider=provider,
                workflow_id=CALENDAR_HEALTH_ID,
            )
        calendar_id = own_calendar_id(provider, notice.calendar_id)
        return cls(
            delivery=notice.delivery,
            received_at=received_at,
            provider=provider,
            message=CalendarDelivery(
                calendar_id=calendar_id,
                delivery=notice.delivery,
                event_ids=notice.event_ids,
                everything=notice.everything,
            ),
            workflow_id=calendar_workflow_id_for(calendar_id),
        )

    @property
    def signal(self) -> str:
        if isinstance(self.message, BotEvent):
            return BOT_EVENT_SIGNAL
        return CHECK_NOW_SIGNAL if isinstance(self.message, AccessDelivery) else CALENDAR_EVENT_SIGNAL

    @property
    def bot_id(self) -> str:
        return self.message.bot_id if isinstance(self.message, BotEvent) else ""

    @property
    def kind(self) -> str:
        return self.message.kind.value if isinstance(self.message, BotEvent) else self.signal

    @property
    def event(self) -> str:
        """The event's name for the log: the code of a status, else the kind; never the free text of a failure."""
        if isinstance(self.message, BotEvent) and self.message.kind is BotEventKind.STATUS:
            return self.message.code
        return self.kind

    @property
    def request_id(self) -> str:
        """The same for every repeat of one delivery to one workflow, so that Temporal drops the repeats."""
        return str(uuid.uuid5(_REQUESTS, f"{self.workflow_id}\n{self.delivery}"))

    @property
    def short_hash(self) -> str:
        """A prefix of the request id, for file names."""
        return self.request_id[:13]

    @property
    def body_path(self) -> str:
        """Where the raw body is stored: in the meeting's folder."""
        folder = folder_for(meeting_id_from_workflow_id(self.workflow_id))
        return layout.raw_delivery_path(folder, f"{self.kind}-{self.short_hash}.json")

    def addressed_to(self, workflow_id: str, *, dispatch: int | None = None) -> Self:
        """The delivery for this workflow.

        `dispatch` is the number of the meeting's bot, where the delivery has none.
        """
        message = self.message
        if dispatch is not None and isinstance(message, BotEvent):
            message = message.model_copy(update={"dispatch": dispatch})
        return self.model_copy(update={"workflow_id": workflow_id, "message": message})

    def creating_meeting(self, request: MeetingRequest) -> Self:
        return self.model_copy(update={"meeting_to_create": request})

    def with_stored_body(self) -> Self:
        """The delivery as it is sent to the workflow: with the path of the stored body instead of the body."""
        message = self.message.model_copy(update={"body": self.body_path})
        return self.model_copy(update={"message": message, "body": None})
