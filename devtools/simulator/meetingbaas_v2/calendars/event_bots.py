"""Bots that the service makes by itself for events that it was told to record."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from devtools.simulator.meetingbaas_v2.bots import ScheduledBot
from devtools.simulator.meetingbaas_v2.calendars.copies import Changes
from devtools.simulator.meetingbaas_v2.calendars.models import BotTarget, EventBotChange, EventBotRequest
from devtools.simulator.meetingbaas_v2.calendars.store import Event, Series
from devtools.simulator.meetingbaas_v2.envelope import ApiError
from devtools.simulator.meetingbaas_v2.models import BotOptions, BotRequest
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.state import now

Refused = tuple[UUID, ApiError]
_TARGET = frozenset(BotTarget.model_fields)


class BotMaker(Protocol):
    """What the account does for events."""

    def schedule_for(self, request: BotRequest, event: Event, lead: timedelta) -> ScheduledBot: ...

    def plan(self, bot: ScheduledBot) -> None: ...

    def stop(self, bot: ScheduledBot) -> None:
        """Cancel it, or tell the bot that was made of it to leave. Raises ApiError (409) if that is over."""
        ...


class EventBots:
    """The codes of single refusals are guesses; that they exist is said."""

    def __init__(self, settings: MeetingBaasV2Settings, maker: BotMaker) -> None:
        self._maker = maker
        self._lead = timedelta(seconds=settings.real(settings.calendar_bot_lead))
        self._lock = timedelta(seconds=settings.real(settings.lock_window))

    def record(
        self, series: Series, events: list[Event], order: EventBotRequest
    ) -> tuple[list[Event], list[Refused]]:
        """Schedule a bot for each of the events, and with all occurrences for those that will be known later."""
        if order.all_occurrences:
            series.bot = order
        return _each(events, lambda event: self._schedule(event, order))

    def change(
        self, series: Series, events: list[Event], change: EventBotChange
    ) -> tuple[list[Event], list[Refused]]:
        """Change what waits. Raises ApiError for a single one that cannot be changed."""
        if change.all_occurrences and series.bot:
            series.bot = series.bot.model_copy(update=_given(change))
        if not change.all_occurrences:
            for event in events:
                self._change(event, change)
            return events, []
        return _each([event for event in events if event.bots], lambda event: self._change(event, change))

    def remove(self, series: Series, events: list[Event], target: BotTarget) -> tuple[list[Event], list[Refused]]:
        """Stop the bots, also those that are on their way. Raises ApiError if there is none for a single event."""
        if target.all_occurrences:
            series.bot = None
            return _each([event for event in events if event.bot_scheduled], self.stop)
        if not any(event.bots for event in events):
            raise no_schedule()
        return _each(events, self.stop)

    def stop(self, event: Event) -> None:
        """Raises ApiError if all of its bots are over."""
        refused = None
        for bot in event.bots:
            try:
                self._maker.stop(bot)
            except ApiError as error:
                refused = error
        if refused and all(bot.status != "cancelled" for bot in event.bots):
            raise refused
        event.bots = [bot for bot in event.bots if bot.status != "cancelled"]

    def follow(self, changes: Changes) -> None:
        """Do for bots what a sync has found: new occurrences are recorded, moved bots move, cancelled ones stop."""
        for event in changes.created:
            if event.series.bot and event.status != "cancelled" and event.meeting_url:
                self._schedule(event, event.series.bot)
        for event in changes.updated:
            self._move(event)
        for event in changes.cancelled:
            _each([event], self.stop)

    def _move(self, event: Event) -> None:
        """A bot that is about to be made stays as it is, and another is scheduled. A link that is gone counts."""
        bot = event.waiting_bot
        join_at = event.provider_event.start - self._lead
        link = event.meeting_url or (bot.meeting_url if bot else "")
        if bot is None or (bot.join_at, bot.meeting_url) == (join_at, link):
            return
        request = bot.request.model_copy(update={"meeting_url": link})
        if bot.join_at < now() + self._lock:
            event.bots.append(self._maker.schedule_for(request, event, self._lead))
            return
        bot.request, bot.join_at, bot.updated_at = request, join_at, now()
        self._maker.plan(bot)

    def _schedule(self, event: Event, order: EventBotRequest) -> None:
        if event.status == "cancelled":
            raise ApiError(409, "EVENT_CANCELLED", "The event is cancelled")
        if event.meeting_url is None or event.meeting_platform is None:
            raise ApiError(400, "MEETING_URL_NOT_FOUND", "The event has no meeting URL")
        if event.bot_scheduled:
            raise ApiError(409, "BOT_ALREADY_SCHEDULED", "A bot is already scheduled for this event")
        options = {name: getattr(order, name) for name in BotOptions.model_fields}
        request = BotRequest.model_construct(meeting_url=event.meeting_url, bot_name=order.bot_name, **options)
        event.bots.append(self._maker.schedule_for(request, event, self._lead))

    def _change(self, event: Event, change: EventBotChange) -> None:
        bot = event.waiting_bot
        if not event.bots:
            raise no_schedule()
        if bot is None or bot.join_at < now() + self._lock:
            raise ApiError(409, "BOT_STATUS", "The bot must be scheduled and at least 4 minutes from joining")
        bot.request, bot.updated_at = bot.request.model_copy(update=_given(change)), now()


def no_schedule() -> ApiError:
    return ApiError(404, "CALENDAR_BOT_NOT_FOUND", "No bot is scheduled for this event")


def _each(events: Iterable[Event], do: Callable[[Event], None]) -> tuple[list[Event], list[Refused]]:
    """Those for which it could be done, and why it could not for the others."""
    done, refused = [], []
    for event in events:
        try:
            do(event)
        except ApiError as error:
            refused.append((event.uuid, error))
        else:
            done.append(event)
    return done, refused


def _given(change: EventBotChange) -> dict[str, object]:
    given = {name: getattr(change, name) for name in change.model_fields_set - _TARGET}
    return {name: value for name, value in given.items() if value is not None or name != "bot_name"}
