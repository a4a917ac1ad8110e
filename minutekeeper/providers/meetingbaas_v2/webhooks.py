"""Parses webhooks and callbacks of Meeting BaaS v2 into what they report."""

import hashlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from minutekeeper.calendars.messages import MAX_NAMED
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.providers.base import BotWebhook, CalendarWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.bot_metadata import BotMetadata, ExtraField, ReceivedBotMetadata
from minutekeeper.providers.fields import Identifier, Instant, LenientModel, RedactedText
from minutekeeper.providers.json_decoding import decode_json, reject_json_bombs
from minutekeeper.providers.meetingbaas_v2.response_models import BotFiles
from minutekeeper.providers.meetingbaas_v2.status_codes import (
    NEVER_RAN,
    reason_of_error,
    reason_of_status,
    status_of_code,
)
from minutekeeper.providers.redaction import redact

_STATUS_CHANGE = "bot.status_change"
_COMPLETED = "bot.completed"
_FAILED = "bot.failed"
_CHAT_MESSAGE = "bot.chat_message"
_BOT_EVENTS = frozenset({_STATUS_CHANGE, _COMPLETED, _FAILED})

_CALENDAR_PREFIX = "calendar."
_CONNECTION_PREFIX = "calendar.connection_"

_CLOCK_ERROR = timedelta(hours=1)
"""How far the provider's clock may be ahead."""

_MOST_CHARACTERS = 255


class ReportedStatus(LenientModel):
    code: RedactedText = ""
    created_at: Instant = None
    error_message: RedactedText = ""


def _as_status(value: Any) -> Any:
    return value if isinstance(value, dict) else {"code": value if isinstance(value, str) else ""}


class BotReport(BotFiles):
    """`data` of any event about a bot."""

    bot_id: Identifier = ""
    event_id: Identifier = ""
    reported: Annotated[ReportedStatus, BeforeValidator(_as_status)] = Field(
        ReportedStatus(), validation_alias="status"
    )
    sent_at: Instant = None
    extra: ExtraField = ReceivedBotMetadata()


class CalendarNews(LenientModel):
    """`data` of any event about a calendar."""

    calendar_id: Identifier = Field("", validation_alias=AliasChoices("calendar_id", "calendarId", "id"))


def read_webhook(
    body: bytes,
    received_at: datetime,
    *,
    delivery_id: str = "",
    secrets: Collection[str] = (),
    signing_secrets: Sequence[str] = (),
) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
    """Parses a delivery; unsupported ones are ignored. Raises MalformedWebhookError if it is not a JSON object.

    `delivery_id` is that of its signature; callbacks have none, and are told apart by their content. Texts contain
    no `secrets`. Metadata only counts if one of the `signing_secrets` signed it.
    """
    document = _document(body)
    event, data = document.get("event"), document.get("data")
    event = event.strip() if isinstance(event, str) else ""
    if not isinstance(data, dict) or not _is_known(event):
        return IgnoredWebhook(detail=_why_ignored(event, secrets))
    which = _short(delivery_id) or f"{_short(event)}|{_digest(body)}"
    if event.startswith(_CALENDAR_PREFIX):
        return _calendar_news(event, data, which)
    report = BotReport.model_validate(_with_extra(document, data), context=secrets)
    extra = report.extra.verified(signing_secrets)
    seen = _bot_event(event, report, extra, received_at) if report.bot_id else None
    if seen is None:
        missing = "a status without a code" if report.bot_id else f"the body of {event} names no bot"
        return IgnoredWebhook(detail=missing)
    return BotWebhook(
        event=seen,
        delivery=which,
        workflow_id=extra.workflow_id,
        event_id=report.event_id,
        keep_body=seen.kind is BotEventKind.COMPLETE,
    )


def _is_known(event: str) -> bool:
    return event in _BOT_EVENTS or event.startswith(_CALENDAR_PREFIX)


def _why_ignored(event: str, secrets: Collection[str]) -> str:
    if not event:
        return "the body names no event"
    if event == _CHAT_MESSAGE:
        return "a chat message"
    name = redact(event, secrets)
    return f"the body of {name} holds no data object" if _is_known(event) else f"event {name!r} is unknown"


def read_files(body: bytes) -> BotFiles:
    """The files that a delivery names. Raises MalformedWebhookError for what is no JSON object."""
    data = _document(body).get("data")
    return BotReport.model_validate(data if isinstance(data, dict) else {})


def _document(body: bytes) -> dict[str, Any]:
    try:
        body.decode()
        reject_json_bombs(body)
        document = decode_json(body)
    except ValueError as error:
        raise MalformedWebhookError(f"The body is no JSON document: {error}.") from None
    if not isinstance(document, dict):
        raise MalformedWebhookError("The body is JSON, but no object.")
    return document


def _with_extra(document: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """`extra` stands beside `data` or in it, by different pages of the documentation."""
    beside = document.get("extra")
    return data if beside is None else data | {"extra": beside}


def _bot_event(event: str, report: BotReport, extra: BotMetadata, received_at: datetime) -> BotEvent | None:
    status = report.reported
    if event == _STATUS_CHANGE:
        if not status.code:
            return None
        return BotEvent(
            bot_id=report.bot_id,
            occurred_at=_not_from_the_future(status.created_at, received_at),
            dispatch=extra.dispatch,
            status=status_of_code(status.code),
            reason=reason_of_status(status.code),
            code=status.code,
            text=status.error_message,
        )
    kind, reason = BotEventKind.SETTLED, None
    if event == _COMPLETED and report.has_recording:
        kind = BotEventKind.COMPLETE
    elif event == _FAILED and reason_of_error(report.error_code) in NEVER_RAN:
        kind, reason = BotEventKind.FAILED, reason_of_error(report.error_code)
    # The rest is asked about: a bot that failed may have a video, one that completed may have none.
    said = [report.error_code, report.error_message] if kind is BotEventKind.SETTLED else [report.error_message]
    return BotEvent(
        kind=kind,
        bot_id=report.bot_id,
        occurred_at=_not_from_the_future(report.sent_at, received_at),
        dispatch=extra.dispatch,
        reason=reason,
        code=report.error_code,
        text=": ".join(text for text in said if text),
        has_recording=report.has_recording,
        has_transcript=bool(report.transcription),
    )


def _not_from_the_future(instant: datetime | None, received_at: datetime) -> datetime:
    """Limited to the present, because a status with a future time would count as the newest until then."""
    return instant if instant and instant <= received_at + _CLOCK_ERROR else received_at


def _calendar_news(event: str, data: dict[str, Any], delivery: str) -> CalendarWebhook | IgnoredWebhook:
    calendar_id = CalendarNews.model_validate(data).calendar_id
    if not calendar_id:
        return IgnoredWebhook(detail="the body of an event of a calendar names no calendar")
    if event.startswith(_CONNECTION_PREFIX):
        return CalendarWebhook(calendar_id=calendar_id, delivery=delivery, is_about_access=True)
    named = tuple(dict.fromkeys(_event_ids(data)))
    everything = not named or len(named) > MAX_NAMED
    return CalendarWebhook(
        calendar_id=calendar_id,
        delivery=delivery,
        event_ids=() if everything else named,
        everything=everything,
    )


def _event_ids(value: Any) -> Iterator[str]:
    """Every `event_id` at any depth, because each kind of news has another place for them."""
    waiting = deque([value])
    while waiting:
        part = waiting.popleft()
        if isinstance(part, dict):
            found = part.get("event_id")
            if isinstance(found, str) and 0 < len(found) <= _MOST_CHARACTERS and found.isprintable():
                yield found
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _short(name: str) -> str:
    """Names of a usual length are used as they are; longer ones would make keys too long."""
    return name if len(name) <= _MOST_CHARACTERS else _digest(name.encode("utf-8", "replace"))


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
