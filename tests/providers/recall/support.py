"""What tests of Recall.ai have in common: a provider, an order, and the sample payloads."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from minutekeeper.meetings.dispatch import BotDispatch, DispatchMode
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.providers.base import BotCallback
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.http import open_recall
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.recall.request_models import RecallBotDefaults
from minutekeeper.providers.webhook_signatures import WebhookSignatures

SAMPLES = Path(__file__).resolve().parents[4] / "shared/samples/recall"
KEY = "recall-key-0123456789abcdef"
SECRET = "a-secret-of-the-tests-with-enough-letters"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"the secret of this workspace").decode()
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
MEETING_URL = "https://meet.google.com/abc-defg-hij"
ADDRESS = BotCallback(webhook_url="https://ours/webhooks/token", workflow_id="meeting-x")
ORDER = BotDispatch(
    key="mk-abc-3",
    dispatch=3,
    run="run-1",
    meeting_url=MEETING_URL,
    start_time=START,
    dispatch_at=START - timedelta(minutes=20),
    mode=DispatchMode.RESERVED,
    transcript=True,
    bot=BotOptions(),
    requested_since=START - timedelta(minutes=20),
)

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample payloads lie beside the project")


def open_provider(
    url: str, *, webhook_secret: str = WEBHOOK_SECRET, region: str = "eu-central-1", **defaults: Any
) -> RecallProvider:
    return RecallProvider(
        RecallClient(open_recall(url, KEY, region=region), send_timeout=5),
        signatures=WebhookSignatures([webhook_secret]),
        signing_secrets=[SECRET],
        defaults=RecallBotDefaults(**defaults),
    )


def signed(body: bytes, *, family: str = "webhook", delivery: str = "msg_1") -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(WEBHOOK_SECRET).sign(delivery, now, body.decode())
    values = (delivery, str(int(now.timestamp())), signature)
    return {f"{family}-{part}": value for part, value in zip(("id", "timestamp", "signature"), values, strict=True)}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def expectations(*kinds: str) -> list[Any]:
    """Name and expectation of each sample of these kinds, as test parameters."""
    if not SAMPLES.is_dir():
        return []
    listed = json.loads((SAMPLES / "manifest.json").read_text())["files"]
    return [pytest.param(each["file"], each["expect"], id=each["file"]) for each in listed if each["kind"] in kinds]
