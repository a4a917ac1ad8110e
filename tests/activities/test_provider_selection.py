"""When a request is answered with a choice of the provider, and what the choice says of time."""

from datetime import UTC, datetime, timedelta

from activities.bots import BotActivities
from activities.dispatch_slots import DispatchPacing
from minutekeeper.meetings.dispatch import DispatchedBot, SendBotInput
from minutekeeper.meetings.dispatch_timing import AccountPace, DispatchTiming
from minutekeeper.meetings.provider_choice import ProviderChoice
from minutekeeper.providers.registry import Providers
from tests.activities.test_bots import an_attempt, order
from tests.workflows.scripted import LEAD, NoWaiting, ScriptedProvider

NO_SPREAD = DispatchTiming(lead=240, ahead=45, spread=0)


def activities(*names: str, other_lead: float = 240) -> tuple[BotActivities, list[ScriptedProvider]]:
    providers = [ScriptedProvider(name=name) for name in names]
    paces = {name: AccountPace(timing=NO_SPREAD) for name in names[:1]}
    paces |= {name: AccountPace(timing=NO_SPREAD.model_copy(update={"lead": other_lead})) for name in names[1:]}
    pacing = DispatchPacing(NoWaiting(), paces=paces)
    bots = BotActivities(Providers(providers), public_url="https://bridge.example", secret="s3cret", pacing=pacing)
    return bots, providers


async def choice_of(bots: BotActivities, wanted: SendBotInput, **info: object) -> ProviderChoice:
    choice = await an_attempt(**info).run(bots.send_bot, wanted)
    assert isinstance(choice, ProviderChoice)
    return choice


def asked(minutes_ahead: float, **fields: object) -> SendBotInput:
    """A request that is made so long before the start."""
    start = datetime.now(UTC) + timedelta(days=1)
    return order(start - LEAD, requested_at=start - timedelta(minutes=minutes_ahead), **fields)


async def test_no_request_leaves_before_the_choice_is_known() -> None:
    bots, (first, second) = activities("first", "second")
    wanted = asked(30)
    choice = await choice_of(bots, wanted)
    assert not first.bots + second.bots
    assert (choice.provider, choice.others) == ("first", ("second",))
    assert choice.dispatch_at == wanted.start_time - LEAD
    assert choice.ask_at == choice.dispatch_at - timedelta(seconds=45)


async def test_the_other_one_is_asked_while_it_can_still_be_in_time() -> None:
    wanted = asked(30)
    bots, _ = activities("first", "second", other_lead=120)
    assert (await choice_of(bots, wanted)).switch_at == wanted.start_time - timedelta(seconds=120 + 45)


async def test_the_first_one_has_a_minute_where_the_other_would_be_late_anyway() -> None:
    wanted = asked(30)
    bots, _ = activities("first", "second", other_lead=1200)
    assert (await choice_of(bots, wanted)).switch_at == wanted.start_time - LEAD + timedelta(minutes=1)


async def test_a_late_request_is_asked_for_at_once() -> None:
    wanted = asked(1)
    bots, _ = activities("first", "second")
    choice = await choice_of(bots, wanted)
    assert choice.ask_at == wanted.requested_at
    assert choice.switch_at == wanted.requested_at + timedelta(minutes=1)


async def test_one_provider_alone_is_asked_without_a_choice() -> None:
    bots, (first,) = activities("first")
    sent = await an_attempt().run(bots.send_bot, order())
    assert isinstance(sent, DispatchedBot)
    assert len(first.bots) == 1


async def test_a_meeting_that_woke_up_for_a_longer_lead_sleeps_until_its_provider_wants_it() -> None:
    bots, (first,) = activities("first")
    wanted = asked(30)
    choice = await choice_of(bots, wanted, start_to_close_timeout=timedelta(seconds=30))
    assert (choice.why, choice.others, choice.switch_at) == ("", (), None)
    assert choice.ask_at == wanted.start_time - LEAD - timedelta(seconds=45)
    assert not first.bots


async def test_a_request_that_may_have_left_is_not_given_to_another_provider() -> None:
    bots, (first, second) = activities("first", "second")
    await an_attempt(attempt=2).run(bots.send_bot, order())
    assert (len(first.bots), len(second.bots)) == (1, 0)


async def test_the_bot_of_a_lost_workflow_is_found_at_whichever_provider_it_was() -> None:
    bots, (_, second) = activities("first", "second")
    await an_attempt().run(bots.send_bot, order(key="mk-1-0-second", provider="second", run="lost-12345678"))
    found = await an_attempt().run(bots.send_bot, order(rebooked=True, search_first=True))
    assert isinstance(found, DispatchedBot)
    assert (found.bot_id, found.provider, found.is_adopted) == ("second-bot-0", "second", True)
    assert len(second.bots) == 1
