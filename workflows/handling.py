"""What a meeting does about one of its bots: looks for it, tells it to go, asks what became of it."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import steps
from workflows.journal import Journal
from workflows.waiting import wait

with workflow.unsafe.imports_passed_through():
    from meetings import reporting, watch
    from meetings.deadlines import Deadlines
    from meetings.dispatch import DispatchMode, DispatchRequest, SentBot
    from meetings.events import BotEvent, BotEventKind, EventSource
    from meetings.status import FailureReason

_ENDS = frozenset({BotEventKind.COMPLETE, BotEventKind.FAILED})


async def find(journal: Journal, request: DispatchRequest) -> SentBot | None:
    """The bot of a request that ended in doubt: as the provider lists it, or as it reported by itself."""
    sent = None
    try:
        sent = await steps.find_bot(request)
    except ActivityError as error:
        journal.note("search_failed", f"Nobody could say whether a bot was sent: {error.cause}")
    if sent is None and (bot_id := journal.record.early_bot(request.dispatch)):
        return SentBot(bot_id=bot_id, sent_at=workflow.now(), mode=DispatchMode.IMMEDIATE, adopted=True)
    return sent


async def withdraw(journal: Journal, number: int, deadlines: Deadlines) -> None:
    """Tells a bot to go, until that is acknowledged, the bot has ended, or there is no hope of either."""

    def has_ended() -> bool:
        bot = journal.record.bots[number]
        return bot.final is not None or bot.given_up

    while not await _remove(journal, number) and not has_ended():
        await wait(has_ended, deadlines.removal, "the bot could not be told to go: again")
        if not has_ended():
            await ask(journal, number, deadlines)


async def _remove(journal: Journal, number: int) -> bool:
    """Whether a bot was told to go. One of another meeting is left alone: it is none of ours any more."""
    bot = journal.record.bots[number]
    since = bot.withdrawn_at or workflow.now()
    journal.record.update_bot(number, withdrawn_at=since, given_up=bool(bot.shared_with))
    if bot.is_recorded or bot.shared_with:
        return True
    try:
        answer = await steps.remove_bot(bot.bot_id)
    except ActivityError as error:
        journal.note("removal_refused", f"Bot {bot.bot_id} could not be told to go: {error.cause}")
        return False
    journal.record.update_bot(number, withdrawn_at=workflow.now())
    journal.note("bot_withdrawn", f"Told bot {bot.bot_id} to go ({answer}).")
    return True


async def ask(journal: Journal, number: int, deadlines: Deadlines) -> None:
    """Asks the provider about a silent bot; the answer goes through the same transitions as a webhook."""
    record = journal.record
    bot = record.bots[number]
    has_overstayed = bot.final is None and workflow.now() >= watch.stays_until(bot, deadlines)
    if has_overstayed and bot.withdrawn_at is None:
        journal.note("overstayed", "The bot has been there for longer than any bot may.")
        await _remove(journal, number)
        return
    try:
        question = reporting.question_about(bot, workflow.now())
        seen = await steps.observe_bot(question, f"no news of bot {bot.bot_id} ({bot.phase.value})")
    except ActivityError as error:
        journal.note("asked", f"The provider gave no answer about the bot: {error.cause}")
        given_up = watch.is_abandoned(bot, workflow.now(), deadlines)
        record.update_bot(number, asked_at=workflow.now(), asked_in_vain=bot.asked_in_vain + 1, given_up=given_up)
        return
    journal.note("asked", f"Asked the provider about the bot: {seen.text or 'it is at work'}.")
    record.update_bot(number, asked_in_vain=bot.asked_in_vain + 1)
    for event in seen.events:
        journal.hear(event.model_copy(update={"dispatch": bot.dispatch}))
    has_ended = seen.gone or any(event.kind in _ENDS for event in seen.events)
    if seen.gone and record.bots[number].final is None:
        journal.hear(_gone(bot.bot_id, bot.dispatch, seen.text))
    given_up = watch.is_beyond_help(record.bots[number], workflow.now(), deadlines)
    # That it was not known for a moment means nothing once it is known to be at work.
    is_last_word = bot.final is not None and (has_ended or bot.final.reason is not FailureReason.NO_ANSWER)
    record.update_bot(number, asked_at=workflow.now(), asked_after_final=is_last_word, given_up=given_up)


def _gone(bot_id: str, dispatch: int, text: str) -> BotEvent:
    return BotEvent(
        kind=BotEventKind.FAILED,
        bot_id=bot_id,
        dispatch=dispatch,
        code="gone",
        reason=FailureReason.NO_ANSWER,
        text=text,
        occurred_at=workflow.now(),
        source=EventSource.API,
    )
