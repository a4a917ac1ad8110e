"""The team's account: makes bots, at once and at their time, and tells of them."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from devtools.simulator.background import Background
from devtools.simulator.faults.deliveries import Outbox
from devtools.simulator.faults.fault_registry import FaultRegistry
from devtools.simulator.meetingbaas_v2 import payloads
from devtools.simulator.meetingbaas_v2.bots import ACTIVE, ChatMessage, ScheduledBot, V2Bot
from devtools.simulator.meetingbaas_v2.calendars.service import V2Calendars
from devtools.simulator.meetingbaas_v2.calendars.store import Event
from devtools.simulator.meetingbaas_v2.envelope import ApiError
from devtools.simulator.meetingbaas_v2.fault_kinds import MIXED
from devtools.simulator.meetingbaas_v2.limits import Limits
from devtools.simulator.meetingbaas_v2.lives import BotLifeV2
from devtools.simulator.meetingbaas_v2.models import BotRequest, CallbackConfig
from devtools.simulator.meetingbaas_v2.scripts import SCRIPTS
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.meetingbaas_v2.webhooks import Endpoint, V2Delivery, V2Sender, new_message_id
from devtools.simulator.meetingbaas_v2.zoom import ZoomCredential
from devtools.simulator.script_rules import ScriptRules
from devtools.simulator.scripts import Step
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import Ledger, Moment, WebhookSource, now

_CANCELLED = "The scheduled bot was cancelled before it was made"


class Account:
    """One team with its bots. Needs a running event loop; `close` ends everything it started."""

    def __init__(self, settings: MeetingBaasV2Settings, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.signer = UrlSigner(
            settings.public_url or f"http://{settings.host}:{settings.port}", settings.url_validity
        )
        self._session = session
        self._background = Background()
        self.is_changed = False
        self._forget()

    def _forget(self) -> None:
        settings = self.settings
        self.ledger = Ledger()
        self.faults = FaultRegistry(settings, self.ledger, MIXED)
        self.sender = V2Sender(self._session, settings, self.ledger)
        self._outbox: Outbox[V2Delivery] = Outbox(self.sender, self.faults, settings)
        self.rules = ScriptRules()
        self.limits = Limits(settings)
        self.bots: dict[UUID, V2Bot] = {}
        self.scheduled: dict[UUID, ScheduledBot] = {}
        self.zoom_credentials: dict[UUID, ZoomCredential] = {}
        self.costs: dict[UUID, dict[str, float]] = {}
        self.endpoints: dict[UUID, Endpoint] = {}
        if settings.account_webhook_url:
            self.add_endpoint(Endpoint(settings.account_webhook_url, settings.webhook_secret))
        self.chat_disabled: tuple[str, ...] = ()
        self.calendars = V2Calendars(settings, self.ledger, self)
        self._given = 0
        self._turns: Counter[str] = Counter()

    async def close(self) -> None:
        await self._background.close()

    async def reset(self) -> None:
        """Forget every bot, calendar, rule, fault and record, as if just started."""
        await self.close()
        self._forget()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let it run until it ends or all is closed."""
        self.is_changed = True
        return self._background.spawn(work)

    @property
    def retained_seconds(self) -> float:
        """How long files are kept after a bot's end, in real seconds; 0 is for good."""
        return self.settings.real(self.settings.retention)

    def add_endpoint(self, endpoint: Endpoint) -> None:
        self.endpoints[endpoint.id] = endpoint

    def create(self, request: BotRequest) -> V2Bot:
        """Make a bot that joins at once. Raises ApiError if the team may not."""
        self.limits.admit(request)
        return self._make(request, uuid4())

    def send_double(self, bot: V2Bot) -> V2Bot:
        """Make a second bot for the request of one, which no answer tells of."""
        return self._make(bot.request, uuid4(), event_id=bot.event_id, double_of=bot.uuid)

    def schedule_for(self, request: BotRequest, event: Event, lead: timedelta) -> ScheduledBot:
        """Take a bot in for an event."""
        return self.schedule(request, event.provider_event.start - lead, str(event.uuid))

    def schedule(self, request: BotRequest, join_at: datetime, event_id: str | None = None) -> ScheduledBot:
        """Take a bot in for later: nothing is checked until then."""
        self._given += 1
        self._turns[request.meeting_url] += 1
        bot = ScheduledBot(self._given, self._turns[request.meeting_url], request, join_at, event_id=event_id)
        self.scheduled[bot.uuid] = bot
        self.plan(bot)
        return bot

    def plan(self, bot: ScheduledBot) -> None:
        """Wait for the bot's time, which may have changed."""
        if bot.waiting:
            bot.waiting.cancel()
        bot.waiting = self.spawn(self._await_time(bot))

    def stop(self, bot: ScheduledBot) -> None:
        """Cancel it, or tell the bot that was made of it to leave. Raises ApiError (409) if that is over."""
        if bot.status == "scheduled":
            self.cancel(bot)
        elif bot.status == "completed":
            self.leave(self.bots[bot.uuid])
        else:
            raise wrong_status(bot)

    def cancel(self, bot: ScheduledBot) -> None:
        """Never make it. Whether that is told at all is a guess, which the settings can change."""
        if bot.waiting:
            bot.waiting.cancel()
        bot.move("cancelled")
        bot.cancelled_at = bot.updated_at
        if self.settings.announce_cancellations:
            self._tell_failure(bot, "EXITING_MEETING_BEFORE_RECORD", _CANCELLED)

    def leave(self, bot: V2Bot) -> None:
        """Ask the bot to leave. Raises ApiError (409) for one that has left."""
        if bot.status not in ACTIVE:
            raise wrong_status(bot)
        bot.leave_requested_at = bot.leave_requested_at or now()
        bot.nudge.set()

    def spawn_now(self, bot: ScheduledBot) -> None:
        """Make a scheduled bot, or let it fail for what would refuse an immediate one."""
        try:
            self.limits.admit(bot.request)
        except ApiError as error:
            bot.move("failed")
            bot.error_code = error.code
            self._tell_failure(bot, error.code, error.message)
            return
        bot.move("completed")
        self._make(bot.request, bot.uuid, event_id=bot.event_id, was_scheduled=True)

    def announce_status(self, bot: V2Bot, step: Step, at: datetime) -> None:
        """Note a status, and tell of it unless the bot's script is silent."""
        self.is_changed = True
        tells = bot.script.send_statuses and bool(self.endpoints)
        bot.timeline.append(Moment(step.code, at, tells))
        if tells:
            self.tell(bot, payloads.status_change(bot, step, at, self.settings.wording))

    def control_recording(self, bot: V2Bot, status: str) -> None:
        """Pause the recording, or go on with it, by order. What was paused is cut out."""
        at = now()
        if status == "recording_paused":
            bot.paused_at = at
        elif bot.paused_at is not None:
            bot.paused_seconds += (at - bot.paused_at).total_seconds() * self.settings.speed
            bot.paused_at = None
        bot.move(status, at)
        self.announce_status(bot, Step(code=status), at)

    def chat_disabled_in(self, meeting_url: str) -> bool:
        return any(part in meeting_url for part in self.chat_disabled)

    def tell_end(self, bot: V2Bot) -> None:
        """The final event to all endpoints, with fresh links."""
        self.tell(bot, payloads.final(bot, self.signer, self.retained_seconds, self.settings.wording))

    def call_back(self, bot: V2Bot, callback: CallbackConfig) -> None:
        """The same to the bot's own address."""
        body = payloads.final(bot, self.signer, self.retained_seconds, self.settings.wording)
        self.deliver(V2Delivery(bot, callback.url, body, callback=callback))

    def tell(self, source: WebhookSource, body: dict[str, Any]) -> None:
        """Send a webhook to every endpoint that is switched on."""
        message_id = new_message_id()
        for endpoint in self.endpoints.values():
            if not endpoint.disabled:
                self.deliver(V2Delivery(source, endpoint.url, body, endpoint=endpoint, message_id=message_id))

    def deliver(self, delivery: V2Delivery) -> None:
        """Send it with all its repeats, as far as faults allow."""
        self.spawn(self._outbox.send(delivery))

    def hear(self, bot: V2Bot, message: ChatMessage) -> None:
        """Tell of what a participant wrote."""
        if bot.script.send_statuses:
            self.tell(bot, payloads.chat_message(bot, message, self.settings.wording))

    def _make(
        self,
        request: BotRequest,
        uuid: UUID,
        *,
        event_id: str | None = None,
        double_of: UUID | None = None,
        was_scheduled: bool = False,
    ) -> V2Bot:
        self._given += 1
        if not was_scheduled:
            self._turns[request.meeting_url] += 1
        script = self.rules.pick(request.meeting_url, request.bot_name) or SCRIPTS[self.settings.script]
        bot = V2Bot(
            uuid=uuid,
            number=self._given,
            turn=self._turns[request.meeting_url],
            request=request,
            script=script,
            extra=request.extra,
            audio_size=self.settings.audio_size,
            event_id=event_id,
            was_scheduled=was_scheduled,
            double_of=double_of,
        )
        self.bots[uuid] = bot
        self.announce_status(bot, Step(code="queued"), bot.created_at)
        self.spawn(BotLifeV2(bot, self.settings, lambda step, at: self._announce(bot, step, at)).live())
        return bot

    async def _await_time(self, bot: ScheduledBot) -> None:
        ahead = (bot.join_at - now()).total_seconds() + self.settings.real(self.settings.spawn_delay)
        await asyncio.sleep(max(0.0, ahead))
        bot.waiting = None
        self.spawn_now(bot)

    def _announce(self, bot: V2Bot, step: Step, at: datetime) -> None:
        if step.code == "chat":
            self.hear(bot, bot.chat[-1])
        elif step.code != "files_ready":
            self.announce_status(bot, step, at)
        if step.code not in ("completed", "failed"):
            return
        self.costs[bot.uuid] = self.limits.settle(bot)
        if bot.script.send_finals:
            self.tell_end(bot)
            if bot.request.callback:
                self.call_back(bot, bot.request.callback)

    def _tell_failure(self, bot: ScheduledBot, code: str, text: str) -> None:
        """Of a bot that was never made: a guess is that it is told like the failure of one that was."""
        body = payloads.failed(bot, code, text, bot.request.extra, self.settings.wording)
        self.tell(bot, body)
        if callback := bot.request.callback:
            self.deliver(V2Delivery(bot, callback.url, body, callback=callback))


def wrong_status(bot: V2Bot | ScheduledBot) -> ApiError:
    text = f"Status of bot '{bot.uuid}' is: {bot.status}. Operation not permitted in this state."
    return ApiError(409, "BOT_STATUS", text)
