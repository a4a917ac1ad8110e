"""One bot per real meeting, also where two workflows of it would have theirs from different providers."""

from datetime import timedelta

import pytest
import pytest_asyncio

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.request import StopRequest
from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.driver import StartMeeting, room
from tests.workflows.scripted import ScriptedProvider

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> ScriptedProvider:
    return ScriptedProvider(name="first")


@pytest_asyncio.fixture(loop_scope="session")
async def second() -> ScriptedProvider:
    return ScriptedProvider(name="second")


@pytest_asyncio.fixture(loop_scope="session")
async def others(second: ScriptedProvider) -> list[ScriptedProvider]:
    return [second]


async def test_twins_that_name_different_providers_share_one_bot(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    url = room()
    owner = await start(in_=timedelta(), meeting_url=url, bot={"provider": "first"})
    await owner.until(lambda view: view.bot_id == "first-bot-0")
    twin = await start(in_=timedelta(), meeting_url=url, bot={"provider": "second"})
    view = await twin.until(lambda view: view.bot_id == "first-bot-0")
    assert view.provider == "first"
    provider.bot("first-bot-0").observation = provider.finished("first-bot-0")
    await owner.signal(BotEventKind.STATUS, code="in_call_recording", bot_id="first-bot-0")
    await owner.completes(bot_id="first-bot-0")
    assert (await owner.outcome()).status is MeetingStatus.COMPLETED
    assert (await twin.outcome_in_time()).status is MeetingStatus.COMPLETED
    assert "first-bot-0" in provider.asked, "the owner of the bot's provider is asked about it"
    assert not second.bots


async def test_a_twin_whose_owner_takes_the_bot_away_has_one_of_its_own_provider(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    url = room()
    owner = await start(in_=timedelta(minutes=2), meeting_url=url, bot={"provider": "first"})
    await owner.until(lambda view: view.bot_id == "first-bot-0")
    twin = await start(in_=timedelta(minutes=2), meeting_url=url, bot={"provider": "second"})
    await twin.until(lambda view: view.bot_id == "first-bot-0")
    await owner.update("cancel", StopRequest())
    await twin.until(lambda view: view.bot_id == "second-bot-0")
    assert provider.bots[0].removed
    assert len(second.bots) == 1


async def test_a_bot_that_is_replaced_is_replaced_for_its_twin_too(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    url = room()
    owner = await start(in_=timedelta(minutes=2), meeting_url=url)
    await owner.until(lambda view: view.bot_id == "first-bot-0")
    twin = await start(in_=timedelta(minutes=2), meeting_url=url)
    await twin.until(lambda view: view.bot_id == "first-bot-0")
    provider.is_down = True
    await owner.forward(minutes=6)
    await owner.until(lambda view: view.bot_id == "second-bot-0")
    await twin.forward(minutes=6)
    await twin.until(lambda view: view.bot_id == "second-bot-0")
    assert (len(provider.bots), len(second.bots)) == (1, 1)
