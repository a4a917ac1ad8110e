"""Sending, finding, removing and observing bots."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.account_rate_limit import AccountRateLimit, NotYetError
from activities.dispatch_batches import WorkerShutdownError
from activities.dispatch_slots import DispatchPacing, DispatchSlots
from activities.errors import to_application_error
from activities.room_entry import RoomEntry, RoomOccupiedError
from activities.send_attempt import Attempt, OverdueError
from minutekeeper.meetings.bot_events import ObservedBot
from minutekeeper.meetings.bot_reference import BotReference
from minutekeeper.meetings.dispatch import (
    BotDispatch,
    DispatchedBot,
    DispatchPlan,
    DispatchTerms,
    SendBotInput,
)
from minutekeeper.meetings.webhook_health import BotStatusQuery
from minutekeeper.meetings.webhook_urls import bot_webhook_url
from minutekeeper.providers.base import (
    BotCallback,
    CapacityError,
    DuplicateBotError,
    FoundBot,
    Provider,
    ProviderBotStatus,
    ProviderError,
    RateLimitedError,
    UnavailableError,
)
from minutekeeper.providers.registry import Providers
from minutekeeper.temporal.room_workflows import Rooms, RoomsUnavailableError

_AT_ONCE = timedelta(milliseconds=10)
_ASK_FOR_ROOM_AGAIN = timedelta(seconds=5)
_OWNER_QUESTIONS = 3
"""How often the owner of a shared bot is asked before its silence is taken for a no."""
_REPEAT_MARGIN = timedelta(minutes=10)
"""How long before a provider forgets a request it is not repeated any more, but looked for."""
_ASK_FOR_MACHINE_AGAIN = 30.0


class BotActivities:
    """Sends, finds, removes and polls bots, each through its own provider.

    Args:
        public_url: The base of the webhook URL of each bot, which `secret` signs.
        pacing: When bots may be sent. Its limit is that of the default provider; the limits of others are learned.
    """

    def __init__(
        self,
        providers: Providers,
        *,
        public_url: str,
        secret: str,
        pacing: DispatchPacing | None = None,
        rooms: Rooms | None = None,
    ) -> None:
        pacing = pacing or DispatchPacing()
        self._providers = providers
        self._public_url = public_url
        self._secret = secret
        self._rooms = RoomEntry(rooms, providers, pacing.clock) if rooms else None
        self._clock = pacing.clock
        default = providers.get()
        self._turns = {
            each.name: DispatchSlots(
                pacing if each is default else replace(pacing, limit=AccountRateLimit()),
                each.warm_up,
                activity.wait_for_worker_shutdown,
            )
            for each in providers
        }

    @activity.defn
    async def send_bot(self, request: SendBotInput) -> DispatchedBot:
        """Sends a bot at the instant that the provider wants, once: one that may exist already is looked for first.

        Raises ApplicationError of the types in `activities.errors`; its details are whether it is certain that no
        bot came of the request, and this worker's DispatchTerms.
        """
        attempt = Attempt(request)
        self._clock.hear(activity.info().started_time)
        provider = self._provider(request.provider)
        turns = self._turns[provider.name]
        plan = _plan(provider, request)
        order = _order(request, plan).model_copy(update={"attempt": attempt.last_without_bot})
        try:
            if self._rooms:
                entry = await self._rooms.enter(provider, request, order, _longest(plan))
                if entry.shared:
                    return _answer(entry.shared, request, plan)
                order = order.model_copy(update={"stays_reserved": entry.is_occupied_until_start})
            if found := await self._earlier_bot(provider, order, attempt, rebooked=request.rebooked):
                return _answer(found, request, plan)
            address = self._address(provider, order)
            async with turns.slot(order, address.workflow_id, attempt):
                sent = await self._send_within_limit(provider, order, address, attempt)
        except (RoomOccupiedError, RoomsUnavailableError) as error:
            attempt.ends_without_a_bot()
            is_occupied = isinstance(error, RoomOccupiedError)
            raise ApplicationError(
                str(error),
                not attempt.in_doubt,
                plan.terms,
                type="RoomOccupied" if is_occupied else "RoomsUnavailable",
                next_retry_delay=_ASK_FOR_ROOM_AGAIN if is_occupied else _AT_ONCE,
                category=ApplicationErrorCategory.BENIGN,
            ) from None
        except (WorkerShutdownError, NotYetError, OverdueError) as error:
            attempt.ends_without_a_bot()
            if isinstance(error, NotYetError):
                error.seconds = attempt.pause(error.seconds, self._until_start(order))
            raise _left_to_others(error, not attempt.in_doubt, plan.terms) from None
        except ProviderError as error:
            if isinstance(error, UnavailableError):
                attempt.in_doubt = True
            elif isinstance(error, CapacityError) and self._is_repeatable(provider, order):
                attempt.repeats_end_without_a_bot()
            else:
                attempt.ends_without_a_bot()
            activity.logger.warning("Sending the bot failed (attempt %d): %s", activity.info().attempt, error)
            self._limit_pause(error, attempt, order)
            raise to_application_error(error, not attempt.in_doubt, plan.terms, retry_account=False) from None
        return _answer(sent, request, plan)

    @activity.defn
    async def find_bot(self, request: SendBotInput) -> DispatchedBot | None:
        """The bot of a request whose result is unknown, if there is one."""
        provider = self._provider(request.provider)
        plan = _plan(provider, request)
        try:
            found = await self._find_own(provider, _order(request, plan), rebooked=request.rebooked)
        except ProviderError as error:
            raise to_application_error(error) from None
        return _answer(found, request, plan) if found else None

    @activity.defn
    async def dispatch_policy(self, request: SendBotInput) -> DispatchTerms:
        """This worker's settings for a bot that was asked for."""
        return _plan(self._provider(request.provider), request).terms

    @activity.defn
    async def remove_bot(self, bot: BotReference) -> str:
        """Cancels a bot or makes it leave; returns a RemovalResult. Idempotent."""
        try:
            return await self._providers.get(bot.provider).remove_bot(bot.bot_id)
        except ProviderError as error:
            raise to_application_error(error) from None

    @activity.defn
    async def observe_bot(self, question: BotStatusQuery) -> ObservedBot:
        """Asks the provider what became of a bot, and of a shared one also the meeting that owns it."""
        removed = False
        if question.shared_with and self._rooms:
            try:
                removed = await self._rooms.removed_by_owner(question.bot_id, question.shared_with)
            except RoomsUnavailableError as error:
                if activity.info().attempt <= _OWNER_QUESTIONS:
                    raise ApplicationError(str(error), type="RoomsUnavailable") from None
        try:
            seen = await self._providers.get(question.provider).get_bot_status(question.bot_id)
        except ProviderError as error:
            raise to_application_error(error) from None
        is_gone = seen.status is ProviderBotStatus.GONE
        return ObservedBot(events=seen.events, gone=is_gone, removed_by_owner=removed, text=seen.text)

    @activity.defn
    async def retranscribe(self, bot: BotReference) -> None:
        """Requests a new transcript of a bot's recording; a webhook reports when it exists."""
        try:
            await self._providers.get(bot.provider).retranscribe(bot.bot_id)
        except ProviderError as error:
            raise to_application_error(error) from None

    def _provider(self, name: str) -> Provider:
        try:
            return self._providers.get(name)
        except ProviderError as error:
            raise to_application_error(error, True, DispatchTerms(), retry_account=False) from None  # noqa: FBT003 - a detail

    def _limit_pause(self, error: ProviderError, attempt: Attempt, order: BotDispatch) -> None:
        """Shortens the pause that a provider asks for, where no attempt could follow it."""
        if isinstance(error, CapacityError) and error.retry_after is None:
            error.retry_after = _ASK_FOR_MACHINE_AGAIN
        if isinstance(error, RateLimitedError | CapacityError) and error.retry_after is not None:
            error.retry_after = attempt.pause(error.retry_after, self._until_start(order))

    def _is_repeatable(self, provider: Provider, order: BotDispatch) -> bool:
        """Whether the provider answers the same request with the bot that an earlier one may have created."""
        lasts, since = provider.capabilities.idempotent_for, order.requested_since
        if lasts is None or since is None:
            return False
        return self._clock.now() < since + lasts - _REPEAT_MARGIN

    async def _earlier_bot(
        self, provider: Provider, order: BotDispatch, attempt: Attempt, *, rebooked: bool
    ) -> DispatchedBot | None:
        """Looks for the bot of an earlier attempt, if there may be one that the request itself would not return.

        In time of its own: not in that which the request needs.
        """
        is_known = not (rebooked or attempt.is_earlier_request_in_doubt)
        if not attempt.in_doubt or (is_known and self._is_repeatable(provider, order)):
            return None
        await self._turns[provider.name].search(order, attempt)
        try:
            async with asyncio.timeout(attempt.seconds_to_search):
                return await self._find_own(provider, order, rebooked=rebooked)
        except TimeoutError:
            raise UnavailableError("the list of bots could not be read in time") from None

    def _until_start(self, order: BotDispatch) -> float:
        return (order.start_time - self._clock.now()).total_seconds()

    async def _send_within_limit(
        self, provider: Provider, order: BotDispatch, address: BotCallback, attempt: Attempt
    ) -> DispatchedBot:
        """Sends the bot, again after each refusal for the limit's sake, while this attempt has time for it."""
        turns = self._turns[provider.name]
        while True:
            attempt.refuse_if_over()
            try:
                sent = await self._send(provider, order, address)
            except RateLimitedError as error:
                await turns.refused(order, attempt, error)
            else:
                turns.accepted()
                return sent

    async def _send(self, provider: Provider, order: BotDispatch, address: BotCallback) -> DispatchedBot:
        try:
            return await provider.dispatch(order, address, self._clock.now())
        except DuplicateBotError as refusal:
            return await self._resolve_duplicate(provider, order, address, refusal)

    async def _resolve_duplicate(
        self, provider: Provider, order: BotDispatch, address: BotCallback, refusal: DuplicateBotError
    ) -> DispatchedBot:
        """What stands behind a refused duplicate: our own bot, another meeting's, or one that has left already."""
        found = await self._find(provider, order)
        for bot in found:
            # A bot that an earlier run of this very meeting left behind reports to this one as well.
            if _is_own(bot, order) or (bot.is_open and _is_left_behind(bot, order)):
                return _adopted(provider, bot, order)
        for bot in found:
            if bot.is_open and bot.workflow_id != activity.info().workflow_id:
                return _adopted(provider, bot, order, shared_with=bot.workflow_id or "another application")
        if any(bot.key == order.key for bot in found):
            # An earlier meeting of the same name left its key behind; this run's own key is as good.
            fresh = order.model_copy(update={"key": _own_key(order)})
            return await provider.dispatch(fresh, address, self._clock.now())
        raise UnavailableError(f"a duplicate was refused, but no bot for this meeting is listed: {refusal}")

    async def _find_own(self, provider: Provider, order: BotDispatch, *, rebooked: bool) -> DispatchedBot | None:
        for bot in await self._find(provider, order):
            if _is_own(bot, order) or (rebooked and _is_left_behind(bot, order)):
                return _adopted(provider, bot, order)
        return None

    async def _find(self, provider: Provider, order: BotDispatch) -> list[FoundBot]:
        since = min(order.requested_since or order.dispatch_at, order.dispatch_at, self._clock.now())
        return await provider.find(order.key, order.meeting_url, since)

    def _address(self, provider: Provider, order: BotDispatch) -> BotCallback:
        workflow_id = activity.info().workflow_id or ""
        url = bot_webhook_url(self._public_url, self._secret, provider.name, workflow_id, order.dispatch)
        return BotCallback(webhook_url=url, workflow_id=workflow_id)


def _longest(plan: DispatchPlan) -> timedelta:
    return timedelta(seconds=plan.deadlines.max_bot_lifetime)


def _plan(provider: Provider, request: SendBotInput) -> DispatchPlan:
    """By the provider's own rule and this worker's settings; the same in every attempt."""
    return provider.dispatch_plan(request.start_time, request.requested_at)


def _order(request: SendBotInput, plan: DispatchPlan) -> BotDispatch:
    return BotDispatch(
        key=request.key,
        dispatch=request.dispatch,
        run=request.run or activity.info().workflow_run_id or "",
        meeting_url=request.meeting_url,
        start_time=request.start_time,
        dispatch_at=plan.dispatch_at,
        mode=plan.mode,
        transcript=request.transcript,
        bot=request.bot,
        metadata=request.metadata,
        requested_since=request.first_requested_at or request.requested_at,
    )


def _answer(sent: DispatchedBot, request: SendBotInput, plan: DispatchPlan) -> DispatchedBot:
    """`join_at` is the plan's, unless the provider said another instant when the bot was sent."""
    join_at = sent.join_at or plan.join_at
    return sent.model_copy(
        update={"join_at": None if join_at == request.start_time else join_at, "terms": plan.terms}
    )


def _is_own(bot: FoundBot, order: BotDispatch) -> bool:
    return bot.run == order.run and bot.key in {order.key, _own_key(order)}


def _is_left_behind(bot: FoundBot, order: BotDispatch) -> bool:
    """Whether an earlier workflow of the same id sent it under this key."""
    is_same_id = bot.workflow_id == activity.info().workflow_id
    return is_same_id and bot.key in {order.key, f"{order.key}-{bot.run[-8:]}"}


def _own_key(order: BotDispatch) -> str:
    """A key that no other run has; the beginning of a run's id is the time, so its end is taken."""
    return f"{order.key}-{order.run[-8:]}"


def _adopted(provider: Provider, bot: FoundBot, order: BotDispatch, shared_with: str = "") -> DispatchedBot:
    return DispatchedBot(
        bot_id=bot.bot_id,
        sent_at=bot.created_at,
        provider=provider.name,
        mode=order.mode,
        is_adopted=True,
        shared_with=shared_with,
    )


def _left_to_others(
    error: WorkerShutdownError | NotYetError | OverdueError, is_proven: bool, terms: DispatchTerms
) -> ApplicationError:
    if isinstance(error, OverdueError):
        return ApplicationError("the time of this attempt is over", is_proven, terms, type="Overdue")
    kind, text, delay = "HandedBack", "this worker shuts down; another one sends the bot", _AT_ONCE
    if isinstance(error, NotYetError):
        kind, text, delay = "NotYet", str(error), max(timedelta(seconds=error.seconds), _AT_ONCE)
    return ApplicationError(
        text, is_proven, terms, type=kind, next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN
    )
