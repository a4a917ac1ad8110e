"""Lets a meeting's bot into its room: only if no other bot of ours is, or could be, there at the same time."""

from datetime import datetime, timedelta
from typing import NamedTuple

from temporalio import activity

from activities.dispatch_batches import Clock
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchMode, SendBotInput
from minutekeeper.meetings.fields import ASSUMED_LENGTH
from minutekeeper.meetings.ids import meeting_id_from_workflow_id
from minutekeeper.meetings.rooms import BotPresence, PresenceQuery, RoomNeeded, RoomReservation, RoomShared
from minutekeeper.providers.base import Provider, ProviderError, UnavailableError
from minutekeeper.providers.registry import Providers
from minutekeeper.temporal.room_workflows import Holder, Rooms

_MARGIN = timedelta(minutes=10)
"""How much longer than the longest lifetime of its bot a room stays reserved."""


class RoomOccupiedError(Exception):
    """Another bot of ours has to leave first, or its answer is awaited; the message says which."""


class Entry(NamedTuple):
    """A room that is reserved, unless there is a bot to share."""

    shared: DispatchedBot | None = None
    is_occupied_until_start: bool = False
    """Whether the bot must not arrive before the start, because an earlier meeting's is there until then."""


class RoomEntry:
    """Reserves rooms for one worker's dispatches."""

    def __init__(self, rooms: Rooms, providers: Providers, clock: Clock) -> None:
        self._rooms = rooms
        self._providers = providers
        self._clock = clock

    async def enter(
        self, provider: Provider, request: SendBotInput, order: BotDispatch, longest: timedelta
    ) -> Entry:
        """Reserves the room for this request, or finds the bot of the same meeting to share.

        Raises RoomOccupiedError, RoomsUnavailableError if Temporal cannot say, and ProviderError if what a lost
        workflow left behind cannot be looked up.
        """
        info = activity.info()
        mine = RoomReservation(
            workflow_id=info.workflow_id or "",
            run_id=request.run or info.workflow_run_id or "",
            dispatch=request.dispatch,
            requested_at=request.requested_at,
            provider=provider.name,
        )
        now = self._clock.now()
        lifetime = max(request.start_time, now) - now + longest + _MARGIN
        entry = Entry()
        while holder := await self._rooms.reserve(request.meeting_url, mine, lifetime):
            entry = await self._ask(provider, request, order, holder)
            if entry.shared:
                return entry
            await self._rooms.end(request.meeting_url, holder)
        return entry

    async def removed_by_owner(self, bot_id: str, workflow_id: str) -> bool:
        """Whether the meeting that owns a shared bot told it to leave. Raises RoomsUnavailableError."""
        presence = await self._rooms.presence(workflow_id, PresenceQuery(bot_id=bot_id))
        return presence is not None and presence.was_removed

    async def _ask(self, provider: Provider, request: SendBotInput, order: BotDispatch, holder: Holder) -> Entry:
        """Asks the holder of a room for it, or for its bot if that serves this meeting as well."""
        owner = holder.reservation
        query = PresenceQuery(run_id=owner.run_id, dispatch=owner.dispatch)
        presence = await self._rooms.presence(owner.workflow_id, query)
        if presence is None:
            return Entry(shared=await self._left_behind(provider, order, owner))
        if presence.is_gone or presence.bot_id in request.gone_bots:
            return Entry()
        if await self._is_left_in_time(provider, request, order, owner, presence):
            return Entry(is_occupied_until_start=True)
        if presence.bot_id and not presence.is_leaving:
            shared = RoomShared(workflow_id=activity.info().workflow_id or "", dispatch=owner.dispatch)
            presence = await self._rooms.announce(owner.workflow_id, shared, query) or presence
        if presence.is_gone:
            return Entry()
        if not presence.bot_id or presence.is_leaving:
            raise RoomOccupiedError(f"workflow {owner.workflow_id} has a bot on its way or leaving")
        return Entry(
            shared=DispatchedBot(
                bot_id=presence.bot_id,
                provider=presence.provider,
                sent_at=self._clock.now(),
                mode=order.mode,
                is_adopted=True,
                shared_with=owner.workflow_id,
            )
        )

    async def _is_left_in_time(
        self,
        provider: Provider,
        request: SendBotInput,
        order: BotDispatch,
        owner: RoomReservation,
        presence: BotPresence,
    ) -> bool:
        """Whether the bot in the room is an earlier meeting's, and leaves before this meeting's bot arrives.

        Meetings that follow each other in one room have a bot each. The earlier one is told when the later one
        begins, and says when its bot leaves, so that a bot which arrives at the start can be sent before that.
        Raises RoomOccupiedError if the room is not free for this meeting.
        """
        start, end = request.start_time, request.end_time or request.start_time + ASSUMED_LENGTH
        if end <= presence.start_time:
            raise RoomOccupiedError(
                f"the bot of workflow {owner.workflow_id} is on its way to a later meeting in this room"
            )
        if start < presence.end_time:
            return False
        if not presence.bot_id or presence.is_leaving:
            raise RoomOccupiedError(f"workflow {owner.workflow_id} has a bot on its way or leaving")
        if not _leaves_before(presence, start):
            meeting_id = meeting_id_from_workflow_id(activity.info().workflow_id or "")
            needed = RoomNeeded(at=start, meeting_id=meeting_id, dispatch=owner.dispatch)
            query = PresenceQuery(run_id=owner.run_id, dispatch=owner.dispatch)
            presence = await self._rooms.announce(owner.workflow_id, needed, query) or presence
        is_early = provider.capabilities.keeps_timer or self._clock.now() <= order.dispatch_at
        arrives_at_start = order.mode is DispatchMode.RESERVED and is_early
        if presence.is_gone or (arrives_at_start and _leaves_before(presence, start)):
            return True
        raise RoomOccupiedError(f"the bot of workflow {owner.workflow_id} leaves when this meeting begins")

    async def _left_behind(
        self, mine: Provider, order: BotDispatch, owner: RoomReservation
    ) -> DispatchedBot | None:
        """The bot of a workflow that was terminated or lost, if it is still there; at its own provider."""
        try:
            provider = self._providers.get(owner.provider)
            found = await provider.find(order.key, order.meeting_url, order.dispatch_at - timedelta(days=1))
        except ProviderError as error:
            if not isinstance(error, UnavailableError) and owner.provider in {"", mine.name}:
                raise
            raise RoomOccupiedError(
                f"what workflow {owner.workflow_id} left in the room is not known yet: {error}"
            ) from None
        for bot in found:
            if bot.is_open and bot.workflow_id == owner.workflow_id:
                return DispatchedBot(
                    bot_id=bot.bot_id,
                    provider=provider.name,
                    sent_at=bot.created_at,
                    mode=order.mode,
                    is_adopted=True,
                    shared_with=owner.workflow_id,
                )
        return None


def _leaves_before(presence: BotPresence, instant: datetime) -> bool:
    return presence.is_gone or (presence.leaves_at is not None and presence.leaves_at < instant)
