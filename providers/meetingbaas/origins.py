"""Where a bot comes from: a meeting of ours, an event that was told to be recorded, or somebody else."""

from collections.abc import Sequence
from datetime import UTC, datetime

from providers.base import BotOrigin, NotFoundError, UnavailableError
from providers.meetingbaas.client import MeetingBaasClient
from providers.meetingbaas.extra import Extra
from providers.meetingbaas.models import BotDetails, BotSummary
from providers.meetingbaas.search import recent_bot


async def origin_of(client: MeetingBaasClient, signing_secrets: Sequence[str], bot_id: str) -> BotOrigin:
    """Raises NotFoundError while neither the bot's own data nor the list know it."""
    try:
        data = await client.meeting_data(bot_id, include_transcripts=False)
    except NotFoundError:
        # Nobody has written down whether a bot at work has data; the list has it, but not its event.
        bot = await recent_bot(client, bot_id)
        if bot is None:
            raise
        return _origin(bot_id, bot, bot.extra.verified(signing_secrets), "")
    details = data.bot_data.bot
    if details is None:
        raise UnavailableError("Meeting BaaS answered for a bot without saying anything of it.")
    return _origin(bot_id, details, details.extra.verified(signing_secrets), data.bot_data.event_uuid)


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
