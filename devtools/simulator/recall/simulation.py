"""The workspace behind the API: its bots, what they record, and where webhooks go."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp

from devtools.simulator.background import Background
from devtools.simulator.faults.deliveries import Outbox
from devtools.simulator.faults.fault_registry import FaultRegistry
from devtools.simulator.faults.targets import Target
from devtools.simulator.recall.calendars.service import RecallCalendars
from devtools.simulator.recall.calendars.v1_service import CalendarsV1
from devtools.simulator.recall.control_models import ScriptRule
from devtools.simulator.recall.errors import ApiError
from devtools.simulator.recall.faults import OF_RECALL, Capacity
from devtools.simulator.recall.idempotency import IdempotencyStore
from devtools.simulator.recall.life import live
from devtools.simulator.recall.limits import Limits
from devtools.simulator.recall.media_works import MediaWorks
from devtools.simulator.recall.models import BotConfig
from devtools.simulator.recall.payloads import artifact_event, bot_event, recording_event
from devtools.simulator.recall.scripts import RECALL_SCRIPTS, Script
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import Artifact, Bot, Recording, StatusChange
from devtools.simulator.recall.webhooks import Endpoint, RecallDelivery, SvixSender
from devtools.simulator.script_rules import Rules
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import Ledger, WebhookSource, now


class RecallSimulation:
    """One workspace. Needs a running event loop; `close` ends everything it started."""

    def __init__(self, settings: RecallSettings, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.base_url = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
        self.signer = UrlSigner(self.base_url, settings.url_validity)
        self.is_changed = False
        self._session = session
        self._background = Background()
        self._forget()

    def _forget(self) -> None:
        settings = self.settings
        self.ledger = Ledger()
        self.faults = FaultRegistry(settings, self.ledger, OF_RECALL)
        self.sender = SvixSender(self._session, settings, self.ledger)
        self.idempotency = IdempotencyStore(settings.idempotency_lifetime)
        self.limits = Limits(settings)
        self.media = MediaWorks(settings, self.spawn, self._report)
        self.bots: dict[UUID, Bot] = {}
        self.artifacts: dict[UUID, Artifact] = {}
        self.recordings: dict[UUID, Recording] = {}
        self.calendars = RecallCalendars(settings, self.ledger, self)
        self.calendars_v1 = CalendarsV1(settings, self.calendars, self)
        self.endpoints: dict[str, Endpoint] = {}
        self._outbox: Outbox[RecallDelivery] = Outbox(self.sender, self.faults, settings)
        self._by_meeting: defaultdict[str, list[Bot]] = defaultdict(list)
        self._rules: Rules[Script] = Rules()
        if settings.webhook_url:
            self.add_endpoint(settings.webhook_url)

    async def close(self) -> None:
        await self._background.close()

    async def reset(self) -> None:
        """Forget everything, as if just started."""
        await self.close()
        self._forget()

    def add_rule(self, order: ScriptRule) -> None:
        """The newest fitting rule decides."""
        self._rules.add(order)

    def add_endpoint(self, url: str, **fields: Any) -> Endpoint:
        """One more address for webhooks, by default with the workspace's secrets and headers."""
        settings = self.settings
        keys = tuple(filter(None, (settings.webhook_secret, settings.webhook_secret_previous)))
        endpoint = Endpoint(url, **({"secrets": keys, "headers": settings.signature_headers} | fields))
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    def send_bot(self, config: BotConfig, path: str, *, by_calendar: bool = False) -> Bot:
        """Take a bot in. Raises 507 for an ad hoc one if the pool is empty, or said to be."""
        join_at = config.join_at
        is_adhoc = join_at is None or not self.is_far(join_at)
        if is_adhoc:
            self._take_machine(config, path)
        fellows = self._by_meeting[config.meeting_url]
        bot = Bot(
            number=len(self.bots) + 1,
            turn=len(fellows) + 1,
            config=config,
            script=self._rules.pick(config.meeting_url, config.bot_name) or RECALL_SCRIPTS[self.settings.script],
            join_at=join_at,
            is_adhoc=is_adhoc,
            by_calendar=by_calendar,
        )
        self.bots[bot.uuid] = bot
        fellows.append(bot)
        self._start(bot)
        return bot

    def _take_machine(self, config: BotConfig, path: str) -> None:
        target = Target(scope="pool", method="POST", path=path, meeting_url=config.meeting_url)
        injection = self.faults.inject(target)
        if injection and isinstance(injection.fault, Capacity):
            raise _depleted(injection.fault.retry_after)
        if self.adhoc_bots >= self.settings.adhoc_capacity:
            raise _depleted(self.settings.adhoc_retry_after)

    def is_far(self, join_at: datetime) -> bool:
        """Whether a bot for this time has a machine of its own."""
        return join_at - now() > timedelta(seconds=self.settings.real(self.settings.scheduled_lead))

    @property
    def adhoc_bots(self) -> int:
        """How many ad hoc bots are at work."""
        return sum(bot.is_adhoc and not bot.ended_at and not bot.deleted_at for bot in self.bots.values())

    def update(self, bot: Bot, config: BotConfig) -> None:
        """Change a bot that waits."""
        bot.config, bot.join_at = config, config.join_at
        if bot.task:
            bot.task.cancel()
        self._start(bot)

    def delete(self, bot: Bot) -> None:
        """Forget a bot that waits; nothing is sent of it."""
        bot.deleted_at = now()
        if bot.task:
            bot.task.cancel()

    def leave(self, bot: Bot) -> None:
        bot.leave_requested_at = bot.leave_requested_at or now()
        bot.nudge.set()

    def announce(self, bot: Bot, change: StatusChange) -> None:
        bot.status_changes.append(change)
        event = f"bot.{change.code}"
        if not bot.is_muted and not _is_lost(bot, event):
            self.tell(bot, bot_event(bot, change))

    def begin_recording(self, bot: Bot) -> Recording:
        recording = self.media.begin(bot)
        self.recordings[recording.uuid] = recording
        return recording

    def end_recording(self, recording: Recording) -> None:
        self.media.end(recording)

    def tell(self, source: WebhookSource, body: dict[str, Any]) -> None:
        """Send an event to every endpoint that wants it, as far as faults allow."""
        for endpoint in self.endpoints.values():
            if endpoint.wants(body["event"]):
                self.spawn(self._outbox.send(RecallDelivery(source, endpoint, body)))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let it run until it ends or all is closed."""
        return self._background.spawn(work)

    def _report(self, recording: Recording, artifact: Artifact | None) -> None:
        if artifact is not None:
            self.artifacts[artifact.uuid] = artifact
        body = recording_event(recording) if artifact is None else artifact_event(artifact)
        if not _is_lost(recording.bot, body["event"]):
            self.tell(recording.bot, body)

    def _start(self, bot: Bot) -> None:
        bot.task = self.spawn(live(bot, self.settings, self))


def _depleted(retry_after: float | None) -> ApiError:
    headers = None if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return ApiError(507, {"code": "adhoc_pool_depleted"}, headers)


def _is_lost(bot: Bot, event: str) -> bool:
    return any(event.startswith(lost) for lost in bot.script.lost_events)
