"""What meeting_data says of a bot, put into the same events that its webhooks bring."""

from meetings.events import BotEvent, BotEventKind, EventSource
from providers.base import BotReality, Observation, UnavailableError
from providers.meetingbaas.models import BotDetails, MeetingData
from providers.meetingbaas.status_codes import failure_reason, status_of


def observation(bot_id: str, data: MeetingData) -> Observation:
    """Settles a bot: it has ended once `ended_at` is set, well if there is a file or no error, else badly.

    A file outweighs errors, because then something was recorded. Raises UnavailableError if nothing is said of it.
    """
    bot = data.bot_data.bot
    if data.content_deleted:
        text = _text("its data were deleted at the provider", bot.errors if bot else "")
        return Observation(reality=BotReality.GONE, events=(), text=text)
    if bot is None:
        raise UnavailableError("Meeting BaaS answered for a bot without saying anything of it.")
    events = _movements(bot_id, bot)
    if bot.ended_at is None:
        return Observation(reality=BotReality.OPEN, events=events, text=_text("it has not ended", bot.errors))
    failed = bool(bot.errors) and not data.has_recording
    final = BotEvent(
        kind=BotEventKind.FAILED if failed else BotEventKind.COMPLETE,
        bot_id=bot_id,
        occurred_at=bot.ended_at,
        reason=failure_reason(bot.errors) if failed else None,
        code=bot.errors if failed else "",
        text="" if failed else bot.errors,
        source=EventSource.API,
        has_recording=data.has_recording,
        has_transcript=bool(data.bot_data.transcripts),
    )
    return Observation(
        reality=BotReality.FAILED if failed else BotReality.COMPLETE,
        events=tuple(sorted((*events, final), key=lambda event: event.occurred_at)),
        text=_text(f"it ended at {bot.ended_at:%Y-%m-%d %H:%M:%SZ}", bot.errors),
    )


def _movements(bot_id: str, bot: BotDetails) -> tuple[BotEvent, ...]:
    """Entering and leaving the call; the codes are those whose webhooks would have said so."""
    moments = (("in_call_not_recording", bot.bot_joined_at), ("call_ended", bot.bot_exited_at))
    events = [
        BotEvent(
            kind=BotEventKind.STATUS,
            bot_id=bot_id,
            occurred_at=at,
            status=status_of(code),
            code=code,
            source=EventSource.API,
        )
        for code, at in moments
        if at is not None
    ]
    return tuple(sorted(events, key=lambda event: event.occurred_at))


def _text(what: str, errors: str) -> str:
    return f"{what}: {errors}" if errors else what
