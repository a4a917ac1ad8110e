"""What docs/events.md shows is what endpoints get, and its program reads it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from tests.deliveries.examples import an_endpoint, an_event

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "events.md"


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(found)


def shape(value: Any) -> Any:
    """The names in a value; what is below `metadata` is the caller's."""
    if isinstance(value, dict):
        return {name: None if name == "metadata" else shape(each) for name, each in value.items()}
    return [shape(each) for each in value] if isinstance(value, list) else None


def test_the_event_on_the_page_has_the_names_of_a_real_one() -> None:
    assert shape(json.loads(block("json"))) == shape(json.loads(an_event().body_for(an_endpoint())))


def test_the_program_on_the_page_reads_an_event() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the page's own program
    secret, body, now = endpoint_secret("m" * 32, "ep_1", 1), an_event().body_for(an_endpoint()), datetime.now(UTC)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt_1", now, body),
    }
    assert names["read_event"](secret, body.encode(), headers) == json.loads(body)
