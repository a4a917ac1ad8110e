"""People with calendars, and what Calendar V2 says of them."""

from typing import Any

from tests.devtools.simulator.recall.support import Recall, ahead
from tests.devtools.simulator.support import eventually

ANNA, BEN = "anna@example.com", "ben@example.com"
LINK = "https://meet.google.com/abc-defg-hij"
PLATFORMS = {"Google": "google_calendar", "Microsoft": "microsoft_outlook"}
CALENDARS, EVENTS = "/api/v2/calendars/", "/api/v2/calendar-events/"


async def credentials(recall: Recall, email: str = ANNA, platform: str = "Google") -> dict[str, str]:
    """The body of POST /api/v2/calendars/ for a new account."""
    order = {"email": email, "platform": platform}
    given: dict[str, str] = await recall.ok("POST", "/_sim/calendars/accounts", json=order)
    return given | {"platform": PLATFORMS[platform]}


async def connect(recall: Recall, email: str = ANNA, platform: str = "Google") -> str:
    """The id of a calendar that is connected."""
    answer = await recall.ok("POST", CALENDARS, json=await credentials(recall, email, platform))
    assert answer["status"] == "connecting"
    await eventually(lambda: calendar(recall, answer["id"]), lambda found: found["status"] == "connected")
    return str(answer["id"])


async def calendar(recall: Recall, identifier: str) -> Any:
    return await recall.ok("GET", f"{CALENDARS}{identifier}/")


async def add(recall: Recall, organizer: str = ANNA, **fields: Any) -> str:
    """The provider's id of a new event."""
    order = {"organizer": organizer, "start": ahead(hours=1), "link": LINK} | fields
    answer = await recall.ok("POST", "/_sim/calendars/events", json=order)
    return str(answer["events"][0])


async def sync(recall: Recall, identifier: str) -> list[str]:
    changed: list[str] = (await recall.ok("POST", f"/_sim/calendars/{identifier}/sync"))["changed"]
    return changed


async def events_of(recall: Recall, identifier: str, **query: str) -> list[dict[str, Any]]:
    params = {"calendar_id": identifier} | query
    page: list[dict[str, Any]] = (await recall.ok("GET", EVENTS, params=params))["results"]
    return page


async def only_event(recall: Recall, identifier: str) -> dict[str, Any]:
    await sync(recall, identifier)
    [event] = await events_of(recall, identifier)
    return event
