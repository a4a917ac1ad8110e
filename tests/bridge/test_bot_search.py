"""Which workflow has a bot, when a crowd of bots is looked for at once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client

from bridge.bot_search import BotSearch
from bridge.temporal_gateway import TemporalCallError
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.support import DEAD, eventually, start_recorder

LIMIT = timedelta(seconds=10)
ODD = ['a "bot"', "back\\slash", "it's", "a, b", "(", "*", "ü", "' OR BotId IS NOT NULL", '") OR ("']


async def test_three_hundred_at_once_find_theirs_and_no_other(client: Client) -> None:
    ours = {bot_id: f"meeting-{uuid4()}" for bot_id in (str(uuid4()), f"it's, (odd) {uuid4()}", str(uuid4()))}
    for bot_id, workflow_id in ours.items():
        await start_recorder(client, workflow_id, bot_id)
    search = BotSearch(client)

    async def are_visible() -> bool:
        return [await search.find_workflow_for_bot("meetingbaas", bot_id, LIMIT) for bot_id in ours] == list(
            ours.values()
        )

    await eventually(are_visible)
    strangers = [*ODD, *(str(uuid4()) for _ in range(300))]
    wanted = [*strangers[:150], *ours, *strangers[150:], *ours]
    # More calls than Temporal takes in a second, if each bot were searched for alone.
    found = await asyncio.gather(*(search.find_workflow_for_bot("meetingbaas", bot_id, LIMIT) for bot_id in wanted))
    assert found == [ours.get(bot_id) for bot_id in wanted]


async def test_a_bot_that_had_several_workflows_leads_to_the_newest(client: Client) -> None:
    bot_id = str(uuid4())
    names = [f"meeting-{uuid4()}" for _ in range(3)]
    search = BotSearch(client)
    for name in names:
        await start_recorder(client, name, bot_id)

        async def is_newest(name: str = name) -> bool:
            return await search.find_workflow_for_bot("meetingbaas", bot_id, LIMIT) == name

        await eventually(is_newest)


async def test_everybody_hears_that_temporal_is_away() -> None:
    search = BotSearch(await Client.connect(DEAD, plugins=[plugin()], lazy=True))
    waiting = (
        search.find_workflow_for_bot("meetingbaas", f"bot-{number}", timedelta(seconds=1)) for number in range(100)
    )
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(answer) for answer in answers} == {TemporalCallError}
    with pytest.raises(TemporalCallError):
        await search.find_workflow_for_bot("meetingbaas", "later", timedelta(seconds=1))


async def test_a_bot_of_another_provider_with_the_same_id_is_another_bot(client: Client) -> None:
    bot_id, workflow_id = str(uuid4()), f"meeting-{uuid4()}"
    await start_recorder(client, workflow_id, bot_id, provider="other")
    search = BotSearch(client)

    async def is_visible() -> bool:
        return await search.find_workflow_for_bot("other", bot_id, LIMIT) == workflow_id

    await eventually(is_visible)
    assert await search.find_workflow_for_bot("meetingbaas", bot_id, LIMIT) is None
