"""What can be chosen about the stand-in for Meeting BaaS v2, including what its public material leaves open."""

import os
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.meetingbaas_v2.scripts import SCRIPTS

Wording = Literal["spec", "pages"]
_SECRET = "whsec_bWludXRla2VlcGVyLWRldmVsb3BtZW50LXNlY3JldA=="  # noqa: S105 - for development only


class MeetingBaasV2Settings(CommonSettings):
    """Settings from arguments, else from `MINUTEKEEPER_SIMULATOR_*` in the environment.

    Durations are simulated seconds and are divided by `speed`, unless their text says "real seconds". A `join_at`
    is an instant of the real clock.
    """

    model_config = SettingsConfigDict(
        env_prefix="MINUTEKEEPER_SIMULATOR_",
        frozen=True,
        use_attribute_docstrings=True,
        cli_prog_name="python -m devtools.simulator --provider meetingbaas-v2",
        cli_kebab_case=True,
        cli_implicit_flags=True,
    )

    api_key: str = Field(
        default_factory=lambda: os.environ.get("MEETINGBAAS_V2_API_KEY") or "minutekeeper-dev", min_length=1
    )
    """The team's full key. Default: `MEETINGBAAS_V2_API_KEY`."""
    sending_only_key: str | None = None
    """A key of the team that may only create bots: everything else, reads included, answers 403."""
    bad_key_status: Literal[401, 403] = 403
    """Answer to a missing or wrong key; undocumented but for its code, FST_ERR_FORBIDDEN."""
    account_webhook_url: str | None = None
    """The team's webhook endpoint; `/_sim/webhooks` makes further ones."""
    webhook_secret: str = Field(
        default_factory=lambda: os.environ.get("MEETINGBAAS_V2_WEBHOOK_SECRET") or _SECRET, pattern="^whsec_.+"
    )
    """The secret by which its deliveries are signed. Default: `MEETINGBAAS_V2_WEBHOOK_SECRET`."""
    wording: Wording = "spec"
    """Form of webhooks and of the answers to batches: as the machine-readable description has them, or as the pages
    show them (`extra` inside `data`, `mp4` for `video`, `platform`, `start_time`, counts in events_synced)."""

    script: str = "normal"
    """Script of bots that no rule of `/_sim/scripts` speaks for."""
    queue_delay: float = Field(default=20, ge=0)
    """From `queued` to joining_call; said to be at most two minutes."""
    spawn_delay: float = Field(default=15, ge=0)
    """From a `join_at` to the bot being made and queued; said to be typically under a minute."""
    waiting_room_delay: float = Field(default=46, ge=0)
    """From joining_call to in_waiting_room."""
    admission_delay: float = Field(default=15, ge=0)
    """From the waiting room to the call, or to the refusal."""
    recording_delay: float = Field(default=5, ge=0)
    """From being in the call to recording it."""
    call_duration: float = Field(default=120, ge=0)
    """From the start of the recording to the end of the call."""
    longest_recording: float = Field(default=14_400, gt=0)
    """How long a bot may record; then it leaves. Undocumented for v2."""
    leave_delay: float = Field(default=2, ge=0)
    """From a request to leave to having left."""
    processing_delay: float = Field(default=15, ge=0)
    """From having left to the end of processing, without the transcript."""
    transcription_delay: float = Field(default=60, ge=0)
    """From `transcribing` to `completed`."""
    waiting_room_timeout: float = Field(default=600, ge=0)
    """Patience in the waiting room of a bot that brings no `timeout_config`."""
    noone_joined_timeout: float = Field(default=600, ge=0)
    """Patience in an empty call of a bot that brings no `timeout_config`."""

    lock_window: float = Field(default=240, ge=0)
    """How long before its `join_at` a scheduled bot can no longer be changed."""
    duplicate_window: float = Field(default=300, ge=0)
    """How long a bot without `allow_multiple_bots` keeps others of its kind from the meeting."""
    requests_per_second: int = Field(default=0, ge=0)
    """Writes that the team may make in any second of real time, 5 to 20 by plan; reads are free. 0: any number."""
    daily_bot_cap: int = Field(default=0, ge=0)
    """Bots that the team may make within 24 hours, 75 to 3000 by plan; 0: any number."""
    daily_window: float = Field(default=86_400, gt=0)
    """Length of the window in which `daily_bot_cap` counts."""
    tokens: float | None = Field(default=None, ge=0)
    """Tokens that the team has; each immediate bot reserves half a one. By default they never run out."""
    calendar_limit: int = Field(default=0, ge=0)
    """Calendars that the team may connect; 0: any number."""
    retention: float = Field(default=0, ge=0)
    """How long after its end the files of a bot are kept, 3 to 30 days by plan; 0: for good."""
    announce_cancellations: bool = False
    """Whether the cancellation of a bot that was not made yet is told by bot.failed; undocumented."""

    webhook_retry_delays: tuple[float, ...] = (5, 10, 300, 900, 1800, 7200)
    """Pauses before the repeats of a webhook that was not answered with 2xx."""
    webhook_jitter: float = Field(default=0.2, ge=0, lt=1)
    """By which share each of these pauses is longer or shorter, by chance."""
    overload_pause: float = Field(default=60, ge=0)
    """Least pause after an answer of 429, or none in time."""
    disable_after: float = Field(default=432_000, gt=0)
    """How long an endpoint may fail, without any success, before it is switched off."""
    webhook_timeout: float = Field(default=30, gt=0)
    """Patience of the sender of webhooks and callbacks, in real seconds."""
    callback_retry_delays: tuple[float, ...] = (1, 5, 15)
    """Pauses before the repeats of a callback that met no answer or 5xx."""
    statuses_in_order: bool = True
    """Whether the first try of a webhook waits for that of the bot's webhook before; order is only usual."""

    calendar_sync_delay: float = Field(default=5, ge=0)
    """From a change in a calendar, or its connection, to the sync that takes it over."""
    calendar_sync_interval: float = Field(default=3600, gt=0)
    """From one sync of a calendar to the next if nothing is reported."""
    calendar_window_days: int = Field(default=30, ge=0)
    """How many days ahead, in real time, events are taken over."""
    events_leave_at_start: bool = False
    """Whether an event leaves the window when it begins, else when it ends; undocumented."""
    calendar_bot_lead: float = Field(default=0, ge=0)
    """How long before an event's start its bot is made; undocumented, said to be the start."""

    audio_size: int = Field(default=128_000, ge=2000, le=16_000_000)
    """Bytes of the FLAC file."""
    url_validity: int = Field(default=14_400, ge=0)
    """How long a signed link to a file is good for, in real seconds."""

    @field_validator("script")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in SCRIPTS:
            raise ValueError(f"no script is called {name!r}; there are {', '.join(sorted(SCRIPTS))}")
        return name
