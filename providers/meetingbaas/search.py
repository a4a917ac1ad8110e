"""Finding bots among all bots of the account."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from providers.base import FoundBot
from providers.meetingbaas.client import MeetingBaasClient
from providers.meetingbaas.extra import Extra
from providers.meetingbaas.models import BotSummary
from providers.meetingbaas.requests import BotQuery

CLOCK_SKEW = timedelta(minutes=2)
"""The provider stamps bots by its own clock."""

_LONGEST_LIFE = timedelta(hours=6)
"""Bots are killed after five hours, and a reserved one waits a little before."""

_ROUTES = frozenset({"j", "l", "lookup", "meet", "meetup-join", "my", "w"})
"""Parts of paths that lead to every meeting of a platform."""


async def find_bots(
    client: MeetingBaasClient, signing_secrets: Sequence[str], key: str, meeting_url: str, since: datetime
) -> list[FoundBot]:
    """Bots created since then under this key or for this meeting, newest first.

    One list is asked for, by what names the meeting: it is filtered before it is cut into pages, so that it is one
    page however many bots the account has. A key belongs to one meeting's URL, so its bots are in that list as
    well; a list by key would be filtered page by page. Both are checked again: the list is young, and one that
    ignores its filters must not pass a stranger's bot off as ours. Nor must another bot that carries our key.
    """
    created_after = since - CLOCK_SKEW
    name = _meeting_name(meeting_url)
    query = (
        BotQuery(created_after=created_after, meeting_url=name)
        if name
        else BotQuery(created_after=created_after, filter_by_extra={"dispatch_key": key})
    )
    found: dict[str, FoundBot] = {}
    async for bot in client.list_bots(query):
        created_at = bot.created_at or since
        extra = bot.extra.verified(signing_secrets)
        is_match = extra.dispatch_key == key or name in _names(bot.meeting_url)
        if bot.bot_id and is_match and created_at >= created_after:
            found[bot.bot_id] = _found(bot, extra, created_at)
    return sorted(found.values(), key=lambda bot: bot.created_at, reverse=True)


async def is_at_work(client: MeetingBaasClient, bot_id: str) -> bool:
    """Whether the list has this bot as one that has not ended."""
    query = BotQuery(created_after=datetime.now(UTC) - _LONGEST_LIFE)
    async for bot in client.list_bots(query):
        if bot.bot_id == bot_id:
            return bot.ended_at is None
    return False


def _found(bot: BotSummary, extra: Extra, created_at: datetime) -> FoundBot:
    return FoundBot(
        bot_id=bot.bot_id,
        created_at=created_at,
        is_open=bot.ended_at is None,
        key=extra.dispatch_key,
        workflow_id=extra.workflow_id,
        run=extra.run,
    )


def _meeting_name(meeting_url: str) -> str:
    """What names the meeting in any spelling of its URL: a code, a number or a thread."""
    return max(_names(meeting_url), key=len, default=meeting_url.partition("?")[0])


def _names(meeting_url: str) -> set[str]:
    try:
        path = unquote(urlsplit(meeting_url).path)
    except ValueError:
        return set()
    return set(re.findall(r"[\w-]+", path.lower())) - _ROUTES
