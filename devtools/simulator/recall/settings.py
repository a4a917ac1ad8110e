"""Everything about the simulated Recall.ai that can be chosen, including what its public material leaves open."""

import os
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.recall.scripts import RECALL_SCRIPTS

DEV_SECRET = "whsec_bWludXRla2VlcGVyLWRldmVsb3BtZW50LXNlY3JldA=="  # noqa: S105 - signs nothing outside of this machine

HeaderFamily = Literal["webhook", "svix", "both"]


class RecallSettings(CommonSettings):
    """Settings from arguments, else from `MINUTEKEEPER_RECALL_SIMULATOR_*` in the environment.

    Durations are simulated seconds and are divided by `speed`, unless their text says "real seconds". The instant
    of a `join_at` is one of the real clock at every speed.
    """

    model_config = SettingsConfigDict(
        env_prefix="MINUTEKEEPER_RECALL_SIMULATOR_",
        frozen=True,
        use_attribute_docstrings=True,
        cli_prog_name="python -m devtools.simulator --provider recall",
        cli_kebab_case=True,
        cli_implicit_flags=True,
    )

    api_key: str = Field(
        default_factory=lambda: os.environ.get("RECALL_API_KEY") or "minutekeeper-dev", min_length=1
    )
    """The workspace's key. Default: `RECALL_API_KEY`."""
    other_region_api_key: str = ""
    """A key of another region: the answer to it is 401 and names the reason."""

    webhook_url: str | None = None
    """The first endpoint of the workspace; more can be added under `/_sim/endpoints`."""
    webhook_secret: str = Field(
        default_factory=lambda: os.environ.get("RECALL_WEBHOOK_SECRET") or DEV_SECRET, min_length=1
    )
    """What webhooks are signed with. Default: `RECALL_WEBHOOK_SECRET`."""
    webhook_secret_previous: str = ""
    """A second secret that signs along, as after a rotation."""
    signature_headers: HeaderFamily = "webhook"
    """Family of the signature's headers. With `both`, `svix-*` is signed with the endpoint's own secret."""
    webhook_timeout: float = Field(default=15, gt=0)
    """How long an endpoint may take to answer, in real seconds."""
    webhook_retry_delays: tuple[float, ...] = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
    """Pauses before the repeats of a webhook that was not acknowledged."""
    endpoint_disabled_after: float = Field(default=432_000, gt=0)
    """How long every attempt has to fail until an endpoint is switched off."""

    script: str = "normal"
    """Script of bots that no rule of `/_sim/scripts` speaks for."""
    scheduled_lead: float = Field(default=600, ge=0)
    """How far ahead `join_at` must lie for a scheduled bot; those nearer are ad hoc."""
    dispatch_gap: float = Field(default=60, ge=0)
    """How long after `join_at` minus `scheduled_lead` neither deleting nor leaving is possible. A guess."""
    refused_delete_status: Literal[405, 400] = 405
    """Status of `cannot_delete_bot`: the documentation says 405, callers have seen 400."""
    arrival_lateness: float = Field(default=3, ge=0)
    """How long after its `join_at` a bot begins to join."""
    adhoc_delay: float = Field(default=10, ge=0)
    """From the call to the arrival of an ad hoc bot."""
    adhoc_capacity: int = Field(default=30, ge=0)
    """Ad hoc bots that can be at work at once; one more gets 507."""
    adhoc_retry_after: float | None = Field(default=None, ge=0)
    """`Retry-After` of a 507, in real seconds; by default it has none."""
    waiting_room_delay: float = Field(default=10, ge=0)
    """From joining_call to in_waiting_room."""
    admission_delay: float = Field(default=15, ge=0)
    """From the waiting room to the call, or to the refusal."""
    recording_delay: float = Field(default=5, ge=0)
    """From being in the call to recording it."""
    call_duration: float = Field(default=120, ge=0)
    """From the start of the recording to the end of the call."""
    leave_delay: float = Field(default=2, ge=0)
    """From a request to leave to call_ended."""
    shutdown_delay: float = Field(default=20, ge=0)
    """From call_ended to done."""
    processing_delay: float = Field(default=15, ge=0)
    """From the end of a recording to its files; more than `shutdown_delay` lets them follow the bot's done."""
    transcription_delay: float = Field(default=10, ge=0)
    """From a recording's files to the transcript that was asked for with the bot."""
    async_transcription_delay: float = Field(default=60, ge=0)
    """From a request for a transcript of a recording to that transcript."""
    leave_before_joining: Literal["call_ended", "done", "silent"] = "call_ended"
    """What leave_call lets a bot say that has not joined: call_ended and done, done alone, nothing. A guess."""

    creations_per_minute: int = Field(default=60, ge=1)
    """New bots within `rate_window`."""
    lists_per_minute: int = Field(default=60, ge=1)
    """Calls of each list within `rate_window`."""
    reads_per_minute: int = Field(default=300, ge=1)
    """Calls of every other endpoint within `rate_window`."""
    event_bots_per_minute: int = Field(default=600, ge=1)
    """Bots of calendar events that are ordered, or cancelled, within `rate_window`."""
    calendar_calls_per_minute: int = Field(default=120, ge=1)
    """Calls of each endpoint of Calendar V1 by one user's token within `rate_window`."""
    transcripts_per_minute: int = Field(default=5, ge=1)
    """Transcripts asked for by one bot's recordings within `rate_window`."""
    rate_window: float = Field(default=60, gt=0)
    """Length of the sliding window of all limits, in real seconds."""
    idempotency_lifetime: float = Field(default=3600, gt=0)
    """How long an answer is repeated to the same `Idempotency-Key`, in real seconds."""
    creation_delay: float = Field(default=0, ge=0)
    """How long creating a bot takes, in real seconds; the same key gets 409 meanwhile."""
    metadata_index_delay: float = Field(default=0, ge=0)
    """How long a new bot stays unknown to the filter `metadata__KEY`, in real seconds. A guess."""
    page_size: int = Field(default=100, ge=1)
    """Entries on one page of a list."""
    refuses_local_urls: bool = True
    """Whether a body that holds a localhost or IP URL is refused with 403, as the service's edge does."""

    calendar_sync_delay: float = Field(default=5, ge=0)
    """From a change in somebody's calendar, or its connection, to the sync that takes it over."""
    calendar_sync_interval: float = Field(default=3600, gt=0)
    """From one sync of a calendar to the next if nothing is reported."""
    disconnect_notice_delay: float = Field(default=7200, ge=0)
    """From the first look that is refused to a calendar's status `disconnected`."""

    calendar_v1_lead: float = Field(default=120, ge=0)
    """How long before the start bots of Calendar V1 join."""
    calendar_token_lifetime: float = Field(default=86_400, ge=0)
    """How long a token of Calendar V1 is good for, in real seconds."""
    google_client_id: str = "google-app"
    """The Google app that the dashboard knows, for Calendar V1."""
    google_client_secret: str = "google-app-secret"  # noqa: S105 - the simulated Google's own
    """Its secret."""
    microsoft_client_id: str = "microsoft-app"
    """The Microsoft app that the dashboard knows, for Calendar V1."""
    microsoft_client_secret: str = "microsoft-app-secret"  # noqa: S105 - the simulated Microsoft's own
    """Its secret."""

    meeting_url_lifetime: float = Field(default=259_200, ge=0)
    """How long after its end a bot still shows where it was; then `meeting_url` is null. The span is a guess."""
    default_retention_hours: float | None = Field(default=None, gt=0)
    """How long media is kept if a bot does not say; by default for ever."""
    audio_size: int = Field(default=128_000, ge=0)
    """Bytes of an MP3 file of the sound."""
    url_validity: int = Field(default=21_600, ge=0)
    """How long a signed media URL is good for, in real seconds."""

    @field_validator("script")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in RECALL_SCRIPTS:
            raise ValueError(f"no script is called {name!r}; there are {', '.join(sorted(RECALL_SCRIPTS))}")
        return name
