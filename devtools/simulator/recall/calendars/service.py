"""Calendar V2: keeps copies of events, tells of changes, notices late that access has ended."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from devtools.simulator.calendars.accounts import ApiDisabledError, NoSuchCalendarError, World
from devtools.simulator.calendars.copying import update_copies
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.oauth import Authorizations
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.recall.calendars.event_bots import BotKeeper, EventBots
from devtools.simulator.recall.calendars.models import NewCalendar
from devtools.simulator.recall.calendars.state import Calendar, CalendarChange, CalendarStatus, Event
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.state import Ledger, SyncRecord, WebhookSource, now, stamp

_WINDOW_BEFORE, _WINDOW_AFTER = timedelta(days=1), timedelta(days=28)


class AccessEndedError(Exception):
    """The calendar cannot be read; the text is Google's or Microsoft's."""


class Workspace(BotKeeper, Protocol):
    """What the calendars need of the workspace around them."""

    def tell(self, source: WebhookSource, body: dict[str, Any]) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class RecallCalendars:
    """All calendars of the workspace. `world` is what is at Google and Microsoft."""

    def __init__(self, settings: RecallSettings, ledger: Ledger, workspace: Workspace) -> None:
        self.world = World()
        self.authorizations = Authorizations(self.world)
        self.connected: dict[UUID, Calendar] = {}
        self.events: dict[UUID, Event] = {}
        self.bots = EventBots(settings, workspace, self.events)
        self._settings = settings
        self._ledger = ledger
        self._workspace = workspace
        self._given = 0
        self._listeners: list[Callable[[set[str]], None]] = []

    def connect(self, config: NewCalendar) -> Calendar:
        """A guess: any credentials are taken, and bad ones found out by the first look."""
        self._given += 1
        calendar = Calendar(self._given, config)
        self.connected[calendar.uuid] = calendar
        calendar.following = self._workspace.spawn(self._follow(calendar))
        return calendar

    def reconnect(self, calendar: Calendar, config: NewCalendar) -> None:
        """Try again, perhaps with other credentials."""
        calendar.config = config
        self._change(calendar, "connecting")
        if calendar.ending:
            calendar.ending.cancel()
        calendar.pushed.set()

    def remove(self, calendar: Calendar) -> None:
        """Forget a calendar with its events and bots; no webhook tells of it."""
        del self.connected[calendar.uuid]
        for task in (calendar.following, calendar.ending):
            if task:
                task.cancel()
        for event in calendar.events.values():
            self.bots.cancel(event)
            del self.events[event.uuid]

    def push(self, raw_ids: set[str]) -> None:
        """What Google and Microsoft do when something has changed in these calendars."""
        for calendar in self.connected.values():
            if calendar.raw and calendar.raw.id in raw_ids:
                calendar.pushed.set()
        for listener in self._listeners:
            listener(raw_ids)

    def listen(self, listener: Callable[[set[str]], None]) -> None:
        """Tell another one of every push."""
        self._listeners.append(listener)

    def check(self, calendar: Calendar) -> None:
        """Ask Google or Microsoft whether access holds. Raises GrantRefusedError, ApiDisabledError."""
        self.world.open(calendar.config.credentials)

    def sync(self, calendar: Calendar, trigger: str) -> tuple[str, ...]:
        """Take over what has changed, tell of it, and give the ids of the events. Raises AccessEndedError."""
        at = now()
        try:
            calendar.raw = self.world.pick(calendar.config.credentials, None)
        except (GrantRefusedError, ApiDisabledError, NoSuchCalendarError) as error:
            self._ledger.syncs.append(SyncRecord(str(calendar.uuid), at, trigger, error=str(error)))
            self._notice_end(calendar, str(error))
            raise AccessEndedError(str(error)) from None
        if calendar.status != "connected":
            self._change(calendar, "connected")
            self._tell(calendar, "calendar.update", {})

        def copy(provider_event: ProviderEvent, provider_id: str) -> Event:
            return Event(calendar, provider_event, provider_id)

        def is_wanted(provider_event: ProviderEvent) -> bool:
            return at - _WINDOW_BEFORE <= provider_event.end and provider_event.start <= at + _WINDOW_AFTER

        changed = update_copies(
            calendar.events,
            calendar.raw.account,
            self.world.events_of(calendar.raw.id),
            copy,
            is_wanted=is_wanted,
            everything=trigger == "reconnected",
        )
        for event in changed:
            event.updated_at = at
            self.events[event.uuid] = event
            if event.deleted:
                self.bots.cancel(event)
        uuids = tuple(str(event.uuid) for event in changed)
        self._ledger.syncs.append(SyncRecord(str(calendar.uuid), at, trigger, uuids))
        if uuids or trigger == "connected":
            self._tell(calendar, "calendar.sync_events", {"last_updated_ts": stamp(at)})
        return uuids

    def _notice_end(self, calendar: Calendar, reason: str) -> None:
        """A new calendar's bad credentials are seen at once; that access has ended, hours later."""
        if calendar.status == "connecting":
            self._end(calendar, reason)
        elif calendar.status == "connected" and (calendar.ending is None or calendar.ending.done()):
            calendar.ending = self._workspace.spawn(self._end_later(calendar, reason))

    async def _end_later(self, calendar: Calendar, reason: str) -> None:
        await asyncio.sleep(self._settings.real(self._settings.disconnect_notice_delay))
        try:
            self.check(calendar)
        except (GrantRefusedError, ApiDisabledError):
            self._end(calendar, reason)

    def _end(self, calendar: Calendar, reason: str) -> None:
        """Bots that wait are unscheduled, and events stay readable."""
        self._change(calendar, "disconnected", reason)
        for event in calendar.events.values():
            self.bots.cancel(event)
        self._tell(calendar, "calendar.update", {})

    def _change(self, calendar: Calendar, status: CalendarStatus, reason: str | None = None) -> None:
        calendar.changes.append(CalendarChange(status, reason))
        calendar.updated_at = now()

    def _tell(self, calendar: Calendar, event: str, fields: dict[str, Any]) -> None:
        self._workspace.tell(calendar, {"event": event, "data": {"calendar_id": str(calendar.uuid)} | fields})

    async def _follow(self, calendar: Calendar) -> None:
        """Sync at first, after each push and now and then; not while it is disconnected."""
        settings, trigger = self._settings, "connected"
        while True:
            await asyncio.sleep(settings.real(settings.calendar_sync_delay))
            calendar.pushed.clear()
            if calendar.status != "disconnected":
                with suppress(AccessEndedError):
                    self.sync(calendar, trigger)
            try:
                async with asyncio.timeout(settings.real(settings.calendar_sync_interval)):
                    await calendar.pushed.wait()
                trigger = "reconnected" if calendar.status == "connecting" else "pushed"
            except TimeoutError:
                trigger = "periodic"
