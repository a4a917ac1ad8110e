"""Events of bots as the Meeting BaaS adapter makes them of its words."""

from typing import Any

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.meetingbaas.status_codes import end_reason, failure_reason, status_of

OF_OTHER_PROVIDERS = {"zoom_obf_token_missing": FailureReason.NEEDS_AUTHORISATION}
"""Reasons that Meeting BaaS has no word for, by a word of another provider."""


def bot_event(*, code: str = "", **fields: Any) -> BotEvent:
    """An event whose status and reason are what `code` means at Meeting BaaS, unless they are given."""
    match BotEventKind(fields.get("kind", BotEventKind.STATUS)):
        case BotEventKind.STATUS:
            fields = {"status": status_of(code), "reason": end_reason(code)} | fields
        case BotEventKind.FAILED:
            fields = {"reason": OF_OTHER_PROVIDERS.get(code) or failure_reason(code)} | fields
    # What is not said is left out, as every sender leaves it out.
    return BotEvent(code=code, **{name: value for name, value in fields.items() if value is not None})
