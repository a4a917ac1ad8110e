"""The account-wide address: it finds the meeting, and waits a little for one that it cannot see yet."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
from temporalio.client import Client

from bridge.app_keys import FORWARDER, INBOX_WORKER
from bridge.delivery import DeliveryOutcome, WebhookDelivery
from bridge.forwarder import ForwardResult
from bridge.inbox import Inbox, InboxFolder
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.providers.bot_metadata import BotMetadata
from minutekeeper.storage.store import ArtifactStore
from tests.bot_events import bot_event
from tests.bridge.support import (
    NOON,
    SECRET,
    Bridge,
    codes,
    complete,
    eventually,
    log_lines,
    running_bridge,
    signals,
    start_recorder,
    status,
    stored,
)


async def test_what_the_bot_carries_leads_to_its_meeting(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    extra = BotMetadata(dispatch_key="mk-1", dispatch=3, workflow_id=workflow_id, run="r").to_wire([SECRET])
    assert (await bridge.to_account(complete(extra=extra))).json == {"outcome": "delivered"}
    (payload,) = await signals(client, workflow_id)
    assert payload["dispatch"] == 3
    assert await stored(store) == [payload["body"]]


async def test_the_bot_id_leads_to_the_newest_meeting(bridge: Bridge, client: Client, workflow_id: str) -> None:
    bot_id = f"bot-of-{workflow_id}"
    for name in ("older", "newest"):
        await start_recorder(client, f"{workflow_id}-{name}", bot_id)
    await _until_found(client, bot_id, 2)
    assert (await bridge.to_account(status(bot_id=bot_id))).json == {"outcome": "delivered"}
    assert await codes(client, f"{workflow_id}-newest") == ["joining_call"]
    assert await codes(client, f"{workflow_id}-older") == []


async def test_a_bot_id_is_never_part_of_the_query(bridge: Bridge, client: Client, workflow_id: str) -> None:
    bot_id = f"bot-of-{workflow_id}"
    await start_recorder(client, workflow_id, bot_id)
    await _until_found(client, bot_id, 1)
    for injected in (f'x" OR BotId = "{bot_id}', f"x' OR BotId = '{bot_id}", f'\\" OR BotId = "{bot_id}'):
        answer = await bridge.to_account(status(bot_id=injected))
        assert answer.json == {"outcome": "no meeting has this bot"}, injected
    for odd in ("x\\", "%", "*", "'", '"'):
        assert (await bridge.to_account(status(bot_id=odd))).json == {"outcome": "no meeting has this bot"}, odd
    assert await signals(client, workflow_id) == []


@pytest.mark.parametrize("body", [status, complete])
async def test_a_bot_that_shows_up_later_gets_what_came_before(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str, body: Any
) -> None:
    bot_id = f"bot-of-{workflow_id}"
    answer = await bridge.to_account(body(bot_id=bot_id))
    assert (answer.status, answer.json) == (200, {"outcome": "no meeting has this bot"})
    assert [path.startswith("inbox/unclaimed/") for path in await stored(store)] == [True]
    await start_recorder(client, workflow_id, bot_id)

    async def has_arrived() -> bool:
        return not await store.list("inbox")

    await eventually(has_arrived)
    assert [each["bot_id"] for each in await signals(client, workflow_id)] == [bot_id]


async def test_a_stranger_is_dropped_after_a_while_and_a_fresh_one_is_not(
    client: Client, store: ArtifactStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    inbox = Inbox(store)
    for number, minutes in enumerate((60, 6, 6, 1)):
        since = datetime.now(UTC) - timedelta(minutes=minutes)
        event = bot_event(kind=BotEventKind.STATUS, bot_id="stranger", occurred_at=NOON, code=f"code_{number}")
        delivery = WebhookDelivery(
            provider="meetingbaas", delivery=f"d{number}", received_at=since, message=event, unknown_since=since
        )
        await inbox.put(delivery, InboxFolder.UNKNOWN_BOT)
    async with running_bridge(client, store) as bridge:
        assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.UNKNOWN_BOT)
        assert len(await stored(store)) == 1
    dropped = [each for each in log_lines(caplog) if each["detail"] == "dropped"]
    assert {each["event"] for each in dropped} == {"code_0", "code_1", "code_2"}


async def test_news_of_a_calendar_wakes_its_workflow_once(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    calendar_id = workflow_id
    await start_recorder(client, f"calendar-{calendar_id}")
    body = {
        "event": "calendar.sync_events",
        "data": {
            "calendar_id": calendar_id,
            "last_updated_ts": NOON.isoformat(),
            "affected_event_uuids": ["e1"],
        },
    }
    for _ in range(2):
        assert (await bridge.to_account(body)).json == {"outcome": "delivered"}
    (change,) = await signals(client, f"calendar-{calendar_id}", "calendar_event")
    assert change.keys() == {"calendar_id", "delivery", "event_ids"}
    assert (change["calendar_id"], change["event_ids"]) == (calendar_id, ["e1"])
    assert await stored(store) == []


async def test_news_of_a_calendar_that_nobody_keeps_is_acknowledged(bridge: Bridge, store: ArtifactStore) -> None:
    body = {"event": "calendar.sync_events", "data": {"calendar_id": "nobody's", "last_updated_ts": "1"}}
    assert (await bridge.to_account(body)).json == {"outcome": "no such workflow"}
    assert await stored(store) == []


async def test_a_calendar_has_no_business_at_a_bots_address(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, f"calendar-{workflow_id}")
    body = {"event": "calendar.sync_events", "data": {"calendar_id": workflow_id}}
    assert (await bridge.to_bot(workflow_id, body)).json == {"outcome": "ignored"}
    assert await signals(client, f"calendar-{workflow_id}", "calendar_event") == []


async def _until_found(client: Client, bot_id: str, count: int) -> None:
    async def shows() -> bool:
        return len([each async for each in client.list_workflows(f'BotId = "{bot_id}"')]) >= count

    await eventually(shows)


async def test_one_call_that_was_cut_postpones_no_strangers_end(
    client: Client, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=6)
    for number in range(10):
        event = bot_event(kind=BotEventKind.STATUS, bot_id=f"s{number}", occurred_at=NOON, code="joining_call")
        delivery = WebhookDelivery(
            provider="meetingbaas", delivery=f"d{number}", received_at=since, message=event, unknown_since=since
        )
        await Inbox(store).put(delivery, InboxFolder.UNKNOWN_BOT)

    async def all_dropped() -> bool:
        return not await stored(store)

    async with running_bridge(client, store) as bridge:
        courier = bridge.app[FORWARDER]
        hand_over, cut = courier.forward, iter([ForwardResult(DeliveryOutcome.TEMPORAL_DOWN, delivery)])

        async def sometimes(which: WebhookDelivery, *, ask_provider: bool = False) -> ForwardResult:
            return next(cut, None) or await hand_over(which, ask_provider=ask_provider)

        monkeypatch.setattr(courier, "forward", sometimes)
        await eventually(all_dropped)


async def test_an_outage_of_temporal_is_not_counted_against_a_stranger(
    client: Client, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = datetime.now(UTC) - timedelta(minutes=60)
    event = bot_event(kind=BotEventKind.STATUS, bot_id="stranger", occurred_at=NOON, code="joining_call")
    delivery = WebhookDelivery(
        provider="meetingbaas", delivery="d", received_at=since, message=event, unknown_since=since
    )
    async with running_bridge(client, store) as bridge:
        away = ForwardResult(DeliveryOutcome.TEMPORAL_DOWN, delivery)
        monkeypatch.setattr("bridge.inbox_worker._SHORTEST_OUTAGE", timedelta(0))
        with monkeypatch.context() as outage:
            outage.setattr(bridge.app[FORWARDER], "forward", AsyncMock(return_value=away))
            await Inbox(store).put(delivery, InboxFolder.UNKNOWN_BOT)
            assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.UNKNOWN_BOT)
        assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.UNKNOWN_BOT)
    assert len(await stored(store)) == 1
