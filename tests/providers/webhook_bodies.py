"""Webhooks as they come over the wire, and what is understood of them."""

import json
from datetime import UTC, datetime
from typing import Any

from minutekeeper.providers.base import BotWebhook, CalendarWebhook, IgnoredWebhook
from minutekeeper.providers.bot_metadata import BotMetadata
from minutekeeper.providers.meetingbaas.webhooks import parse_webhook

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


BOT = "7b6f0c1e-0000-4000-8000-000000000001"


SECRETS = ["a-secret-of-the-tests-with-enough-letters"]
OUR_EXTRA = BotMetadata(dispatch_key="mk-abc-1", dispatch=1, workflow_id="meeting-x", run="r-1").to_wire(SECRETS)


def parse(document: Any, received_at: datetime = NOW) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
    return parse_webhook(json.dumps(document).encode(), received_at, (), SECRETS)


def notice(document: Any, received_at: datetime = NOW) -> BotWebhook:
    parsed = parse(document, received_at)
    assert isinstance(parsed, BotWebhook)
    return parsed


def status(code: Any = "joining_call", **fields: Any) -> dict[str, Any]:
    return {"event": "bot.status_change", "data": {"bot_id": BOT, "status": {"code": code, **fields}}}


def final(event: str, /, **data: Any) -> dict[str, Any]:
    return {"event": event, "data": {"bot_id": BOT, **data}}
