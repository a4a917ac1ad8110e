"""Plays a bot's script: waits, lets each step happen, and breaks off when the bot is asked to leave."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime

from devtools.simulator.media import Kind, MediaFile, screenshot
from devtools.simulator.passing_time import pass_time
from devtools.simulator.scripts import Step
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.state import Bot, now

_LEAVING = frozenset(
    {
        "call_ended",
        "bot_rejected",
        "bot_removed",
        "waiting_room_timeout",
        "invalid_meeting_url",
        "meeting_error",
        "recording_failed",
        "complete",
        "failed",
    }
)
# Unix times above this are milliseconds: as seconds they would lie in the year 5138.
_MILLISECONDS_FROM = 10**11


async def live(bot: Bot, settings: SimulatorSettings, announce: Callable[[Step, datetime], None]) -> None:
    """Let everything happen to the bot that its script and its owner want; `announce` hears of each step."""
    stays = await _stay(bot, settings, arrival_delay(bot, settings))
    for step in _steps(bot):
        stays = stays and await _stay(bot, settings, _seconds(bot, settings, step))
        if not stays:
            break
        announce(step, apply_step(bot, step, settings))
    while stays and bot.left_at is None:
        stays = await _stay(bot, settings, None)
    if not stays:
        for step in _departure(bot):
            await pass_time(bot, settings, _seconds(bot, settings, step))
            announce(step, apply_step(bot, step, settings))


async def go_on(bot: Bot, settings: SimulatorSettings, announce: Callable[[Step, datetime], None]) -> None:
    """The rest of a life that a restart has interrupted; the pause itself counts for nothing but an arrival."""
    happened = len(bot.timeline)
    if not happened and not bot.leave_requested_at:
        waited = (now() - bot.created_at).total_seconds() * settings.speed
        await _stay(bot, settings, max(0.0, arrival_delay(bot, settings) - waited))
    codes = {moment.code for moment in bot.timeline}
    for step in [] if bot.leave_requested_at or bot.timed_out else list(_steps(bot))[happened:]:
        if not await _stay(bot, settings, _seconds(bot, settings, step)):
            break
        announce(step, apply_step(bot, step, settings))
    if bot.leave_requested_at or bot.timed_out:
        for step in [step for step in _departure(bot) if step.code not in codes]:
            await pass_time(bot, settings, _seconds(bot, settings, step))
            announce(step, apply_step(bot, step, settings))


def apply_step(bot: Bot, step: Step, settings: SimulatorSettings) -> datetime:
    """Change the bot's state as the step demands; the answer is the time of the step in UTC."""
    at, code = now(), step.code
    if code in _LEAVING:
        _stop_recording(bot)
        if bot.left_at is None:
            bot.left_at = at
            bot.end_reason = _end_reason(bot)
            if bot.joined_at is None and bot.timeline:
                _take_screenshot(bot, at)
    match code:
        case "in_call_not_recording":
            bot.joined_at = bot.joined_at or at
            _take_screenshot(bot, at)
        case "in_call_recording" | "recording_resumed":
            bot.recording_started = bot.recording_started or at
            bot.recording_since = bot.elapsed
        case "recording_paused":
            _stop_recording(bot)
        case "complete":
            bot.ended_at, bot.error, bot.message = at, None, None
            _keep(bot, settings)
        case "failed":
            bot.ended_at = at
            bot.error = str(step.fields.get("error", "InternalError"))
            bot.message = str(step.fields.get("message", bot.error))
        case "transcription_complete":
            bot.transcribe()
    return at


def arrival_delay(bot: Bot, settings: SimulatorSettings) -> float:
    """Simulated seconds from the call to the bot's arrival."""
    start = bot.request.start_time
    if start is None:
        return settings.reserved_lead if bot.request.reserved else settings.joining_delay
    due = start / 1000 - settings.reserved_lead if start > _MILLISECONDS_FROM else start
    return max(0.0, due - bot.created_at.timestamp())


def _steps(bot: Bot) -> Iterator[Step]:
    """The script's steps; those of a transcription only if one is wanted."""
    for step in bot.script.steps:
        if step.code != "transcription_complete" or bot.request.transcriber:
            yield step


def _departure(bot: Bot) -> Iterator[Step]:
    """What follows a request to leave: the recording so far, or a failure if there is none."""
    if bot.recording_started:
        script = bot.script
        yield Step(after="leave_delay", code="call_ended")
        yield Step(after=script.after("complete", "processing_delay"), code="complete")
        if script.late_transcript and bot.request.transcriber:
            after = script.after("transcription_complete", "transcription_delay")
            yield Step(after=after, code="transcription_complete")
        return
    if bot.timeline:
        yield Step(after="leave_delay", code="call_ended")
    fields = {"error": "ApiRequest", "message": "The bot was asked to leave before the recording started"}
    yield Step(after="processing_delay", code="failed", fields=fields)


def _seconds(bot: Bot, settings: SimulatorSettings, step: Step) -> float:
    """Simulated seconds before the step; a bot's own `automatic_leave` comes before the settings."""
    if not isinstance(step.after, str):
        return step.after
    own = getattr(bot.request.automatic_leave, step.after, None)
    return float(getattr(settings, step.after) if own is None else own)


async def _stay(bot: Bot, settings: SimulatorSettings, seconds: float | None) -> bool:
    """Pass the time, and say whether the bot may go on with its script: not once it must leave.

    It must if it was asked to, or if its recording is as long as the service allows.
    """
    if not bot.leaving:
        left = math.inf if bot.recording_since is None else settings.longest_recording - _seconds_recorded(bot)
        is_too_long = left < (math.inf if seconds is None else seconds)
        await pass_time(bot, settings, max(0.0, left) if is_too_long else seconds)
        bot.timed_out = is_too_long and not bot.leaving
    return not (bot.leaving or bot.timed_out)


def _seconds_recorded(bot: Bot) -> float:
    return bot.recorded + (0 if bot.recording_since is None else bot.elapsed - bot.recording_since)


def _end_reason(bot: Bot) -> str:
    if bot.leave_requested_at:
        return "api_request"
    return "recording_timeout" if bot.timed_out else bot.script.end_reason


def _take_screenshot(bot: Bot, at: datetime) -> None:
    """What the bot sees: the call, or what keeps it from joining."""
    bot.screenshot, bot.screenshot_at = screenshot(bot.uuid), at


def _stop_recording(bot: Bot) -> None:
    if bot.recording_since is not None:
        bot.recorded += bot.elapsed - bot.recording_since
        bot.recording_since = None


def _keep(bot: Bot, settings: SimulatorSettings) -> None:
    """Store what was recorded, and its transcript if one is wanted now."""
    size = settings.recording_size if bot.script.recording_size is None else bot.script.recording_size
    if size:
        kind: Kind = "mp3" if bot.request.recording_mode == "audio_only" else "mp4"
        bot.recording = MediaFile(bot.uuid, kind, size)
        bot.audio = MediaFile(bot.uuid, "wav", settings.audio_size)
    if bot.request.transcriber and not bot.script.late_transcript:
        bot.transcribe()
