"""What is asked of a provider for a request, and which of the bots that it lists came of it."""

from temporalio import activity

from activities.meeting_metrics import measure_dispatch
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchPlan, SendBotInput
from minutekeeper.providers.base import FoundBot, Provider


def plan_for(provider: Provider, request: SendBotInput) -> DispatchPlan:
    """By the provider's own rule and this worker's settings; the same in every attempt."""
    return provider.dispatch_plan(request.start_time, request.requested_at)


def order_for(request: SendBotInput, plan: DispatchPlan) -> BotDispatch:
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


def completed_answer(sent: DispatchedBot, request: SendBotInput, plan: DispatchPlan) -> DispatchedBot:
    """`join_at` is the plan's, unless the provider said another instant when the bot was sent."""
    if activity.info().activity_type == "send_bot" and not sent.is_adopted:
        measure_dispatch(sent.sent_at, plan.dispatch_at, request.requested_at)
    join_at = sent.join_at or plan.join_at
    return sent.model_copy(
        update={"join_at": None if join_at == request.start_time else join_at, "terms": plan.terms}
    )


def is_own_bot(bot: FoundBot, order: BotDispatch) -> bool:
    return bot.run == order.run and bot.key in {order.key, own_key(order)}


def is_left_behind(bot: FoundBot, order: BotDispatch, provider: Provider) -> bool:
    """Whether an earlier workflow of the same id sent it under this key, of several providers or of one alone."""
    is_same_id = bot.workflow_id == activity.info().workflow_id
    alone = order.key.removesuffix(f"-{provider.name}")
    keys = {alone, f"{alone}-{provider.name}"}
    return is_same_id and bot.key in keys | {f"{key}-{bot.run[-8:]}" for key in keys}


def own_key(order: BotDispatch) -> str:
    """A key that no other run has; the beginning of a run's id is the time, so its end is taken."""
    return f"{order.key}-{order.run[-8:]}"


def adopted_bot(provider: Provider, bot: FoundBot, order: BotDispatch, shared_with: str = "") -> DispatchedBot:
    return DispatchedBot(
        bot_id=bot.bot_id,
        sent_at=bot.created_at,
        provider=provider.name,
        mode=order.mode,
        is_adopted=True,
        shared_with=shared_with,
    )


def request_id() -> str:
    """The same for all attempts of this activity, and for nothing else."""
    return f"{activity.info().workflow_run_id}/{activity.info().activity_id}"
