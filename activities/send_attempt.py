"""One attempt of the send activity: how much time it has, and whether a bot may already exist."""

import math
from datetime import timedelta

from temporalio import activity

from activities.dispatch_batches import elapsed_seconds
from minutekeeper.meetings.dispatch import LAST_USEFUL_MINUTE, SendBotInput

TIME_TO_SEND = timedelta(seconds=10)
"""The part of an attempt's timeout that is reserved for the request that sends the bot."""
_TIME_TO_BE_ANSWERED = timedelta(seconds=8.5)
_SHORTEST_PAUSE_SECONDS = 1.0
_NOTHING_PROVEN = 0


class Attempt:
    """Starts now. `in_doubt` says that an earlier attempt or request may have created a bot.

    Time is measured by a monotonic clock, because the clocks of the server and of this machine may differ.
    """

    def __init__(self, request: SendBotInput) -> None:
        info = activity.info()
        self._began = elapsed_seconds()
        self._limit = info.start_to_close_timeout
        self._number = info.attempt
        self._lives = info.schedule_to_close_timeout
        self._lived = info.started_time - info.scheduled_time
        proven = list(info.heartbeat_details)[:1]
        is_proven = proven == [info.attempt - 1]
        self.last_without_bot = proven[0] if proven and isinstance(proven[0], int) else _NOTHING_PROVEN
        """The number of the last attempt that is known to have created no bot."""
        was_reset = info.attempt == 1 and info.current_attempt_scheduled_time > info.scheduled_time
        self.is_earlier_request_in_doubt = request.search_first or was_reset
        """Whether the doubt is about a request of unknown number, so that this one may be no repeat of it."""
        self.in_doubt = self.is_earlier_request_in_doubt or (info.attempt > 1 and not is_proven)
        if was_reset:
            # An operator reset the attempts: the heartbeat of an earlier one must not be read as this one's.
            activity.heartbeat(_NOTHING_PROVEN)

    @property
    def seconds_to_search(self) -> float | None:
        """Seconds left before the time reserved for sending begins; None without a timeout."""
        if self._limit is None:
            return None
        return (self._limit - TIME_TO_SEND).total_seconds() - self._elapsed()

    @property
    def patience(self) -> float:
        """Seconds for which the request can wait and still be answered within this attempt's timeout."""
        if self._limit is None:
            return math.inf
        return (self._limit - _TIME_TO_BE_ANSWERED).total_seconds() - self._elapsed()

    def refuse_if_over(self) -> None:
        """Raises OverdueError after the timeout: the server has started another attempt by then.

        A worker process can be suspended for longer than its timeout.
        """
        if self._limit is not None and self._elapsed() >= self._limit.total_seconds():
            raise OverdueError

    def ends_without_a_bot(self) -> None:
        """Records that this attempt created no bot, so that the next one need not search.

        Uses heartbeat details, because the server keeps them from one attempt to the next.
        """
        if not self.in_doubt:
            activity.heartbeat(self._number)

    def repeats_end_without_a_bot(self) -> None:
        """Records the same for all repeats of one request: the answer to one is the answer to all.

        A request of an earlier activity stays in doubt, and the next attempt is another request.
        """
        self.in_doubt = self.is_earlier_request_in_doubt
        activity.heartbeat(self._number)

    def pause(self, asked: float, until_start: float) -> float:
        """The pause in seconds that a provider asks for, or a shorter one if no attempt could follow it.

        Temporal stops retrying at once if the next attempt would start after the schedule-to-close timeout. In that
        case the next attempt starts with the meeting, `until_start` seconds from now, or after half of the time
        left.
        """
        if self._lives is None:
            return asked
        left = (self._lives - self._lived - LAST_USEFUL_MINUTE).total_seconds() - self._elapsed()
        if asked < left:
            return asked
        return until_start if 0 < until_start < left else max(left / 2, _SHORTEST_PAUSE_SECONDS)

    def _elapsed(self) -> float:
        return elapsed_seconds() - self._began


class OverdueError(Exception):
    """The timeout of this attempt has passed."""
