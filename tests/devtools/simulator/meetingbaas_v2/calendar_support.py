"""People with calendars, and what version 2 of the API says of them."""

from typing import Any

from tests.devtools.simulator.meetingbaas_v2.support import V2Sim, soon
from tests.devtools.simulator.support import eventually

ANNA, BEN = "anna@example.com", "ben@example.com"
LINK = "https://meet.google.com/abc-defg-hij"
BOT = {"bot_name": "Scribe", "extra": {"event": "x"}}


async def order(sim: V2Sim, method: str, path: str, **body: Any) -> Any:
    """What happens at Google and Microsoft."""
    return await sim.ok(method, f"/_sim/calendars/{path}", json=body)


async def account(sim: V2Sim, email: str = ANNA, platform: str = "Google", **fields: Any) -> dict[str, str]:
    """Credentials of a new account, or new ones of a known account, as version 2 wants them."""
    credentials: dict[str, str] = await order(sim, "POST", "accounts", email=email, platform=platform, **fields)
    return credentials | {"calendar_platform": credentials.pop("platform").lower()}


async def connect(sim: V2Sim, email: str = ANNA, platform: str = "Google", raw: str = "primary") -> str:
    """The id of a connected calendar that was synced."""
    body = await account(sim, email, platform) | {"raw_calendar_id": raw}
    calendar_id = str((await sim.ok("POST", "/v2/calendars", json=body))["calendar_id"])
    await eventually(lambda: details(sim, calendar_id), lambda shown: shown["synced_at"])
    return calendar_id


async def details(sim: V2Sim, calendar_id: str) -> Any:
    return await sim.ok("GET", f"/v2/calendars/{calendar_id}")


async def add(sim: V2Sim, organizer: str = ANNA, **fields: Any) -> list[str]:
    """Ids at Google or Microsoft of a new event, or of the occurrences of a series."""
    fields = {"start": soon(hours=1).isoformat()} | fields
    identifiers: list[str] = (await order(sim, "POST", "events", organizer=organizer, **fields))["events"]
    return identifiers


async def sync(sim: V2Sim, calendar_id: str) -> list[str]:
    """The ids of the events that changed."""
    changed: list[str] = (await order(sim, "POST", f"{calendar_id}/sync"))["changed"]
    return changed


async def events(sim: V2Sim, calendar_id: str, **query: str) -> list[dict[str, Any]]:
    await sync(sim, calendar_id)
    found: list[dict[str, Any]] = await sim.ok("GET", f"/v2/calendars/{calendar_id}/events", params=query)
    return found


async def event(sim: V2Sim, calendar_id: str, event_id: str) -> Any:
    return await sim.ok("GET", f"/v2/calendars/{calendar_id}/events/{event_id}")


def one(found: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The body that is about this event."""
    return {"series_id": found["series_id"], "event_id": found["event_id"], "all_occurrences": False} | fields


def every(found: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The body that is about all of the event's series."""
    return {"series_id": found["series_id"], "all_occurrences": True} | fields


async def bots(sim: V2Sim, method: str, calendar_id: str, body: dict[str, Any]) -> tuple[list[str], list[str]]:
    """For which events it could be done, and the codes of those for which it could not."""
    status, answer = await sim.call(method, f"/v2/calendars/{calendar_id}/bots", json=body)
    assert status == (201 if method == "POST" else 200), answer
    return [each["event_id"] for each in answer["data"]], [each["code"] for each in answer["errors"]]


async def planned(sim: V2Sim, event_id: str) -> list[dict[str, Any]]:
    """The bots that were scheduled for an event, as the ledger has them."""
    return [each for each in (await sim.ledger())["scheduled"] if each["event_id"] == event_id]
