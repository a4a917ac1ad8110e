"""Following a bot through its life: webhooks bring the news, a watchdog sees to it that silence is asked about."""

from datetime import datetime, timedelta

from temporalio import workflow

from workflows import handling
from workflows.dispatching import Dispatcher
from workflows.journal import Journal
from workflows.watchdog import Watchdog
from workflows.wishes import Wishes

with workflow.unsafe.imports_passed_through():
    from meetings import watch


class Follower:
    def __init__(self, journal: Journal, dispatcher: Dispatcher, wishes: Wishes) -> None:
        self._journal = journal
        self._record = journal.record
        self._dispatcher = dispatcher
        self._wishes = wishes

    def may_try_again(self) -> bool:
        """Whether another bot is worth sending after the last one failed."""
        return self._record.may_try_again(self._dispatcher.terms.max_dispatches, workflow.now())

    async def follow(self, number: int, *, until_changed: bool = True) -> None:
        """Until nothing more is to be expected of a bot, or the meeting was changed."""

        def is_done() -> bool:
            interrupted = until_changed and (self._wishes.any or self._is_time_for_another())
            return interrupted or watch.is_over(self._record.bots[number])

        watchdog = Watchdog()
        while not is_done():
            question = self._record.deadline = self._next_question(number)
            if workflow.now() >= question:
                await handling.ask(self._journal, number, self._dispatcher.terms.deadlines)
                continue
            self._set(watchdog, number)

            def has_news(question: datetime = question) -> bool:
                return is_done() or not watchdog.is_running or self._next_question(number) != question

            await workflow.wait_condition(has_news)
        self._record.deadline = None
        if not watch.is_over(self._record.bots[number]):
            watchdog.stop()

    def _set(self, watchdog: Watchdog, number: int) -> None:
        bot, deadlines = self._record.bots[number], self._dispatcher.terms.deadlines
        look = watch.next_look(bot, self._record.request.expected_end, deadlines)
        if look <= workflow.now():
            look = self._next_question(number)
        watchdog.watch(
            min(look, self._next_question(number)),
            f"{bot.phase.value}: any news?",
            late=watch.leeway(bot, deadlines),
        )

    def _is_time_for_another(self) -> bool:
        """Another bot is sent after a pause, in which the last one's recording may turn up after all."""
        return self.may_try_again() and workflow.now() >= self._pause_ends

    @property
    def _pause_ends(self) -> datetime:
        failed_at = self._record.newest.final_heard_at or workflow.now()
        return failed_at + timedelta(seconds=self._dispatcher.terms.deadlines.retry)

    def _next_question(self, number: int) -> datetime:
        record = self._record
        deadlines = self._dispatcher.terms.deadlines
        question = watch.next_question(record.bots[number], record.request.expected_end, deadlines)
        is_newest = number == record.newest_number
        is_pause = is_newest and self.may_try_again() and workflow.now() < self._pause_ends
        return min(question, self._pause_ends) if is_pause else question
