"""The port to meeting-bot APIs: what every provider must be able to do, in our words.

It hides addresses, authentication, field names, status words, paging, signatures and which call cancels. It shows
what changes our behaviour: when a provider wants to be called, and what became of a bot.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchPlan
from minutekeeper.transcripts.model import Transcript


class ProviderError(Exception):
    """A call to a provider failed. The message is for people and never holds a key."""


class RequestRejectedError(ProviderError):
    """The provider does not take this request, now or later (400, 415, 422); the message shows its answer."""


class AccountError(ProviderError):
    """The account is at fault, not the meeting: key missing or revoked, no tokens, not in the plan (401-403)."""


class RateLimitedError(ProviderError):
    """Too many requests. `retry_after` is in seconds, None if the provider did not say."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(ProviderError):
    """The provider failed or did not answer (5xx, timeout, cut connection). What was asked may have happened."""


class DuplicateBotError(ProviderError):
    """The provider refused the bot because one is already in, or on its way to, this meeting."""


class NotFoundError(ProviderError):
    """The provider does not know this bot, calendar or event."""


class MalformedWebhookError(ProviderError):
    """The body is no JSON object. The message says what it is."""


@dataclass(frozen=True, kw_only=True)
class BotCallback:
    """What a bot is given beyond its order, to find its way back: never part of a workflow history.

    `webhook_url` carries a token; `workflow_id` is put where the provider keeps free data, so that account-wide
    webhooks and searches lead back to the meeting.
    """

    webhook_url: str
    workflow_id: str


@dataclass(frozen=True, kw_only=True)
class FoundBot:
    """A bot that a search turned up. `run` and `workflow_id` are empty for a bot that is not one of ours."""

    bot_id: str
    created_at: datetime
    is_open: bool
    key: str = ""
    workflow_id: str = ""
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class BotOrigin:
    """Where a bot comes from, as the provider has it. `event_id` is the calendar event that it was sent to.

    `is_ours` says that it carries our mark; `workflow_id` and `dispatch` are what a meeting of ours gave it.
    """

    bot_id: str
    meeting_url: str
    created_at: datetime
    is_ours: bool = False
    workflow_id: str = ""
    dispatch: int | None = None
    event_id: str = ""


class RemovalResult(StrEnum):
    """What became of a bot that was told to go: each of them means that it will not be in the meeting."""

    LEAVING = "leaving"
    ALREADY_GONE = "already_gone"


class ProviderBotStatus(StrEnum):
    """What the provider itself says of a bot."""

    OPEN = "open"
    COMPLETE = "complete"
    FAILED = "failed"
    GONE = "gone"
    """Unknown to the provider, or its data were deleted."""


@dataclass(frozen=True, kw_only=True)
class BotObservation:
    """The provider's truth about a bot, sorted by time. `text` is the evidence in its own words, without keys."""

    status: ProviderBotStatus
    events: tuple[BotEvent, ...]
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Media:
    """A recording that can be fetched now. `url` is signed and short-lived: never log or keep it.

    `expires_at` is when the URL stops working, where the URL says so (UTC). `extension` is what the
    link suggests; the first bytes of the file may say better.
    """

    url: str
    extension: str
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RecordedContent:
    """What a bot brought home. A recording that is not there yet, or never was, is simply not listed.

    `transcript` is None while the provider has none; `transcript_failed` says that there will never be one.
    `deleted` says that the provider's copy is gone for good. `duration` is in seconds, None if not said.
    """

    media: tuple[Media, ...]
    transcript: Transcript | None
    transcript_failed: bool = False
    deleted: bool = False
    duration: float | None = None


@dataclass(frozen=True, kw_only=True)
class BotWebhook:
    """A webhook about a bot, understood. `delivery` is the same for every repeat of one delivery.

    `workflow_id` and `dispatch` are what we gave the bot to carry, where the delivery brings it back; `event_id`
    is the calendar event. `keep_body` asks for the raw body to be stored: it holds the transcript or media URLs.
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
    """

    calendar_id: str
    delivery: str
    event_ids: tuple[str, ...] = ()
    everything: bool = False


@dataclass(frozen=True, kw_only=True)
class IgnoredWebhook:
    """A well-formed webhook that means nothing to us; `detail` is for the log."""

    detail: str


class Provider(Protocol):
    """One meeting-bot API. Every method but the first and `parse_webhook` may raise any ProviderError."""

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        """When the provider wants to be called for a meeting that starts at `start_time`, and how. Pure."""
        ...

    async def warm_up(self, calls: int) -> None:
        """Opens connections ahead of an instant at which so many bots are sent, so that these find some.

        Never raises.
        """
        ...

    async def dispatch(self, order: BotDispatch, address: BotCallback) -> DispatchedBot:
        """Sends one bot, once, without looking for an earlier one.

        Raises DuplicateBotError if the provider refuses a second bot. After UnavailableError the bot may exist:
        `find` it before sending again.
        """
        ...

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        """Bots created at or after `since` under this dispatch key or for this meeting, newest first."""
        ...

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        """Tells a bot to stay away or to leave. Idempotent: a bot that is gone already is no error."""
        ...

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        """What the provider says of a bot, as the same events that its webhooks bring."""
        ...

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        """Where a bot comes from that somebody else sent, by one call for this bot.

        Raises NotFoundError where the provider does not tell it: a bot at work may be in `recent_origins` alone.
        """
        ...

    def recent_origins(self, since: datetime) -> AsyncIterator[Sequence[BotOrigin]]:
        """Where the bots come from that were created since then, but not their events; each page is one call."""
        ...

    def accepts_webhook(self, headers: Mapping[str, str], *, allow_missing_key: bool = False) -> bool:
        """Whether the sender proved itself; compares in constant time."""
        ...

    def parse_webhook(self, body: bytes, received_at: datetime) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
        """Reads a delivery of any year's shape. Raises MalformedWebhookError."""
        ...

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        """What a bot recorded: from the final webhook's stored body, or, if `pushed` is None, freshly asked for."""
        ...

    async def retranscribe(self, bot_id: str) -> None:
        """Asks for a new transcript of what a bot recorded."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...


class ProviderAccount(Provider, Protocol):
    """What operators need beyond that: the account's own settings at the provider."""

    async def account_webhook_url(self) -> str:
        """Where the provider sends the account's webhooks; empty if not set. May raise any ProviderError."""
        ...
