"""Sending a bot: on its instant, once, and handed back by a worker that shuts down."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import dispatch_batches
from activities.bots import BotActivities
from activities.dispatch_slots import DispatchPacing
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchMode, DispatchPlan, SendBotInput
from minutekeeper.meetings.provider_choice import ProviderChoice
from minutekeeper.providers.base import (
    AccountError,
    BotCallback,
    DuplicateBotError,
    FoundBot,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.registry import Providers
from tests.workflows.scripted import LEAD, ScriptedProvider

NOW = datetime(2026, 12, 1, 9, 56, tzinfo=UTC)
WORKFLOW = "test"


def order(dispatch_at: datetime | None = None, **fields: Any) -> SendBotInput:
    """Asked for a minute before the provider wants to be called."""
    dispatch_at = dispatch_at or datetime.now(UTC)
    values: dict[str, Any] = {
        "key": "mk-1-0",
        "run": "run-1234567890",
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "start_time": dispatch_at + LEAD,
        "requested_at": dispatch_at - timedelta(minutes=1),
    }
    return SendBotInput(**(values | fields))


class Listing(ScriptedProvider):
    """A provider whose list says what the test wants, and which refuses duplicates by key."""

    def __init__(self, *found: FoundBot, refuse: set[str] | None = None) -> None:
        super().__init__()
        self.found = list(found)
        self.refuse = refuse or set()

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        assert key
        assert meeting_url
        assert since < datetime.now(UTC)
        return self.found

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        if order.key in self.refuse:
            raise DuplicateBotError("409: a bot is in this meeting already")
        return await super().dispatch(order, address, now)


def found(**fields: Any) -> FoundBot:
    values: dict[str, Any] = {
        "bot_id": "there",
        "created_at": NOW,
        "is_open": True,
        "key": "mk-1-0",
        "run": "run-1234567890",
    }
    return FoundBot(**(values | {"workflow_id": WORKFLOW} | fields))


def an_attempt(**info: Any) -> ActivityEnvironment:
    environment = ActivityEnvironment()
    now = datetime.now(UTC)
    changes: dict[str, Any] = {
        "started_time": now,
        "scheduled_time": now,
        "start_to_close_timeout": timedelta(seconds=30),
        "workflow_id": WORKFLOW,
    } | info
    environment.info = replace(ActivityEnvironment.default_info(), **changes)
    return environment


async def send(
    provider: ScriptedProvider, wanted: SendBotInput, *, pacing: DispatchPacing | None = None, **info: Any
) -> DispatchedBot:
    environment = an_attempt(**info)
    bots = BotActivities(Providers([provider]), public_url="https://bridge.example", secret="s3cret", pacing=pacing)
    return a_bot(await environment.run(bots.send_bot, wanted))


def a_bot(sent: DispatchedBot | ProviderChoice) -> DispatchedBot:
    assert isinstance(sent, DispatchedBot)
    return sent


async def test_a_bot_gets_an_address_of_its_own() -> None:
    provider = ScriptedProvider()
    sent = await send(provider, order(dispatch=2))
    assert sent.bot_id == "bot-0"
    url = provider.bots[0].address.webhook_url
    assert url.startswith(f"https://bridge.example/webhooks/scripted/{WORKFLOW}/2/")


async def test_it_is_sent_at_its_instant_and_not_before() -> None:
    provider = ScriptedProvider()
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    await send(provider, order(dispatch_at=due))
    assert datetime.now(UTC) >= due


async def test_a_second_attempt_looks_before_it_sends() -> None:
    provider = Listing(found())
    sent = await send(provider, order(), attempt=2)
    assert (sent.bot_id, sent.is_adopted) == ("there", True)
    assert not provider.bots


async def test_so_does_the_first_attempt_of_an_order_in_doubt() -> None:
    provider = Listing(found())
    assert (await send(provider, order(search_first=True))).is_adopted


@pytest.mark.parametrize(("attempt", "is_in_doubt"), [(1, False), (2, True)])
async def test_the_provider_hears_whether_an_unlisted_bot_may_exist(attempt: int, is_in_doubt: bool) -> None:
    provider = ScriptedProvider()
    await send(provider, order(), attempt=attempt)
    assert provider.bots[0].order.is_in_doubt is is_in_doubt


async def test_a_bot_of_an_earlier_run_is_not_this_orders() -> None:
    provider = Listing(found(run="another"))
    assert not (await send(provider, order(), attempt=2)).is_adopted


async def test_a_refused_duplicate_is_looked_up() -> None:
    provider = Listing(found(), refuse={"mk-1-0"})
    sent = await send(provider, order())
    assert (sent.bot_id, sent.shared_with) == ("there", "")


async def test_a_refused_duplicate_of_another_meeting_is_shared() -> None:
    provider = Listing(found(workflow_id="meeting-other", run="another"), refuse={"mk-1-0"})
    assert (await send(provider, order())).shared_with == "meeting-other"


async def test_a_bot_that_somebody_else_sent_is_shared_as_well() -> None:
    provider = Listing(found(key="", workflow_id="", run=""), refuse={"mk-1-0"})
    assert (await send(provider, order())).shared_with == "another application"


async def test_a_key_left_behind_by_an_ended_bot_does_not_stand_in_the_way() -> None:
    provider = Listing(found(is_open=False, run="another"), refuse={"mk-1-0"})
    assert (await send(provider, order())).bot_id == "bot-0"
    assert provider.bots[0].order.key == "mk-1-0-34567890"


async def test_a_refused_duplicate_that_nobody_lists_is_tried_again_later() -> None:
    with pytest.raises(ApplicationError) as failed:
        await send(Listing(refuse={"mk-1-0"}), order())
    assert (failed.value.type, failed.value.non_retryable) == ("Unavailable", False)


@pytest.mark.parametrize(
    ("error", "kind", "final"),
    [
        (RequestRejectedError("422"), "RequestRejected", True),
        (AccountError("401"), "Account", True),
        (UnavailableError("503"), "Unavailable", False),
    ],
)
async def test_errors_say_whether_another_try_helps(error: Exception, kind: str, final: bool) -> None:
    provider = ScriptedProvider(failures=[error])
    with pytest.raises(ApplicationError) as failed:
        await send(provider, order())
    assert (failed.value.type, failed.value.non_retryable, failed.value.details[0]) == (kind, final, final)


class Strict(ScriptedProvider):
    """By the settings of its worker."""

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        plan = super().dispatch_plan(start_time, now)
        return plan.model_copy(update={"deadlines": Deadlines(joining=7), "max_dispatches": 5})


async def test_the_answer_says_how_the_meeting_goes_on_by_the_workers_settings() -> None:
    sent = await send(Strict(), order())
    with pytest.raises(ApplicationError) as failed:
        await send(Strict(failures=[UnavailableError("503")]), order())
    assert (sent.terms.deadlines.joining, sent.terms.max_dispatches) == (7, 5)
    assert failed.value.details[1] == sent.terms


async def test_the_answer_says_when_the_bot_is_due_unless_that_is_the_meetings_start() -> None:
    now = datetime.now(UTC)
    early = order(start_time=now - timedelta(hours=1), requested_at=now)
    late = order(start_time=now, requested_at=now)
    assert (await send(ScriptedProvider(), order())).join_at is None
    assert (await send(ScriptedProvider(), late)).join_at is None
    assert (await send(ScriptedProvider(), early)).join_at == now


async def test_a_reserved_bot_that_is_late_is_sent_at_once() -> None:
    provider = ScriptedProvider()
    await send(provider, order(dispatch_at=datetime.now(UTC) - timedelta(seconds=40)))
    await send(provider, order(dispatch_at=datetime.now(UTC) - timedelta(seconds=5)))
    assert [bot.order.mode for bot in provider.bots] == [DispatchMode.IMMEDIATE, DispatchMode.RESERVED]


async def test_a_worker_that_shuts_down_hands_its_armed_order_back() -> None:
    environment = an_attempt(start_to_close_timeout=timedelta(minutes=2))
    provider = ScriptedProvider()
    bots = BotActivities(Providers([provider]), public_url="https://bridge.example", secret="s3cret")
    armed = asyncio.create_task(
        environment.run(bots.send_bot, order(dispatch_at=datetime.now(UTC) + timedelta(minutes=1)))
    )
    await asyncio.sleep(0.05)
    environment.worker_shutdown()
    with pytest.raises(ApplicationError) as handed_back:
        await armed
    assert handed_back.value.type == "HandedBack"
    assert handed_back.value.next_retry_delay is not None
    assert not provider.bots


async def test_a_bot_that_was_sent_is_told_although_its_order_is_cancelled_while_others_are_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_batches, "_HELD_SECONDS", 60)

    class Hanging(ScriptedProvider):
        both_sent = asyncio.Event()
        answered = asyncio.Event()

        async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
            sent = await super().dispatch(order, address, now)
            if len(self.bots) == 2:
                self.both_sent.set()
            if order.key == "slow":
                await self.answered.wait()
            return sent

    provider = Hanging()
    bots = BotActivities(Providers([provider]), public_url="https://bridge.example", secret="s3cret")
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    slow, quick = an_attempt(), an_attempt()
    hanging = asyncio.create_task(slow.run(bots.send_bot, order(key="slow", dispatch_at=due)))
    held = asyncio.create_task(quick.run(bots.send_bot, order(dispatch_at=due)))
    await asyncio.wait_for(provider.both_sent.wait(), 20)
    assert not held.done()
    quick.cancel()
    assert provider.bot(a_bot(await held).bot_id).order.key == "mk-1-0"
    assert not hanging.done()
    provider.answered.set()
    await hanging
