"""The port to meeting-bot APIs: what every provider must implement, in terms of the domain.

It hides URLs, authentication, field names, status codes, paging, signatures and which call cancels. It shows what
changes our behaviour: when a provider wants to be called, and the status of a bot.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchPlan, RemovalResult
from minutekeeper.providers.recorded_content import BotScreenshot, RecordedContent
from minutekeeper.transcripts.model import Transcript


class ProviderError(Exception):
    """A call to a provider failed. The message is for people and never contains a key."""


class RequestRejectedError(ProviderError):
    """The provider rejects this request permanently (400, 415, 422); the message shows its answer."""


class AccountError(ProviderError):
    """The account is at fault, not the meeting: key missing or revoked, no tokens, not in the plan (401-403)."""


class RateLimitedError(ProviderError):
    """Too many requests. `retry_after` is in seconds, None if the provider did not say."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(ProviderError):
    """The provider failed or did not answer (5xx, timeout, lost connection).

    The request may have been carried out.
    """


class CapacityError(ProviderError):
    """The provider has no free machine for a bot that is to join at once; no bot came of the request.

    `retry_after` is in seconds, None if the provider did not say.
    """

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaError(AccountError):
    """A quota of the account is used up, such as its bots of a day, which waiting for seconds does not cure."""


class DuplicateBotError(ProviderError):
    """The provider refused the bot because one is already in, or on its way to, this meeting."""


class UnknownProviderError(AccountError):
    """A provider is named that this process is not set up for."""


class NotFoundError(ProviderError):
    """The provider does not know this bot, calendar or event."""


class MalformedWebhookError(ProviderError):
    """The body is not a JSON object. The message says what it is."""


@dataclass(frozen=True, kw_only=True)
class BotCallback:
    """What a bot is given so that its webhooks can be routed; never part of a workflow history.

    `webhook_url` contains a token; `workflow_id` is stored in the provider's metadata, so that account-wide
    webhooks and searches lead to the meeting.
    """

    webhook_url: str
    workflow_id: str


@dataclass(frozen=True, kw_only=True)
class FoundBot:
    """A bot that a search found. `run` and `workflow_id` are empty for a bot that is not ours."""

    bot_id: str
    created_at: datetime
    is_open: bool
    key: str = ""
    workflow_id: str = ""
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class BotOrigin:
    """Where a bot comes from, by the provider's data.

    `event_id` is the calendar event that it was sent to. `calendar_id` is that event's calendar if the provider
    itself decides there what is recorded, for a user whom we have made known to it.

    `is_ours` says that its metadata has our signature; `workflow_id` and `dispatch` are what a meeting of ours gave
    it.
    """

    bot_id: str
    meeting_url: str
    created_at: datetime
    is_ours: bool = False
    workflow_id: str = ""
    dispatch: int | None = None
    event_id: str = ""
    calendar_id: str = ""


class ProviderBotStatus(StrEnum):
    """The status of a bot by the provider."""

    OPEN = "open"
    COMPLETE = "complete"
    FAILED = "failed"
    GONE = "gone"
    """Unknown to the provider, or its data were deleted."""


@dataclass(frozen=True, kw_only=True)
class BotObservation:
    """What the provider reports about a bot, sorted by time. `text` quotes the provider, without keys."""

    status: ProviderBotStatus
    events: tuple[BotEvent, ...]
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class BotWebhook:
    """A parsed webhook about a bot. `delivery` is the same for every repeat of one delivery.

    `workflow_id` and `dispatch` come from the bot's metadata, where the delivery contains it; `event_id`
    is the calendar event. `keep_body` asks for the raw body to be stored, because it contains the transcript or
    media URLs.
    """

    event: BotEvent
    delivery: str
    workflow_id: str = ""
    event_id: str = ""
    keep_body: bool = False


@dataclass(frozen=True, kw_only=True)
class CalendarWebhook:
    """A webhook that says that something changed in a calendar. `delivery` is the same for every repeat.

    `event_ids` are the events that changed, where the sender names them; `everything` that they were too many.
    `is_about_access` says that the calendar itself changed: whether it can be read.
    """

    calendar_id: str
    delivery: str
    event_ids: tuple[str, ...] = ()
    everything: bool = False
    is_about_access: bool = False


@dataclass(frozen=True, kw_only=True)
class IgnoredWebhook:
    """A well-formed webhook that is ignored; `detail` is for the log."""

    detail: str


class BotWebhookScope(StrEnum):
    """What a bot reports to a webhook URL of its own; the rest goes to the URL of the account."""

    ALL_EVENTS = "all_events"
    FINAL_EVENTS = "final_events"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class ProviderCapabilities:
    """What differs between providers and changes our behaviour.

    `idempotent_for` is how long the provider answers a repeated request with the bot of the first one, so that a
    request whose answer was lost is repeated, and not looked for. `keeps_timer` says that it accepts bots well
    ahead and lets them join at their time. `requests_per_second` is the limit of creating bots that its
    documentation gives, 0 if it gives none.
    """

    bot_webhooks: BotWebhookScope = BotWebhookScope.ALL_EVENTS
    keeps_timer: bool = False
    idempotent_for: timedelta | None = None
    requests_per_second: float = 0.0
    retranscribes: bool = True
    has_screenshots: bool = True


class Provider(Protocol):
    """A meeting-bot API. Every coroutine method may raise any ProviderError."""

    @property
    def name(self) -> str:
        """Identifies the provider in bots and URLs: lower-case letters, digits and dashes; it never changes."""
        ...

    @property
    def capabilities(self) -> ProviderCapabilities: ...

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        """When the provider wants to be called for a meeting that starts at `start_time`, and how. Pure.

        One that keeps the timer wants to be called now, unless that is too early.
        """
        ...

    async def warm_up(self, calls: int) -> None:
        """Opens connections before `count` bots are sent at the same instant.

        Never raises.
        """
        ...

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        """Sends one bot, once, without looking for an earlier one; how late it is decides how.

        The answer says in which mode it was sent, when it joins if not at the start, and in `notes` which options
        had to be changed. Raises DuplicateBotError if the provider refuses a second bot, CapacityError if it has no
        machine for one. After UnavailableError the bot may exist: `find` it before sending again, unless the
        provider is idempotent.
        """
        ...

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        """Bots under this dispatch key or for this meeting, newest first, created at or after `since`.

        Also those before it that could make the provider refuse a second bot.
        """
        ...

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        """Cancels a bot, or removes it from its meeting. Idempotent."""
        ...

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        """The status of a bot, as the same events that its webhooks report."""
        ...

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        """The origin of a bot that was not sent by us, by one call for this bot.

        Raises NotFoundError if the provider has no data yet: a running bot may only be in `recent_origins`.
        """
        ...

    def recent_origins(self, since: datetime) -> AsyncIterator[Sequence[BotOrigin]]:
        """The origins of the bots that were created since then, without their events; each page is one call."""
        ...

    async def account_webhook_url(self) -> str:
        """Where the webhooks of the whole account go; empty if nowhere. The cheapest proof that the key is good."""
        ...

    def may_accept_webhook(
        self, headers: Mapping[str, str], *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        """Whether the headers allow that the webhook is authentic, so that its body is worth reading.

        `token` is that of the bot's own address if it came there, because some providers prove callbacks by a
        secret of each bot.
        """
        ...

    def accepts_webhook(
        self, headers: Mapping[str, str], body: bytes, *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        """Whether the webhook is authentic; compares in constant time."""
        ...

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, received_at: datetime
    ) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
        """Parses a delivery of any known form. Raises MalformedWebhookError."""
        ...

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        """What a bot recorded: from the final webhook's stored body, or, if `pushed` is None, from the API."""
        ...

    def parse_transcript(self, body: bytes) -> Transcript:
        """The transcript in the file behind a TranscriptLink. Raises ProviderError if it cannot be read."""
        ...

    async def retranscribe(self, bot_id: str, request: str = "") -> None:
        """Requests a new transcript of a bot's recording; a TRANSCRIPTION_COMPLETE event reports that it exists.

        Repeats of one `request` are told apart from others where the provider can do so.
        """
        ...

    async def screenshots(self, bot_id: str) -> Sequence[BotScreenshot]:
        """Lists pictures of what a bot saw, the oldest first; empty if the provider has none."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...
