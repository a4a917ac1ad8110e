"""What can happen to a bot, as data: each script is a list of timed steps."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DurationName = Literal[
    "waiting_room_delay",
    "admission_delay",
    "recording_delay",
    "call_duration",
    "leave_delay",
    "processing_delay",
    "transcription_delay",
    "waiting_room_timeout",
    "noone_joined_timeout",
]


class Step(BaseModel):
    """One event in a bot's life.

    `after` is the time since the step before (the first one: since arrival), in simulated seconds or as the
    name of a setting. `code` is a status code, or `complete`, `failed`, `transcription_complete`.
    `fields` join the status, or give the `error` and `message` of `failed`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    after: Annotated[float, Field(ge=0)] | DurationName = 0
    fields: dict[str, Any] = {}


class Script(BaseModel):
    """A life from arrival to the final event.

    `end_reason` is what the ledger reports when nobody asked the bot to leave. `recording_size` is in bytes;
    0 means that nothing was recorded, None leaves it to the settings. If `nobody_speaks`, transcripts are empty.
    A bot that is asked to leave takes as long as the script says from there to `complete` and to its transcript.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...]
    name: str = "explicit"
    end_reason: str = "no_attendees"
    recording_size: Annotated[int, Field(ge=0)] | None = None
    late_transcript: bool = False
    nobody_speaks: bool = False
    send_statuses: bool = True
    send_finals: bool = True

    def after(self, code: str, default: DurationName) -> float | DurationName:
        """How long after the step before a step comes; the default if the script has no such step."""
        return next((step.after for step in self.steps if step.code == code), default)


def _failed(error: str, message: str, after: float | DurationName = "processing_delay") -> Step:
    return Step(after=after, code="failed", fields={"error": error, "message": message})


_WAITING = (Step(code="joining_call"), Step(after="waiting_room_delay", code="in_waiting_room"))
_ADMITTED = (*_WAITING, Step(after="admission_delay", code="in_call_not_recording"))
_RECORDING = (*_ADMITTED, Step(after="recording_delay", code="in_call_recording"))
_CALL_ENDED = Step(after="call_duration", code="call_ended")
_COMPLETE = Step(after="processing_delay", code="complete")
_NORMAL = (*_RECORDING, _CALL_ENDED, _COMPLETE)
_THROWN_OUT = (*_RECORDING, Step(after=3, code="bot_removed"), Step(after=1, code="call_ended"))

SCRIPTS: Mapping[str, Script] = {
    script.name: script
    for script in (
        Script(name="normal", steps=_NORMAL),
        Script(
            name="paused",
            steps=(
                *_RECORDING,
                Step(after=30, code="recording_paused"),
                Step(after=20, code="recording_resumed"),
                _CALL_ENDED,
                _COMPLETE,
            ),
        ),
        Script(
            name="removed",
            end_reason="bot_removed",
            steps=(
                *_RECORDING,
                Step(after=40, code="bot_removed"),
                Step(after="leave_delay", code="call_ended"),
                _COMPLETE,
            ),
        ),
        Script(
            name="removed_early",
            end_reason="bot_removed",
            steps=(
                *_ADMITTED,
                Step(after=1, code="bot_removed"),
                _failed("BotRemoved", "The bot was removed before the recording started"),
            ),
        ),
        Script(
            name="rejected",
            end_reason="bot_rejected",
            steps=(
                *_WAITING,
                Step(after="admission_delay", code="bot_rejected"),
                _failed("BotNotAccepted", "The bot was not let into the meeting"),
            ),
        ),
        Script(
            name="waiting_room_timeout",
            end_reason="waiting_room_timeout",
            steps=(
                *_WAITING,
                Step(after="waiting_room_timeout", code="waiting_room_timeout"),
                _failed("TimeoutWaitingToStart", "Nobody let the bot in from the waiting room"),
            ),
        ),
        Script(
            name="nobody_came",
            steps=(
                *_ADMITTED,
                Step(after="noone_joined_timeout", code="call_ended"),
                _failed("TimeoutWaitingToStart", "Nobody joined the meeting"),
            ),
        ),
        Script(
            name="invalid_url",
            end_reason="invalid_meeting_url",
            steps=(
                Step(code="joining_call"),
                Step(after=2, code="invalid_meeting_url"),
                _failed("InvalidMeetingUrl", "The URL is not one of a meeting", after=2),
            ),
        ),
        Script(
            name="meeting_error",
            end_reason="meeting_error",
            steps=(
                *_WAITING,
                Step(
                    after=5,
                    code="meeting_error",
                    fields={"error_message": "The meeting is for signed-in guests", "error_type": "JoinError"},
                ),
                _failed("CannotJoinMeeting", "The meeting is for signed-in guests"),
            ),
        ),
        Script(
            name="internal_error",
            end_reason="internal_error",
            steps=(
                *_RECORDING,
                Step(after=10, code="recording_failed", fields={"error_message": "The recorder stopped"}),
                _failed("InternalError", "The recorder stopped"),
            ),
        ),
        Script(name="silent", steps=_NORMAL, send_statuses=False, send_finals=False),
        Script(name="no_final", steps=_NORMAL, send_finals=False),
        Script(
            name="empty_complete",
            end_reason="bot_removed",
            recording_size=0,
            steps=(*_THROWN_OUT, _COMPLETE),
        ),
        Script(
            name="tiny_complete",
            end_reason="bot_removed",
            recording_size=300,
            steps=(*_THROWN_OUT, _COMPLETE),
        ),
        Script(
            name="failed_then_complete",
            steps=(
                *_RECORDING,
                _CALL_ENDED,
                _failed("InternalError", "The upload did not finish"),
                Step(after=60, code="complete"),
            ),
        ),
        Script(
            name="late_transcript",
            late_transcript=True,
            steps=(*_NORMAL, Step(after="transcription_delay", code="transcription_complete")),
        ),
        Script(name="nobody_spoke", end_reason="no_speaker", nobody_speaks=True, steps=_NORMAL),
    )
}
