"""What Meeting BaaS v2 answers about a bot, as the events that its webhooks would report.

There is no history of statuses, so the present one is all there is, beside the times of entering and leaving.
"""

from datetime import UTC, datetime, timedelta

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.provider_choice import PROVIDER_FAULTS
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import BotObservation, NotFoundError, ProviderBotStatus
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.response_models import BotProgress, StartedBot, WaitingBot
from minutekeeper.providers.meetingbaas_v2.status_codes import (
    FAILED_STATUS,
    FINAL_STATUSES,
    TRANSCRIBING,
    TRANSCRIPTION_ERROR,
    TRANSCRIPTION_FAILURES,
    reason_of_error,
    reason_of_status,
    status_of_code,
)

_CANCELLED = "cancelled"
_LONGEST_TRANSCRIPTION = timedelta(minutes=30)
"""After this the recording is collected without its transcript."""


async def observe(client: MeetingBaasV2Client, bot_id: str) -> BotObservation:
    """Asks about the bot, and about its order if it was not started yet.

    The details are read last, because they are what a final status is believed from.
    """
    try:
        progress = await client.progress(bot_id)
        bot = await client.started_bot(bot_id)
    except NotFoundError:
        try:
            return _of_waiting_bot(bot_id, await client.waiting_bot(bot_id))
        except NotFoundError as error:
            return BotObservation(status=ProviderBotStatus.GONE, events=(), text=str(error))
    return _of_started_bot(bot_id, bot, progress)


def _of_waiting_bot(bot_id: str, bot: WaitingBot) -> BotObservation:
    if bot.is_open:
        when = f"{bot.join_at:%Y-%m-%d %H:%M:%SZ}" if bot.join_at else "its time"
        is_due = bot.status != "scheduled"
        text = "it is being started" if is_due else f"it waits to join at {when}"
        return BotObservation(status=ProviderBotStatus.OPEN, events=(), text=text)
    is_cancelled = bot.status == _CANCELLED
    final = BotEvent(
        kind=BotEventKind.FAILED,
        bot_id=bot_id,
        occurred_at=bot.cancelled_at or bot.updated_at or datetime.now(UTC),
        # A bot is refused when it is due for want of tokens, or because the day's bots are used up.
        reason=FailureReason.STOPPED if is_cancelled else FailureReason.ACCOUNT,
        code=bot.status,
        text="it was cancelled before it was started" if is_cancelled else "it was refused when it was due",
        source=EventSource.API,
    )
    return BotObservation(status=ProviderBotStatus.FAILED, events=(final,), text=final.text)


def _of_started_bot(bot_id: str, bot: StartedBot, progress: BotProgress) -> BotObservation:
    why = ": ".join(text for text in (bot.error_code, bot.error_message) if text)
    if bot.is_deleted:
        text = _sentence("its data were deleted at the provider", why)
        return BotObservation(status=ProviderBotStatus.GONE, events=(), text=text)
    events = _movements(bot_id, bot)
    status = bot.status or progress.status
    at = progress.updated_at if progress.status == status else None
    if status not in FINAL_STATUSES and not _is_ready(bot, progress, status):
        if status and at:
            events.append(_status_event(bot_id, status, at))
        return BotObservation(
            status=ProviderBotStatus.OPEN,
            events=_in_order(events),
            text=_sentence(f"it has not ended: {status or 'no status'}", why),
        )
    ended_at = at or bot.exited_at or datetime.now(UTC)
    stated_reason = reason_of_error(bot.error_code)
    # A crash is a failure, even if something was recorded before it; any other end with a recording is none.
    has_failed = status == FAILED_STATUS and (not bot.has_recording or stated_reason in PROVIDER_FAULTS)
    events.append(
        BotEvent(
            kind=BotEventKind.FAILED if has_failed else BotEventKind.COMPLETE,
            bot_id=bot_id,
            occurred_at=ended_at,
            reason=stated_reason if has_failed else None,
            code=bot.error_code if has_failed else "",
            text=bot.error_message if has_failed else why,
            source=EventSource.API,
            has_recording=bot.has_recording,
            has_transcript=bool(bot.transcription),
        )
    )
    if bot.has_recording and _transcription_failed(bot, progress):
        events.append(
            BotEvent(
                kind=BotEventKind.TRANSCRIPTION_FAILED,
                bot_id=bot_id,
                occurred_at=ended_at,
                code=bot.error_code,
                text=bot.error_message,
                source=EventSource.API,
            )
        )
    return BotObservation(
        status=ProviderBotStatus.FAILED if has_failed else ProviderBotStatus.COMPLETE,
        events=_in_order(events),
        text=_sentence(f"it ended at {ended_at:%Y-%m-%d %H:%M:%SZ}", why),
    )


def _is_ready(bot: StartedBot, progress: BotProgress, status: str) -> bool:
    """Whether all files are there, because the statuses of some bots stop before the last one."""
    if status != TRANSCRIBING or not bot.has_recording:
        return False
    since = progress.updated_at
    return bool(bot.transcription) or (since is not None and datetime.now(UTC) - since > _LONGEST_TRANSCRIPTION)


def _transcription_failed(bot: StartedBot, progress: BotProgress) -> bool:
    is_said = bot.error_code in TRANSCRIPTION_FAILURES or progress.transcription_status == TRANSCRIPTION_ERROR
    return is_said and not bot.transcription


def _movements(bot_id: str, bot: StartedBot) -> list[BotEvent]:
    """The events of entering and leaving the call, with the codes that webhooks would have."""
    moments = (("in_call_not_recording", bot.joined_at), ("call_ended", bot.exited_at))
    return [_status_event(bot_id, code, at) for code, at in moments if at is not None]


def _status_event(bot_id: str, code: str, at: datetime) -> BotEvent:
    return BotEvent(
        kind=BotEventKind.STATUS,
        bot_id=bot_id,
        occurred_at=at,
        status=status_of_code(code),
        reason=reason_of_status(code),
        code=code,
        source=EventSource.API,
    )


def _in_order(events: list[BotEvent]) -> tuple[BotEvent, ...]:
    return tuple(sorted(events, key=lambda event: event.occurred_at))


def _sentence(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what
