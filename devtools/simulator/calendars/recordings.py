"""Bots that the service sends by itself to the events that it was told to record."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from devtools.simulator.bots import Bot, DuplicateBotError
from devtools.simulator.calendars.connected import Entry
from devtools.simulator.calendars.responses import meeting_url
from devtools.simulator.calendars.wire import EventBot, EventBotChange
from devtools.simulator.models import BotRequest
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.state import now
from devtools.simulator.webhooks import Delivery


class Host(Protocol):
    """What the calendars need of the service around them."""

    account_webhook_url: str | None

    def send_bot(self, request: BotRequest, event_uuid: str | None = None) -> Bot:
        """Raises DuplicateBotError."""
        ...

    def deliver(self, delivery: Delivery) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class Recordings:
    """Sends each bot so that a reserved one arrives when the event starts. Nobody is told the bot's id."""

    def __init__(self, settings: SimulatorSettings, host: Host) -> None:
        self._lead = settings.real(settings.reserved_lead)
        self._host = host

    def record(self, entry: Entry, bot: EventBot | None, *, all_occurrences: bool = False) -> list[Entry]:
        """Record the event with this bot, or (None) do not; a bot that is on its way stays there.

        With `all_occurrences` this goes for the series, those of its events included that are not known yet.
        """
        series = entry.provider_event.series if all_occurrences else ""
        entries = _of_series(entry) if series else [entry]
        if series and bot:
            entry.calendar.series[series] = bot
        elif series:
            entry.calendar.series.pop(series, None)
        for one in entries:
            one.bot, one.is_due = bot, bot is not None
            self.plan(one)
        return entries

    def change(self, entry: Entry, change: EventBotChange, *, all_occurrences: bool = False) -> list[Entry]:
        """Record otherwise what is to be recorded; bots that were sent stay as they are."""
        wanted = entry.calendar.series
        series = entry.provider_event.series if all_occurrences else ""
        if series in wanted:
            wanted[series] = wanted[series].changed(change)
        changed = []
        for one in _of_series(entry) if series else [entry]:
            if one.bot:
                one.bot = one.bot.changed(change)
                self.plan(one)
                changed.append(one)
        return changed

    def plan(self, entry: Entry) -> None:
        """Act on what the event and its bot are now; a bot that was sent is not sent again to a new time."""
        if entry.sending:
            entry.sending.cancel()
            entry.sending = None
        if entry.bot and entry.is_due and not entry.deleted:
            entry.sending = self._host.spawn(self._send(entry, entry.bot))

    async def _send(self, entry: Entry, bot: EventBot) -> None:
        ahead = (entry.provider_event.start - now()).total_seconds() - self._lead
        await asyncio.sleep(max(0.0, ahead))
        url = meeting_url(entry)
        if not url or now() >= entry.provider_event.end:
            return
        entry.is_due = False
        try:
            sent = self._host.send_bot(bot.for_meeting(url, reserved=ahead > 0), str(entry.uuid))
        except DuplicateBotError:
            # Another attendee's calendar has sent one already.
            return
        entry.bot_ids.append(str(sent.uuid))


def _of_series(entry: Entry) -> list[Entry]:
    """The event, and of its series all that is not over."""
    moment, series = now(), entry.provider_event.series
    return [
        one
        for one in entry.calendar.entries.values()
        if one is entry
        or (one.provider_event.series == series and one.provider_event.end > moment and not one.deleted)
    ]
