"""The page of outgoing events has every type, and says which ones an endpoint gets by default."""

import re
from pathlib import Path

from minutekeeper.deliveries.endpoint import DEFAULT_TYPES, OutgoingEventType

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "events.md").read_text(encoding="utf-8")


def test_the_page_has_every_type() -> None:
    rows = dict(re.findall(r"^\| `((?:meeting|calendar|webhook)\.\w+)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert [*rows] == [each.value for each in OutgoingEventType]
    assert {name for name, text in rows.items() if "by default" in text} == set(DEFAULT_TYPES)
