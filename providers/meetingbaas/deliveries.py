"""The bodies of webhooks in every shape since 2024, as one model."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from providers.base import MalformedWebhookError
from providers.meetingbaas.decoding import check_density, decode_json
from providers.meetingbaas.extra import ExtraField, ReceivedExtra
from providers.meetingbaas.fields import Evidence, Identifier, Identifiers, Instant, Link, Objects, Text, Tolerant

STATUS_CHANGE = "bot.status_change"
COMPLETE = "complete"
FAILED = "failed"
TRANSCRIPTION_COMPLETE = "transcription_complete"
CALENDAR_SYNC = "calendar.sync_events"

EVENTS = frozenset({STATUS_CHANGE, COMPLETE, FAILED, TRANSCRIPTION_COMPLETE, CALENDAR_SYNC})
"""What v1 sends. Its advertised others were never seen, and those of v2 have other names."""


class Status(Tolerant):
    code: Evidence = ""
    created_at: Instant = None
    error_type: Evidence = ""
    error_message: Evidence = ""
    reason: Evidence = ""
    end_reason: Evidence = ""


def _as_status(value: Any) -> Any:
    return value if isinstance(value, dict) else {"code": value if isinstance(value, str) else ""}


class DeliveryData(Tolerant):
    """`data` of any event; `mp4` and `audio` are signed URLs.

    `synced_at` is the time of a calendar's sync, `affected` are the events that it changed.
    """

    event: Text = ""
    bot_id: Identifier = ""
    status: Annotated[Status, BeforeValidator(_as_status)] = Status()
    error: Evidence = ""
    message: Evidence = ""
    reason: Evidence = ""
    end_reason: Evidence = ""
    mp4: Link = ""
    audio: Link = ""
    transcript: Objects = Field([], repr=False)
    event_uuid: Identifier = ""
    extra: ExtraField = ReceivedExtra()
    calendar_id: Identifier = Field("", validation_alias=AliasChoices("calendar_id", "calendar_uuid", "uuid"))
    synced_at: Evidence = Field("", validation_alias=AliasChoices("last_updated_ts", "last_updated_at"))
    affected: Identifiers = Field((), validation_alias="affected_event_uuids")


@dataclass(frozen=True)
class Delivery:
    """`data` is empty for events that are not ours to read."""

    event: str
    data: DeliveryData


def read_delivery(body: bytes, secrets: Collection[str] = ()) -> Delivery:
    """Texts for people come without the `secrets`. Raises MalformedWebhookError for what no version sends."""
    try:
        check_density(body)
        document = decode_json(body)
    except ValueError as error:
        raise MalformedWebhookError(f"The body is no JSON document: {error}.") from None
    if not isinstance(document, dict):
        raise MalformedWebhookError("The body is JSON, but no object.")
    raw = document.get("data")
    data = DeliveryData.model_validate(raw if isinstance(raw, dict) else {}, context=secrets)
    name = document.get("event")
    event = (name.strip() if isinstance(name, str) else "") or data.event
    if not event:
        raise MalformedWebhookError("The body names no event.")
    if event not in EVENTS:
        return Delivery(event, DeliveryData())
    if not isinstance(raw, dict):
        raise MalformedWebhookError(f"The body of {event} holds no data object.")
    return Delivery(event, data)
