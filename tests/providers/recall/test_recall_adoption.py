"""A bot that Recall.ai's Calendar V1 has sent becomes a meeting that names its event and its user."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from bridge.bot_adoption import BotAdopter
from bridge.bot_origins import OriginLookup
from bridge.delivery import BotAddress, WebhookDelivery
from bridge.metrics import ProviderCalls
from bridge.temporal_gateway import TemporalGateway
from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.providers.base import BotWebhook
from minutekeeper.providers.calendar_ids import user_of_calendar
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.providers.recall.calendars import RecallCalendars
from minutekeeper.providers.recall.http import open_recall
from minutekeeper.providers.recall.provider import RecallProvider
from tests.providers.recall.support import KEY
from tests.providers.recall.test_recall_calendar_v1 import MEETING, TOKEN
from tests.providers.response_server import Answer, ToldServer

NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)
LIMIT = timedelta(seconds=1)


@pytest.fixture
async def adopter(recall: RecallProvider, server: ToldServer) -> AsyncIterator[BotAdopter]:
    calendars = CalendarProviders([RecallCalendars(open_recall(server.url, KEY))])
    lookup = OriginLookup(recall, ProviderCalls(CollectorRegistry()))
    no_temporal = cast("TemporalGateway", None)
    yield BotAdopter({"recall": lookup}, calendars, no_temporal, deadlines=Deadlines())
    await calendars.aclose()


async def test_a_bot_is_linked_by_three_steps(adopter: BotAdopter, server: ToldServer) -> None:
    bot = {
        "id": "b-1",
        "meeting_url": {"meeting_id": "abc-defg-hij", "platform": "google_meet"},
        "calendar_meetings": [{"id": "m-1", "calendar_user": {"id": "u-1", "external_id": "anna"}}],
    }
    server.tell(Answer(bot), TOKEN, Answer(MEETING))
    event = BotEvent(bot_id="b-1", occurred_at=NOW, code="in_call_recording")
    news = BotWebhook(event=event, delivery="msg_1")
    delivery = WebhookDelivery.of_bot(news, None, NOW, to=BotAddress("recall", "", None))
    resolved = await adopter.resolve(delivery, LIMIT)
    assert resolved
    assert resolved.workflow_id == "meeting-bot-b-1"
    request = resolved.meeting_to_create
    assert request
    assert request.calendar
    assert (request.calendar.event_id, user_of_calendar(request.calendar.calendar_id)) == ("m-1", "anna")
    assert (request.title, request.meeting_url) == ("Planning", "https://meet.google.com/abc-defg-hij")
    assert [each.path for each in server.asked] == [
        "/api/v1/bot/b-1/",
        "/api/v1/calendar/authenticate/",
        "/api/v1/calendar/meetings/m-1/",
    ]
