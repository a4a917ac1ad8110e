"""The request bodies and filters of version 2 of the Meeting BaaS API.

Fields that it does not know are dropped silently over there, so that a misspelt `join_at` would make a bot join at
once: bodies are built from these closed models only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from minutekeeper.meetings.fields import BotOptions

_SILENCE = "silence_timeout"
_NOONE_JOINED = "noone_joined_timeout"

_TIMEOUTS = {
    "waiting_room_timeout": (120, 1800),
    _NOONE_JOINED: (120, 1800),
    _SILENCE: (300, 1800),
}
"""Our names, with the least and the most seconds that are taken."""


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeoutConfig(_Body):
    """When the bot gives up, in seconds; what is None is left to the provider."""

    waiting_room_timeout: int | None = None
    no_one_joined_timeout: int | None = None
    silence_timeout: int | None = None


class TranscriptionConfig(_Body):
    """Gladia is the only transcriber. `api_key` is an own key there; `custom_params` go to it as they are."""

    provider: str = "gladia"
    api_key: str | None = Field(None, repr=False)
    custom_params: dict[str, Any] | None = None


class CallbackConfig(_Body):
    """Where the final event of one bot goes, with a secret that comes back in a header."""

    url: str = Field(repr=False)
    secret: str = Field(repr=False)
    method: str = "POST"


class BotBody(_Body):
    """The body of `POST /v2/bots`; with `join_at`, that of `POST /v2/bots/scheduled`."""

    meeting_url: str
    bot_name: str
    recording_mode: str
    bot_image: str | None = None
    entry_message: str | None = None
    allow_multiple_bots: bool
    timeout_config: TimeoutConfig | None = None
    transcription_enabled: bool
    transcription_config: TranscriptionConfig | None = None
    callback_enabled: bool = True
    callback_config: CallbackConfig
    extra: dict[str, str]
    join_at: datetime | None = None

    def to_wire(self) -> dict[str, Any]:
        body = self.model_dump(mode="json", exclude_none=True, exclude={"join_at"})
        return body | ({"join_at": time_to_wire(self.join_at)} if self.join_at else {})


@dataclass(frozen=True, kw_only=True)
class FittedOptions:
    """The options of a bot as the provider takes them; `notes` say in sentences what had to be changed."""

    timeouts: TimeoutConfig | None = None
    image: str | None = None
    notes: tuple[str, ...] = ()


def fit_options(options: BotOptions, *, is_zoom: bool) -> FittedOptions:
    """Brings timeouts into their limits, and leaves out what the provider would refuse."""
    fitted: dict[str, int] = {}
    notes = []
    for name, (least, most) in _TIMEOUTS.items():
        wanted = getattr(options, name)
        if wanted is None:
            continue
        if is_zoom and name in {_NOONE_JOINED, _SILENCE}:
            notes.append(f"Meeting BaaS v2 does not heed {name} on Zoom.")
        fitted[name] = min(max(wanted, least), most)
        if fitted[name] != wanted:
            notes.append(
                f"Meeting BaaS v2 takes {least} to {most} seconds as {name}, so {fitted[name]} were requested, "
                f"not {wanted}."
            )
    image = options.image
    if image and not image.startswith("https://"):
        image = None
        notes.append("Meeting BaaS v2 takes only images whose link begins with https://, so the bot has none.")
    timeouts = TimeoutConfig(
        waiting_room_timeout=fitted.get("waiting_room_timeout"),
        no_one_joined_timeout=fitted.get(_NOONE_JOINED),
        silence_timeout=fitted.get(_SILENCE),
    )
    return FittedOptions(timeouts=timeouts if fitted else None, image=image, notes=tuple(notes))


@dataclass(frozen=True, kw_only=True)
class BotFilters:
    """Filters of both lists of bots, all optional and all required to match.

    `extra` compares texts exactly; `meeting_url` is a part of the URL in any case. `since` is when a bot was
    created; a list of scheduled bots is filtered by when they join instead.
    """

    extra: Mapping[str, str] | None = None
    meeting_url: str = ""
    since: datetime | None = None

    def to_wire(self, since_name: str, limit: int) -> dict[str, str]:
        values = {
            "limit": str(limit),
            "meeting_url": self.meeting_url,
            "extra": ",".join(f"{name}:{value}" for name, value in (self.extra or {}).items()),
            since_name: time_to_wire(self.since) if self.since else "",
        }
        return {name: value for name, value in values.items() if value}


def time_to_wire(instant: datetime) -> str:
    """Other zones than `Z` are refused."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
