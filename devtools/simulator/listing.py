"""The list of bots: filtered and paged like a database query, then filtered and sorted by `extra` in memory."""

import base64
import binascii
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pydantic import JsonValue

from devtools.simulator.bots import Bot
from devtools.simulator.models import ListQuery
from devtools.simulator.settings import Shape
from devtools.simulator.state import now, stamp


def page(bots: Iterable[Bot], query: ListQuery) -> tuple[list[Bot], str | None]:
    """One page and the cursor of the next, both newest first, as the bots have to be.

    Raises ValueError for a cursor that is not ours. Conditions on `extra` apply after the page was cut, so that
    it can be short although more follow.
    """
    before = None if query.cursor is None else _open_cursor(query.cursor)
    fitting = (bot for bot in bots if (before is None or bot.number < before) and _fits(bot, query))
    found = list(islice(fitting, query.limit + 1))
    taken = found[: query.limit]
    cursor = _make_cursor(taken[-1].number) if len(found) > query.limit else None
    kept = [bot for bot in taken if _extra_fits(bot, query.filter_by_extra)]
    return _sorted_by_extra(kept, query.sort_by_extra), cursor


def answer(bots: list[Bot], cursor: str | None, shape: Shape) -> dict[str, Any]:
    """The page as JSON of the given age."""
    if shape == "2025-03":
        entries = [_camel_case(bot) for bot in bots]
        return {"recentBots": entries, "lastUpdated": stamp(now()), "nextCursor": cursor}
    if shape == "2025-04":
        entries = [
            {"id": str(bot.uuid), "name": bot.request.bot_name, "content_deleted": bot.content_deleted}
            | _common(bot)
            for bot in bots
        ]
        return {"recent_bots": entries, "last_updated": stamp(now()), "next_cursor": cursor}
    entries = [
        {"id": str(bot.uuid), "uuid": str(bot.uuid), "bot_name": bot.request.bot_name} | _common(bot)
        for bot in bots
    ]
    return {"bots": entries, "recent_bots": entries, "last_updated": stamp(now()), "next_cursor": cursor}


def _common(bot: Bot) -> dict[str, Any]:
    return {
        "meeting_url": bot.request.meeting_url,
        "created_at": stamp(bot.created_at),
        "ended_at": stamp(bot.ended_at),
        "duration": bot.duration if bot.ended_at else None,
        "extra": bot.request.extra,
        "speakers": bot.speakers,
        "session_id": str(bot.uuid) if bot.joined_at and not bot.ended_at else None,
        "access_count": None,
        "last_accessed_at": None,
    }


def _camel_case(bot: Bot) -> dict[str, Any]:
    entry = {"id": str(bot.uuid), "name": bot.request.bot_name, "content_deleted": bot.content_deleted}
    for key, value in _common(bot).items():
        first, *others = key.split("_")
        entry[first + "".join(map(str.title, others))] = value
    return entry


def _fits(bot: Bot, query: ListQuery) -> bool:
    return (
        query.bot_name.lower() in bot.request.bot_name.lower()
        and query.meeting_url.lower() in bot.request.meeting_url.lower()
        and (query.created_after is None or bot.created_at >= _utc(query.created_after))
        and (query.created_before is None or bot.created_at <= _utc(query.created_before))
        and (query.ended_after is None or (bot.ended_at is not None and bot.ended_at >= _utc(query.ended_after)))
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _extra_fits(bot: Bot, conditions: str | None) -> bool:
    pairs = (condition.split(":", 1) for condition in conditions.split(",")) if conditions else ()
    return all(_extra_text(bot, key) == value for key, value in pairs)


def _sorted_by_extra(bots: list[Bot], order: str | None) -> list[Bot]:
    if order is None:
        return bots
    key, _, direction = order.partition(":")
    having = [(text, bot) for bot in bots if (text := _extra_text(bot, key)) is not None]
    having.sort(key=lambda pair: pair[0], reverse=direction == "desc")
    return [bot for _, bot in having] + [bot for bot in bots if _extra_text(bot, key) is None]


def _extra_text(bot: Bot, key: str) -> str | None:
    """The field of `extra` as text, None if there is none."""
    extra: JsonValue = bot.request.extra
    if not isinstance(extra, dict) or key not in extra:
        return None
    value = extra[key]
    return value if isinstance(value, str) else json.dumps(value)


def _make_cursor(number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"before": number}).encode()).decode()


def _open_cursor(cursor: str) -> int:
    try:
        return int(json.loads(base64.urlsafe_b64decode(cursor))["before"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise ValueError("cursor: not one that this list gave out") from None
