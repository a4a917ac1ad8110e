"""Everything about the stand-in that can be chosen, including what the service's public material leaves open."""

import os
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.scripts import SCRIPTS

Shape = Literal["2025-03", "2025-04", "newest"]
NoticeForm = Literal["listed", "empty", "null", "absent", "last_updated_at", "calendar_uuid", "uuid"]


class SimulatorSettings(CommonSettings):
    """Settings from arguments, else from `MINUTEKEEPER_SIMULATOR_*` in the environment.

    Durations are simulated seconds and are divided by `speed`, unless their text says "real seconds".
    """

    model_config = SettingsConfigDict(
        env_prefix="MINUTEKEEPER_SIMULATOR_",
        frozen=True,
        use_attribute_docstrings=True,
        cli_prog_name="python -m devtools.simulator",
        cli_kebab_case=True,
        cli_implicit_flags=True,
    )

    api_key: str = Field(
        default_factory=lambda: os.environ.get("MEETINGBAAS_API_KEY") or "minutekeeper-dev", min_length=1
    )
    """The account's key: callers must send it, webhooks carry it. Default: `MEETINGBAAS_API_KEY`."""
    account_webhook_url: str | None = None
    """Where webhooks go for bots that bring no URL; can be changed through the API."""

    shape: Shape = "newest"
    """Age of the JSON in lists, meeting_data and webhooks: March 2025, April 2025 or today's."""
    seed_compatibility: bool = False
    """Also take what old guide pages show: the key as `x-spoke-api-key` or Bearer token, other calendar calls."""

    script: str = "normal"
    """Script of bots that no rule of `/_sim/scripts` speaks for."""
    reserved_lead: float = Field(default=240, ge=0)
    """From the call to the arrival of a reserved bot; also how long before a `start_time` in milliseconds."""
    joining_delay: float = Field(default=20, ge=0)
    """From the call to the arrival of a bot from the pool."""
    waiting_room_delay: float = Field(default=46, ge=0)
    """From joining_call to in_waiting_room."""
    admission_delay: float = Field(default=15, ge=0)
    """From the waiting room to the call, or to the refusal."""
    recording_delay: float = Field(default=5, ge=0)
    """From being in the call to recording it."""
    call_duration: float = Field(default=120, ge=0)
    """From the start of the recording to the end of the call."""
    longest_recording: float = Field(default=14_400, gt=0)
    """How long a bot may record; then it leaves and its recording ends with the reason `recording_timeout`."""
    leave_delay: float = Field(default=2, ge=0)
    """From a request to leave to having left."""
    processing_delay: float = Field(default=15, ge=0)
    """From having left to the final event."""
    transcription_delay: float = Field(default=60, ge=0)
    """From `complete`, or a request to transcribe again, to transcription_complete."""
    waiting_room_timeout: float = Field(default=600, ge=0)
    """Patience in the waiting room of a bot that brings no `automatic_leave`."""
    noone_joined_timeout: float = Field(default=600, ge=0)
    """Patience in an empty call of a bot that brings no `automatic_leave`."""

    duplicate_window: float = Field(default=300, ge=0)
    """How long a second bot for the same meeting counts as a duplicate."""
    duplicate_status: int = Field(default=409, ge=400, le=499)
    """Status of a refused duplicate; undocumented for v1."""
    duplicate_error: str = "BotAlreadyExists: a bot was already sent to this meeting, this is a duplicate"
    """Error text of a refused duplicate; undocumented for v1."""
    delete_ended_status: Literal[200, 409] = 200
    """Answer to removing a bot that has already left; undocumented."""
    running_meeting_data_status: Literal[200, 404] = 200
    """Whether meeting_data knows a bot that is still at work; undocumented."""
    retranscribe_status: Literal[200, 202] = 200
    """Answer to an accepted request to transcribe again; both are documented."""
    requests_per_second: int = Field(default=0, ge=0)
    """API requests that the account may make in any second of real time, 2 to 20 by plan; 0: any number."""
    delete_data_limit: int = Field(default=5, ge=1)
    """Calls to delete_data within `delete_data_window`."""
    delete_data_window: float = Field(default=60, gt=0)
    """Length of the window in which calls to delete_data are counted."""
    rate_limit_reset: Literal["seconds", "epoch"] = "seconds"
    """Meaning of `X-RateLimit-Reset`: real seconds from now, or a Unix time; undocumented."""

    status_timeout: float = Field(default=5, gt=0)
    """Patience of the sender of status events, in real seconds."""
    status_retry_delays: tuple[float, ...] = (1, 2)
    """Pauses before the repeats of a status event that failed; afterwards it is dropped."""
    statuses_in_order: bool = True
    """Whether a bot waits for the answer to one status before it sends the next; versions differ."""
    final_timeout: float = Field(default=10, gt=0)
    """Patience of the sender of final events, in real seconds."""
    final_retry_delays: tuple[float, ...] = (5, 10, 300, 900, 1800, 7200)
    """Pauses before the repeats of a final event that failed; the real schedule is unknown."""

    calendar_sync_delay: float = Field(default=5, ge=0)
    """From a change in somebody's calendar, or its connection, to the sync that takes it over."""
    calendar_sync_interval: float = Field(default=3600, gt=0)
    """From one sync of a calendar to the next if nothing is reported."""
    calendar_window_days: int = Field(default=30, ge=0)
    """How many days ahead, in real time, events are taken over."""
    calendar_notice: NoticeForm = "listed"
    """Form of the sync webhook: events `listed`, an `empty` list, `null`, none (`absent`); none and the time as
    `last_updated_at` (2024); `calendar_uuid` or `uuid` for the calendar, as handlers of third parties expect."""
    event_page: int = Field(default=100, ge=1)
    """Events on one page of the list."""
    event_list: Literal["data", "events"] = "data"
    """Name of the list of events; `events` until December 2024."""
    event_list_next: Literal["cursor", "url"] = "cursor"
    """What `next` of the list of events is; documented as both."""
    recording_answer: Literal["array", "object"] = "array"
    """Answer to a change of an event's bot: a list of events, or until December 2024 one event."""
    removed_events: Literal["flagged", "gone"] = "flagged"
    """Whether events that were removed stay and are marked, or answer 404; undocumented."""
    grant_error_status: int = Field(default=400, ge=400, le=599)
    """Status of calls whose credentials the calendar's provider refuses; undocumented."""

    state_file: str | None = None
    """Where bots, accounts and calendars are kept over restarts; by default nowhere."""

    audio_size: int = Field(default=128_044, ge=44, le=2**32 - 1)
    """Bytes of the separate WAV file."""
    url_validity: int = Field(default=7200, ge=0)
    """How long a signed media URL is good for, in real seconds."""

    @field_validator("script")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in SCRIPTS:
            raise ValueError(f"no script is called {name!r}; there are {', '.join(sorted(SCRIPTS))}")
        return name
