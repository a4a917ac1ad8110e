"""What can happen to a bot of Meeting BaaS v2 once it was queued, as data.

Codes are those of bot.status_change. Besides, `chat` is a message that a participant writes, and `files_ready` lets
the files be there without a word. `completed` and `failed` are told twice, as a status and by their own event;
`failed` takes `error_code` and `error_message`, and with `keeps_recording` its files are there.
"""

from collections.abc import Mapping
from typing import Any

from devtools.simulator.scripts import DurationName, Script, Step


def _failed(code: str, message: str, **fields: Any) -> Step:
    told = {"error_code": code, "error_message": message} | fields
    return Step(after="processing_delay", code="failed", fields=told)


def _broken(message: str) -> Step:
    return Step(after=1, code="recording_failed", fields={"error_message": message})


def _refused(code: str, message: str, after: float | DurationName = "admission_delay") -> tuple[Step, ...]:
    return (Step(after=after, code=code), _broken(message))


_JOINING = (Step(code="joining_call"),)
_WAITING = (*_JOINING, Step(after="waiting_room_delay", code="in_waiting_room"))
_ADMITTED = (*_WAITING, Step(after="admission_delay", code="in_call_not_recording"))
_RECORDING = (*_ADMITTED, Step(after="recording_delay", code="in_call_recording"))
_LEFT = (Step(after="call_duration", code="call_ended"), Step(after=1, code="recording_succeeded"))
_TRANSCRIBED = (
    Step(after="processing_delay", code="transcribing"),
    Step(after="transcription_delay", code="completed"),
)
"""Of a bot without a transcript, `completed` takes the place and time of `transcribing`."""
NORMAL_END = (*_LEFT, *_TRANSCRIBED)
_NORMAL = (*_RECORDING, *_LEFT, *_TRANSCRIBED)
_LOST_HOST = "The host did not come"

SCRIPTS: Mapping[str, Script] = {
    script.name: script
    for script in (
        Script(name="normal", steps=_NORMAL),
        Script(
            name="chat",
            steps=(
                *_RECORDING,
                Step(after=10, code="chat", fields={"sender_name": "Ada", "text": "Can everyone see the slides?"}),
                Step(after=10, code="chat", fields={"sender_name": "Grace", "text": "Yes"}),
                *_LEFT,
                *_TRANSCRIBED,
            ),
        ),
        Script(
            name="paused",
            steps=(
                *_RECORDING,
                Step(after=30, code="recording_paused"),
                Step(after=20, code="recording_resumed"),
                *_LEFT,
                *_TRANSCRIBED,
            ),
        ),
        Script(
            name="pickup_delayed",
            steps=(Step(after=100, code="pickup_delayed"), Step(after=30, code="joining_call"), *_NORMAL[1:]),
        ),
        Script(
            name="removed",
            end_reason="bot_removed",
            steps=(
                *_RECORDING,
                Step(after=40, code="bot_removed"),
                Step(after="leave_delay", code="call_ended"),
                Step(after=1, code="recording_succeeded"),
                *_TRANSCRIBED,
            ),
        ),
        Script(
            name="removed_early",
            end_reason="bot_removed",
            steps=(
                *_ADMITTED,
                *_refused("bot_removed_too_early", "The bot was removed before the recording started", after=1),
                _failed("BOT_REMOVED_TOO_EARLY", "The bot was removed before the recording started"),
            ),
        ),
        Script(
            name="rejected",
            end_reason="bot_rejected",
            steps=(
                *_WAITING,
                *_refused("bot_rejected", "The bot was not let into the meeting"),
                _failed("BOT_NOT_ACCEPTED", "The bot was not let into the meeting"),
            ),
        ),
        Script(
            name="waiting_room_timeout",
            end_reason="waiting_room_timeout",
            steps=(
                *_WAITING,
                *_refused("waiting_room_timeout", "The bot was not let in in time", after="waiting_room_timeout"),
                _failed("TIMEOUT_WAITING_TO_START", "The bot was not let in in time"),
            ),
        ),
        Script(
            name="nobody_came",
            steps=(
                *_ADMITTED,
                Step(after="noone_joined_timeout", code="call_ended"),
                _broken("No participant joined"),
                _failed("NO_ATTENDEES", "No participant joined"),
            ),
        ),
        Script(
            name="host_absent",
            end_reason="waiting_room_timeout",
            steps=(
                *_JOINING,
                Step(after=5, code="in_waiting_for_host"),
                *_refused("waiting_room_timeout", _LOST_HOST, after="waiting_room_timeout"),
                _failed("WAITING_FOR_HOST_TIMEOUT", _LOST_HOST),
            ),
        ),
        Script(
            name="ended_before_admission",
            steps=(
                *_WAITING,
                Step(after="admission_delay", code="call_ended"),
                _broken("The meeting ended before the bot was let in"),
                _failed("EXITING_MEETING_BEFORE_RECORD", "The meeting ended before the bot was let in"),
            ),
        ),
        Script(
            name="invalid_url",
            end_reason="invalid_meeting_url",
            steps=(
                *_JOINING,
                *_refused("invalid_meeting_url", "The link is not one of a meeting", after=2),
                _failed("INVALID_MEETING_URL", "The link is not one of a meeting"),
            ),
        ),
        Script(
            name="meeting_error",
            end_reason="meeting_error",
            steps=(
                *_WAITING,
                Step(after=5, code="meeting_error", fields={"error_message": "The meeting cannot be reached"}),
                _broken("The meeting cannot be reached"),
                _failed("CANNOT_JOIN_MEETING", "The meeting cannot be reached"),
            ),
        ),
        Script(
            name="login_required",
            end_reason="meeting_error",
            steps=(
                *_JOINING,
                Step(
                    after=5, code="meeting_error", fields={"error_message": "The meeting is for signed-in guests"}
                ),
                _broken("The meeting is for signed-in guests"),
                _failed("LOGIN_REQUIRED", "The meeting is for signed-in guests"),
            ),
        ),
        Script(
            name="internal_error",
            end_reason="internal_error",
            steps=(*_RECORDING, _broken("The recorder stopped"), _failed("INTERNAL_ERROR", "The recorder stopped")),
        ),
        Script(
            name="crashed",
            end_reason="internal_error",
            steps=(*_JOINING, _failed("OOM_KILLED", "The bot's process was killed")),
        ),
        Script(
            name="crashed_while_recording",
            end_reason="internal_error",
            steps=(
                *_RECORDING,
                Step(after=20, code="recording_failed", fields={"error_message": "SIGTERM"}),
                _failed("SIGTERM", "The bot's process was ended"),
            ),
        ),
        Script(
            name="transcription_failed",
            steps=(
                *_RECORDING,
                *_LEFT,
                _TRANSCRIBED[0],
                _failed("TRANSCRIPTION_FAILED", "The transcription failed", keeps_recording=True),
            ),
        ),
        Script(
            name="failed_with_recording",
            end_reason="internal_error",
            steps=(*_RECORDING, *_LEFT, _failed("GENERAL_ERROR", "The bot's process ended", keeps_recording=True)),
        ),
        Script(
            name="stops_at_transcribing",
            steps=(*_RECORDING, *_LEFT, _TRANSCRIBED[0], Step(after="transcription_delay", code="files_ready")),
        ),
        Script(
            name="failed_then_completed",
            steps=(
                *_RECORDING,
                *_LEFT,
                _failed("INTERNAL_ERROR", "The upload did not finish"),
                Step(after=60, code="completed"),
            ),
        ),
        Script(name="silent", steps=_NORMAL, send_statuses=False, send_finals=False),
        Script(name="no_final", steps=_NORMAL, send_finals=False),
        Script(name="empty_complete", recording_size=0, steps=_NORMAL),
        Script(name="tiny_complete", recording_size=300, steps=_NORMAL),
        Script(name="nobody_spoke", end_reason="no_speaker", nobody_speaks=True, steps=_NORMAL),
    )
}
