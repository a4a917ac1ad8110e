"""Looks up bots in both lists of Meeting BaaS v2: those that were started, and those that were ordered ahead."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from minutekeeper.providers.base import BotOrigin, FoundBot, NotFoundError
from minutekeeper.providers.bot_metadata import BotMetadata
from minutekeeper.providers.meeting_names import meeting_name, names_in_meeting_url
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.request_models import BotFilters
from minutekeeper.providers.meetingbaas_v2.response_models import ListedBot, StartedBot, WaitingBot

CLOCK_ERROR = timedelta(minutes=2)
"""Allowance for the provider's clock, which stamps bots."""

_LOCKED = timedelta(minutes=10)
"""Twice the time in which a second bot is refused: whatever it is refused for was created since."""

_FARTHEST_BACK = timedelta(days=89)
"""Earlier times are refused as filters."""


async def search_bots(
    client: MeetingBaasV2Client, signing_secrets: Sequence[str], key: str, meeting_url: str, since: datetime
) -> list[FoundBot]:
    """Bots created since then under this key or for this meeting, newest first.

    A bot that was started is in both lists, and counts as the list of those says. Everything is checked again, so
    that a list that ignores its filters returns no bot that is not ours, and neither does another bot with our key.
    """
    since = _not_too_far_back(since - CLOCK_ERROR - _LOCKED)
    name = meeting_name(meeting_url)
    found: dict[str, FoundBot] = {}

    def add(bot: ListedBot | WaitingBot) -> None:
        created_at = bot.created_at or since
        extra = bot.extra.verified(signing_secrets)
        is_match = extra.dispatch_key == key or name in names_in_meeting_url(bot.meeting_url)
        if bot.bot_id and is_match and created_at >= since:
            found[bot.bot_id] = _found(bot, extra, created_at)

    searches = [
        BotFilters(extra={"dispatch_key": key}, since=since),
        BotFilters(meeting_url=name, since=since),
    ]
    # The list of started bots comes last, because a bot may be started meanwhile.
    for filters in searches:
        async for waiting in client.pages_of_waiting_bots(filters):
            for bot in waiting:
                add(bot)
    for filters in searches:
        async for started in client.pages_of_bots(filters):
            for each in started:
                add(each)
    return sorted(found.values(), key=lambda bot: bot.created_at, reverse=True)


def _found(bot: ListedBot | WaitingBot, extra: BotMetadata, created_at: datetime) -> FoundBot:
    return FoundBot(
        bot_id=bot.bot_id,
        created_at=created_at,
        is_open=bot.is_open,
        key=extra.dispatch_key,
        workflow_id=extra.workflow_id,
        run=extra.run,
    )


async def find_origin(client: MeetingBaasV2Client, signing_secrets: Sequence[str], bot_id: str) -> BotOrigin:
    """The data of a bot, which name no calendar event. Raises NotFoundError if it is in neither list."""
    try:
        bot: StartedBot | WaitingBot = await client.started_bot(bot_id)
    except NotFoundError:
        bot = await client.waiting_bot(bot_id)
    return _origin(bot, bot_id, signing_secrets)


async def list_origins(
    client: MeetingBaasV2Client, signing_secrets: Sequence[str], since: datetime
) -> AsyncIterator[list[BotOrigin]]:
    """The origins of the bots that were started, of all that were created since then."""
    filters = BotFilters(since=_not_too_far_back(since - CLOCK_ERROR))
    async for page in client.pages_of_bots(filters):
        yield [_origin(bot, bot.bot_id, signing_secrets) for bot in page if bot.bot_id]


def _origin(bot: ListedBot | StartedBot | WaitingBot, bot_id: str, signing_secrets: Sequence[str]) -> BotOrigin:
    extra = bot.extra.verified(signing_secrets)
    return BotOrigin(
        bot_id=bot.bot_id or bot_id,
        meeting_url=bot.meeting_url,
        created_at=bot.created_at or datetime.now(UTC),
        is_ours=bool(extra.dispatch_key),
        workflow_id=extra.workflow_id,
        dispatch=extra.dispatch,
    )


def _not_too_far_back(instant: datetime) -> datetime:
    return max(instant, datetime.now(UTC) - _FARTHEST_BACK)
