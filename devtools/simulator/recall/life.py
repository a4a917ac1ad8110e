"""A bot's life: it waits for its machine and its time, plays its script, and breaks off when told to leave."""

import math
from collections.abc import Iterator
from typing import Protocol

from devtools.simulator.passing_time import pass_time
from devtools.simulator.recall.scripts import Step
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import Bot, Recording, StatusChange
from devtools.simulator.state import now

_IN_CALL = frozenset(
    {"in_call_not_recording", "in_call_recording", "recording_permission_allowed", "recording_permission_denied"}
)
_OUT = frozenset({"call_ended", "fatal", "done"})
_ENDS = frozenset({"fatal", "done"})
_LEFT_ON_ORDER = "bot_received_leave_call"
_MEET_PATIENCE = 600
"""How long Google Meet itself lets a guest knock, in seconds."""


class LifeObserver(Protocol):
    """What hears of a bot's steps."""

    def announce(self, bot: Bot, change: StatusChange) -> None: ...

    def begin_recording(self, bot: Bot) -> Recording: ...

    def end_recording(self, recording: Recording) -> None: ...


async def live(bot: Bot, settings: RecallSettings, observer: LifeObserver) -> None:
    """Let everything happen to the bot that its script and its owner want."""
    stays = await _arrive(bot, settings)
    for step in bot.script.steps:
        stays = stays and await _stay(bot, settings, _seconds(bot, settings, step))
        if not stays:
            break
        _take(bot, _as_platform_does(bot, step), observer)
    while stays and bot.left_at is None:
        stays = await _stay(bot, settings, None)
    if not stays:
        for step in _departure(bot, settings):
            await pass_time(bot, settings, _seconds(bot, settings, step))
            _take(bot, step, observer)


async def _arrive(bot: Bot, settings: RecallSettings) -> bool:
    """Wait for the machine, then for the time; False once it must leave before it has joined."""
    delay = settings.adhoc_delay
    if bot.join_at is not None and not bot.is_adhoc:
        lead = settings.real(settings.scheduled_lead - settings.dispatch_gap)
        await _until(bot, settings, bot.join_at.timestamp() - lead)
        bot.dispatched_at = now()
        await _until(bot, settings, bot.join_at.timestamp())
        delay = settings.arrival_lateness
    elif bot.join_at is not None:
        bot.dispatched_at = now()
        await _until(bot, settings, bot.join_at.timestamp() - settings.real(delay))
    else:
        bot.dispatched_at = now()
    return await _stay(bot, settings, delay)


async def _until(bot: Bot, settings: RecallSettings, timestamp: float) -> None:
    """Wait for an instant of the real clock; orders to leave and nudges end it early."""
    if not bot.leaving:
        await pass_time(bot, settings, max(0.0, timestamp - now().timestamp()) * settings.speed)


def _take(bot: Bot, step: Step, observer: LifeObserver) -> None:
    at, code = now(), step.code
    running = bot.running
    if code in _IN_CALL:
        bot.joined_at = bot.joined_at or at
    if code == "in_call_recording":
        recording = running or observer.begin_recording(bot)
        recording.status.change("processing")
        recording.running_since = bot.elapsed
    elif running and code == "in_call_not_recording" and bot.script.pauses:
        running.pause()
        running.status.change("paused")
    elif running and (code in _OUT or code == "in_call_not_recording"):
        running.pause()
        running.completed_at = at
        observer.end_recording(running)
    if code in _OUT and bot.left_at is None:
        bot.left_at, bot.end_reason = at, step.sub_code
    if code in _ENDS:
        bot.ended_at = at
    observer.announce(bot, StatusChange(code, step.sub_code, step.message, at))


def _departure(bot: Bot, settings: RecallSettings) -> Iterator[Step]:
    """What follows an order to leave, or a recording that became as long as it may."""
    bot.is_muted = not bot.status_changes and settings.leave_before_joining == "silent"
    reason = "timeout_exceeded_in_call_recording" if bot.timed_out else _LEFT_ON_ORDER
    if bot.status_changes or settings.leave_before_joining != "done":
        yield Step(after=0 if bot.timed_out else "leave_delay", code="call_ended", sub_code=reason)
    yield Step(after="shutdown_delay", code="done")


def _as_platform_does(bot: Bot, step: Step) -> Step:
    """Google Meet shows an impatient bot the door before the bot gives up by itself."""
    patience = bot.config.automatic_leave.waiting_room_timeout
    if (
        (step.code, step.sub_code) == ("call_ended", "timeout_exceeded_waiting_room")
        and bot.platform == "google_meet"
        and patience > _MEET_PATIENCE
    ):
        return step.model_copy(update={"sub_code": "call_ended_by_platform_waiting_room_timeout"})
    return step


def _seconds(bot: Bot, settings: RecallSettings, step: Step) -> float:
    """Simulated seconds before the step, by the simulator's settings or the bot's own `automatic_leave`."""
    if not isinstance(step.after, str):
        return step.after
    if hasattr(settings, step.after):
        return float(getattr(settings, step.after))
    patience = bot.config.automatic_leave.patience(step.after)
    if step.after == "waiting_room_timeout" and bot.platform == "google_meet":
        return min(patience, _MEET_PATIENCE)
    return patience


async def _stay(bot: Bot, settings: RecallSettings, seconds: float | None) -> bool:
    """Pass the time, and say whether the bot may go on with its script."""
    if not bot.leaving:
        left = math.inf
        recording, longest = bot.running, bot.config.automatic_leave.in_call_recording_timeout
        if recording and recording.running_since is not None and longest is not None:
            left = longest - (bot.elapsed - recording.running_since) - recording.seconds
        is_too_long = left < (math.inf if seconds is None else seconds)
        await pass_time(bot, settings, max(0.0, left) if is_too_long else seconds)
        bot.timed_out = is_too_long and not bot.leaving
    return not (bot.leaving or bot.timed_out)
