"""One webhook on its way to one workflow, and what can become of it."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.ids import calendar_workflow_id_for, folder_for, meeting_id_from_workflow_id
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.providers.base import BotWebhook, CalendarWebhook
from minutekeeper.storage import layout
from minutekeeper.temporal.names import BOT_EVENT_SIGNAL, CALENDAR_EVENT_SIGNAL

_REQUESTS = uuid.uuid5(uuid.NAMESPACE_URL, "minutekeeper:webhook-deliveries")


class DeliveryOutcome(StrEnum):
    DELIVERED = "delivered"
    FINISHED = "meeting finished"
    UNKNOWN = "no such workflow"
    UNKNOWN_BOT = "no meeting has this bot"
    OWNER_UNKNOWN = "nobody could say whose bot it is"
    """The provider has to be asked again."""
    REFUSED = "refused by Temporal"
    """For good: the same call will never succeed."""
    RETRY_LATER = "not taken now"
    """Temporal answers, but it is busy, or our access to it is at fault."""
    TEMPORAL_DOWN = "Temporal away"
    REPEATED = "reported too often"
    """Its bot has sent more statuses than a meeting keeps; nothing was signalled."""


class CalendarDelivery(BaseModel):
    """Something changed in a calendar: these events, or nobody said which. The calendar's workflow asks itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    calendar_id: str
    delivery: str
    event_ids: tuple[str, ...] = ()
    everything: bool = False


class WebhookDelivery(BaseModel):
    """All that is needed to hand a webhook on, now or after a restart; no key, no token.

    `delivery` is the same for every repeat. `workflow_id` is empty while nobody knows whose bot it is, which
    `unclaimed_since` remembers. `body` is the raw delivery where that has to be kept. `meeting_to_create` is the
    meeting that begins with it, unless there is one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64", val_json_bytes="base64")

    delivery: str
    received_at: AwareDatetime
    message: BotEvent | CalendarDelivery
    workflow_id: str = ""
    body: bytes | None = None
    unclaimed_since: AwareDatetime | None = None
    meeting_to_create: MeetingRequest | None = None

    @classmethod
    def of_bot(
        cls,
        notice: BotWebhook,
        body: bytes | None,
        received_at: datetime,
        *,
        workflow_id: str,
        dispatch: int | None,
    ) -> Self:
        return cls(
            delivery=notice.delivery,
            received_at=received_at,
            message=notice.event.clipped.model_copy(update={"dispatch": dispatch}),
            workflow_id=workflow_id,
            body=body,
        )

    @classmethod
    def of_calendar(cls, notice: CalendarWebhook, received_at: datetime) -> Self:
        return cls(
            delivery=notice.delivery,
            received_at=received_at,
            message=CalendarDelivery(
                calendar_id=notice.calendar_id,
                delivery=notice.delivery,
                event_ids=notice.event_ids,
                everything=notice.everything,
            ),
            workflow_id=calendar_workflow_id_for(notice.calendar_id),
        )

    @property
    def signal(self) -> str:
        return BOT_EVENT_SIGNAL if isinstance(self.message, BotEvent) else CALENDAR_EVENT_SIGNAL

    @property
    def bot_id(self) -> str:
        return self.message.bot_id if isinstance(self.message, BotEvent) else ""

    @property
    def kind(self) -> str:
        return self.message.kind.value if isinstance(self.message, BotEvent) else CALENDAR_EVENT_SIGNAL

    @property
    def event(self) -> str:
        """A word for the log: the code of a status, else the kind; never the free text of a failure."""
        if isinstance(self.message, BotEvent) and self.message.kind is BotEventKind.STATUS:
            return self.message.code
        return self.kind

    @property
    def request_id(self) -> str:
        """The same for every repeat of one delivery to one workflow, so that Temporal itself drops the repeats."""
        return str(uuid.uuid5(_REQUESTS, f"{self.workflow_id}\n{self.delivery}"))

    @property
    def short_hash(self) -> str:
        """Enough of the request id to tell files apart."""
        return self.request_id[:13]

    @property
    def body_path(self) -> str:
        """Where the raw body is kept: in the meeting's own folder."""
        folder = folder_for(meeting_id_from_workflow_id(self.workflow_id))
        return layout.raw_delivery_path(folder, f"{self.kind}-{self.short_hash}.json")

    def addressed_to(self, workflow_id: str, *, dispatch: int | None = None) -> Self:
        """`dispatch` says which of the meeting's bots it is, where the delivery itself does not."""
        message = self.message
        if dispatch is not None and isinstance(message, BotEvent):
            message = message.model_copy(update={"dispatch": dispatch})
        return self.model_copy(update={"workflow_id": workflow_id, "message": message})

    def creating_meeting(self, request: MeetingRequest) -> Self:
        return self.model_copy(update={"meeting_to_create": request})

    def with_stored_body(self) -> Self:
        """The delivery as the workflow gets it: it says where the body lies."""
        message = self.message.model_copy(update={"body": self.body_path})
        return self.model_copy(update={"message": message, "body": None})
