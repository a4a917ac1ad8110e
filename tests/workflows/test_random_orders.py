"""Lives that nobody planned, through the real workflow: events in any order, and changes at any moment.

Every life is decided by its seed. Its meeting is replayed from its history in the end, like all that tests start.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchPlan
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from minutekeeper.providers.base import BotCallback, BotObservation, ProviderBotStatus, UnavailableError
from minutekeeper.providers.meetingbaas.status_codes import STATUS_CODES
from tests.bot_events import bot_event
from tests.workflows.driver import Meeting, StartMeeting, room
from tests.workflows.scripted import Bot, ScriptedProvider

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.no_cover]

_STEPS = 18
_CODES = list(STATUS_CODES)
_ENDS = (BotEventKind.COMPLETE, BotEventKind.FAILED)
_OF_BOTS = {
    MeetingStatus.JOINING,
    MeetingStatus.WAITING_ROOM,
    MeetingStatus.IN_CALL,
    MeetingStatus.RECORDING,
    MeetingStatus.PAUSED,
    MeetingStatus.ENDED,
}


@dataclass
class Moody(ScriptedProvider):
    """Loses answers to some sends after the bot exists, and takes note if it is given two bots for one meeting."""

    ended: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    """Bots of which it said, when asked, that there is a recording."""
    crowds: list[str] = field(default_factory=list)

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        plan = super().dispatch_plan(start_time, now)
        # Each question costs a second of real time.
        return plan.model_copy(
            update={"deadlines": Deadlines(recording=3 * 3600, first_webhook=600, give_up=86_400)}
        )

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        others = self.bots_of(address.workflow_id)
        self.crowds += [bot.bot_id for bot in others if not bot.removed and bot.bot_id not in self.ended]
        sent = await super().dispatch(order, address, now)
        self.bots[-1].bot_id = name_of(order.bot.name, len(others))
        sent = sent.model_copy(update={"bot_id": self.bots[-1].bot_id})
        if _random(f"{order.bot.name} {order.dispatch}").random() < 0.2:
            raise UnavailableError("the answer got lost")
        return sent

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        seen = await super().get_bot_status(bot_id)
        if seen.status is not ProviderBotStatus.OPEN:
            self.ended.add(bot_id)
        if any(event.has_recording for event in seen.events):
            self.shown.add(bot_id)
        return seen

    def bots_of(self, workflow_id: str) -> list[Bot]:
        return [bot for bot in self.bots if bot.address.workflow_id == workflow_id]


def name_of(life: str, number: int) -> str:
    return f"{life}-bot-{number}"


@pytest.fixture
def provider() -> ScriptedProvider:
    return Moody()


class Life:
    """One meeting that has to bear whatever its seed holds."""

    def __init__(self, seed: int, meeting: Meeting, provider: Moody) -> None:
        self._seed = seed
        self._name = f"life-{seed}"
        self._random = _random(seed)
        self._meeting = meeting
        self._provider = provider
        self._heard: defaultdict[str, list[BotEvent]] = defaultdict(list)
        """What each bot was made to report, by its id."""

    async def live(self) -> None:
        acts = [self._report, self._repeat, self._end, self._gossip, self._pass_time, self._move, self._stop]
        weights = [55, 15, 8, 6, 12, 3, 1]
        with _unless_over():
            for act in self._random.choices(acts, weights, k=_STEPS):
                view = await self._meeting.view()
                self._check_status(view)
                # A meeting that brings its recording home hears no more of others.
                if view.status is not MeetingStatus.COLLECTING or act not in {self._end, self._pass_time}:
                    await act()

    async def check(self) -> None:
        for bot in self._bots:
            bot.observation = self._truth(bot.bot_id)
        with _unless_over():
            await self._meeting.outcome_in_time()
        outcome = await self._meeting.outcome()
        view = await self._meeting.view()
        told = f"seed {self._seed}: {view.model_dump_json(indent=1)}"
        assert outcome.status.is_final, told
        assert (outcome.reason is not None) == (outcome.status is MeetingStatus.FAILED), told
        dispatches = Counter(bot.order.dispatch for bot in self._bots)
        assert set(dispatches.values()) <= {1}, told
        assert len({bot.order.key for bot in self._bots}) == len(self._bots), told
        fetched = {order.bot_id for order in self._meeting.recordings.orders}
        ours = {bot.bot_id for bot in self._bots}
        offered = {bot_id for bot_id in ours for event in self._heard[bot_id] if event.has_recording}
        assert offered | self._provider.shown & ours <= fetched, told
        assert not set(self._provider.crowds) & ours, told

    @property
    def _bots(self) -> list[Bot]:
        return self._provider.bots_of(self._meeting.handle.id)

    async def _report(self) -> None:
        code = "levitating" if self._random.random() < 0.1 else self._random.choice(_CODES)
        await self._tell(await self._event(BotEventKind.STATUS, code=code))

    async def _repeat(self) -> None:
        told = [event for events in self._heard.values() for event in events]
        if told:
            await self._tell(self._random.choice(told))

    async def _end(self) -> None:
        kind = self._random.choice([*_ENDS, BotEventKind.TRANSCRIPTION_COMPLETE])
        brings = kind is BotEventKind.COMPLETE and self._random.random() < 0.6
        code = self._random.choice(["InternalError", "BotNotAccepted", "what nobody knows"])
        await self._tell(
            await self._event(
                kind,
                code=code if kind is BotEventKind.FAILED else "",
                has_recording=brings,
                has_transcript=brings,
                body="raw/complete.json" if brings else "",
            )
        )

    async def _gossip(self) -> None:
        """A bot that is none of ours reports here."""
        stranger = await self._event(BotEventKind.COMPLETE, has_recording=True)
        await self._signal(stranger.model_copy(update={"bot_id": "stranger", "dispatch": None}))

    async def _pass_time(self) -> None:
        await self._meeting.forward(minutes=self._random.choice([1, 2, 5, 30, 90]))

    async def _move(self) -> None:
        later = timedelta(minutes=self._random.choice([1, 3, 10, 60]))
        await self._change("reschedule", Reschedule(start_time=await self._meeting.now() + later))

    async def _stop(self) -> None:
        await self._change(self._random.choice(["cancel", "leave"]), StopRequest(why="on a whim"))

    async def _change(self, name: str, argument: object) -> None:
        try:
            await self._meeting.update(name, argument)
        except WorkflowUpdateFailedError as refusal:
            if not isinstance(refusal.cause, ApplicationError) or refusal.cause.type != "Refused":
                raise

    async def _event(self, kind: BotEventKind, **fields: Any) -> BotEvent:
        """Something that happened to one of our bots, or to the next one before we know of it, a while ago."""
        sent = len(self._bots)
        number = self._random.randrange(sent + 1) if self._random.random() < 0.3 else max(0, sent - 1)
        at = await self._meeting.now() - timedelta(seconds=self._random.uniform(0, 300))
        return bot_event(kind=kind, bot_id=name_of(self._name, number), occurred_at=at, **fields)

    async def _tell(self, event: BotEvent) -> None:
        await self._signal(event)
        self._heard[event.bot_id].append(event)
        if event.kind in _ENDS or self._latest_status(event.bot_id) is MeetingStatus.ENDED:
            self._provider.ended.add(event.bot_id)

    async def _signal(self, event: BotEvent) -> None:
        await self._meeting.handle.signal("bot_event", event)

    def _truth(self, bot_id: str) -> BotObservation:
        """What the provider says of a bot in the end."""
        kind = self._random.choice([*_ENDS, None])
        if kind is None:
            return BotObservation(status=ProviderBotStatus.OPEN, events=(), text="it has not ended")
        at = self._heard[bot_id][-1].occurred_at if self._heard[bot_id] else self._bots[0].order.dispatch_at
        event = BotEvent(
            kind=kind, bot_id=bot_id, occurred_at=at, source=EventSource.API, has_recording=kind == "complete"
        )
        return BotObservation(status=ProviderBotStatus(kind.value), events=(event,), text="it ended")

    def _check_status(self, view: MeetingView) -> None:
        """While a bot is in use, the meeting shows the status of that bot's latest event."""
        heard = self._heard[view.bot_id]
        if view.status not in _OF_BOTS or not heard:
            return
        if self._provider.bot(view.bot_id).order.start_time != view.start_time:
            return  # it was sent for another time, and is on its way out
        shown = self._latest_status(view.bot_id) or MeetingStatus.JOINING
        if any(event.kind in _ENDS for event in heard):
            shown = MeetingStatus.ENDED
        assert view.status is shown, f"seed {self._seed}: {view.model_dump_json(indent=1)}"

    def _latest_status(self, bot_id: str) -> MeetingStatus | None:
        codes = [each for each in self._heard[bot_id] if each.code in STATUS_CODES]
        steps = [each for each in codes if each.kind is BotEventKind.STATUS]
        latest = max(steps, key=lambda event: event.occurred_at, default=None)
        return STATUS_CODES[latest.code] if latest else None


def _random(seed: int | str) -> Random:
    return Random(seed)  # noqa: S311 - nobody is to be surprised twice


@contextmanager
def _unless_over() -> Iterator[None]:
    """Nobody listens any more in a meeting that has ended."""
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def test_twenty_lives_at_random(start: StartMeeting, provider: Moody) -> None:
    """20 seeds, 18 steps each, all at once: most of the time they wait."""
    lives = []
    for seed in range(20):
        meeting = await start(
            in_=timedelta(minutes=2 + seed % 3 * 5), meeting_url=room(), bot={"name": f"life-{seed}"}
        )
        lives.append(Life(seed, meeting, provider))
    await asyncio.gather(*(life.live() for life in lives))
    await asyncio.gather(*(life.check() for life in lives))
