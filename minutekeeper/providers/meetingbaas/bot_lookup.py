"""Looks up bots at the provider: by dispatch key, by origin, and their status."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.providers.base import BotObservation, BotOrigin, FoundBot, ProviderBotStatus, UnavailableError
from minutekeeper.providers.bot_metadata import BotMetadata
from minutekeeper.providers.meeting_names import meeting_name, names_in_meeting_url
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.request_models import BotQuery
from minutekeeper.providers.meetingbaas.response_models import BotDetails, BotSummary, MeetingData
from minutekeeper.providers.meetingbaas.status_codes import failure_reason, status_of

CLOCK_SKEW = timedelta(minutes=2)
"""Allowance for the provider's clock, which stamps bots."""

_LONGEST_LIFE = timedelta(hours=6)
"""The longest time that a bot exists: it ends after five hours, and a reserved one waits a little before."""


async def find_bots(
    client: MeetingBaasClient, signing_secrets: Sequence[str], key: str, meeting_url: str, since: datetime
) -> list[FoundBot]:
    """Bots created since then under this key or for this meeting, newest first.

    One list is asked for, by what names the meeting: it is filtered before it is cut into pages, so that it is one
    page however many bots the account has. A key belongs to one meeting's URL, so its bots are in that list as
    well; a list by key would be filtered page by page. Both are checked again, because a list that
    ignores its filters must not return a bot that is not ours, and neither must another bot with our key.
    """
    created_after = since - CLOCK_SKEW
    name = meeting_name(meeting_url)
    query = (
        BotQuery(created_after=created_after, meeting_url=name)
        if name
        else BotQuery(created_after=created_after, filter_by_extra={"dispatch_key": key})
    )
    found: dict[str, FoundBot] = {}
    async for bot in client.list_bots(query):
        created_at = bot.created_at or since
        extra = bot.extra.verified(signing_secrets)
        is_match = extra.dispatch_key == key or name in names_in_meeting_url(bot.meeting_url)
        if bot.bot_id and is_match and created_at >= created_after:
            found[bot.bot_id] = _found(bot, extra, created_at)
    return sorted(found.values(), key=lambda bot: bot.created_at, reverse=True)


async def is_at_work(client: MeetingBaasClient, bot_id: str) -> bool:
    """Whether the list has this bot, and it has not ended."""
    query = BotQuery(created_after=datetime.now(UTC) - _LONGEST_LIFE)
    async for bot in client.list_bots(query):
        if bot.bot_id == bot_id:
            return bot.ended_at is None
    return False


def _found(bot: BotSummary, extra: BotMetadata, created_at: datetime) -> FoundBot:
    return FoundBot(
        bot_id=bot.bot_id,
        created_at=created_at,
        is_open=bot.ended_at is None,
        key=extra.dispatch_key,
        workflow_id=extra.workflow_id,
        run=extra.run,
    )


async def origin_of(client: MeetingBaasClient, signing_secrets: Sequence[str], bot_id: str) -> BotOrigin:
    """The data of a bot. Raises NotFoundError if it has none.

    It is not documented whether a running bot has any.
    """
    data = await client.meeting_data(bot_id, include_transcripts=False)
    details = data.bot_data.bot
    if details is None:
        raise UnavailableError("Meeting BaaS answered for a bot without saying anything of it.")
    return _origin(bot_id, details, details.extra.verified(signing_secrets), data.bot_data.event_uuid)


async def recent_origins(
    client: MeetingBaasClient, signing_secrets: Sequence[str], since: datetime
) -> AsyncIterator[list[BotOrigin]]:
    """The origin of a bot in the list, which does not name its event."""
    async for page in client.pages_of_bots(BotQuery(created_after=since - CLOCK_SKEW)):
        yield [_origin(bot.bot_id, bot, bot.extra.verified(signing_secrets), "") for bot in page if bot.bot_id]


def _origin(bot_id: str, bot: BotDetails | BotSummary, extra: BotMetadata, event_id: str) -> BotOrigin:
    return BotOrigin(
        bot_id=bot.bot_id or bot_id,
        meeting_url=bot.meeting_url,
        created_at=bot.created_at or datetime.now(UTC),
        is_ours=bool(extra.dispatch_key),
        workflow_id=extra.workflow_id,
        dispatch=extra.dispatch,
        event_id=event_id,
    )


def bot_observation(bot_id: str, data: MeetingData) -> BotObservation:
    """The final status of a bot: it has ended once `ended_at` is set, successfully if there is a file or no error.

    A file counts more than errors, because then something was recorded. Raises UnavailableError if nothing is said
    of it.
    """
    bot = data.bot_data.bot
    if data.content_deleted:
        text = _text("its data were deleted at the provider", bot.errors if bot else "")
        return BotObservation(status=ProviderBotStatus.GONE, events=(), text=text)
    if bot is None:
        raise UnavailableError("Meeting BaaS answered for a bot without saying anything of it.")
    events = _movements(bot_id, bot)
    if bot.ended_at is None:
        return BotObservation(
            status=ProviderBotStatus.OPEN, events=events, text=_text("it has not ended", bot.errors)
        )
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
    return BotObservation(
        status=ProviderBotStatus.FAILED if failed else ProviderBotStatus.COMPLETE,
        events=tuple(sorted((*events, final), key=lambda event: event.occurred_at)),
        text=_text(f"it ended at {bot.ended_at:%Y-%m-%d %H:%M:%SZ}", bot.errors),
    )


def _movements(bot_id: str, bot: BotDetails) -> tuple[BotEvent, ...]:
    """The events of entering and leaving the call, with the codes that webhooks would have."""
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
