"""The life of a bot of Meeting BaaS v1."""

from collections.abc import Iterator
from datetime import datetime

from devtools.simulator.bots import Bot
from devtools.simulator.life import Life
from devtools.simulator.media import Kind, MediaFile, screenshot
from devtools.simulator.scripts import DurationName, Step
from devtools.simulator.settings import SimulatorSettings

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


class BotScript(Life[Bot, SimulatorSettings]):
    """What happens to one bot."""

    @property
    def longest_recording(self) -> float:
        return self.settings.longest_recording

    def arrival_delay(self) -> float:
        bot, settings = self.bot, self.settings
        start = bot.request.start_time
        if start is None:
            return settings.reserved_lead if bot.request.reserved else settings.joining_delay
        due = start / 1000 - settings.reserved_lead if start > _MILLISECONDS_FROM else start
        return max(0.0, due - bot.created_at.timestamp())

    def steps(self) -> Iterator[Step]:
        """The script's steps; those of a transcription only if one is wanted."""
        for step in self.bot.script.steps:
            if step.code != "transcription_complete" or self.bot.request.transcriber:
                yield step

    def departure(self) -> Iterator[Step]:
        """The recording so far, or a failure if there is none."""
        bot = self.bot
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

    def patience(self, name: DurationName) -> float | None:
        """What the bot's `automatic_leave` says."""
        own = getattr(self.bot.request.automatic_leave, name, None)
        return None if own is None else float(own)

    def apply(self, step: Step, at: datetime) -> None:
        bot, code = self.bot, step.code
        if code in _LEAVING:
            bot.stop_recording()
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
                bot.stop_recording()
            case "complete":
                bot.ended_at, bot.error, bot.message = at, None, None
                self._keep()
            case "failed":
                bot.ended_at = at
                bot.error = str(step.fields.get("error", "InternalError"))
                bot.message = str(step.fields.get("message", bot.error))
            case "transcription_complete":
                bot.transcribe()

    def _keep(self) -> None:
        """Store what was recorded, and its transcript if one is wanted now."""
        bot, settings = self.bot, self.settings
        size = settings.recording_size if bot.script.recording_size is None else bot.script.recording_size
        if size:
            kind: Kind = "mp3" if bot.request.recording_mode == "audio_only" else "mp4"
            bot.recording = MediaFile(bot.uuid, kind, size)
            bot.audio = MediaFile(bot.uuid, "wav", settings.audio_size)
        if bot.request.transcriber and not bot.script.late_transcript:
            bot.transcribe()


def _end_reason(bot: Bot) -> str:
    if bot.leave_requested_at:
        return "api_request"
    return "recording_timeout" if bot.timed_out else bot.script.end_reason


def _take_screenshot(bot: Bot, at: datetime) -> None:
    """What the bot sees: the call, or what keeps it from joining."""
    bot.screenshot, bot.screenshot_at = screenshot(bot.uuid), at
