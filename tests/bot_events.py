"""Events of bots as the Meeting BaaS adapter makes them of its words."""

from typing import Any

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.providers.meetingbaas.status_codes import end_reason, failure_reason, status_of


def bot_event(*, code: str = "", **fields: Any) -> BotEvent:
    """An event whose status and reason are what `code` means at Meeting BaaS, unless they are given."""
    match BotEventKind(fields.get("kind", BotEventKind.STATUS)):
        case BotEventKind.STATUS:
            fields = {"status": status_of(code), "reason": end_reason(code)} | fields
        case BotEventKind.FAILED:
            fields = {"reason": failure_reason(code)} | fields
    # What is not said is left out, as every sender leaves it out.
    return BotEvent(code=code, **{name: value for name, value in fields.items() if value is not None})
