"""People with calendars, and what the API says of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.devtools.simulator.support import Sim, eventually

ANNA, BEN, OTTO = "anna@example.com", "ben@example.com", "otto@example.org"
LINK = "https://meet.google.com/abc-defg-hij"
BOT = {"bot_name": "Scribe", "extra": {"event": "x"}}


def soon(**delay: float) -> datetime:
    return datetime.now(UTC) + timedelta(**(delay or {"hours": 1}))


async def account(sim: Sim, email: str = ANNA, platform: str = "Google", **fields: Any) -> dict[str, str]:
    """Credentials of a new account, or new ones of a known account."""
    order = {"email": email, "platform": platform} | fields
    credentials: dict[str, str] = await sim.ok("POST", "/_sim/calendars/accounts", json=order)
    return credentials


async def connect(sim: Sim, credentials: dict[str, str], **fields: Any) -> str:
    """The uuid of a connected calendar that was synced at least once."""
    answer = await sim.ok("POST", "/calendars/", json=credentials | fields)
    uuid = str(answer["calendar"]["uuid"])
    await eventually(lambda: synced(sim, uuid), bool)
    return uuid


async def connected_account(sim: Sim, email: str = ANNA, platform: str = "Google", **fields: Any) -> str:
    return await connect(sim, await account(sim, email, platform, **fields))


async def add(sim: Sim, organizer: str = ANNA, **fields: Any) -> list[str]:
    """The provider's ids of a new event, or of the occurrences of a series."""
    order = {"organizer": organizer, "start": soon().isoformat()} | fields
    answer = await sim.ok("POST", "/_sim/calendars/events", json=order)
    identifiers: list[str] = answer["events"]
    return identifiers


async def change(sim: Sim, identifier: str, **fields: Any) -> None:
    await sim.ok("PATCH", f"/_sim/calendars/events/{identifier}", json=fields)


async def cancel(sim: Sim, identifier: str) -> None:
    await sim.ok("POST", f"/_sim/calendars/events/{identifier}/cancel")


async def sync(sim: Sim, calendar: str) -> list[str]:
    """The uuids of the events that changed."""
    changed: list[str] = (await sim.ok("POST", f"/_sim/calendars/{calendar}/sync"))["changed"]
    return changed


async def events(sim: Sim, calendar: str, **query: str) -> list[dict[str, Any]]:
    """The first page of all events."""
    params = {"calendar_id": calendar, "status": "all"} | query
    page: list[dict[str, Any]] = (await sim.ok("GET", "/calendar_events/", params=params))["data"]
    return page


async def only_event(sim: Sim, calendar: str) -> dict[str, Any]:
    await sync(sim, calendar)
    [event] = await events(sim, calendar)
    return event


async def synced(sim: Sim, calendar: str) -> list[dict[str, Any]]:
    """What the ledger says of the calendar's syncs."""
    return [entry for entry in (await sim.ledger())["syncs"] if entry["calendar_id"] == calendar]


async def bots_of(sim: Sim, event: str) -> list[dict[str, Any]]:
    return [bot for bot in (await sim.ledger())["bots"] if bot["event_uuid"] == event]
