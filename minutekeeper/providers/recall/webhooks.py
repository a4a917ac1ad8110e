"""Parses webhook deliveries of Recall.ai into what they report."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.providers.base import BotWebhook, CalendarWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.fields import Identifier, Instant, LenientModel, RedactedText
from minutekeeper.providers.json_decoding import UnwieldyJsonError, decode_json, reject_json_bombs
from minutekeeper.providers.recall.bot_marks import MetadataField, ReceivedBotMarks
from minutekeeper.providers.recall.status_codes import (
    DONE,
    FATAL,
    WITHOUT_MEANING,
    leaving_reason,
    meeting_status_of,
    reason_of,
)
from minutekeeper.providers.redaction import redact

_LEGACY_STATUS = "bot.status_change"
_LOGS = frozenset({"bot.log", "bot.output_log"})
_BOT = "bot."
_CALENDAR_SYNC = "calendar.sync_events"
_CALENDAR_UPDATE = "calendar.update"
_TRANSCRIPTS = {
    "transcript.done": BotEventKind.TRANSCRIPTION_COMPLETE,
    "transcript.failed": BotEventKind.TRANSCRIPTION_FAILED,
}
_MAX_NAME = 100
_CLOCK_ERROR = timedelta(hours=1)
"""How far the provider's clock may be ahead."""


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


class _News(LenientModel):
    """`data.data` of an event of today, or `data.status` of one of version 1.10."""

    code: RedactedText = ""
    sub_code: RedactedText = ""
    message: RedactedText = ""
    updated_at: Instant = None
    created_at: Instant = None

    @property
    def at(self) -> datetime | None:
        return self.updated_at or self.created_at


class _Sender(LenientModel):
    id: Identifier = ""
    metadata: MetadataField = ReceivedBotMarks()


_NewsField = Annotated[_News, BeforeValidator(_object)]


class _Data(LenientModel):
    data: _NewsField = _News()
    status: _NewsField = _News()
    bot: Annotated[_Sender, BeforeValidator(_object)] = _Sender()
    bot_id: Identifier = ""
    calendar_id: Identifier = ""
    last_updated_ts: RedactedText = ""


class _Envelope(LenientModel):
    event: Annotated[str, BeforeValidator(lambda value: value.strip() if isinstance(value, str) else "")] = ""
    data: Annotated[_Data, BeforeValidator(_object)] = Field(_Data())


def parse_delivery(
    body: bytes,
    received_at: datetime,
    delivery_id: str,
    *,
    secrets: Collection[str] = (),
    signing_secrets: Sequence[str] = (),
) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
    """Parses a delivery; unsupported ones are Ignored. Raises MalformedWebhookError if it is not a JSON object.

    Its texts contain no `secrets`. Metadata only counts if one of the `signing_secrets` signed it. Without a
    `delivery_id` of its headers, a repeat is known by being the same to the letter.
    """
    envelope = _read(body, secrets)
    name = redact(envelope.event, secrets)[:_MAX_NAME]
    delivery = delivery_id or f"{name}|{hashlib.sha256(body).hexdigest()[:32]}"
    data = envelope.data
    if envelope.event in {_CALENDAR_SYNC, _CALENDAR_UPDATE}:
        if not data.calendar_id:
            return IgnoredWebhook(detail=f"the body of {name} names no calendar")
        return CalendarWebhook(
            calendar_id=data.calendar_id,
            delivery=delivery,
            is_about_access=envelope.event == _CALENDAR_UPDATE,
        )
    event = _bot_event(envelope, received_at, signing_secrets)
    if isinstance(event, IgnoredWebhook):
        return IgnoredWebhook(detail=redact(event.detail, secrets))
    marks = data.bot.metadata.verified(signing_secrets)
    return BotWebhook(event=event, delivery=delivery, workflow_id=marks.workflow_id)


def _read(body: bytes, secrets: Collection[str]) -> _Envelope:
    try:
        body.decode()
        reject_json_bombs(body)
        document = decode_json(body)
    except UnwieldyJsonError as error:
        raise MalformedWebhookError(f"The body cannot be read: {error}.") from None
    except ValueError as error:
        raise MalformedWebhookError(f"The body is no JSON document: {error}.") from None
    if not isinstance(document, dict):
        raise MalformedWebhookError("The body is JSON, but no object.")
    return _Envelope.model_validate(document, context=secrets)


def _bot_event(
    envelope: _Envelope, received_at: datetime, signing_secrets: Sequence[str]
) -> BotEvent | IgnoredWebhook:
    data = envelope.data
    kind = _TRANSCRIPTS.get(envelope.event)
    # Events of version 1.10 have it under another name; releases may have mixed the two.
    news = data.data if data.data.code or not data.status.code else data.status
    code = _code(envelope, news)
    if why := _why_ignored(envelope, code, is_status=kind is None):
        return IgnoredWebhook(detail=why)
    event = BotEvent(
        bot_id=data.bot.id or data.bot_id,
        occurred_at=_not_from_the_future(news.at, received_at),
        dispatch=data.bot.metadata.verified(signing_secrets).dispatch,
        text=": ".join(part for part in (news.sub_code, news.message) if part),
    )
    if kind is not None or code == DONE:
        return event.model_copy(update={"kind": kind or BotEventKind.SETTLED})
    if code == FATAL:
        failed = {"kind": BotEventKind.FAILED, "reason": reason_of(news.sub_code, is_crash=True)}
        return event.model_copy(update={**failed, "code": news.sub_code or FATAL, "text": news.message})
    known = {"status": meeting_status_of(code), "reason": leaving_reason(code, news.sub_code), "code": code}
    return event.model_copy(update=known)


def _code(envelope: _Envelope, news: _News) -> str:
    """The code of a status. The name of an event says it as well, and some bodies leave it out."""
    in_name = "" if envelope.event == _LEGACY_STATUS else envelope.event.removeprefix(_BOT)
    return (news.code or in_name)[:_MAX_NAME]


def _why_ignored(envelope: _Envelope, code: str, *, is_status: bool) -> str:
    """Why an event is none of a bot that matters here; empty if it is one."""
    name = envelope.event[:_MAX_NAME]
    if not name:
        return "it names no event"
    if is_status and (name in _LOGS or not name.startswith(_BOT)):
        return f"event {name!r} changes nothing here"
    if not (envelope.data.bot.id or envelope.data.bot_id):
        return f"the body of {name} names no bot"
    if is_status and (not code or code in WITHOUT_MEANING):
        return f"the code of {name} says nothing of where the bot is"
    return ""


def _not_from_the_future(at: datetime | None, received_at: datetime) -> datetime:
    """Limited to the present, because a status with a future time would count as the newest until then."""
    return at if at and at <= received_at + _CLOCK_ERROR else received_at
