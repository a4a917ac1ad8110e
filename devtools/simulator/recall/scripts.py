"""What can happen to a bot of Recall.ai, as data. Scripts that Meeting BaaS has, too, have the same names."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

DurationName = Literal[
    "waiting_room_delay",
    "admission_delay",
    "recording_delay",
    "call_duration",
    "leave_delay",
    "shutdown_delay",
    "waiting_room_timeout",
    "noone_joined_timeout",
    "everyone_left_timeout",
    "in_call_not_recording_timeout",
    "recording_permission_denied_timeout",
    "silence_timeout",
]
"""Settings of the simulator, and patience that a bot's `automatic_leave` sets."""

Outcome = Literal["done", "failed", "empty", "never"]


class Step(BaseModel):
    """One status of a bot: `after` the step before, in simulated seconds or as the name of a duration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    sub_code: str | None = None
    after: Annotated[float, Field(ge=0)] | DurationName = 0
    message: str | None = None


class Script(BaseModel):
    """A life from arrival to its end, and what becomes of its recordings.

    Each `in_call_recording` begins a recording of its own, unless the script `pauses`. `recording` and `transcript`
    say how these end; a transcript can be `empty` or stay in processing for ever (`never`). `media_delay` is added
    before the files are there, `transcript_delay` before the transcript is, which was asked for with the bot;
    `async_transcript` is the end of those that are asked for later. `lost_events` are never sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...]
    name: str = "explicit"
    pauses: bool = False
    recording: Literal["done", "failed"] = "done"
    transcript: Outcome = "done"
    transcript_sub_code: str | None = None
    async_transcript: Outcome = "done"
    recording_size: Annotated[int, Field(ge=0)] | None = None
    media_delay: Annotated[float, Field(ge=0)] = 0
    transcript_delay: Annotated[float, Field(ge=0)] = 0
    lost_events: tuple[str, ...] = ()


_WAITING = (Step(code="joining_call"), Step(after="waiting_room_delay", code="in_waiting_room"))
_ADMITTED = (*_WAITING, Step(after="admission_delay", code="in_call_not_recording"))
_RECORDING = (*_ADMITTED, Step(after="recording_delay", code="in_call_recording"))
_DONE = Step(after="shutdown_delay", code="done")


def _left(sub_code: str, after: float | DurationName) -> tuple[Step, Step]:
    return Step(after=after, code="call_ended", sub_code=sub_code), _DONE


def _fatal(sub_code: str, after: float | DurationName = 2) -> Step:
    return Step(after=after, code="fatal", sub_code=sub_code)


_OVER = _left("call_ended_by_host", "call_duration")
_NORMAL = (*_RECORDING, *_OVER)
_DENIED = Step(after=3, code="recording_permission_denied", sub_code="zoom_local_recording_denied")

RECALL_SCRIPTS: Mapping[str, Script] = {
    script.name: script
    for script in (
        Script(name="normal", steps=_NORMAL),
        Script(
            name="paused",
            pauses=True,
            steps=(
                *_RECORDING,
                Step(after=30, code="in_call_not_recording"),
                Step(after=20, code="in_call_recording"),
                *_OVER,
            ),
        ),
        Script(
            name="two_recordings",
            steps=(
                *_RECORDING,
                Step(after=30, code="in_call_not_recording"),
                Step(after=20, code="in_call_recording"),
                *_OVER,
            ),
        ),
        Script(name="removed", steps=(*_RECORDING, *_left("bot_kicked_from_call", 40))),
        Script(name="removed_early", steps=(*_ADMITTED, *_left("bot_kicked_from_call", 1))),
        Script(name="rejected", steps=(*_WAITING, *_left("bot_kicked_from_waiting_room", "admission_delay"))),
        Script(
            name="waiting_room_timeout",
            steps=(*_WAITING, *_left("timeout_exceeded_waiting_room", "waiting_room_timeout")),
        ),
        Script(
            name="fatal_waiting_room",
            steps=(*_WAITING, _fatal("timeout_exceeded_waiting_room", "waiting_room_timeout")),
        ),
        Script(
            name="nobody_came", steps=(*_ADMITTED, *_left("timeout_exceeded_noone_joined", "noone_joined_timeout"))
        ),
        Script(
            name="never_recorded",
            steps=(
                *_ADMITTED,
                *_left("timeout_exceeded_in_call_not_recording", "in_call_not_recording_timeout"),
            ),
        ),
        Script(
            name="denied",
            steps=(
                *_ADMITTED,
                _DENIED,
                *_left("timeout_exceeded_recording_permission_denied", "recording_permission_denied_timeout"),
            ),
        ),
        Script(
            name="allowed_late",
            steps=(
                *_ADMITTED,
                _DENIED,
                Step(after=10, code="recording_permission_allowed"),
                Step(after=1, code="in_call_recording"),
                *_OVER,
            ),
        ),
        Script(name="invalid_url", steps=(Step(code="joining_call"), _fatal("meeting_link_invalid"))),
        Script(name="meeting_error", steps=(*_WAITING, _fatal("meeting_requires_sign_in", 5))),
        Script(name="not_started", steps=(Step(code="joining_call"), _fatal("meeting_not_started"))),
        Script(
            name="needs_zoom_authorisation",
            steps=(Step(code="joining_call"), _fatal("zoom_obf_or_zak_missing_or_invalid")),
        ),
        Script(name="internal_error", steps=(*_RECORDING, _fatal("bot_errored", 10))),
        Script(name="joining_error", steps=(Step(code="joining_call"), _fatal("google_meet_internal_error", 5))),
        Script(name="failed_to_launch", steps=(_fatal("failed_to_launch_in_time", 5),)),
        Script(
            name="unknown_words",
            steps=(
                *_RECORDING,
                Step(after=10, code="some_future_code", sub_code="some_future_reason"),
                *_left("some_future_ending", "call_duration"),
            ),
        ),
        Script(name="silent", steps=_NORMAL, lost_events=("",)),
        Script(name="no_final", steps=_NORMAL, lost_events=("bot.done", "recording.", "transcript.")),
        Script(name="empty_complete", steps=_NORMAL, recording="failed", transcript="failed"),
        Script(name="tiny_complete", steps=_NORMAL, recording_size=300),
        Script(name="late_recording", steps=_NORMAL, media_delay=600),
        Script(
            name="transcript_failed",
            steps=_NORMAL,
            transcript="failed",
            transcript_sub_code="provider_connection_failed",
        ),
        Script(name="every_transcript_fails", steps=_NORMAL, transcript="failed", async_transcript="failed"),
        Script(name="transcript_never", steps=_NORMAL, transcript="never", async_transcript="never"),
        Script(name="late_transcript", steps=_NORMAL, transcript_delay=300),
        Script(name="nobody_spoke", steps=_NORMAL, transcript="empty", async_transcript="empty"),
    )
}
