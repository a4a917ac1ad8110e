"""Parses webhook deliveries of Meeting BaaS into what they report."""

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, PlainValidator

from minutekeeper.calendars.messages import MAX_NAMED
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.providers.base import BotWebhook, CalendarWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.bot_metadata import BotMetadata, ExtraField, ReceivedBotMetadata
from minutekeeper.providers.fields import (
    Identifier,
    Identifiers,
    Instant,
    LenientModel,
    Link,
    RedactedText,
    Text,
    objects,
    parse_time,
)
from minutekeeper.providers.json_decoding import UnwieldyJsonError, decode_json, reject_json_bombs
from minutekeeper.providers.list_scanning import Scanner, decoded, without_halves
from minutekeeper.providers.meetingbaas.status_codes import end_reason, failure_reason, status_of
from minutekeeper.providers.redaction import redact

STATUS_CHANGE = "bot.status_change"

COMPLETE = "complete"

FAILED = "failed"

TRANSCRIPTION_COMPLETE = "transcription_complete"

CALENDAR_SYNC = "calendar.sync_events"

EVENTS = frozenset({STATUS_CHANGE, COMPLETE, FAILED, TRANSCRIPTION_COMPLETE, CALENDAR_SYNC})
"""The events of v1. Others that are documented were never seen, and those of v2 have other names."""

_LARGE_BYTES = 64 * 1024
"""From here on a body is scanned for what is needed, and not read whole."""

_LIST_OF_OBJECTS = re.compile(rb"\[\s*\{")
_EMPTY_LIST = re.compile(rb"\s*\[\s*\]\s*")


class Status(LenientModel):
    code: RedactedText = ""
    created_at: Instant = None
    error_type: RedactedText = ""
    error_message: RedactedText = ""
    reason: RedactedText = ""
    end_reason: RedactedText = ""


def _as_status(value: Any) -> Any:
    return value if isinstance(value, dict) else {"code": value if isinstance(value, str) else ""}


def _message(value: Any) -> list[dict[str, Any]] | None:
    """The segments of a transcript, also if there are explicitly none; None for what does not begin with one."""
    if not isinstance(value, list):
        return None
    if value and not isinstance(value[0], dict):
        return None
    segments: list[dict[str, Any]] = objects(value)
    return segments


class WebhookData(LenientModel):
    """`data` of any event; `mp4` and `audio` are signed URLs.

    `synced_at` is the time of a calendar's sync, `affected` are the events that it changed.
    """

    event: Text = ""
    bot_id: Identifier = ""
    status: Annotated[Status, BeforeValidator(_as_status)] = Status()
    error: RedactedText = ""
    message: RedactedText = ""
    reason: RedactedText = ""
    end_reason: RedactedText = ""
    mp4: Link = ""
    audio: Link = ""
    transcript: Annotated[list[dict[str, Any]] | None, PlainValidator(_message)] = Field(None, repr=False)
    event_uuid: Identifier = ""
    extra: ExtraField = ReceivedBotMetadata()
    calendar_id: Identifier = Field("", validation_alias=AliasChoices("calendar_id", "calendar_uuid", "uuid"))
    synced_at: RedactedText = Field("", validation_alias=AliasChoices("last_updated_ts", "last_updated_at"))
    affected: Identifiers = Field((), validation_alias="affected_event_uuids")


@dataclass(frozen=True)
class WebhookEnvelope:
    """`data` is empty for events that are not supported; `trouble` says why one cannot be parsed."""

    event: str
    data: WebhookData
    trouble: str = ""


def parse_envelope(body: bytes, secrets: Collection[str] = ()) -> WebhookEnvelope:
    """The whole delivery, with its transcript. Texts for people come without the `secrets`.

    Raises MalformedWebhookError for what is no JSON object, or cannot be read whole.
    """
    try:
        reject_json_bombs(body)
        document = decode_json(body)
    except ValueError as error:
        raise _no_json(error) from None
    return _delivery(document, secrets)


def read_facts(body: bytes, secrets: Collection[str] = ()) -> WebhookEnvelope:
    """The delivery in bounded time and memory: in place of a long transcript stands only whether there is one.

    Raises MalformedWebhookError for what is no JSON object.
    """
    try:
        body.decode()
        document = decode_json(body) if len(body) < _LARGE_BYTES else _scanned(body)
    except UnwieldyJsonError as error:
        text = body.removeprefix(BOM_UTF8).strip()
        if not (text.startswith(b"{") and text.endswith(b"}")):
            raise _no_json(error) from None
        return WebhookEnvelope("", WebhookData(), str(error))
    except ValueError as error:
        raise _no_json(error) from None
    return _delivery(document, secrets)


def _delivery(document: Any, secrets: Collection[str]) -> WebhookEnvelope:
    if not isinstance(document, dict):
        raise MalformedWebhookError("The body is JSON, but no object.")
    raw = document.get("data")
    data = WebhookData.model_validate(raw if isinstance(raw, dict) else {}, context=secrets)
    name = document.get("event")
    event = (name.strip() if isinstance(name, str) else "") or data.event
    if not event:
        return WebhookEnvelope("", WebhookData(), "it names no event")
    if event not in EVENTS:
        return WebhookEnvelope(event, WebhookData())
    return WebhookEnvelope(event, data, "" if isinstance(raw, dict) else "it holds no data object")


def _scanned(body: bytes) -> Any:
    body = body.removeprefix(BOM_UTF8)
    try:
        members = _DOCUMENT.scan(body)
    except TypeError:
        return None
    except UnwieldyJsonError:
        raise
    except ValueError:
        body = without_halves(body)
        members = _DOCUMENT.scan(body)
    data = members.pop("data", None)
    document = decoded(members)
    if data is None:
        return document
    try:
        facts = _DATA.scan(data)
    except TypeError:
        return document
    transcript = facts.pop("transcript", b"")
    document["data"] = decoded(facts)
    if _LIST_OF_OBJECTS.match(transcript):
        document["data"]["transcript"] = [{}]
    elif _EMPTY_LIST.fullmatch(transcript):
        document["data"]["transcript"] = []
    return document


def _no_json(error: ValueError) -> MalformedWebhookError:
    return MalformedWebhookError(f"The body is no JSON document: {error}.")


def _names_of_members() -> Iterator[str]:
    for field in WebhookData.model_fields.values():
        alias = field.validation_alias
        yield from map(str, alias.choices) if isinstance(alias, AliasChoices) else (str(alias),)


_DOCUMENT = Scanner(["event", "data"])

_DATA = Scanner(_names_of_members())

_KINDS = {
    COMPLETE: BotEventKind.COMPLETE,
    FAILED: BotEventKind.FAILED,
    TRANSCRIPTION_COMPLETE: BotEventKind.TRANSCRIPTION_COMPLETE,
}

_CLOCK_ERROR = timedelta(hours=1)
"""How far the provider's clock may be ahead."""


def parse_webhook(
    body: bytes, received_at: datetime, secrets: Collection[str] = (), signing_secrets: Sequence[str] = ()
) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
    """Parses a delivery; unsupported ones are Ignored. Raises MalformedWebhookError if it is not a JSON object.

    Its texts contain no `secrets`. Metadata only counts if one of the `signing_secrets` signed it.
    """
    delivery = read_facts(body, secrets)
    if delivery.trouble:
        of_event = f"the body of {delivery.event}" if delivery.event else "the body"
        return IgnoredWebhook(detail=f"{of_event} cannot be understood: {delivery.trouble}")
    digest = hashlib.sha256(body).hexdigest()[:16]
    if delivery.event == CALENDAR_SYNC:
        return _calendar(delivery.data, received_at)
    if delivery.event != STATUS_CHANGE and delivery.event not in _KINDS:
        return IgnoredWebhook(detail=f"event {redact(delivery.event, secrets)!r} is unknown")
    if not delivery.data.bot_id:
        return IgnoredWebhook(detail=f"the body of {delivery.event} names no bot")
    extra = delivery.data.extra.verified(signing_secrets)
    if delivery.event == STATUS_CHANGE:
        return _status_change(delivery.data, extra, received_at, digest)
    return _final(delivery.event, delivery.data, extra, received_at, digest)


def _status_change(
    data: WebhookData, extra: BotMetadata, received_at: datetime, digest: str
) -> BotWebhook | IgnoredWebhook:
    status = data.status
    if not status.code:
        return IgnoredWebhook(detail="a status without a code")
    event = BotEvent(
        kind=BotEventKind.STATUS,
        bot_id=data.bot_id,
        occurred_at=_not_from_the_future(status.created_at, received_at),
        dispatch=extra.dispatch,
        status=status_of(status.code),
        reason=end_reason(status.code),
        code=status.code,
        text=_joined(status.error_type, status.error_message, status.reason, status.end_reason),
    )
    # Without a time of its own, a repeat is known by being the same to the letter.
    which = status.created_at.isoformat() if status.created_at else digest
    return _notice(event, data, extra, f"{STATUS_CHANGE}|{data.bot_id}|{status.code}|{which}", keep_body=False)


def _not_from_the_future(created_at: datetime | None, received_at: datetime) -> datetime:
    """Limited to the present, because a status with a future time would count as the newest until then."""
    return created_at if created_at and created_at <= received_at + _CLOCK_ERROR else received_at


def _final(name: str, data: WebhookData, extra: BotMetadata, received_at: datetime, digest: str) -> BotWebhook:
    event = BotEvent(
        kind=_KINDS[name],
        bot_id=data.bot_id,
        occurred_at=received_at,
        dispatch=extra.dispatch,
        reason=failure_reason(data.error) if name == FAILED else None,
        code=data.error,
        text=_joined(data.message, data.reason, data.end_reason),
        has_recording=bool(data.mp4 or data.audio),
        has_transcript=bool(data.transcript),
        # An empty list says that there was no speech; without a list there is no transcript yet.
        transcript_finished=data.transcript == [],
    )
    # A repeat with fresh URLs differs and must get through: the old ones may have run out.
    return _notice(event, data, extra, f"{name}|{data.bot_id}|{digest}", keep_body=name in {COMPLETE, FAILED})


def _notice(
    event: BotEvent, data: WebhookData, extra: BotMetadata, delivery: str, *, keep_body: bool
) -> BotWebhook:
    return BotWebhook(
        event=event,
        delivery=delivery,
        workflow_id=extra.workflow_id,
        event_id=data.event_uuid,
        keep_body=keep_body,
    )


def _calendar(data: WebhookData, received_at: datetime) -> CalendarWebhook | IgnoredWebhook:
    if not data.calendar_id:
        return IgnoredWebhook(detail=f"the body of {CALENDAR_SYNC} names no calendar")
    synced_at = parse_time(data.synced_at)
    # Without a time, the next change may look the same: looking once too often is better than missing it.
    which = synced_at.isoformat() if synced_at else data.synced_at or f"received {received_at.isoformat()}"
    if data.affected:
        # Two changes of one second come with the same time: one must not pass for a repeat of the other.
        which = f"{which}|{hashlib.sha256(' '.join(sorted(data.affected)).encode()).hexdigest()[:16]}"
    everything = len(data.affected) > MAX_NAMED
    return CalendarWebhook(
        calendar_id=data.calendar_id,
        delivery=f"{CALENDAR_SYNC}|{data.calendar_id}|{which}",
        event_ids=() if everything else data.affected,
        everything=everything,
    )


def _joined(*texts: str) -> str:
    return ": ".join(text for text in texts if text)
