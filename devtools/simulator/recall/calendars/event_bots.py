"""Bots that are scheduled for events of calendars, and shared by those that ask with one deduplication key.

Guesses: another key for an event cancels its bot that waits, and makes a new one; a bot that is on its way stays,
and is still listed, when its event lets it go; link and time are always the event's, whatever `bot_config` says.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from devtools.simulator.recall.calendars.models import EventBotOrder
from devtools.simulator.recall.calendars.state import Event, EventBot
from devtools.simulator.recall.errors import ApiError, checked, coded
from devtools.simulator.recall.models import BotConfig
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import Bot
from devtools.simulator.state import now

_INVALID = "Unable to process request because invalid data was submitted. Check `errors` field for more details."


class BotKeeper(Protocol):
    """Who sends bots and takes them back."""

    def send_bot(self, config: BotConfig, path: str, *, by_calendar: bool) -> Bot:
        """Raises ApiError 507 for an ad hoc bot if there is none."""
        ...

    def update(self, bot: Bot, config: BotConfig) -> None: ...

    def delete(self, bot: Bot) -> None: ...


class EventBots:
    """Who has which bot. Keys are the whole workspace's."""

    def __init__(self, settings: RecallSettings, keeper: BotKeeper, events: Mapping[UUID, Event]) -> None:
        self._settings = settings
        self._keeper = keeper
        self._events = events
        self._at_work: set[str] = set()

    async def schedule(self, event: Event, order: EventBotOrder, path: str) -> None:
        """Give the event a bot of this key. Raises ApiError."""
        key = order.deduplication_key
        if key in self._at_work:
            raise coded(409, "conflict", "Another request with this deduplication key is being processed.")
        config = self._config(event, order)
        self._at_work.add(key)
        try:
            await asyncio.sleep(self._settings.creation_delay)
            bot = self._shared(key)
            if bot is None:
                bot = self._keeper.send_bot(config, path, by_calendar=True)
            elif bot.phase(self._settings) == "scheduled":
                self._keeper.update(bot, config)
        finally:
            self._at_work.discard(key)
        self._drop(event, [old for old in event.bots if old.bot is not bot])
        event.bots = [old for old in event.bots if old.bot is not bot]
        event.bots.append(EventBot(bot, event.provider_event.start, key, event.meeting_url))
        event.updated_at = now()

    def cancel(self, event: Event) -> None:
        """Let the event's bots go; one that another event shares stays for it."""
        if event.bots:
            self._drop(event, event.bots)
            event.updated_at = now()

    def _drop(self, event: Event, bots: list[EventBot]) -> None:
        for one in list(bots):
            if one.bot.phase(self._settings) != "scheduled":
                continue
            event.bots = [other for other in event.bots if other is not one]
            if not any(one.bot is other.bot for each in self._events.values() for other in each.bots):
                self._keeper.delete(one.bot)

    def _shared(self, key: str) -> Bot | None:
        """The bot of this key that is still to come, or there."""
        for event in self._events.values():
            for one in event.bots:
                if one.deduplication_key == key and not one.bot.left_at and not one.bot.deleted_at:
                    return one.bot
        return None

    def _config(self, event: Event, order: EventBotOrder) -> BotConfig:
        start, end = event.provider_event.start, event.provider_event.end
        if event.deleted:
            raise _refused("Cannot schedule bot as calendar event is deleted.")
        if end <= now():
            raise _refused("Cannot schedule bot as calendar event has ended.")
        if not event.meeting_url:
            raise _refused("Cannot schedule bot as calendar event has no meeting URL.")
        given = {name: value for name, value in order.bot_config.items() if name not in ("meeting_url", "join_at")}
        return checked(given | {"meeting_url": event.meeting_url, "join_at": _time(start)}, BotConfig)


def _time(start: datetime) -> str | None:
    """A meeting that has begun is joined at once."""
    return start.isoformat() if start > now() else None


def _refused(reason: str) -> ApiError:
    body: dict[str, Any] = {"code": "invalid_request_data", "message": _INVALID}
    return ApiError(400, body | {"errors": {"non_field_errors": [reason]}})
