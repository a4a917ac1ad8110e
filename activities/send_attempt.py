"""One attempt at sending a bot: the time that it has, and whether a bot may exist already."""

import math
from datetime import timedelta

from temporalio import activity

from activities.dispatch_batches import elapsed_seconds
from minutekeeper.meetings.dispatch import LAST_USEFUL_MINUTE, SendBotInput

TIME_TO_SEND = timedelta(seconds=10)
"""What of an attempt's time belongs to the request that sends the bot."""
_TIME_TO_BE_ANSWERED = timedelta(seconds=8.5)
_SHORTEST_PAUSE_SECONDS = 1.0
_NOTHING_PROVEN = 0


class Attempt:
    """Begins now. `in_doubt` says that a bot may have come of an earlier attempt or request.

    Its time is measured from its own beginning by a clock that nobody sets: the server's clock and this machine's
    may differ.
    """

    def __init__(self, request: SendBotInput) -> None:
        info = activity.info()
        self._began = elapsed_seconds()
        self._limit = info.start_to_close_timeout
        self._number = info.attempt
        self._lives = info.schedule_to_close_timeout
        self._lived = info.started_time - info.scheduled_time
        is_proven = list(info.heartbeat_details)[:1] == [info.attempt - 1]
        was_reset = info.attempt == 1 and info.current_attempt_scheduled_time > info.scheduled_time
        self.in_doubt = request.search_first or was_reset or (info.attempt > 1 and not is_proven)
        if was_reset:
            # An operator had the attempts counted anew: what those before told must not be taken for this one's.
            activity.heartbeat(_NOTHING_PROVEN)

    @property
    def seconds_to_search(self) -> float | None:
        """What is left before the time to send begins; None if there is no limit."""
        if self._limit is None:
            return None
        return (self._limit - TIME_TO_SEND).total_seconds() - self._elapsed()

    @property
    def patience(self) -> float:
        """Seconds for which the request can wait and still be answered in this attempt's time."""
        if self._limit is None:
            return math.inf
        return (self._limit - _TIME_TO_BE_ANSWERED).total_seconds() - self._elapsed()

    def refuse_if_over(self) -> None:
        """A worker that was frozen past its time must not send: the server has given the order to another by then.

        Raises OverdueError.
        """
        if self._limit is not None and self._elapsed() >= self._limit.total_seconds():
            raise OverdueError

    def ends_without_a_bot(self) -> None:
        """Tells the next attempt that this one sent nothing, so that it need not search.

        It is told by a heartbeat, because that is what the server keeps from one attempt to the next.
        """
        if not self.in_doubt:
            activity.heartbeat(self._number)

    def pause(self, asked: float, until_start: float) -> float:
        """The pause that a provider asks for, in seconds, or a shorter one if no attempt would follow it.

        Temporal gives up at once if the next attempt lies behind the last moment at which a bot helps. The next one
        is made at the meeting's start then, `until_start` from now, or after half of what is left.
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
    """The time of this attempt is over."""
