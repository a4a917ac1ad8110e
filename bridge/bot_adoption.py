"""Finds the owner of a bot that no meeting knows: a meeting, a calendar, or another product of the same account.

Runs in the background and never while a sender waits, because the provider has to be asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from bridge.bot_origins import OriginLookup
from bridge.delivery import WebhookDelivery
from bridge.temporal_gateway import TemporalGateway
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.meetings.claims import Claim
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.ids import adopted_meeting_id, calendar_workflow_id_for, workflow_id_for
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest, ProviderScheduledBot
from minutekeeper.providers.base import BotOrigin, NotFoundError, UnknownProviderError
from minutekeeper.providers.calendar_registry import CalendarProviders

_MAX_REMEMBERED = 20_000
_FIRST_PAUSE = timedelta(minutes=1)
_MAX_PAUSE = timedelta(hours=1)
"""Between two searches for a bot that the provider does not know, perhaps not yet; each is three times the last."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _UnknownBot:
    """A bot that was not ours at `asked_at`; the provider is not asked about it again before `retry_at`."""

    asked_at: datetime
    retry_at: datetime


class BotAdopter:
    """Resolves the owner of unknown bots; `origins` has a lookup for each provider.

    With `adopts_all`, every bot of the accounts is followed.
    """

    def __init__(
        self,
        origins: Mapping[str, OriginLookup],
        calendars: CalendarProviders,
        temporal: TemporalGateway,
        *,
        deadlines: Deadlines,
        adopts_all: bool = False,
    ) -> None:
        self._origins = origins
        self._calendars = calendars
        self._temporal = temporal
        self._deadlines = deadlines
        self._adopts_all = adopts_all
        self._unknown_bots: dict[tuple[str, str], _UnknownBot] = {}

    async def resolve(self, delivery: WebhookDelivery, limit: timedelta) -> WebhookDelivery | None:
        """The delivery with the meeting that it belongs to, which may have to be created.

        None if the bot is not ours.

        `limit` is how long one call to Temporal may take. Raises ProviderError and TemporalCallError.
        """
        now = datetime.now(UTC)
        bot = (delivery.provider, delivery.bot_id)
        unknown = self._unknown_bots.get(bot)
        if unknown and now < unknown.retry_at:
            return None
        try:
            origin = await self._lookup(delivery.provider).of(
                delivery.bot_id, unknown.asked_at if unknown else delivery.received_at
            )
        except NotFoundError:
            pause = 3 * (unknown.retry_at - unknown.asked_at) if unknown else _FIRST_PAUSE
            self._remember(bot, _UnknownBot(now, now + min(pause, _MAX_PAUSE)))
            return None
        if origin is None:
            return None
        if origin.workflow_id:
            return delivery.addressed_to(origin.workflow_id, dispatch=origin.dispatch)
        event = await self._event(delivery.provider, origin)
        is_wanted = origin.is_ours or self._adopts_all or (event and await self._is_followed(event, origin, limit))
        request = self._request(delivery.provider, origin, event, now) if is_wanted else None
        if request is None:
            self._remember(bot, _UnknownBot(now, _NEVER))
            return None
        workflow_id = workflow_id_for(adopted_meeting_id(origin.bot_id))
        return delivery.addressed_to(workflow_id, dispatch=0).creating_meeting(request)

    def _lookup(self, provider: str) -> OriginLookup:
        lookup = self._origins.get(provider)
        if lookup is None:
            raise UnknownProviderError(
                f"the provider {provider!r} is not set up here, so its bots are not asked about"
            )
        return lookup

    async def _event(self, provider: str, origin: BotOrigin) -> CalendarEvent | None:
        """The event that the bot was sent to; None if there is none, or none any more."""
        calendars = self._calendars.find(provider)
        if not origin.event_id or calendars is None:
            return None
        try:
            return await calendars.event(origin.calendar_id, origin.event_id)
        except NotFoundError:
            return None

    async def _is_followed(self, event: CalendarEvent, origin: BotOrigin, limit: timedelta) -> bool:
        """Whether its calendar has a workflow, or is that of a user for whom the provider itself decides."""
        if origin.calendar_id:
            return True
        return await self._temporal.is_running(calendar_workflow_id_for(event.calendar_id), limit)

    def _request(
        self, provider: str, origin: BotOrigin, event: CalendarEvent | None, now: datetime
    ) -> MeetingRequest | None:
        """The meeting to create for the bot; None if its link is not a meeting that is supported."""
        bot = ProviderScheduledBot(
            bot_id=origin.bot_id, sent_at=origin.created_at, provider=provider, deadlines=self._deadlines
        )
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
                calendar=CalendarEventRef(calendar_id=event.calendar_id, event_id=event.event_id),
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

    def _remember(self, bot: tuple[str, str], unknown: _UnknownBot) -> None:
        self._unknown_bots.pop(bot, None)
        self._unknown_bots[bot] = unknown
        if len(self._unknown_bots) > _MAX_REMEMBERED:
            del self._unknown_bots[next(iter(self._unknown_bots))]
