"""What a meeting makes of a provider's answer about a bot. Pure."""

from datetime import datetime

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource, ObservedBot
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.session_state import SessionState
from minutekeeper.meetings.status import FailureReason

_FINAL_KINDS = frozenset({BotEventKind.COMPLETE, BotEventKind.FAILED})


def apply_observation(
    meeting: MeetingState, session: SessionState, before: BotState, seen: ObservedBot, now: datetime
) -> None:
    """Takes the answer through the same transitions as webhooks.

    `before` is the session's bot when the provider was asked; it may have reported since.
    """
    meeting.note(now, "asked", f"Asked the provider about the bot: {seen.text or 'it is at work'}.")
    bot = session.bot or before
    session.bot = bot.model_copy(
        update={
            "polls_without_news": bot.polls_without_news + 1,
            "taken_away": bot.taken_away or seen.removed_by_owner,
        }
    )
    for event in seen.events:
        meeting.apply_event(event.model_copy(update={"dispatch": before.dispatch}))
    if seen.gone and session.bot.final is None:
        meeting.apply_event(_gone(before, seen.text, now))
    has_ended = seen.gone or any(event.kind in _FINAL_KINDS for event in seen.events)
    # That it was not known for a moment means nothing once it is known to be at work.
    is_last_word = (
        has_ended and before.settled_at is not None
        if before.final is None
        else has_ended or before.final.reason is not FailureReason.NO_ANSWER
    )
    session.bot = session.bot.model_copy(update={"polled_at": now, "polled_after_final": is_last_word})
    meeting.changed()


def _gone(bot: BotState, text: str, now: datetime) -> BotEvent:
    return BotEvent(
        kind=BotEventKind.FAILED,
        bot_id=bot.bot_id,
        dispatch=bot.dispatch,
        code="gone",
        reason=FailureReason.NO_ANSWER,
        text=text,
        occurred_at=now,
        source=EventSource.API,
    )
