"""The life of a bot of Meeting BaaS v2, from `queued` on."""

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

from devtools.simulator.life import Life
from devtools.simulator.meetingbaas_v2.bots import ChatMessage, V2Bot
from devtools.simulator.meetingbaas_v2.scripts import NORMAL_END
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.scripts import DurationName, Step

_LEAVING = frozenset(
    {"call_ended", "bot_rejected", "bot_removed_too_early", "api_request_stop", "meeting_error"}
) | {*("waiting_room_timeout", "invalid_meeting_url", "recording_failed", "completed", "failed")}
_END = frozenset({"call_ended", "recording_succeeded", "transcribing", "completed", "failed", "files_ready"})
_SILENT = frozenset({"chat", "files_ready"})
_STOPPED = "The bot was asked to leave before the recording started"


class BotLifeV2(Life[V2Bot, MeetingBaasV2Settings]):
    """What happens to one bot."""

    @property
    def longest_recording(self) -> float:
        return self.settings.longest_recording

    def arrival_delay(self) -> float:
        return self.settings.queue_delay

    def steps(self) -> Iterator[Step]:
        return self._fitting(self.bot.script.steps)

    def departure(self) -> Iterator[Step]:
        """The recording so far; a bot that had none fails, which is no fault of anything."""
        bot = self.bot
        if bot.recording_started is None:
            yield Step(after="leave_delay", code="api_request_stop")
            fields = {"error_code": "EXITING_MEETING_BEFORE_RECORD", "error_message": _STOPPED}
            yield Step(after="processing_delay" if bot.timeline[1:] else 0, code="failed", fields=fields)
            return
        happened = {moment.code for moment in bot.timeline}
        script = (
            bot.script.steps if any(step.code == "recording_succeeded" for step in bot.script.steps) else NORMAL_END
        )
        for step in self._fitting(script):
            if step.code in _END and step.code not in happened:
                yield Step(after="leave_delay", code=step.code) if step.code == "call_ended" else step

    def patience(self, name: DurationName) -> float | None:
        """What the bot's `timeout_config` says, if it brought one."""
        own = self.bot.request.timeout_config
        names = {"waiting_room_timeout": "waiting_room_timeout", "noone_joined_timeout": "no_one_joined_timeout"}
        field = names.get(name)
        return None if field is None or field not in own.model_fields_set else float(getattr(own, field))

    def apply(self, step: Step, at: datetime) -> None:
        bot, code = self.bot, step.code
        if code not in _SILENT:
            bot.move(code, at)
        if code in _LEAVING:
            self._leave(at)
        match code:
            case "in_waiting_room" | "in_waiting_for_host":
                bot.waited_since, bot.screenshots = bot.waited_since or at, bot.screenshots + 1
            case "in_call_not_recording":
                bot.joined_at, bot.screenshots = bot.joined_at or at, bot.screenshots + 1
            case "in_call_recording" | "recording_resumed":
                bot.recording_started = bot.recording_started or at
                bot.recording_since = bot.elapsed
            case "recording_paused":
                bot.stop_recording()
            case "chat":
                self._hear(step, at)
            case "files_ready":
                self._keep()
            case "completed" | "failed":
                self._end(step, at)

    def _fitting(self, steps: tuple[Step, ...]) -> Iterator[Step]:
        """Without a transcript, what follows `transcribing` takes its place and time."""
        if self.bot.request.transcription_enabled:
            yield from steps
            return
        due: Step | None = None
        for step in steps:
            if step.code == "transcribing":
                due = step
            elif due:
                yield step.model_copy(update={"after": due.after})
                due = None
            else:
                yield step

    def _leave(self, at: datetime) -> None:
        bot = self.bot
        bot.stop_recording()
        if bot.paused_at is not None:
            bot.paused_seconds += (at - bot.paused_at).total_seconds() * self.settings.speed
            bot.paused_at = None
        if bot.left_at is None:
            bot.left_at = at
            if bot.leave_requested_at:
                bot.end_reason = "api_request"
            else:
                bot.end_reason = "recording_timeout" if bot.timed_out else bot.script.end_reason

    def _end(self, step: Step, at: datetime) -> None:
        bot, fields = self.bot, step.fields
        bot.ended_at, bot.error_code, bot.error_message = at, None, None
        if step.code == "completed":
            self._keep()
            return
        bot.error_code = str(fields.get("error_code", "UNKNOWN_ERROR"))
        bot.error_message = str(fields.get("error_message", bot.error_code))
        if fields.get("keeps_recording"):
            self._keep(transcribed=bot.error_code != "TRANSCRIPTION_FAILED")

    def _hear(self, step: Step, at: datetime) -> None:
        self.bot.chat.append(
            ChatMessage(
                id=str(uuid4()),
                sender_name=str(step.fields.get("sender_name", "Ada")),
                sender_id=int(step.fields.get("sender_id", 1)),
                text=str(step.fields.get("text", "")),
                at=at,
            )
        )

    def _keep(self, *, transcribed: bool = True) -> None:
        """Store what was recorded, and its transcript if one is wanted."""
        bot, size = self.bot, self.bot.script.recording_size
        bot.recording_size = (
            (self.settings.recording_size if size is None else size) if bot.recording_started else 0
        )
        bot.files_ready = True
        if bot.request.transcription_enabled and transcribed:
            bot.transcript = bot.heard if bot.recording_size else ()
