"""Temporal was away for a day: what waited that long is neither too old nor forgotten."""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from bridge.delivery import WebhookDelivery
from bridge.inbox import Inbox, InboxFolder
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.storage.store import ArtifactStore
from tests.bot_events import bot_event
from tests.bridge.support import codes, eventually, running_bridge, start_recorder, stored

YESTERDAY = datetime.now(UTC) - timedelta(hours=24)


def waiting(code: str, minute: int, *, workflow_id: str = "", bot_id: str = "bot-1") -> WebhookDelivery:
    at = YESTERDAY + timedelta(minutes=minute)
    event = bot_event(kind=BotEventKind.STATUS, bot_id=bot_id, occurred_at=at, code=code)
    return WebhookDelivery(
        provider="meetingbaas", delivery=f"{bot_id} {code}", received_at=at, message=event, workflow_id=workflow_id
    )


async def test_a_day_of_deliveries_is_handed_on_to_each_meeting_in_order(
    client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    meetings = [f"{workflow_id}-{number}" for number in range(12)]
    for meeting in meetings:
        await start_recorder(client, meeting)
    for minute in range(240):
        delivery = waiting(f"code_{minute:03}", minute, workflow_id=meetings[minute % len(meetings)])
        await Inbox(store).put(delivery, InboxFolder.WAITING)

    async def is_empty() -> bool:
        return not await stored(store)

    async with running_bridge(client, store):
        await eventually(is_empty, seconds=60)
    for number, meeting in enumerate(meetings):
        assert await codes(client, meeting) == [f"code_{minute:03}" for minute in range(number, 240, 12)]


async def test_a_bot_whose_meeting_shows_it_only_after_the_outage_is_waited_for(
    client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    bot_id = f"bot-of-{workflow_id}"
    await Inbox(store).put(waiting("in_call_recording", 0, bot_id=bot_id), InboxFolder.WAITING)

    async def is_unclaimed() -> bool:
        return len(await Inbox(store).paths(InboxFolder.UNKNOWN_BOT)) == 1

    async def is_empty() -> bool:
        return not await stored(store)

    async with running_bridge(client, store):
        await eventually(is_unclaimed)
        await start_recorder(client, workflow_id, bot_id)
        await eventually(is_empty, seconds=40)
    assert await codes(client, workflow_id) == ["in_call_recording"]
