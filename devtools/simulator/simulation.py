"""The service behind the API: sends bots, lets them live, tells webhooks about it."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp

from devtools.simulator.background import Background
from devtools.simulator.bot_script import BotScript
from devtools.simulator.bots import Bot, DuplicateBotError
from devtools.simulator.calendars.samples import add_samples
from devtools.simulator.calendars.service import Calendars
from devtools.simulator.faults.deliveries import Outbox
from devtools.simulator.faults.fault_registry import FaultRegistry
from devtools.simulator.models import BotRequest, EmitOrder, ScriptRule
from devtools.simulator.payloads import FINAL_CODES, final, status_change
from devtools.simulator.rate_limit import RateLimit
from devtools.simulator.script_rules import ScriptRules
from devtools.simulator.scripts import SCRIPTS, Step
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import DeliveryRecord, Ledger, Moment, now
from devtools.simulator.webhooks import Delivery, WebhookSender


class Simulation:
    """One account with its bots. Needs a running event loop; `close` ends everything it started."""

    def __init__(self, settings: SimulatorSettings, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.signer = UrlSigner(
            settings.public_url or f"http://{settings.host}:{settings.port}", settings.url_validity
        )
        self._session = session
        self._background = Background()
        self.is_changed = False
        """Whether anything may have changed since this was last set to False."""
        self._forget()

    def _forget(self) -> None:
        settings = self.settings
        self.ledger = Ledger()
        self.faults = FaultRegistry(settings, self.ledger)
        self.sender = WebhookSender(self._session, settings, self.ledger)
        self._outbox: Outbox[Delivery] = Outbox(self.sender, self.faults, settings)
        self.bots: dict[UUID, Bot] = {}
        self._sent = 0
        self._by_meeting: defaultdict[str, list[Bot]] = defaultdict(list)
        self.account_webhook_url = settings.account_webhook_url
        self.request_limit = RateLimit(settings.requests_per_second, 1.0) if settings.requests_per_second else None
        self.delete_data_limit = RateLimit(settings.delete_data_limit, settings.real(settings.delete_data_window))
        self._rules = ScriptRules()
        self.calendars = Calendars(settings, self.ledger, self)
        if settings.seed_compatibility:
            add_samples(self.calendars.world)

    async def close(self) -> None:
        await self._background.close()

    async def reset(self) -> None:
        """Forget every bot, calendar, rule, fault and record, as if just started."""
        await self.close()
        self._forget()

    def add_rule(self, order: ScriptRule) -> None:
        """The newest fitting rule decides."""
        self._rules.add(order)

    def send_bot(self, request: BotRequest, event_uuid: str | None = None) -> Bot:
        """Take the bot in, perhaps for a calendar event; raises DuplicateBotError inside the window."""
        self._refuse_duplicate(request)
        return self._create(request, event_uuid)

    def send_double(self, bot: Bot) -> Bot:
        """Send a second bot for the request of one, which no answer tells of: it reports to the same address."""
        return self._create(bot.request, bot.event_uuid, double_of=bot.uuid)

    def _create(self, request: BotRequest, event_uuid: str | None, double_of: UUID | None = None) -> Bot:
        fellows = self._by_meeting[request.meeting_url]
        self._sent += 1
        bot = Bot(
            number=self._sent,
            turn=len(fellows) + 1,
            request=request,
            script=self._rules.pick(request.meeting_url, request.bot_name) or SCRIPTS[self.settings.script],
            event_uuid=event_uuid,
            double_of=double_of,
        )
        self.bots[bot.uuid] = bot
        fellows.append(bot)
        self.spawn(self._life(bot).live())
        return bot

    def take_over(self, bot: Bot) -> None:
        """Go on with a bot that was sent before a restart."""
        self._sent = max(self._sent, bot.number)
        self.bots[bot.uuid] = bot
        self._by_meeting[bot.meeting_url].append(bot)
        if bot.ended_at is None:
            self.spawn(self._life(bot).go_on())

    def leave(self, bot: Bot) -> None:
        bot.leave_requested_at = bot.leave_requested_at or now()
        bot.nudge.set()

    def retranscribe(self, bot: Bot, webhook_url: str | None) -> None:
        """Make a transcript after a while, and say so."""
        self.spawn(self._transcribe(bot, webhook_url))

    def resend_final(self, bot: Bot, code: str, webhook_url: str | None) -> None:
        if url := webhook_url or self.webhook_url(bot):
            body = final(bot, code, self.settings.shape, self.signer)
            self.deliver(Delivery(bot, url, body))

    async def emit(self, bot: Bot, url: str, order: EmitOrder) -> DeliveryRecord:
        """Deliver what is ordered, once; the bot's own life does not notice."""
        if order.code is None:
            body: Any = order.body
        elif order.code in FINAL_CODES:
            body = final(bot, order.code, order.shape or self.settings.shape, self.signer)
            body["data"] |= order.fields
        else:
            body = status_change(bot, order.code, order.created_at or now(), order.fields)
        return await self.sender.attempt(Delivery(bot, url, body))

    def deliver(self, delivery: Delivery) -> None:
        """Send it with all its repeats, as far as faults allow."""
        self.spawn(self._outbox.send(delivery))

    def webhook_url(self, bot: Bot) -> str | None:
        return bot.request.webhook_url or self.account_webhook_url

    def _refuse_duplicate(self, request: BotRequest) -> None:
        since = now() - timedelta(seconds=self.settings.real(self.settings.duplicate_window))
        keys = [
            bot.request.deduplication_key for bot in self._by_meeting[request.meeting_url] if bot.created_at > since
        ]
        if keys and (request.deduplication_key is None or request.deduplication_key in keys):
            raise DuplicateBotError

    def _life(self, bot: Bot) -> BotScript:
        return BotScript(bot, self.settings, lambda step, at: self._announce(bot, step, at))

    def _announce(self, bot: Bot, step: Step, at: datetime) -> None:
        url = self.webhook_url(bot)
        is_final = step.code in FINAL_CODES
        sends = bot.script.send_finals if is_final else bot.script.send_statuses
        self.is_changed = True
        bot.timeline.append(Moment(step.code, at, sends and url is not None))
        if url is None or not sends:
            return
        if is_final:
            self.resend_final(bot, step.code, url)
        else:
            body = status_change(bot, step.code, at, step.fields)
            self.deliver(Delivery(bot, url, body))

    async def _transcribe(self, bot: Bot, webhook_url: str | None) -> None:
        await asyncio.sleep(self.settings.real(self.settings.transcription_delay))
        bot.transcribe()
        self.resend_final(bot, "transcription_complete", webhook_url)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let it run until it ends or all is closed."""
        self.is_changed = True
        return self._background.spawn(work)
