"""What Google and Microsoft say of an event besides its time and link, in the words of each."""

from typing import Any

import pytest

from tests.devtools.simulator.calendar_support import ANNA, BEN, OTTO, add, change, connected_account, only_event
from tests.devtools.simulator.support import Sim

MARKS: dict[str, Any] = {
    "visibility": "confidential",
    "show_as": "free",
    "color_id": "11",
    "categories": ["Customer"],
    "event_type": "focusTime",
    "description": "Please #record",
    "location": "Berlin",
    "rooms": [{"email": "room5@example.com", "name": "Room 5"}],
    "guests": [{"email": BEN, "optional": True}],
}


async def raw_event(sim: Sim, platform: str, organizer: str = ANNA, **fields: Any) -> dict[str, Any]:
    """Anna's copy."""
    calendar = await connected_account(sim, ANNA, platform)
    await add(sim, organizer, **fields)
    raw: dict[str, Any] = (await only_event(sim, calendar))["raw"]
    return raw


async def test_what_google_says(sim: Sim) -> None:
    raw = await raw_event(sim, "Google", **MARKS)
    said = {"visibility": "confidential", "transparency": "transparent", "colorId": "11", "eventType": "focusTime"}
    written = {"description": "Please #record", "location": "Berlin"}
    assert {name: raw.get(name) for name in (*said, *written)} == said | written
    assert [(each["email"], each.get("resource"), each.get("optional")) for each in raw["attendees"]] == [
        (ANNA, None, None),
        (BEN, None, True),
        ("room5@example.com", True, None),
    ]


async def test_what_microsoft_says(sim: Sim) -> None:
    raw = await raw_event(sim, "Microsoft", **MARKS)
    said = {"sensitivity": "confidential", "showAs": "free", "categories": ["Customer"], "hideAttendees": False}
    assert {name: raw[name] for name in said} == said
    assert (raw["body"]["content"], raw["location"]["displayName"]) == ("Please #record", "Berlin")
    (room,) = raw["locations"]
    assert (room["locationType"], room["locationEmailAddress"]) == ("conferenceRoom", "room5@example.com")
    assert [(each["emailAddress"]["address"], each["type"]) for each in raw["attendees"]] == [
        (BEN, "optional"),
        ("room5@example.com", "required"),
    ]


async def test_google_leaves_out_what_is_as_usual(sim: Sim) -> None:
    raw = await raw_event(sim, "Google", guests=[BEN])
    assert not {"visibility", "transparency", "colorId", "description", "guestsCanSeeOtherGuests"} & raw.keys()


async def test_a_link_stands_behind_what_is_written_in_its_place(sim: Sim) -> None:
    raw = await raw_event(sim, "Google", description="Our call:", link_place="description")
    assert raw["description"] == "Our call: https://meet.google.com/abc-defg-hij"


@pytest.mark.parametrize("platform", ["Google", "Microsoft"])
async def test_hidden_guests_see_nobody_but_the_organizer(sim: Sim, platform: str) -> None:
    calendar = await connected_account(sim, ANNA, platform)
    await add(sim, BEN, guests=[ANNA, OTTO], hides_guests=True)
    event = await only_event(sim, calendar)
    assert [each["email"] for each in event["attendees"]] == [BEN, ANNA]
    assert OTTO not in str(event["raw"])


async def test_marks_change_later(sim: Sim) -> None:
    calendar = await connected_account(sim)
    [identifier] = await add(sim)
    await change(sim, identifier, visibility="private", show_as="free", description="#norecord")
    raw = (await only_event(sim, calendar))["raw"]
    assert (raw["visibility"], raw["transparency"], raw["description"]) == ("private", "transparent", "#norecord")
