"""Recall.ai behind the port of `minutekeeper.providers.base`."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from minutekeeper.meetings.dispatch import (
    BotDispatch,
    DispatchedBot,
    DispatchMode,
    DispatchPlan,
    DispatchTerms,
    RemovalResult,
)
from minutekeeper.providers.base import (
    BotCallback,
    BotObservation,
    BotOrigin,
    BotWebhook,
    BotWebhookScope,
    CalendarWebhook,
    FoundBot,
    IgnoredWebhook,
    NotFoundError,
    ProviderBotStatus,
    ProviderCapabilities,
)
from minutekeeper.providers.recall import bot_lookup
from minutekeeper.providers.recall.bot_marks import KEY, BotMarks, caller_marks
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.http import CodedRejectionError
from minutekeeper.providers.recall.recordings import recorded_by
from minutekeeper.providers.recall.request_models import RecallBotDefaults, fitted_bot
from minutekeeper.providers.recall.transcripts import read_transcript
from minutekeeper.providers.recall.webhooks import parse_delivery
from minutekeeper.providers.recorded_content import BotScreenshot, RecordedContent
from minutekeeper.providers.webhook_signatures import WebhookSignatures
from minutekeeper.transcripts.model import Transcript

NAME = "recall"

_ARRIVES_EARLY = timedelta(seconds=15)
"""Bots tend to be somewhat late, so that they are asked to join a little before the start."""

_GUARANTEED_AHEAD = timedelta(minutes=11)
"""A bot that joins more than ten minutes after the request gets a machine of its own; the rest is for our clock."""

_CALLED_AHEAD = timedelta(minutes=20)
"""A thousand bots of one instant take 17 minutes at the workspace's limit: half of them are sent before this."""

_WORTH_A_TIME = timedelta(seconds=60)
"""A bot that joins sooner than this is asked for without a time, because one that has passed is refused."""

_IDEMPOTENT_FOR = timedelta(hours=1)

_CREATIONS_PER_SECOND = 1.0

_CAPABILITIES = ProviderCapabilities(
    bot_webhooks=BotWebhookScope.NONE,
    keeps_timer=True,
    idempotent_for=_IDEMPOTENT_FOR,
    requests_per_second=_CREATIONS_PER_SECOND,
    has_screenshots=False,
)


class RecallProvider:
    """A Provider for one workspace.

    The first of the `signing_secrets` signs the metadata of our bots; a signature of any of them is accepted.
    `terms` are passed on in every DispatchPlan.
    """

    def __init__(
        self,
        client: RecallClient,
        *,
        signatures: WebhookSignatures,
        signing_secrets: Sequence[str] = (),
        defaults: RecallBotDefaults | None = None,
        terms: DispatchTerms | None = None,
    ) -> None:
        self._client = client
        self._signatures = signatures
        self._signing_secrets = signing_secrets
        self._defaults = defaults or RecallBotDefaults()
        self._terms = terms or DispatchTerms()

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> ProviderCapabilities:
        return _CAPABILITIES

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        dispatch_at = max(now, start_time - _CALLED_AHEAD)
        join_at = _join_at(start_time, dispatch_at)
        return DispatchPlan(
            dispatch_at=dispatch_at,
            join_at=join_at or dispatch_at,
            mode=_mode(join_at, dispatch_at),
            deadlines=self._terms.deadlines,
            max_dispatches=self._terms.max_dispatches,
        )

    async def warm_up(self, calls: int) -> None:
        await self._client.warm_up(calls)

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        """A bot that is late for a machine of its own still joins at the start, if that is ahead."""
        join_at = _join_at(order.start_time, now, stays_away=order.stays_reserved)
        marks = BotMarks(
            key=order.key,
            dispatch=order.dispatch,
            workflow_id=address.workflow_id,
            run=order.run,
            sent_at=_first_due(order),
            meeting_url=order.meeting_url,
        )
        theirs, omissions = caller_marks(order.metadata)
        fitted = fitted_bot(order, join_at, theirs | marks.to_wire(self._signing_secrets), self._defaults)
        sent_at = datetime.now(UTC)
        bot = await self._client.create_bot(fitted.body, _idempotency_key(order))
        # The answer may be that of an earlier request of this key, so it says what really holds.
        agreed = bot.join_at or (join_at if not bot.status_changes else None)
        return DispatchedBot(
            bot_id=bot.id,
            provider=NAME,
            sent_at=sent_at,
            mode=_mode(agreed, now),
            join_at=agreed or now,
            notes=(*fitted.notes, *omissions),
        )

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        return await bot_lookup.matching_bots(self._client, self._signing_secrets, key, meeting_url, since)

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        """Needs no clock: tries to cancel the bot, then to make it leave, and else asks where it is.

        Between its dispatch and its arrival a bot can refuse both.
        """
        try:
            with contextlib.suppress(CodedRejectionError):
                await self._client.delete_bot(bot_id)
                return RemovalResult.LEAVING
            with contextlib.suppress(CodedRejectionError):
                await self._client.leave_call(bot_id)
                return RemovalResult.LEAVING
            bot = await self._client.bot(bot_id)
        except NotFoundError:
            return RemovalResult.ALREADY_GONE
        return RemovalResult.ALREADY_GONE if bot.has_left else RemovalResult.REFUSED_NOW

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        try:
            bot = await self._client.bot(bot_id)
        except NotFoundError as error:
            return BotObservation(status=ProviderBotStatus.GONE, events=(), text=str(error))
        return bot_lookup.observed_bot(bot_id, bot)

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        return bot_lookup.bot_origin(await self._client.bot(bot_id), self._signing_secrets)

    def recent_origins(self, since: datetime) -> AsyncIterator[Sequence[BotOrigin]]:
        return bot_lookup.listed_origins(self._client, self._signing_secrets, since)

    async def account_webhook_url(self) -> str:
        """Endpoints are set in the dashboard and cannot be read; a short list proves the key."""
        await self._client.first_bots({f"metadata__{KEY}": "no bot has this key"})
        return ""

    def may_accept_webhook(
        self, headers: Mapping[str, str], *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        del allow_missing_key, token  # bots have no webhook URLs of their own, so nothing else proves a delivery
        return self._signatures.may_accept(headers)

    def accepts_webhook(
        self, headers: Mapping[str, str], body: bytes, *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        del allow_missing_key, token
        return self._signatures.accepts(headers, body)

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, received_at: datetime
    ) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
        return parse_delivery(
            body,
            received_at,
            self._signatures.signed_id(headers, body),
            secrets=self._client.secrets,
            signing_secrets=self._signing_secrets,
        )

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        del pushed  # webhooks only say that there is something
        return await recorded_by(self._client, bot_id)

    def parse_transcript(self, body: bytes) -> Transcript:
        return read_transcript(body)

    async def retranscribe(self, bot_id: str, request: str = "") -> None:
        """One transcript for each recording, in the language that the bot was sent with."""
        bot = await self._client.bot(bot_id)
        language = bot.recording_config.transcript.language if bot.recording_config else ""
        recordings = [each for each in bot.recordings if each.id and not each.is_gone]
        if not recordings:
            raise NotFoundError("Recall.ai has no recording of this bot that could be transcribed.")
        for recording in recordings:
            key = _key_of(recording.id, request) if request else ""
            await self._client.create_transcript(recording.id, language, key)

    async def screenshots(self, bot_id: str) -> Sequence[BotScreenshot]:
        del bot_id  # there are none
        return ()

    async def aclose(self) -> None:
        await self._client.aclose()


def _join_at(start_time: datetime, now: datetime, *, stays_away: bool = False) -> datetime | None:
    """When a bot that is asked for now is to join; None if that is at once.

    With `stays_away` never before the start, because another bot is in the room until then. The instant is the same
    for repeats of one request, as long as it has not come.
    """
    wanted = [start_time - _ARRIVES_EARLY]
    if stays_away:
        wanted = [start_time, start_time + _WORTH_A_TIME] if now < start_time else []
    return next((each for each in wanted if each >= now + _WORTH_A_TIME), None)


def _first_due(order: BotDispatch) -> datetime:
    """When the bot was to be asked for first: the same in the bodies of all repeats of one request."""
    if order.requested_since is None:
        return order.dispatch_at
    return max(order.requested_since, order.start_time - _CALLED_AHEAD)


def _mode(join_at: datetime | None, now: datetime) -> DispatchMode:
    is_guaranteed = join_at is not None and join_at > now + _GUARANTEED_AHEAD
    return DispatchMode.RESERVED if is_guaranteed else DispatchMode.IMMEDIATE


def _idempotency_key(order: BotDispatch) -> str:
    """The same for repeats of one request, and another one once an attempt is known to have made no bot.

    The provider repeats its answer to a known key for an hour, also that no machine was free.
    """
    since = order.requested_since.isoformat() if order.requested_since else ""
    return _key_of(order.key, order.run, since, str(order.attempt))


def _key_of(*parts: str) -> str:
    return f"mk-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:48]}"
