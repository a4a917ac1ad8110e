"""The service's side of calendars: connects them, keeps copies of their events, tells of changes."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from devtools.simulator.calendars.accounts import ApiDisabledError, NoSuchCalendarError, RawCalendar, World
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.oauth import Authorizations
from devtools.simulator.meetingbaas_v2.calendars import forms
from devtools.simulator.meetingbaas_v2.calendars.copies import Changes, take_over
from devtools.simulator.meetingbaas_v2.calendars.event_bots import BotMaker, EventBots
from devtools.simulator.meetingbaas_v2.calendars.models import (
    NewCalendarRequest,
    NewCredentials,
    RawCalendarsRequest,
)
from devtools.simulator.meetingbaas_v2.calendars.store import ConnectionStatus, Event, V2Calendar
from devtools.simulator.meetingbaas_v2.envelope import ApiError, misfit
from devtools.simulator.meetingbaas_v2.limits import Limits
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.state import Ledger, SyncRecord, WebhookSource, now

T = TypeVar("T")


class Host(BotMaker, Protocol):
    """What the calendars need of the account around them."""

    @property
    def limits(self) -> Limits: ...

    def tell(self, source: WebhookSource, body: dict[str, Any]) -> None: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class V2Calendars:
    """All connected calendars of the team. Only those whose grant is valid can be read."""

    def __init__(self, settings: MeetingBaasV2Settings, ledger: Ledger, host: Host) -> None:
        self.settings = settings
        self.world = World()
        self.authorizations = Authorizations(self.world)
        self.connected: dict[UUID, V2Calendar] = {}
        self.bots = EventBots(settings, host)
        self._ledger = ledger
        self._host = host
        self._given = 0

    def list_raw(self, wish: RawCalendarsRequest) -> list[RawCalendar]:
        """Raises ApiError: 401 without a valid grant, 403 if it does not reach calendars, or there are none."""
        raws = _asked(lambda: self.world.open(wish.credentials))
        if any(not raw.account.licensed for raw in raws):
            raise ApiError(403, "MICROSOFT_LICENSE_REQUIRED", "The Microsoft account has no licence for a calendar")
        return raws

    def connect(self, wish: NewCalendarRequest) -> V2Calendar:
        """Raises ApiError: 401 without access, 400 for a calendar that the account has not, 409, 429."""
        raw = _asked(lambda: self.world.pick(wish.credentials, wish.raw_calendar_id), denied=401)
        if any(each.raw.id == raw.id for each in self.connected.values()):
            code = "CALENDAR_CONNECTION_ALREADY_EXISTS"
            raise ApiError(409, code, "A connection already exists for this calendar")
        limit = self._host.limits.calendar_limit
        if limit and len(self.connected) >= limit:
            code = "CALENDAR_CONNECTION_LIMIT_EXCEEDED"
            raise ApiError(429, code, f"The limit of {limit} calendar connections is reached")
        self._given += 1
        calendar = V2Calendar(self._given, wish.credentials, raw)
        self.connected[calendar.uuid] = calendar
        self._tell_connection(calendar, "created")
        calendar.following = self._host.spawn(self._follow(calendar))
        return calendar

    def reconnect(self, calendar: V2Calendar, given: NewCredentials) -> None:
        """Use other credentials; schedules stay, which is a guess. Raises ApiError; the calendar then shows why."""
        credentials = given.for_platform(calendar.raw.account.platform)
        calendar.credentials = credentials
        self.check(calendar)
        calendar.subscribe()
        self._change_status(calendar, "active", None, always=True)
        calendar.pushed.set()

    def check(self, calendar: V2Calendar) -> None:
        """Raises ApiError if the calendar cannot be read, which it then shows."""
        try:
            self._open(calendar)
        except (GrantRefusedError, ApiDisabledError, NoSuchCalendarError) as error:
            self._lose_access(calendar, error)
            raise _refusal(error) from None

    def disconnect(self, calendar: V2Calendar) -> None:
        """Forget the calendar and its events, and cancel what waits. Bots that were made go on."""
        del self.connected[calendar.uuid]
        if calendar.following:
            calendar.following.cancel()
        for event in calendar.events.values():
            for bot in event.bots:
                if bot.status == "scheduled":
                    self._host.stop(bot)
        self._tell_connection(calendar, "deleted")

    def push(self, raw_ids: set[str]) -> None:
        """What the providers do when something has changed in these calendars."""
        for calendar in self.connected.values():
            if calendar.raw.id in raw_ids:
                calendar.pushed.set()

    def sync(self, calendar: V2Calendar, trigger: str) -> list[str]:
        """Take over what has changed, tell of it, and give the ids of the events. Raises ApiError."""
        at = now()
        try:
            self._open(calendar)
        except (GrantRefusedError, ApiDisabledError, NoSuchCalendarError) as error:
            self._lose_access(calendar, error)
            self._ledger.syncs.append(SyncRecord(str(calendar.uuid), at, trigger, error=str(error)))
            raise _refusal(error) from None
        is_first, calendar.synced_at = calendar.synced_at is None, at
        calendar.sync_status, calendar.sync_error = "success", None
        self._change_status(calendar, "active", None)
        horizon = at + timedelta(days=self.settings.calendar_window_days)
        changes = take_over(calendar, self.world.events_of(calendar.raw.id), horizon)
        self.bots.follow(changes)
        uuids = tuple(str(event.uuid) for event in changes.all)
        self._ledger.syncs.append(SyncRecord(str(calendar.uuid), at, trigger, uuids))
        self._tell_changes(calendar, changes, is_first=is_first)
        return list(uuids)

    def visible(self, calendar: V2Calendar) -> list[Event]:
        """The events of the window: none that is over, and the settings say whether one that has begun."""
        at, leaves_early = now(), self.settings.events_leave_at_start
        events = calendar.events.values()
        return [
            one for one in events if at < (one.provider_event.start if leaves_early else one.provider_event.end)
        ]

    def _open(self, calendar: V2Calendar) -> None:
        self.world.pick(calendar.credentials, calendar.raw.id)

    def _tell_changes(self, calendar: V2Calendar, changes: Changes, *, is_first: bool) -> None:
        """The first sync is told as a whole, and never again; later ones series by series."""
        wording = self.settings.wording
        if is_first:
            self._host.tell(calendar, forms.synced_webhook(calendar, changes.created, wording))
            return
        kinds: tuple[tuple[forms.Change, list[Event]], ...] = (
            ("created", changes.created),
            ("updated", changes.updated),
            ("cancelled", changes.cancelled),
        )
        for kind, events in kinds:
            for group in forms.by_series(events):
                self._host.tell(calendar, forms.change_webhook(calendar, group, kind, wording))

    def _lose_access(self, calendar: V2Calendar, error: Exception) -> None:
        calendar.sync_status, calendar.sync_error = "failed", str(error)
        self._change_status(calendar, _status(error), str(error))

    def _change_status(
        self, calendar: V2Calendar, status: ConnectionStatus, message: str | None, *, always: bool = False
    ) -> None:
        is_new = calendar.status != status
        calendar.status, calendar.status_message = status, message
        if is_new or always:
            calendar.updated_at = now()
            self._tell_connection(calendar, "updated")

    def _tell_connection(self, calendar: V2Calendar, change: Literal["created", "updated", "deleted"]) -> None:
        self._host.tell(calendar, forms.connection_webhook(calendar, change, self.settings.wording))

    async def _follow(self, calendar: V2Calendar) -> None:
        """Sync at first, after each push and now and then."""
        settings, trigger = self.settings, "connected"
        while True:
            await asyncio.sleep(settings.real(settings.calendar_sync_delay))
            calendar.pushed.clear()
            with suppress(ApiError):
                self.sync(calendar, trigger)
            try:
                async with asyncio.timeout(settings.real(settings.calendar_sync_interval)):
                    await calendar.pushed.wait()
                trigger = "pushed"
            except TimeoutError:
                trigger = "periodic"


def _status(error: Exception) -> ConnectionStatus:
    """What a refusal of Google or Microsoft makes of a connection."""
    code = error.code if isinstance(error, GrantRefusedError) else ""
    if code == "invalid_grant":
        return "revoked"
    return "permission_denied" if code == "insufficient_scope" else "error"


def _refusal(error: Exception, denied: int = 403) -> ApiError:
    """The codes are guesses, but not the statuses."""
    if isinstance(error, NoSuchCalendarError):
        return misfit(f"body/raw_calendar_id: {error}")
    if isinstance(error, ApiDisabledError):
        return ApiError(500, "INTERNAL_SERVER_ERROR", str(error))
    if _status(error) == "permission_denied":
        return ApiError(denied, "CALENDAR_PERMISSION_DENIED", str(error))
    return ApiError(401, "OAUTH_TOKEN_REFRESH_FAILED", str(error))


def _asked(ask: Callable[[], T], denied: int = 403) -> T:
    """What Google or Microsoft answers. Raises ApiError in place of their refusals."""
    try:
        return ask()
    except (GrantRefusedError, ApiDisabledError, NoSuchCalendarError) as error:
        raise _refusal(error, denied) from None
