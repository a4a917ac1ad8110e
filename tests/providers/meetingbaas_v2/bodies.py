"""Answers and webhooks of Meeting BaaS v2 as they come over the wire."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks import Webhook

from minutekeeper.meetings.dispatch import BotDispatch, DispatchMode
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.providers.base import BotCallback
from minutekeeper.providers.bot_metadata import BotMetadata
from tests.providers.conftest import SECRET
from tests.providers.response_server import Answer

WEBHOOK_SECRET = "whsec_dGVzdC1rZXktbWF0ZXJpYWwtMzItYnl0ZXMtb2shIQ=="
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOT = "7b6f0c1e-0000-4000-8000-000000000001"
MEETING_URL = "https://meet.google.com/abc-defg-hij"
ADDRESS = BotCallback(webhook_url="https://ours/webhooks/meetingbaas-v2/meeting-x/0/t0ken", workflow_id="meeting-x")
OURS = BotMetadata(dispatch_key="mk-abc-0", dispatch=0, workflow_id="meeting-x", run="run-1").to_wire([SECRET])
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
ORDER = BotDispatch(
    key="mk-abc-0",
    dispatch=0,
    run="run-1",
    meeting_url=MEETING_URL,
    start_time=START,
    dispatch_at=START - timedelta(minutes=10),
    mode=DispatchMode.RESERVED,
    transcript=True,
    bot=BotOptions(),
)


def data(payload: Any, status: int = 200) -> Answer:
    return Answer({"success": True, "data": payload}, status=status)


def listed(*items: Any, cursor: str | None = None) -> Answer:
    return Answer({"success": True, "data": list(items), "cursor": cursor, "prev_cursor": None})


def refusal(status: int, code: str, **more: Any) -> Answer:
    body = {"success": False, "error": "no", "code": code, "statusCode": status, "message": None, "details": None}
    return Answer(body | more, status=status)


def details(status: str = "completed", **changes: Any) -> dict[str, Any]:
    """The answer about one bot that has recorded nothing."""
    return {
        "bot_id": BOT,
        "bot_name": "Minutekeeper",
        "meeting_url": MEETING_URL,
        "status": status,
        "recording_mode": "speaker_view",
        "created_at": "2026-03-01T10:00:00Z",
        "joined_at": None,
        "exited_at": None,
        "duration_seconds": None,
        "artifacts_deleted": False,
        "video": None,
        "audio": None,
        "transcription": None,
        "error_code": None,
        "error_message": None,
        "extra": OURS,
    } | changes


def progress(status: str, at: str = "2026-03-01T11:00:00Z", transcription: str = "not-started") -> dict[str, Any]:
    return {"bot_id": BOT, "status": status, "transcription_status": transcription, "updated_at": at}


def status_change(code: Any, **status: Any) -> dict[str, Any]:
    reported = {"code": code, "created_at": "2026-03-01T11:00:00Z"} | status
    return {
        "event": "bot.status_change",
        "extra": OURS,
        "data": {"bot_id": BOT, "event_id": None, "status": reported},
    }


def completed(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "bot_id": BOT,
        "event_id": None,
        "participants": [],
        "speakers": [],
        "duration_seconds": 61,
        "joined_at": "2026-03-01T11:00:00Z",
        "exited_at": "2026-03-01T11:01:01Z",
        "data_deleted": False,
        "video": "https://files/v?X-Amz-Signature=s",
        "audio": "https://files/a?X-Amz-Signature=s",
        "transcription": "https://files/t?X-Amz-Signature=s",
        "transcription_provider": "gladia",
        "sent_at": "2026-03-01T11:05:00Z",
    }
    return {"event": "bot.completed", "extra": OURS, "data": body | changes}


def failed(code: str, **changes: Any) -> dict[str, Any]:
    body = {
        "bot_id": BOT,
        "event_id": None,
        "error_code": code,
        "error_message": "why",
        "sent_at": "2026-03-01T11:05:00Z",
    }
    return {"event": "bot.failed", "extra": OURS, "data": body | changes}


def signed_headers(body: bytes, delivery: str = "msg_1", secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    at = datetime.now(UTC)
    return {
        "svix-id": delivery,
        "svix-timestamp": str(int(at.timestamp())),
        "svix-signature": Webhook(secret).sign(delivery, at, body.decode()),
    }


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()
