"""Looks up bots at Recall.ai: by our key, by origin, and what became of them."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import BotObservation, BotOrigin, FoundBot, ProviderBotStatus
from minutekeeper.providers.calendar_ids import calendar_of_user
from minutekeeper.providers.recall.bot_marks import KEY
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.response_models import RecallBot, RecallCalendarMeeting, RecallStatusChange
from minutekeeper.providers.recall.status_codes import (
    CALL_ENDED,
    DONE,
    FATAL,
    WITHOUT_MEANING,
    leaving_reason,
    meeting_status_of,
    reason_of,
)

_CLOCK_SKEW = timedelta(minutes=2)
"""Allowance between the clocks of the workers that mark bots with their time and of those that look for them."""


_REPEATED_FOR = timedelta(minutes=50)
"""How long after the time in its marks a bot of ours may have been created, because the request was repeated."""


async def matching_bots(
    client: RecallClient, signing_secrets: Sequence[str], key: str, meeting_url: str, since: datetime
) -> list[FoundBot]:
    """Bots since then under this key or for this link, newest first.

    Each filter is one list. What a list returns is checked again, because one that ignores its filters must not
    return a bot that is not ours. A room may have had thousands of bots before, so that no list is read beyond
    `since` if it shows the newest first.
    """
    found: dict[str, FoundBot] = {}
    for filters in ({f"metadata__{KEY}": key}, {"meeting_url": meeting_url}):
        async for page in client.pages_of_bots(filters):
            for bot in page:
                marks = bot.metadata.verified(signing_secrets)
                created_at = _created_at(bot, marks.sent_at) or since
                is_match = marks.key == key or meeting_url in {marks.meeting_url, bot.link()}
                if bot.id and is_match and created_at >= since - _CLOCK_SKEW:
                    found[bot.id] = FoundBot(
                        bot_id=bot.id,
                        created_at=created_at,
                        is_open=not bot.has_ended,
                        key=marks.key,
                        workflow_id=marks.workflow_id,
                        run=marks.run,
                    )
            if _ends_before(page, signing_secrets, since - _CLOCK_SKEW):
                break
    return sorted(found.values(), key=lambda bot: bot.created_at, reverse=True)


async def listed_origins(
    client: RecallClient, signing_secrets: Sequence[str], since: datetime
) -> AsyncIterator[list[BotOrigin]]:
    """The origins of bots, as far as a page tells when they were created.

    The order of the list is not documented: if a page shows the newest first, no page is read beyond `since`.
    """
    earliest = since - _REPEATED_FOR - _CLOCK_SKEW
    async for page in client.pages_of_bots({}):
        origins = [bot_origin(bot, signing_secrets) for bot in page if bot.id]
        yield [origin for origin in origins if origin.created_at >= earliest]
        if _ends_before(page, signing_secrets, earliest):
            return


def bot_origin(bot: RecallBot, signing_secrets: Sequence[str]) -> BotOrigin:
    """Where a bot comes from. One that Recall.ai's own calendars sent names the meeting in them."""
    marks = bot.metadata.verified(signing_secrets)
    meeting = next((each for each in bot.calendar_meetings if each.id), RecallCalendarMeeting())
    return BotOrigin(
        bot_id=bot.id,
        meeting_url=marks.meeting_url or bot.link(),
        created_at=_created_at(bot, marks.sent_at) or datetime.now(UTC),
        is_ours=bool(marks.key),
        workflow_id=marks.workflow_id,
        dispatch=marks.dispatch,
        event_id=meeting.id,
        calendar_id=calendar_of_user(meeting.calendar_user.external_id),
    )


def observed_bot(bot_id: str, bot: RecallBot) -> BotObservation:
    """The history of a bot, with its end worked out: `done` says nothing of whether anything was recorded."""
    history = bot.history
    events = tuple(
        _status_event(bot_id, each, each.created_at) for each in history if each.created_at and _is_told(each)
    )
    said = ", ".join(_words(each) for each in history) or "it is waiting for its time"
    if not bot.has_ended:
        return BotObservation(status=ProviderBotStatus.OPEN, events=events, text=said)
    final = _final_event(bot_id, bot, history)
    is_complete = final.kind is BotEventKind.COMPLETE
    status = ProviderBotStatus.COMPLETE if is_complete else ProviderBotStatus.FAILED
    return BotObservation(status=status, events=(*events, final), text=said)


def _final_event(bot_id: str, bot: RecallBot, history: Sequence[RecallStatusChange]) -> BotEvent:
    """`fatal` is a failure, even if something was recorded before it; `done` with a recording is none."""
    crash = next((each for each in history if each.code == FATAL), None)
    end = crash or next((each for each in history if each.code == DONE), history[-1])
    lost = [each for each in bot.recordings if each.status.code == "failed"]
    has_recording = bot.was_recording and (not bot.recordings or len(lost) < len(bot.recordings))
    left = next((each for each in reversed(history) if each.code == CALL_ENDED), None)
    if crash is not None:
        reason, code = reason_of(crash.sub_code, is_crash=True), crash.sub_code or FATAL
    elif lost and not has_recording:
        reason, code = FailureReason.PROVIDER_ERROR, lost[0].status.sub_code or "recording failed"
    else:
        code = left.sub_code if left else ""
        reason = reason_of(code)
    is_failure = crash is not None or not has_recording
    text = (crash.message if crash else "") or ("nothing was recorded" if is_failure and not crash else "")
    return BotEvent(
        kind=BotEventKind.FAILED if is_failure else BotEventKind.COMPLETE,
        bot_id=bot_id,
        occurred_at=end.created_at or _latest(history) or datetime.now(UTC),
        reason=reason if is_failure else None,
        code=code if is_failure else "",
        text=text if is_failure else code,
        source=EventSource.API,
        has_recording=has_recording,
        has_transcript=any(
            each.media_shortcuts.transcript is not None and bool(each.media_shortcuts.transcript.url)
            for each in bot.recordings
        ),
    )


def _status_event(bot_id: str, change: RecallStatusChange, occurred_at: datetime) -> BotEvent:
    return BotEvent(
        kind=BotEventKind.STATUS,
        bot_id=bot_id,
        occurred_at=occurred_at,
        status=meeting_status_of(change.code),
        reason=leaving_reason(change.code, change.sub_code),
        code=change.code,
        text=change.sub_code or change.message,
        source=EventSource.API,
    )


def _is_told(change: RecallStatusChange) -> bool:
    return bool(change.code) and change.code not in WITHOUT_MEANING | {DONE, FATAL}


def _created_at(bot: RecallBot, sent_at: datetime | None) -> datetime | None:
    """By our own mark, else by the first that is known of it; the provider does not say it."""
    if sent_at is not None:
        return sent_at
    known = [each.created_at for each in bot.status_changes if each.created_at]
    return min(known, default=bot.join_at)


def _ends_before(page: Sequence[RecallBot], signing_secrets: Sequence[str], instant: datetime) -> bool:
    """Whether a page shows the newest bots first, and ends with one from before the instant."""
    known = [_created_at(bot, bot.metadata.verified(signing_secrets).sent_at) for bot in page]
    times = [at for at in known if at is not None]
    is_newest_first = len(times) > 1 and all(later >= earlier for later, earlier in pairwise(times))
    return is_newest_first and times[0] > times[-1] and times[-1] < instant


def _latest(history: Sequence[RecallStatusChange]) -> datetime | None:
    return max((each.created_at for each in history if each.created_at), default=None)


def _words(change: RecallStatusChange) -> str:
    return f"{change.code} ({change.sub_code})" if change.sub_code else change.code
