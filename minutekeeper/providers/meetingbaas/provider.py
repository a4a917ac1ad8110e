"""Meeting BaaS behind the port of `minutekeeper.providers.base`."""

import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchMode, DispatchPlan, RemovalResult
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.providers.base import (
    BotCallback,
    BotObservation,
    BotOrigin,
    BotWebhook,
    CalendarWebhook,
    FoundBot,
    IgnoredWebhook,
    NotFoundError,
    ProviderBotStatus,
    ProviderCapabilities,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.bot_metadata import BotMetadata, caller_metadata_to_wire
from minutekeeper.providers.meetingbaas import bot_lookup, recordings, webhooks
from minutekeeper.providers.meetingbaas.bot_lookup import bot_observation, origin_of, recent_origins
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.http import API_KEY_HEADER, ConflictError
from minutekeeper.providers.meetingbaas.request_models import (
    CONFIGURABLE_TRANSCRIBERS,
    AutomaticLeave,
    NewBot,
    SpeechToText,
    transcription_parameters,
)
from minutekeeper.providers.recorded_content import BotScreenshot, RecordedContent
from minutekeeper.transcripts.model import Transcript

NAME = "meetingbaas"

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_STILL_RESERVED = timedelta(seconds=30)
"""A reserved bot that is asked for this late arrives as much late, which is better than four minutes early."""
_SEARCH_BACK = timedelta(minutes=10)
"""Twice the time in which a second bot is refused: whatever it is refused for was created since."""

_KEY_HEADERS = frozenset({API_KEY_HEADER, "x-spoke-api-key"})


@dataclass(frozen=True, kw_only=True)
class DispatchDefaults:
    """How bots are planned: a reserved one is called exactly `lead` before the start.

    The rest is passed on in every DispatchPlan.
    """

    lead: timedelta = timedelta(minutes=4)
    max_dispatches: int = 3
    deadlines: Deadlines = field(default_factory=Deadlines)


class MeetingBaasProvider:
    """A Provider for one account.

    `webhook_keys` are the account's keys, now and before its last rotation; empty ones are ignored. The first
    of the `signing_secrets` signs the metadata of our bots; a signature of any of them is accepted.
    """

    def __init__(
        self,
        client: MeetingBaasClient,
        *,
        webhook_keys: Sequence[str],
        signing_secrets: Sequence[str] = (),
        speech_to_text: SpeechToText | None = None,
        policy: DispatchDefaults | None = None,
    ) -> None:
        self._client = client
        self._webhook_keys = [_encoded(key) for key in webhook_keys if key.strip()]
        self._signing_secrets = signing_secrets
        self._speech_to_text = speech_to_text or SpeechToText()
        self._policy = policy or DispatchDefaults()

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> ProviderCapabilities:
        return ProviderCapabilities()

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        policy = self._policy
        call_at = start_time - policy.lead
        if now <= call_at:
            return DispatchPlan(
                dispatch_at=call_at,
                join_at=start_time,
                mode=DispatchMode.RESERVED,
                deadlines=policy.deadlines,
                max_dispatches=policy.max_dispatches,
            )
        return DispatchPlan(
            dispatch_at=now,
            join_at=now,
            mode=DispatchMode.IMMEDIATE,
            deadlines=policy.deadlines,
            max_dispatches=policy.max_dispatches,
        )

    async def warm_up(self, calls: int) -> None:
        await self._client.warm_up(calls)

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        is_late = now > order.dispatch_at + _STILL_RESERVED
        if order.mode is DispatchMode.RESERVED and is_late and not order.stays_reserved:
            order = order.model_copy(update={"mode": DispatchMode.IMMEDIATE})
        bot = self._new_bot(order, address)
        sent_at = datetime.now(UTC)
        bot_id = await self._client.create_bot(bot)
        return DispatchedBot(bot_id=bot_id, sent_at=sent_at, provider=NAME, mode=order.mode)

    def _new_bot(self, order: BotDispatch, address: BotCallback) -> NewBot:
        extra = BotMetadata(
            dispatch_key=order.key, dispatch=order.dispatch, workflow_id=address.workflow_id, run=order.run
        )
        return NewBot(
            meeting_url=order.meeting_url,
            bot_name=order.bot.name,
            reserved=order.mode is DispatchMode.RESERVED,
            recording_mode=order.bot.recording_mode,
            bot_image=order.bot.image,
            entry_message=order.bot.entry_message,
            speech_to_text=self._speech_to_text if order.transcript else None,
            automatic_leave=_automatic_leave(order.bot),
            webhook_url=address.webhook_url,
            deduplication_key=order.key,
            transcription_custom_parameters=self._transcription_parameters(order),
            extra=caller_metadata_to_wire(order.metadata) | extra.to_wire(self._signing_secrets),
        )

    def _transcription_parameters(self, order: BotDispatch) -> dict[str, Any] | None:
        """Language and vocabulary as the transcriber takes them. Raises RequestRejectedError if it takes none."""
        bot = order.bot
        if not order.transcript or not (bot.transcription_language or bot.transcription_vocabulary):
            return None
        if self._speech_to_text.provider not in CONFIGURABLE_TRANSCRIBERS:
            raise RequestRejectedError(
                f"bot.transcription_language, bot.transcription_vocabulary: {self._speech_to_text.provider} takes "
                f"neither; leave both away, or set MINUTEKEEPER_SPEECH_TO_TEXT_PROVIDER to "
                f"{' or '.join(sorted(CONFIGURABLE_TRANSCRIBERS))}"
            )
        return transcription_parameters(bot.transcription_language, bot.transcription_vocabulary)

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        return await bot_lookup.find_bots(
            self._client, self._signing_secrets, key, meeting_url, since - _SEARCH_BACK
        )

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        try:
            await self._client.leave(bot_id)
        except (NotFoundError, ConflictError):
            return RemovalResult.ALREADY_GONE
        return RemovalResult.LEAVING

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        try:
            data = await self._client.meeting_data(bot_id)
        except NotFoundError as error:
            # It is not documented whether meeting_data has running bots; the list has them.
            is_at_work = await bot_lookup.is_at_work(self._client, bot_id)
            reality = ProviderBotStatus.OPEN if is_at_work else ProviderBotStatus.GONE
            return BotObservation(status=reality, events=(), text=str(error))
        return bot_observation(bot_id, data)

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        return await origin_of(self._client, self._signing_secrets, bot_id)

    def recent_origins(self, since: datetime) -> AsyncIterator[Sequence[BotOrigin]]:
        return recent_origins(self._client, self._signing_secrets, since)

    async def account_webhook_url(self) -> str:
        return await self._client.webhook_url()

    def may_accept_webhook(
        self, headers: Mapping[str, str], *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        del token  # every delivery has the account's key
        given = [value for name, value in headers.items() if name.lower() in _KEY_HEADERS]
        if not given:
            return allow_missing_key
        # Every pair is compared, so that the time taken reveals nothing.
        matches = [hmac.compare_digest(_encoded(value), key) for value in given for key in self._webhook_keys]
        return any(matches)

    def accepts_webhook(
        self, headers: Mapping[str, str], body: bytes, *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        del body  # the key is in the headers
        return self.may_accept_webhook(headers, allow_missing_key=allow_missing_key, token=token)

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, received_at: datetime
    ) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
        del headers  # the body identifies the delivery
        return webhooks.parse_webhook(body, received_at, self._client.secrets, self._signing_secrets)

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        return await recordings.recorded_content(self._client, bot_id, pushed)

    def parse_transcript(self, body: bytes) -> Transcript:
        """Meeting BaaS sends transcripts in its answers, never as links."""
        raise UnavailableError(f"Meeting BaaS has no transcripts of {len(body)} bytes behind links")

    async def retranscribe(self, bot_id: str, request: str = "") -> None:
        del request  # there are no idempotency keys
        await self._client.retranscribe(bot_id, self._speech_to_text)

    async def screenshots(self, bot_id: str) -> Sequence[BotScreenshot]:
        try:
            listed = await self._client.screenshots(bot_id)
        except NotFoundError:
            return ()
        found = [BotScreenshot(url=each.url, taken_at=each.date) for each in listed if each.url]
        return sorted(found, key=lambda each: each.taken_at or _LONG_AGO)

    async def aclose(self) -> None:
        await self._client.aclose()


def _encoded(key: str) -> bytes:
    """Also for headers that were no text: those arrive with surrogates in place of their bytes."""
    return key.strip().encode("utf-8", "surrogatepass")


def _automatic_leave(bot: BotOptions) -> AutomaticLeave | None:
    timeouts = AutomaticLeave(
        waiting_room_timeout=bot.waiting_room_timeout,
        noone_joined_timeout=bot.noone_joined_timeout,
        silence_timeout=bot.silence_timeout,
    )
    return None if timeouts == AutomaticLeave() else timeouts
