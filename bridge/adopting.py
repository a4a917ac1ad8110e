"""Whose a bot is that no meeting knows: a meeting's that does not know it yet, a calendar's, or a stranger's.

Nobody who sends waits for this: the provider has to be asked, and that may take its time.
"""

from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from bridge.delivery import Delivery
from bridge.temporal_calls import TemporalCalls
from meetings.calendars.event import CalendarEvent
from meetings.deadlines import Deadlines
from meetings.ids import adopted_meeting_id, calendar_workflow_id_for, workflow_id_for
from meetings.request import AdoptedBot, CalendarOrigin, Claim, MeetingRequest
from providers.base import BotOrigin, NotFoundError, Provider
from providers.calendars import CalendarProvider

_MOST_REMEMBERED = 2000
_ASKED_AGAIN_AFTER = timedelta(minutes=1)
"""A bot that the provider does not know yet may be so young that it soon will."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class Adopter:
    """`adopts_all` makes every bot of the account ours, whoever sent it."""

    def __init__(
        self,
        provider: Provider,
        calendars: CalendarProvider,
        calls: TemporalCalls,
        *,
        deadlines: Deadlines,
        adopts_all: bool = False,
    ) -> None:
        self._provider = provider
        self._calendars = calendars
        self._calls = calls
        self._deadlines = deadlines
        self._adopts_all = adopts_all
        self._strangers: dict[str, datetime] = {}
        """Since the answer would be the same: when each may be asked about again."""

    async def place(self, delivery: Delivery, limit: timedelta) -> Delivery | None:
        """The delivery with the meeting it belongs to, which may have to be founded; None for a stranger's bot.

        `limit` is how long one call to Temporal may take. Raises ProviderError and CallError.
        """
        now = datetime.now(UTC)
        if now < self._strangers.get(delivery.bot_id, now):
            return None
        try:
            origin = await self._provider.origin(delivery.bot_id)
        except NotFoundError:
            self._remember(delivery.bot_id, now + _ASKED_AGAIN_AFTER)
            return None
        if origin.workflow_id:
            return delivery.to(origin.workflow_id, dispatch=origin.dispatch)
        event = await self._event(origin.event_id)
        is_wanted = origin.is_ours or self._adopts_all or (event and await self._is_kept(event, limit))
        request = self._request(origin, event, now) if is_wanted else None
        if request is None:
            self._remember(delivery.bot_id, _NEVER)
            return None
        workflow_id = workflow_id_for(adopted_meeting_id(origin.bot_id))
        return delivery.to(workflow_id, dispatch=0).founding(request)

    async def _event(self, event_id: str) -> CalendarEvent | None:
        """None if the bot was sent to none, or to one that is gone."""
        if not event_id:
            return None
        try:
            return await self._calendars.event(event_id)
        except NotFoundError:
            return None

    async def _is_kept(self, event: CalendarEvent, limit: timedelta) -> bool:
        return await self._calls.is_running(calendar_workflow_id_for(event.calendar_id), limit)

    def _request(self, origin: BotOrigin, event: CalendarEvent | None, now: datetime) -> MeetingRequest | None:
        """None for a bot in a place that is no meeting to us."""
        bot = AdoptedBot(bot_id=origin.bot_id, sent_at=origin.created_at, deadlines=self._deadlines)
        try:
            if event is None:
                return MeetingRequest(meeting_url=origin.meeting_url, start_time=origin.created_at, follows=bot)
            url = origin.meeting_url or event.meeting_url
            end_time = event.end_time if event.end_time and event.end_time > event.start_time else None
            return MeetingRequest(
                meeting_url=url,
                start_time=event.start_time,
                end_time=end_time,
                title=event.title,
                follows=bot,
                calendar=CalendarOrigin(calendar_id=event.calendar_id, event_id=event.event_id),
                claim=Claim(
                    calendar_id=event.calendar_id,
                    event_id=event.event_id,
                    seen_at=now,
                    start_time=event.start_time,
                    end_time=end_time,
                    meeting_url=url,
                    title=event.title,
                ),
            )
        except ValidationError:
            return None

    def _remember(self, bot_id: str, until: datetime) -> None:
        self._strangers.pop(bot_id, None)
        self._strangers[bot_id] = until
        if len(self._strangers) > _MOST_REMEMBERED:
            del self._strangers[next(iter(self._strangers))]
