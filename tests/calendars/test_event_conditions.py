"""What can be asked of an event besides its people: words, marks, days."""

from datetime import datetime
from typing import Any

import pytest

from minutekeeper.calendars.policy import PolicyError
from tests.calendars.support import HOUR, a_policy, an_event, decided

ZOOM = "https://acme.zoom.us/j/12345678901?pwd=secret"


def holds(when: dict[str, Any], fields: dict[str, Any], **policy: Any) -> bool:
    rule = {"name": "r", "when": when, "then": "record"}
    return decided(an_event(**fields), a_policy(rule, otherwise="skip", **policy)).record


@pytest.mark.parametrize(
    ("when", "fields", "expected"),
    [
        ({"description": "#record"}, {"notes": "<p>Please #re<b>cord</b></p>"}, True),
        ({"description": "#record"}, {"notes": "#records"}, False),
        ({"description": "#record"}, {"title": "#record", "location": "#record"}, False),
        ({"description": "*agenda*notes*"}, {"notes": "Agenda<br>1. Notes of yesterday"}, True),
        ({"description": ["x", "#norecord"]}, {}, False),
        ({"location": "berlin"}, {"location": "Room 5 (Berlin)"}, True),
        ({"location": "berlin"}, {"location": "Berliner Str. 5"}, False),
        ({"text": "#norecord"}, {"title": "Plan #norecord"}, True),
        ({"text": "#norecord"}, {"notes": "#NoRecord"}, True),
        ({"text": "#norecord"}, {"location": "#no\u00adrecord"}, True),
        ({"text": "#norecord"}, {"title": "Plan", "notes": "#record"}, False),
        ({"link": "acme.zoom.us"}, {"meeting_url": ZOOM}, True),
        ({"link": "12345678901"}, {"meeting_url": ZOOM}, True),
        ({"link": "zoom.us"}, {}, False),
        ({"link": "https://*.zoom.us/j/*"}, {"meeting_url": ZOOM}, True),
        ({"link": "*secret*"}, {"meeting_url": ZOOM}, False),
        ({"category": "customer"}, {"categories": ["Red category", "Customer A"]}, True),
        ({"category": "customer"}, {"categories": []}, False),
        ({"color": ["tomato", "basil"]}, {"color": "basil"}, True),
        ({"color": "tomato"}, {}, False),
        ({"visibility": ["private", "confidential"]}, {"visibility": "confidential"}, True),
        ({"visibility": ["private", "confidential"]}, {"visibility": "default"}, False),
        ({"visibility": "unknown"}, {}, True),
        ({"availability": "free"}, {"availability": "free"}, True),
        ({"availability": "free"}, {"availability": "busy"}, False),
        ({"availability": "unknown"}, {}, True),
        ({"event_type": "from_mail"}, {"event_type": "from_mail"}, True),
        ({"event_type": "from_mail"}, {}, False),
        ({"occurrence": "first"}, {"number": 1}, True),
        ({"occurrence": "first"}, {"number": 2}, False),
        ({"occurrence": "first"}, {}, False),
        ({"occurrence": {"every": 2}}, {"number": 5}, True),
        ({"occurrence": {"every": 2}}, {"number": 4}, False),
        ({"occurrence": {"every": 2}}, {}, False),
        ({"occurrence": {"every": 3, "from": 2}}, {"number": 2}, True),
        ({"occurrence": {"every": 3, "from": 2}}, {"number": 8}, True),
        ({"occurrence": {"every": 3, "from": 5}}, {"number": 2}, False),
        ({"all_day": False}, {}, True),
        ({"all_day": True}, {}, False),
    ],
)
def test_conditions(when: dict[str, Any], fields: dict[str, Any], *, expected: bool) -> None:
    assert holds(when, fields) is expected


@pytest.mark.parametrize(
    ("days", "start", "expected"),
    [
        (["2026-12-24"], "2026-12-24T10:00+01:00", True),
        (["2026-12-24"], "2027-12-24T10:00+01:00", False),
        ("2026-12-24", "2026-12-24T23:30Z", False),
        ("2026-12-25", "2026-12-24T23:30Z", True),
        (["12-24"], "2031-12-24T10:00+01:00", True),
        (["12-24", "02-29"], "2028-02-29T10:00+01:00", True),
        (["2026-12-24..2027-01-06"], "2027-01-06T10:00+01:00", True),
        (["2026-12-24..2027-01-06"], "2027-01-07T10:00+01:00", False),
        (["12-24..12-31"], "2030-12-31T23:59+01:00", True),
        (["12-24..12-31"], "2030-12-23T23:59+01:00", False),
    ],
)
def test_days(days: Any, start: str, *, expected: bool) -> None:
    begin = datetime.fromisoformat(start)
    fields = {"start_time": begin, "end_time": begin + HOUR}
    assert holds({"date": days}, fields, time_zone="Europe/Berlin") is expected
    holidays = {"holidays": [days] if isinstance(days, str) else days, "time_zone": "Europe/Berlin"}
    assert holds({"holiday": True}, fields, **holidays) is expected
    assert holds({"holiday": False}, fields, **holidays) is not expected


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ({"visibilty": "private"}, "rules[0].when.visibilty: unknown; did you mean visibility?"),
        ({"avaliability": "free"}, "rules[0].when.avaliability: unknown; did you mean availability?"),
        ({"descripton": "x"}, "rules[0].when.descripton: unknown; did you mean description?"),
        ({"colour": "tomato"}, "rules[0].when.colour: unknown; did you mean color?"),
        ({"dates": "12-24"}, "rules[0].when.dates: unknown; did you mean date?"),
        ({"holidays": True}, "rules[0].when.holidays: unknown; did you mean holiday?"),
        ({"type": "birthday"}, "rules[0].when.type: unknown; did you mean event_type?"),
        ({"attendees": {"accepted_atleast": 1}}, "rules[0].when.attendees.accepted_atleast: unknown; did you mean"),
        ({"visibility": "secret"}, "rules[0].when.visibility[0]: must be 'default', 'public', 'personal',"),
        ({"color": "red"}, "rules[0].when.color[0]: must be 'lavender', 'sage', 'grape',"),
        ({"date": "tomorrow"}, "rules[0].when.date[0]: 'tomorrow' is no day; write it as 2026-12-24,"),
        (
            {"occurrence": "last"},
            'rules[0].when.occurrence: must be \'first\', or an object such as {"every": 2}, not "last"',
        ),
        ({"occurrence": {"evry": 2}}, "rules[0].when.occurrence.evry: unknown; did you mean every?"),
        ({"occurrence": {"every": 1}}, "rules[0].when.occurrence.every: must be at least 2, not 1"),
        ({"all_day": "yes"}, 'rules[0].when.all_day: must be true or false, not "yes"'),
        ({"text": "\u200b "}, "rules[0].when.text[0]: must not be empty"),
    ],
)
def test_what_was_probably_meant_is_told(when: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        holds(when, {})
    assert [told for told in caught.value.problems if told.startswith(problem)]
