"""The service's side of calendars: connects them, keeps copies of their events, tells of changes."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from devtools.simulator.calendars import responses
from devtools.simulator.calendars.accounts import ApiDisabledError, NoSuchCalendarError, World
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.copying import take_over
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.oauth import Authorizations
from devtools.simulator.calendars.recordings import Host, Recordings
from devtools.simulator.calendars.wire import Credentials, NewCalendar
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.state import Ledger, SyncRecord, now
from devtools.simulator.webhooks import Delivery


class SyncError(Exception):
    """The calendar cannot be read; the text is the provider's."""


class Calendars:
    """All connected calendars of the account. Only those whose grant is valid can be read."""

    def __init__(self, settings: SimulatorSettings, ledger: Ledger, host: Host) -> None:
        self.settings = settings
        self.world = World()
        self.authorizations = Authorizations(self.world)
        self.recordings = Recordings(settings, host)
        self.connected: dict[UUID, Connected] = {}
        self.entries: dict[UUID, Entry] = {}
        self._ledger = ledger
        self._host = host
        self._given = 0
        self.sample_was_used = False

    def connect(self, wish: NewCalendar) -> Connected:
        """Raises GrantRefusedError, ApiDisabledError, NoSuchCalendarError."""
        raw = self.world.pick(wish, wish.raw_calendar_id)
        self._given += 1
        calendar = Connected(self._given, wish, raw)
        self.connected[calendar.uuid] = calendar
        calendar.following = self._host.spawn(self._follow(calendar))
        return calendar

    def take_over(self, calendar: Connected) -> None:
        """Go on with a calendar that was connected before a restart."""
        self._given = max(self._given, calendar.turn)
        self.connected[calendar.uuid] = calendar
        self.entries.update((entry.uuid, entry) for entry in calendar.entries.values())
        for entry in calendar.entries.values():
            self.recordings.plan(entry)
        calendar.following = self._host.spawn(self._follow(calendar))

    def reconnect(self, calendar: Connected, credentials: Credentials) -> None:
        """Use other credentials: nothing stays scheduled, every event counts as changed. Raises as `connect`."""
        try:
            raw = self.world.pick(credentials, calendar.raw.id)
        except NoSuchCalendarError:
            # Somebody else's credentials, or those of another provider: there is no way to name a calendar here.
            raw = self.world.pick(credentials, None)
        calendar.raw, calendar.credentials = raw, credentials
        calendar.series.clear()
        for entry in calendar.entries.values():
            self.recordings.record(entry, None)
        self.sync(calendar, "reconnected", everything=True)

    def disconnect(self, calendar: Connected) -> None:
        """Forget the calendar, its events and the bots that wait for them. What the user granted stays."""
        del self.connected[calendar.uuid]
        if calendar.following:
            calendar.following.cancel()
        for entry in calendar.entries.values():
            self.recordings.record(entry, None)
            del self.entries[entry.uuid]

    def push(self, raw_ids: set[str]) -> None:
        """What the providers do when something has changed in these calendars."""
        for calendar in self.connected.values():
            if calendar.raw.id in raw_ids:
                calendar.pushed.set()

    def sync(
        self, calendar: Connected, trigger: str, *, days: int | None = None, everything: bool = False
    ) -> tuple[str, ...]:
        """Take over what has changed, tell of it, and give the uuids of the events. Raises SyncError."""
        at = now()
        try:
            self.world.pick(calendar.credentials, calendar.raw.id)
        except (GrantRefusedError, ApiDisabledError, NoSuchCalendarError) as error:
            calendar.error = str(error)
            self._ledger.syncs.append(SyncRecord(str(calendar.uuid), at, trigger, error=calendar.error))
            raise SyncError(calendar.error) from None
        is_first, calendar.error, calendar.synced_at = calendar.synced_at is None, "", at
        horizon = at + timedelta(days=self.settings.calendar_window_days if days is None else days)
        events = self.world.events_of(calendar.raw.id)
        changed = take_over(calendar, events, horizon, everything=everything)
        for entry in changed:
            entry.updated_at = at
            self.entries[entry.uuid] = entry
            self.recordings.plan(entry)
        uuids = tuple(str(entry.uuid) for entry in changed)
        self._ledger.syncs.append(SyncRecord(str(calendar.uuid), at, trigger, uuids))
        if (uuids or is_first) and (url := self._host.account_webhook_url):
            body = responses.notice(calendar, at, uuids, self.settings.calendar_notice)
            self._host.deliver(Delivery(calendar, url, body))
        return uuids

    def resync(self, days: int | None) -> tuple[list[str], list[tuple[str, str]]]:
        """Sync every calendar: the uuids of those that could be read, and why the others could not."""
        synced, errors = [], []
        for calendar in self.connected.values():
            try:
                self.sync(calendar, "resync", days=days)
            except SyncError as error:
                errors.append((str(calendar.uuid), str(error)))
            else:
                synced.append(str(calendar.uuid))
        return synced, errors

    async def _follow(self, calendar: Connected) -> None:
        """Sync at first, after each push and now and then; one that cannot be read is passed over in silence."""
        settings, trigger = self.settings, "connected"
        while True:
            await asyncio.sleep(settings.real(settings.calendar_sync_delay))
            calendar.pushed.clear()
            with suppress(SyncError):
                self.sync(calendar, trigger)
            try:
                async with asyncio.timeout(settings.real(settings.calendar_sync_interval)):
                    await calendar.pushed.wait()
                trigger = "pushed"
            except TimeoutError:
                trigger = "periodic"
