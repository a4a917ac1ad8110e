"""What may happen to a bot, as orders for the simulator: its own scripts by name, and three of ours."""

from collections.abc import Mapping
from typing import Any

from devtools.chaos.scale import LONG_STAY, SPEED

NORMAL = "normal"
STAYS = "stays"
LARGE = "large"
TALK = "talk"

WEIGHTS: Mapping[str, int] = {
    NORMAL: 40,
    "paused": 5,
    "removed": 5,
    "removed_early": 3,
    "rejected": 4,
    "waiting_room_timeout": 4,
    "nobody_came": 4,
    "invalid_url": 2,
    "meeting_error": 2,
    "internal_error": 4,
    "silent": 4,
    "no_final": 5,
    "empty_complete": 2,
    "tiny_complete": 2,
    "failed_then_complete": 4,
    "late_transcript": 5,
    LARGE: 2,
}
"""How often each script is played; every one of them is played in every run that has meetings enough."""

_ARRIVAL: list[dict[str, object]] = [
    {"code": "joining_call"},
    {"code": "in_waiting_room", "after": "waiting_room_delay"},
    {"code": "in_call_not_recording", "after": "admission_delay"},
    {"code": "in_call_recording", "after": "recording_delay"},
]
_COMPLETE: dict[str, object] = {"code": "complete", "after": "processing_delay"}

_OWN: Mapping[str, dict[str, Any]] = {
    # Nothing but a request to leave ends it early, so a bot that was forgotten is seen to be.
    STAYS: {"name": STAYS, "steps": [*_ARRIVAL, {"code": "call_ended", "after": LONG_STAY * SPEED}, _COMPLETE]},
    # Larger than the pieces in which recordings are fetched.
    LARGE: {
        "name": LARGE,
        "steps": [*_ARRIVAL, {"code": "call_ended", "after": "call_duration"}, _COMPLETE],
        "recording_size": 20_000_000,
    },
}


def script_rule(script: str, meeting_url: str, times: int | None, talk_seconds: float = 0) -> dict[str, Any]:
    """The simulator's rule by which the bots of a meeting live so, all of them or the first `times`.

    A talk lasts so many real seconds, so that those who come minutes later still meet its bot.
    """
    steps = _talk(talk_seconds) if script == TALK else _OWN.get(script, script)
    return {"match": {"meeting_url": meeting_url}, "script": steps, "times": times}


def _talk(seconds: float) -> dict[str, Any]:
    return {"name": TALK, "steps": [*_ARRIVAL, {"code": "call_ended", "after": seconds * SPEED}, _COMPLETE]}
