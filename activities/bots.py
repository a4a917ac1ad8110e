"""Sending, finding, removing and observing bots."""

import asyncio
import contextlib
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.account_rate_limit import AccountRateLimit, NotYetError
from activities.bot_orders import (
    adopted_bot,
    completed_answer,
    is_left_behind,
    is_own_bot,
    order_for,
    own_key,
    plan_for,
    request_id,
)
from activities.dispatch_batches import WorkerShutdownError
from activities.dispatch_slots import DispatchPacing, DispatchSlots
from activities.errors import to_application_error
from activities.provider_health import ProviderUnhealthyError, health_of
from activities.provider_selection import ProviderSelection
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
from minutekeeper.meetings.provider_choice import ProviderChoice
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
        pacing: When bots may be sent. Limits that it does not have are learned.
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
                pacing,
                each.warm_up,
                activity.wait_for_worker_shutdown,
                limit=_limit(each, pacing, is_default=each is default),
            )
            for each in providers
        }
        self._health = health_of([each.name for each in providers], self._clock)
        self._selection = ProviderSelection(providers, pacing.paces, self._health, self._clock)

    @activity.defn
    async def send_bot(self, request: SendBotInput) -> DispatchedBot | ProviderChoice:
        """Sends a bot at the instant that the provider wants, once: one that may exist already is looked for first.

        Where there are several providers, a request that names none is answered with the choice of one.

        Raises ApplicationError of the types in `activities.errors`; its details are whether it is certain that no
        bot came of the request, and this worker's DispatchTerms.
        """
        attempt = Attempt(request)
        self._clock.hear(activity.info().started_time)
        provider = self._provider(request.provider)
        if not attempt.in_doubt or (request.rebooked and activity.info().attempt == 1):
            choice = self._selection.choose(request, activity.info().workflow_id or "", attempt.patience)
            if choice is not None:
                return await self._bot_of_lost_workflow(request) or choice
        plan = plan_for(provider, request)
        doubt = {"attempt": attempt.last_without_bot, "is_in_doubt": attempt.in_doubt}
        order = order_for(request, plan).model_copy(update=doubt)
        try:
            sent = await self._enter_and_send(provider, request, order, plan, attempt)
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
        except (WorkerShutdownError, NotYetError, OverdueError, ProviderUnhealthyError) as error:
            attempt.ends_without_a_bot()
            if isinstance(error, NotYetError):
                error.seconds = attempt.pause(error.seconds, self._until_start(order))
            raise _left_to_others(error, not attempt.in_doubt, plan.terms) from None
        except ProviderError as error:
            self._health[provider.name].failed(error)
            if isinstance(error, UnavailableError):
                attempt.in_doubt = True
            elif isinstance(error, CapacityError) and provider.capabilities.idempotent_for is not None:
                attempt.repeats_end_without_a_bot()
            else:
                attempt.ends_without_a_bot()
            activity.logger.warning("Sending the bot failed (attempt %d): %s", activity.info().attempt, error)
            self._limit_pause(error, attempt, order)
            raise to_application_error(error, not attempt.in_doubt, plan.terms, retry_account=False) from None
        return completed_answer(sent, request, plan)

    @activity.defn
    async def find_bot(self, request: SendBotInput) -> DispatchedBot | None:
        """The bot of a request whose result is unknown, if there is one."""
        provider = self._provider(request.provider)
        plan = plan_for(provider, request)
        try:
            found = await self._find_own(provider, order_for(request, plan), rebooked=request.rebooked)
        except ProviderError as error:
            raise to_application_error(error) from None
        return completed_answer(found, request, plan) if found else None

    @activity.defn
    async def dispatch_policy(self, request: SendBotInput) -> DispatchTerms:
        """This worker's settings for a bot that was asked for."""
        return plan_for(self._provider(request.provider), request).terms

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
            await self._providers.get(bot.provider).retranscribe(bot.bot_id, request_id())
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
        return lasts is not None and since is not None and self._clock.now() < since + lasts - _REPEAT_MARGIN

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

    async def _enter_and_send(
        self, provider: Provider, request: SendBotInput, order: BotDispatch, plan: DispatchPlan, attempt: Attempt
    ) -> DispatchedBot:
        """The bot that is sent, or the one that is in the room already, or that an earlier attempt sent."""
        if self._rooms:
            longest = timedelta(seconds=plan.deadlines.max_bot_lifetime)
            entry = await self._rooms.enter(provider, request, order, longest)
            if entry.shared:
                return entry.shared
            order = order.model_copy(update={"stays_reserved": entry.is_occupied_until_start})
        if found := await self._earlier_bot(provider, order, attempt, rebooked=request.rebooked):
            return found
        address, health = self._address(provider, order), self._health[provider.name]
        async with self._turns[provider.name].slot(order, address.workflow_id, attempt):
            if request.may_change and not attempt.in_doubt:
                health.admit()
            sent = await self._send_within_limit(provider, order, address, attempt)
            health.answered()
        return sent

    async def _bot_of_lost_workflow(self, request: SendBotInput) -> DispatchedBot | None:
        """The bot that a lost workflow of the same id may have sent, at whichever provider."""
        if not request.rebooked:
            return None
        for provider in self._providers:
            plan = plan_for(provider, request)
            with contextlib.suppress(ProviderError):
                if found := await self._find_own(provider, order_for(request, plan), rebooked=True):
                    return completed_answer(found, request, plan)
        return None

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
            if is_own_bot(bot, order) or (bot.is_open and is_left_behind(bot, order, provider)):
                return adopted_bot(provider, bot, order)
        for bot in found:
            if bot.is_open and bot.workflow_id != activity.info().workflow_id:
                return adopted_bot(provider, bot, order, shared_with=bot.workflow_id or "another application")
        if any(bot.key == order.key for bot in found):
            # An earlier meeting of the same name left its key behind; this run's own key is as good.
            fresh = order.model_copy(update={"key": own_key(order)})
            return await provider.dispatch(fresh, address, self._clock.now())
        raise UnavailableError(f"a duplicate was refused, but no bot for this meeting is listed: {refusal}")

    async def _find_own(self, provider: Provider, order: BotDispatch, *, rebooked: bool) -> DispatchedBot | None:
        for bot in await self._find(provider, order):
            if is_own_bot(bot, order) or (rebooked and is_left_behind(bot, order, provider)):
                return adopted_bot(provider, bot, order)
        return None

    async def _find(self, provider: Provider, order: BotDispatch) -> list[FoundBot]:
        since = min(order.requested_since or order.dispatch_at, order.dispatch_at, self._clock.now())
        return await provider.find(order.key, order.meeting_url, since)

    def _address(self, provider: Provider, order: BotDispatch) -> BotCallback:
        workflow_id = activity.info().workflow_id or ""
        url = bot_webhook_url(self._public_url, self._secret, provider.name, workflow_id, order.dispatch)
        return BotCallback(webhook_url=url, workflow_id=workflow_id)


def _limit(provider: Provider, pacing: DispatchPacing, *, is_default: bool) -> AccountRateLimit:
    if provider.name in pacing.paces:
        return AccountRateLimit(pacing.paces[provider.name].per_second, name=provider.name)
    return pacing.limit if is_default else AccountRateLimit(provider.capabilities.requests_per_second)


def _left_to_others(
    error: WorkerShutdownError | NotYetError | OverdueError | ProviderUnhealthyError,
    is_proven: bool,
    terms: DispatchTerms,
) -> ApplicationError:
    if isinstance(error, OverdueError):
        return ApplicationError("the time of this attempt is over", is_proven, terms, type="Overdue")
    kind, text, delay = "HandedBack", "this worker shuts down; another one sends the bot", _AT_ONCE
    if isinstance(error, NotYetError):
        kind, text, delay = "NotYet", str(error), max(timedelta(seconds=error.seconds), _AT_ONCE)
    is_unhealthy = isinstance(error, ProviderUnhealthyError)
    if is_unhealthy:
        kind, text = "ProviderUnhealthy", str(error)
    return ApplicationError(
        text,
        is_proven,
        terms,
        type=kind,
        next_retry_delay=delay,
        non_retryable=is_unhealthy,
        category=ApplicationErrorCategory.BENIGN,
    )
