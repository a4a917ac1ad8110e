"""Where a bot comes from: a meeting of ours, an event that was told to be recorded, or somebody else."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from providers.base import BotOrigin, UnavailableError
from providers.meetingbaas.client import MeetingBaasClient
from providers.meetingbaas.extra import Extra
from providers.meetingbaas.models import BotDetails, BotSummary
from providers.meetingbaas.requests import BotQuery
from providers.meetingbaas.search import CLOCK_SKEW


async def origin_of(client: MeetingBaasClient, signing_secrets: Sequence[str], bot_id: str) -> BotOrigin:
    """Raises NotFoundError if the bot has no data. Nobody has written down whether one at work has any."""
    data = await client.meeting_data(bot_id, include_transcripts=False)
    details = data.bot_data.bot
    if details is None:
        raise UnavailableError("Meeting BaaS answered for a bot without saying anything of it.")
    return _origin(bot_id, details, details.extra.verified(signing_secrets), data.bot_data.event_uuid)


async def recent_origins(
    client: MeetingBaasClient, signing_secrets: Sequence[str], since: datetime
) -> AsyncIterator[list[BotOrigin]]:
    """The list has every bot, but not its event."""
    async for page in client.pages_of_bots(BotQuery(created_after=since - CLOCK_SKEW)):
        yield [_origin(bot.bot_id, bot, bot.extra.verified(signing_secrets), "") for bot in page if bot.bot_id]


def _origin(bot_id: str, bot: BotDetails | BotSummary, extra: Extra, event_id: str) -> BotOrigin:
    return BotOrigin(
        bot_id=bot.bot_id or bot_id,
        meeting_url=bot.meeting_url,
        created_at=bot.created_at or datetime.now(UTC),
        is_ours=bool(extra.dispatch_key),
        workflow_id=extra.workflow_id,
        dispatch=extra.dispatch,
        event_id=event_id,
    )
