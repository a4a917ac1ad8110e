"""Plays a bot's script: waits, lets each step happen, and breaks off when the bot is asked to leave."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.passing_time import pass_time
from devtools.simulator.scripts import DurationName, Step
from devtools.simulator.state import BotLife, now

B = TypeVar("B", bound=BotLife)
S = TypeVar("S", bound=CommonSettings)


class Life(ABC, Generic[B, S]):
    """One bot from its arrival to its end; `announce` hears of each step and when it happened."""

    def __init__(self, bot: B, settings: S, announce: Callable[[Step, datetime], None]) -> None:
        self.bot = bot
        self.settings = settings
        self._announce = announce

    @property
    @abstractmethod
    def longest_recording(self) -> float:
        """How long the service lets a bot record, in simulated seconds."""

    @abstractmethod
    def arrival_delay(self) -> float:
        """Simulated seconds from the call to the bot's arrival."""

    @abstractmethod
    def steps(self) -> Iterator[Step]:
        """The steps of the script that suit the bot."""

    @abstractmethod
    def departure(self) -> Iterator[Step]:
        """What follows a request to leave, or a recording that became too long."""

    @abstractmethod
    def patience(self, name: DurationName) -> float | None:
        """The duration of this name in simulated seconds if the bot brings one of its own."""

    @abstractmethod
    def apply(self, step: Step, at: datetime) -> None:
        """Change the bot's state as the step demands."""

    async def live(self) -> None:
        """Let everything happen to the bot that its script and its owner want."""
        stays = await self._stay(self.arrival_delay())
        for step in self.steps():
            stays = stays and await self._stay(self._seconds(step))
            if not stays:
                break
            self.happen(step)
        while stays and self.bot.left_at is None:
            stays = await self._stay(None)
        if not stays:
            for step in self.departure():
                await pass_time(self.bot, self.settings, self._seconds(step))
                self.happen(step)

    async def go_on(self) -> None:
        """The rest of a life that a restart has interrupted; the pause itself counts for nothing but an arrival."""
        bot = self.bot
        happened = len(bot.timeline)
        if not happened and not bot.leave_requested_at:
            waited = (now() - bot.created_at).total_seconds() * self.settings.speed
            await self._stay(max(0.0, self.arrival_delay() - waited))
        codes = {moment.code for moment in bot.timeline}
        for step in [] if bot.leave_requested_at or bot.timed_out else list(self.steps())[happened:]:
            if not await self._stay(self._seconds(step)):
                break
            self.happen(step)
        if bot.leave_requested_at or bot.timed_out:
            for step in [step for step in self.departure() if step.code not in codes]:
                await pass_time(self.bot, self.settings, self._seconds(step))
                self.happen(step)

    def happen(self, step: Step) -> None:
        """Let the step happen now."""
        at = now()
        self.apply(step, at)
        self._announce(step, at)

    def _seconds(self, step: Step) -> float:
        """Simulated seconds before the step; the bot's own patience comes before the settings."""
        if not isinstance(step.after, str):
            return step.after
        own = self.patience(step.after)
        return float(getattr(self.settings, step.after) if own is None else own)

    async def _stay(self, seconds: float | None) -> bool:
        """Pass the time, and say whether the bot may go on with its script: not once it must leave.

        It must if it was asked to, or if its recording is as long as the service allows.
        """
        bot = self.bot
        if not bot.leaving:
            left = math.inf
            if bot.recording_since is not None:
                left = self.longest_recording - bot.seconds_recorded
            is_too_long = left < (math.inf if seconds is None else seconds)
            await pass_time(bot, self.settings, max(0.0, left) if is_too_long else seconds)
            bot.timed_out = is_too_long and not bot.leaving
        return not (bot.leaving or bot.timed_out)
