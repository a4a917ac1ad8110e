"""Bots that the provider sent by itself: whose they are, and that each has one meeting however its news arrives."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowExecutionStatus

from bridge.app_keys import INBOX_WORKER
from bridge.delivery import WebhookDelivery
from bridge.inbox import Inbox, InboxFolder
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.providers.bot_metadata import BotMetadata, event_extra
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import MEETING_WORKFLOW
from minutekeeper.temporal.search_attributes import CALENDAR_ID, MEETING_URL
from minutekeeper.temporal.worker_connection import plugin
from tests.bot_events import bot_event
from tests.bridge.support import (
    DEAD,
    KEY,
    NOON,
    SECRET,
    Bridge,
    codes,
    complete,
    eventually,
    running_bridge,
    signals,
    start_recorder,
    status,
    stored,
)
from tests.devtools.simulator.calendar_support import BOT, LINK, add, bots_of, connected_account, only_event
from tests.devtools.simulator.support import KEY as SIM_KEY
from tests.devtools.simulator.support import Sim, running_sim
from tests.devtools.simulator.support import eventually as eventually_there


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Sim]:
    """A provider that sends its bots to events as soon as it is told to."""
    async with running_sim(reserved_lead=10**9) as running:
        yield running


@pytest_asyncio.fixture
async def bridge(client: Client, store: ArtifactStore, sim: Sim) -> AsyncIterator[Bridge]:
    async with running_bridge(client, store, **asking(sim)) as running:
        yield running


def asking(sim: Sim, **changes: Any) -> dict[str, Any]:
    """The settings of a bridge whose provider this is; webhooks come with the key before its last rotation."""
    keys = {"meetingbaas_api_key": SIM_KEY, "meetingbaas_api_key_previous": KEY}
    return {"meetingbaas_base_url": sim.url} | keys | changes


async def ours(sim: Sim) -> str:
    """The id of a bot that carries the mark of those that `calendar record` asks for."""
    return await sim.send(extra=event_extra([SECRET]))


async def at_event(sim: Sim, bot: dict[str, Any]) -> tuple[str, str, str]:
    """The ids of a calendar, of an event in an hour, and of the bot that the provider sent there."""
    calendar_id = await connected_account(sim)
    await add(sim, title="Planning")
    event_id = str((await only_event(sim, calendar_id))["uuid"])
    await sim.ok("POST", f"/calendar_events/{event_id}/bot", json=bot)
    [sent] = await eventually_there(lambda: bots_of(sim, event_id), bool)
    return calendar_id, event_id, str(sent["id"])


async def request_of(client: Client, bot_id: str) -> MeetingRequest:
    """What the meeting of a bot was started with, once it was."""
    handle = client.get_workflow_handle(f"meeting-bot-{bot_id}")

    async def is_there() -> bool:
        return bool([each async for each in client.list_workflows(f'WorkflowId = "{handle.id}"')])

    await eventually(is_there)
    first = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert first.workflow_type.name == MEETING_WORKFLOW
    [request] = await client.data_converter.decode(list(first.input.payloads), [MeetingRequest])
    assert isinstance(request, MeetingRequest)
    return request


async def is_left_alone(client: Client, bridge: Bridge, store: ArtifactStore, bot_id: str) -> bool:
    """Whether a bot stays unclaimed when the provider was asked about it."""
    assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.UNKNOWN_BOT)
    kept = [path for path in await stored(store) if path.startswith(InboxFolder.UNKNOWN_BOT)]
    found = client.list_workflows(f'WorkflowId = "meeting-bot-{bot_id}"')
    return bool(kept) and not [each async for each in found]


async def test_a_bot_with_our_mark_becomes_a_meeting_at_its_first_sign_of_life(
    bridge: Bridge, client: Client, sim: Sim, store: ArtifactStore
) -> None:
    bot_id = await ours(sim)
    answer = await bridge.to_account(status(bot_id=bot_id))
    assert (answer.status, answer.json) == (200, {"outcome": "no meeting has this bot"})
    request = await request_of(client, bot_id)
    assert request.follows is not None
    assert (request.follows.bot_id, request.meeting_url) == (bot_id, LINK)
    assert await codes(client, f"meeting-bot-{bot_id}") == ["joining_call"]
    found = await client.get_workflow_handle(f"meeting-bot-{bot_id}").describe()
    assert found.typed_search_attributes[MEETING_URL] == LINK

    async def is_empty() -> bool:
        return not await stored(store)

    await eventually(is_empty)


async def test_an_event_gives_its_bot_title_time_and_calendar(bridge: Bridge, client: Client, sim: Sim) -> None:
    calendar_id, event_id, bot_id = await at_event(sim, BOT | {"extra": event_extra([SECRET])})
    await bridge.to_account(status(bot_id=bot_id))
    request = await request_of(client, bot_id)
    assert (request.title, request.calendar and request.calendar.event_id) == ("Planning", event_id)
    assert request.start_time > datetime.now(UTC)
    found = await client.get_workflow_handle(f"meeting-bot-{bot_id}").describe()
    assert found.typed_search_attributes[CALENDAR_ID] == [calendar_id]


async def test_an_event_of_a_calendar_that_we_keep_is_ours_without_a_mark(
    bridge: Bridge, client: Client, sim: Sim, store: ArtifactStore
) -> None:
    calendar_id, _, bot_id = await at_event(sim, BOT)
    await bridge.to_account(status(bot_id=bot_id))
    assert await is_left_alone(client, bridge, store, bot_id)
    await start_recorder(client, calendar_workflow_id_for(calendar_id))
    async with running_bridge(client, store, **asking(sim)):
        assert (await request_of(client, bot_id)).title == "Planning"


@pytest.mark.parametrize(
    "extra",
    [
        {"dispatch": "7", "workflow_id": "of-somebody-else"},
        {"dispatch_key": "mk-calendar-event"},
        event_extra([SECRET]) | {"dispatch_key": "mk-another-event"},
        event_extra(["another secret"]),
    ],
)
async def test_bots_of_strangers_are_left_alone_unless_a_setting_says_so(
    bridge: Bridge, client: Client, sim: Sim, store: ArtifactStore, extra: dict[str, str]
) -> None:
    bot_id = await sim.send(extra=extra)
    await bridge.to_account(status(bot_id=bot_id))
    assert await is_left_alone(client, bridge, store, bot_id)
    async with running_bridge(client, store, **asking(sim, minutekeeper_adopt_all_bots=True)):
        assert (await request_of(client, bot_id)).meeting_url == LINK


async def test_a_bot_that_a_meeting_sent_goes_to_that_meeting_and_is_never_adopted(
    bridge: Bridge, client: Client, sim: Sim, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    extra = BotMetadata(dispatch_key="mk-1", dispatch=2, workflow_id=workflow_id, run="r")
    bot_id = await sim.send(extra=extra.to_wire([SECRET]))
    await bridge.to_account(status(bot_id=bot_id))

    async def has_arrived() -> bool:
        return bool(await signals(client, workflow_id))

    await eventually(has_arrived)
    assert [each["dispatch"] for each in await signals(client, workflow_id)] == [2]
    assert not [each async for each in client.list_workflows(f'WorkflowId = "meeting-bot-{bot_id}"')]


async def test_a_bot_that_names_a_meeting_of_ours_without_our_signature_steers_nothing(
    bridge: Bridge, client: Client, sim: Sim, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    forged = BotMetadata(dispatch_key="mk-1", dispatch=0, workflow_id=workflow_id).to_wire(["another secret"])
    for extra in (forged, {name: forged[name] for name in forged if name != "signature"}):
        bot_id = await sim.send(extra=extra)
        for body in (status(bot_id=bot_id), complete(bot_id=bot_id, extra=extra)):
            assert (await bridge.to_account(body)).json == {"outcome": "no meeting has this bot"}
        assert await is_left_alone(client, bridge, store, bot_id)
    assert await signals(client, workflow_id) == []


async def test_repeats_and_swaps_at_two_bridges_make_one_meeting_with_everything(
    bridge: Bridge, client: Client, sim: Sim, store: ArtifactStore
) -> None:
    bot_id = await ours(sim)
    news = [complete(bot_id=bot_id), status("in_call_recording", bot_id=bot_id, second=2), status(bot_id=bot_id)]
    async with running_bridge(client, store, **asking(sim)) as other:
        where = [(each, body) for body in news for each in (bridge, other, bridge)]
        answers = await asyncio.gather(*(each.to_account(body) for each, body in where))
        assert {each.status for each in answers} == {200}

        async def is_empty() -> bool:
            return not [path for path in await stored(store) if path.startswith("inbox")]

        await eventually(is_empty)
    heard = await signals(client, f"meeting-bot-{bot_id}")
    assert {each.get("code", "") for each in heard} == {"", "in_call_recording", "joining_call"}
    [body] = {each["body"] for each in heard if "body" in each}
    assert await stored(store) == [body]
    runs = [each async for each in client.list_workflows(f'WorkflowId = "meeting-bot-{bot_id}"')]
    assert len(runs) == 1


async def test_a_meeting_that_has_ended_is_not_raised_by_late_news(
    bridge: Bridge, client: Client, sim: Sim, store: ArtifactStore
) -> None:
    bot_id = await ours(sim)
    await bridge.to_account(status(bot_id=bot_id))
    await request_of(client, bot_id)
    handle = client.get_workflow_handle(f"meeting-bot-{bot_id}")
    await handle.terminate()
    await bridge.to_account(complete(bot_id=bot_id))

    async def is_empty() -> bool:
        return not [path for path in await stored(store) if path.startswith("inbox")]

    await eventually(is_empty)
    assert (await handle.describe()).status is WorkflowExecutionStatus.TERMINATED


async def test_what_came_while_temporal_was_away_is_adopted_afterwards(
    client: Client, sim: Sim, store: ArtifactStore
) -> None:
    bot_id = await ours(sim)
    nobody = await Client.connect(DEAD, plugins=[plugin()], lazy=True)
    async with running_bridge(nobody, store, **asking(sim)) as cut_off:
        assert (await cut_off.to_account(complete(bot_id=bot_id))).json == {"outcome": "Temporal down"}
    async with running_bridge(client, store, **asking(sim)):
        await request_of(client, bot_id)
    [heard] = await signals(client, f"meeting-bot-{bot_id}")
    assert await stored(store) == [heard["body"]]


async def test_a_provider_that_is_away_for_hours_costs_no_bot(
    client: Client, sim: Sim, store: ArtifactStore
) -> None:
    bot_id = await ours(sim)
    inbox = Inbox(store)
    for name, hours in ((bot_id, 20), ("of-nobody", 25)):
        since = datetime.now(UTC) - timedelta(hours=hours)
        event = bot_event(kind=BotEventKind.STATUS, bot_id=name, occurred_at=NOON, code="joining_call")
        delivery = WebhookDelivery(
            provider="meetingbaas", delivery=name, received_at=since, message=event, unknown_since=since
        )
        await inbox.put(delivery, InboxFolder.UNKNOWN_BOT)
    async with running_bridge(client, store, meetingbaas_base_url="http://127.0.0.1:9") as bridge:
        assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.UNKNOWN_BOT)
        assert len(await stored(store)) == 1
    async with running_bridge(client, store, **asking(sim)):
        await request_of(client, bot_id)
