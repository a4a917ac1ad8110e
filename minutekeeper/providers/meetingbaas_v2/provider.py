"""Version 2 of Meeting BaaS behind the port of `minutekeeper.providers.base`."""

import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchMode, DispatchPlan, RemovalResult
from minutekeeper.meetings.meeting_urls import Platform, parse_meeting_url
from minutekeeper.providers.base import (
    BotCallback,
    BotObservation,
    BotOrigin,
    BotWebhook,
    BotWebhookScope,
    CalendarWebhook,
    DuplicateBotError,
    FoundBot,
    IgnoredWebhook,
    NotFoundError,
    ProviderBotStatus,
    ProviderCapabilities,
    RequestRejectedError,
)
from minutekeeper.providers.bot_metadata import BotMetadata, caller_metadata_to_wire
from minutekeeper.providers.meetingbaas.request_models import transcription_parameters
from minutekeeper.providers.meetingbaas_v2 import bot_lookup, bot_status, recordings
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.http import SERVICE, RefusedByStateError
from minutekeeper.providers.meetingbaas_v2.request_models import (
    BotBody,
    CallbackConfig,
    FittedOptions,
    TranscriptionConfig,
    fit_options,
)
from minutekeeper.providers.meetingbaas_v2.webhooks import read_webhook
from minutekeeper.providers.recorded_content import BotScreenshot, RecordedContent
from minutekeeper.providers.webhook_signatures import WebhookSignatures
from minutekeeper.signing import Purpose, signer
from minutekeeper.transcripts.model import Transcript

NAME_V2 = "meetingbaas-v2"

_EARLY = timedelta(seconds=90)
"""How long before the start a bot is to join, because joining takes up to two minutes."""
_LEAST_AHEAD = timedelta(seconds=75)
"""How far ahead a bot is ordered at least: a minute is demanded, and the clocks and the network take some of it."""
_FARTHEST_AHEAD = timedelta(days=89)
"""Ninety days are the most that is taken."""

_LOCK_LASTS = timedelta(minutes=5)
"""For how long after an order a meeting is locked against a second bot."""

_CALLBACK_SECRET = "x-mb-secret"  # noqa: S105 - the name of a header
_WRITES_PER_SECOND = 5.0
"""Of the smallest plan; what a larger one allows is learned from its answers."""


@dataclass(frozen=True, kw_only=True)
class BotSetup:
    """What the settings say of all bots. `transcriber_key` is an own key at Gladia, which not every plan allows.

    `max_dispatches` and `deadlines` are passed on in every DispatchPlan.
    """

    transcriber_key: str = field(default="", repr=False)
    max_dispatches: int = 3
    deadlines: Deadlines = field(default_factory=Deadlines)


class MeetingBaasV2Provider:
    """A Provider for one team.

    `webhook_secrets` are those of the team's webhook endpoint, now and before its last rotation. The first of the
    `signing_secrets` signs the metadata of our bots and makes the secrets of their callbacks; all of them verify.
    """

    def __init__(
        self,
        client: MeetingBaasV2Client,
        *,
        webhook_secrets: Sequence[str] = (),
        signing_secrets: Sequence[str] = (),
        setup: BotSetup | None = None,
    ) -> None:
        self._client = client
        self._signatures = WebhookSignatures(webhook_secrets)
        self._signing_secrets = signing_secrets
        self._setup = setup or BotSetup()

    @property
    def name(self) -> str:
        return NAME_V2

    @property
    def capabilities(self) -> ProviderCapabilities:
        return ProviderCapabilities(
            bot_webhooks=BotWebhookScope.FINAL_EVENTS,
            keeps_timer=True,
            requests_per_second=_WRITES_PER_SECOND,
            retranscribes=False,
        )

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        join_at = start_time - _EARLY
        is_ahead = join_at - now >= _LEAST_AHEAD
        return DispatchPlan(
            dispatch_at=max(now, start_time - _FARTHEST_AHEAD),
            join_at=join_at if is_ahead else now,
            mode=DispatchMode.RESERVED if is_ahead else DispatchMode.IMMEDIATE,
            deadlines=self._setup.deadlines,
            max_dispatches=self._setup.max_dispatches,
        )

    async def warm_up(self, calls: int) -> None:
        await self._client.warm_up(calls)

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        join_at = _join_at(order, now)
        fitted = fit_options(order.bot, is_zoom=parse_meeting_url(order.meeting_url).platform is Platform.ZOOM)
        sent_at = datetime.now(UTC)
        bot_id = await self._create(self._new_bot(order, address, fitted, join_at), order, now)
        return DispatchedBot(
            bot_id=bot_id,
            provider=NAME_V2,
            sent_at=sent_at,
            mode=DispatchMode.RESERVED if join_at else DispatchMode.IMMEDIATE,
            join_at=join_at or now,
            notes=fitted.notes,
        )

    async def _create(self, bot: BotBody, order: BotDispatch, now: datetime) -> str:
        try:
            return await self._client.create_bot(bot)
        except DuplicateBotError:
            if bot.allow_multiple_bots or order.is_in_doubt or not await self._is_lock_left_behind(order, now):
                raise
        return await self._client.create_bot(bot.model_copy(update={"allow_multiple_bots": True}))

    async def _is_lock_left_behind(self, order: BotDispatch, now: datetime) -> bool:
        """Whether the bot that a lock was made for is listed, and has ended: its lock outlives it.

        A lock that no listed bot explains is proof of a bot that is not listed yet, and is over after minutes.
        """
        found = await self.find(order.key, order.meeting_url, now)
        locked_since = datetime.now(UTC) - _LOCK_LASTS
        return not any(bot.is_open for bot in found) and any(bot.created_at > locked_since for bot in found)

    def _new_bot(
        self, order: BotDispatch, address: BotCallback, fitted: FittedOptions, join_at: datetime | None
    ) -> BotBody:
        extra = BotMetadata(
            dispatch_key=order.key, dispatch=order.dispatch, workflow_id=address.workflow_id, run=order.run
        )
        token = address.webhook_url.rpartition("/")[2]
        return BotBody(
            meeting_url=order.meeting_url,
            bot_name=order.bot.name,
            recording_mode=order.bot.recording_mode.value,
            bot_image=fitted.image,
            entry_message=order.bot.entry_message,
            # The lock holds a meeting for minutes whatever became of its bot, so it would refuse a second one that
            # is to replace the first; and it is tried only when a bot joins, so an order ahead has no use of it.
            allow_multiple_bots=join_at is not None or order.dispatch > 0,
            timeout_config=fitted.timeouts,
            transcription_enabled=order.transcript,
            transcription_config=self._transcription(order),
            callback_config=CallbackConfig(
                url=address.webhook_url, secret=_callback_secret(token, self._signing_secrets[0])
            ),
            extra=caller_metadata_to_wire(order.metadata) | extra.to_wire(self._signing_secrets),
            join_at=join_at,
        )

    def _transcription(self, order: BotDispatch) -> TranscriptionConfig | None:
        if not order.transcript:
            return None
        bot = order.bot
        is_special = bool(bot.transcription_language or bot.transcription_vocabulary)
        return TranscriptionConfig(
            api_key=self._setup.transcriber_key or None,
            custom_params=(
                transcription_parameters(bot.transcription_language, bot.transcription_vocabulary)
                if is_special
                else None
            ),
        )

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        return await bot_lookup.search_bots(self._client, self._signing_secrets, key, meeting_url, since)

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        """Tells the bot to leave, and cancels its order where that is refused.

        Whether `leave` takes bots that were not started yet is documented in several ways.
        """
        is_refused = False
        for end in (self._client.leave, self._client.cancel):
            try:
                await end(bot_id)
            except NotFoundError:
                continue
            except RefusedByStateError:
                seen = await bot_status.observe(self._client, bot_id)
                if seen.status is not ProviderBotStatus.OPEN:
                    return RemovalResult.ALREADY_GONE
                is_refused = True
            else:
                return RemovalResult.LEAVING
        return RemovalResult.REFUSED_NOW if is_refused else RemovalResult.ALREADY_GONE

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        return await bot_status.observe(self._client, bot_id)

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        return await bot_lookup.find_origin(self._client, self._signing_secrets, bot_id)

    def recent_origins(self, since: datetime) -> AsyncIterator[Sequence[BotOrigin]]:
        return bot_lookup.list_origins(self._client, self._signing_secrets, since)

    async def account_webhook_url(self) -> str:
        """Webhook endpoints are set up in the dashboard, and no call lists them."""
        await self._client.check_key()
        return ""

    def may_accept_webhook(
        self, headers: Mapping[str, str], *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        return self._signatures.may_accept(headers) or self._is_callback(headers, token, allow_missing_key)

    def accepts_webhook(
        self, headers: Mapping[str, str], body: bytes, *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        return self._signatures.accepts(headers, body) or self._is_callback(headers, token, allow_missing_key)

    def _is_callback(self, headers: Mapping[str, str], token: str, allow_missing_key: bool) -> bool:
        """Whether a bot's own secret came to its own address, where alone it is a proof."""
        if not token:
            return False
        given = [value for name, value in headers.items() if name.lower() == _CALLBACK_SECRET]
        if not given:
            return allow_missing_key
        expected = [_callback_secret(token, secret) for secret in self._signing_secrets]
        # Every pair is compared, so that the time taken reveals nothing.
        matches = [hmac.compare_digest(_encoded(value), _encoded(each)) for value in given for each in expected]
        return any(matches)

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, received_at: datetime
    ) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
        return read_webhook(
            body,
            received_at,
            delivery_id=self._signatures.signed_id(headers, body),
            secrets=self._client.secrets,
            signing_secrets=self._signing_secrets,
        )

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        return await recordings.read_recorded_content(self._client, bot_id, pushed)

    def parse_transcript(self, body: bytes) -> Transcript:
        return recordings.read_transcript_file(body)

    async def retranscribe(self, bot_id: str, request: str = "") -> None:
        del request  # there are no idempotency keys
        raise RequestRejectedError(f"{SERVICE} has no call that transcribes the recording of bot {bot_id} again.")

    async def screenshots(self, bot_id: str) -> Sequence[BotScreenshot]:
        try:
            listed = await self._client.screenshots(bot_id)
        except NotFoundError:
            return ()
        in_order = sorted(listed, key=lambda each: each.screenshot_id or 0)
        return [BotScreenshot(url=each.url, taken_at=each.taken_at) for each in in_order if each.url]

    async def aclose(self) -> None:
        await self._client.aclose()


def _join_at(order: BotDispatch, now: datetime) -> datetime | None:
    """When a bot that is ordered now is to join; None if that is at once."""
    if order.mode is DispatchMode.IMMEDIATE:
        return None
    if order.stays_reserved:
        return max(order.start_time, now + _LEAST_AHEAD) if now < order.start_time else None
    join_at = order.start_time - _EARLY
    return join_at if join_at - now >= _LEAST_AHEAD else None


def _callback_secret(token: str, secret: str) -> str:
    """What a bot's callbacks bring along: only we can make it from the token in the bot's address."""
    text = token.encode("utf-8", "surrogatepass")
    return signer(Purpose.BOT_CALLBACK, [secret]).get_signature(text).decode()


def _encoded(value: str) -> bytes:
    """Also for headers that were no text: those arrive with surrogates in place of their bytes."""
    return value.strip().encode("utf-8", "surrogatepass")
