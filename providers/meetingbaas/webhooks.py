"""What a delivered webhook means to us."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from meetings.calendars.news import MAX_NAMED
from meetings.events import BotEvent, BotEventKind
from providers.base import CalendarNotice, Ignored, Notice
from providers.meetingbaas.deliveries import (
    CALENDAR_SYNC,
    COMPLETE,
    FAILED,
    STATUS_CHANGE,
    TRANSCRIPTION_COMPLETE,
    DeliveryData,
    read_facts,
)
from providers.meetingbaas.extra import Extra
from providers.meetingbaas.redaction import redact
from providers.meetingbaas.status_codes import end_reason, failure_reason, status_of
from providers.meetingbaas.times import parse_time

_KINDS = {
    COMPLETE: BotEventKind.COMPLETE,
    FAILED: BotEventKind.FAILED,
    TRANSCRIPTION_COMPLETE: BotEventKind.TRANSCRIPTION_COMPLETE,
}


_CLOCK_ERROR = timedelta(hours=1)
"""How far the provider's clock may be ahead of ours."""


def parse_webhook(
    body: bytes, received_at: datetime, secrets: Collection[str] = (), signing_secrets: Sequence[str] = ()
) -> Notice | CalendarNotice | Ignored:
    """Raises MalformedWebhookError for what is no JSON object; every other that means nothing to us is Ignored.

    Its texts hold no `secrets`. What a bot carries counts only if one of the `signing_secrets` signed it.
    """
    delivery = read_facts(body, secrets)
    if delivery.trouble:
        of_event = f"the body of {delivery.event}" if delivery.event else "the body"
        return Ignored(why=f"{of_event} cannot be understood: {delivery.trouble}")
    digest = hashlib.sha256(body).hexdigest()[:16]
    if delivery.event == CALENDAR_SYNC:
        return _calendar(delivery.data, received_at)
    if delivery.event != STATUS_CHANGE and delivery.event not in _KINDS:
        return Ignored(why=f"event {redact(delivery.event, secrets)!r} is unknown")
    if not delivery.data.bot_id:
        return Ignored(why=f"the body of {delivery.event} names no bot")
    extra = delivery.data.extra.verified(signing_secrets)
    if delivery.event == STATUS_CHANGE:
        return _status_change(delivery.data, extra, received_at, digest)
    return _final(delivery.event, delivery.data, extra, received_at, digest)


def _status_change(data: DeliveryData, extra: Extra, received_at: datetime, digest: str) -> Notice | Ignored:
    status = data.status
    if not status.code:
        return Ignored(why="a status without a code")
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
    """A status that claims a time to come would pass for the newest until then."""
    return created_at if created_at and created_at <= received_at + _CLOCK_ERROR else received_at


def _final(name: str, data: DeliveryData, extra: Extra, received_at: datetime, digest: str) -> Notice:
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
    )
    # A repeat with fresh URLs differs and must get through: the old ones may have run out.
    return _notice(event, data, extra, f"{name}|{data.bot_id}|{digest}", keep_body=name in {COMPLETE, FAILED})


def _notice(event: BotEvent, data: DeliveryData, extra: Extra, delivery: str, *, keep_body: bool) -> Notice:
    return Notice(
        event=event,
        delivery=delivery,
        workflow_id=extra.workflow_id,
        event_id=data.event_uuid,
        keep_body=keep_body,
    )


def _calendar(data: DeliveryData, received_at: datetime) -> CalendarNotice | Ignored:
    if not data.calendar_id:
        return Ignored(why=f"the body of {CALENDAR_SYNC} names no calendar")
    synced_at = parse_time(data.synced_at)
    # Without a time, the next change may look the same: looking once too often is better than missing it.
    which = synced_at.isoformat() if synced_at else data.synced_at or f"received {received_at.isoformat()}"
    if data.affected:
        # Two changes of one second come with the same time: one must not pass for a repeat of the other.
        which = f"{which}|{hashlib.sha256(' '.join(sorted(data.affected)).encode()).hexdigest()[:16]}"
    everything = len(data.affected) > MAX_NAMED
    return CalendarNotice(
        calendar_id=data.calendar_id,
        delivery=f"{CALENDAR_SYNC}|{data.calendar_id}|{which}",
        event_ids=() if everything else data.affected,
        everything=everything,
    )


def _joined(*texts: str) -> str:
    return ": ".join(text for text in texts if text)
