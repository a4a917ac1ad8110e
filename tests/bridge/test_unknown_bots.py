"""Crowds of unknown bots at a real bridge: what they cost the provider, by its own ledger."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from prometheus_client import generate_latest
from temporalio.client import Client

from bridge.app_keys import INBOX_WORKER, REGISTRY
from bridge.inbox import InboxFolder
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import Bridge, running_bridge, status
from tests.bridge.test_bot_adoption import asking, ours, request_of
from tests.devtools.simulator.support import Sim, running_sim

CROWD = 300


@pytest_asyncio.fixture(params=[200, 404])
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[Sim]:
    """A provider that tells of a bot at work by its own endpoint, and one that does not."""
    async with running_sim(reserved_lead=10**9, running_meeting_data_status=request.param) as running:
        yield running


@pytest_asyncio.fixture
async def bridge(client: Client, store: ArtifactStore, sim: Sim) -> AsyncIterator[Bridge]:
    async with running_bridge(client, store, **asking(sim)) as running:
        yield running


async def asked(sim: Sim) -> Counter[str]:
    """The paths of the bot endpoints that were read, counted."""
    requests: list[Any] = (await sim.ledger())["requests"]
    return Counter(
        each["path"] for each in requests if each["method"] == "GET" and each["path"].startswith("/bots")
    )


async def reported(bridge: Bridge, bots: list[str]) -> None:
    """All of them at once, until each was looked for."""
    answers = await asyncio.gather(*(bridge.to_account(status(bot_id=bot_id)) for bot_id in bots))
    assert {answer.status for answer in answers} == {200}
    await bridge.app[INBOX_WORKER].process_folder(InboxFolder.UNKNOWN_BOT)


async def test_a_crowd_of_unknown_ids_costs_a_few_dozen_calls_and_hides_none_of_ours(
    bridge: Bridge, client: Client, sim: Sim
) -> None:
    bot_id = await ours(sim)
    await reported(bridge, [*(str(uuid4()) for _ in range(CROWD)), bot_id])
    await request_of(client, bot_id)
    counted = await asked(sim)
    assert sum(counted.values()) <= 24, counted
    shown = generate_latest(bridge.app[REGISTRY]).decode()
    for purpose, path in (("unknown_bot", "/bots/meeting_data"), ("unknown_bots_list", "/bots/bots_with_metadata")):
        assert f'minutekeeper_provider_calls_total{{purpose="{purpose}"}} {counted[path]:.1f}' in shown


@pytest.mark.no_cover
async def test_a_crowd_of_another_products_bots_costs_no_more(bridge: Bridge, client: Client, sim: Sim) -> None:
    theirs = [await sim.send(extra={"dispatch": "7"}) for _ in range(CROWD)]
    bot_id = await ours(sim)
    await reported(bridge, [*theirs, bot_id])
    await request_of(client, bot_id)
    counted = await asked(sim)
    assert sum(counted.values()) <= 36, counted
