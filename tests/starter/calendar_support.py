"""Calendars at a simulated provider, what a look would note of them, and the command line in between."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from minutekeeper.calendars.decisions import NO_OVERRIDES, decide
from minutekeeper.calendars.plan import make_plan
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.calendars.tracked_events import TrackedEvent, TrackedEvents, entry_for
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.providers.calendar_base import EventFilter, EventStatus
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint, CalendarCheckpointStore
from minutekeeper.storage.store import ArtifactStore
from starter.client import MeetingClient
from tests.devtools.simulator import calendar_support
from tests.devtools.simulator.support import KEY, Sim
from tests.starter.support import SECRET, cli

ANNA = "anna@example.com"
CUSTOMERS_ONLY = {
    "my_domains": ["example.com"],
    "rules": [{"name": "customers", "when": {"attendees": {"external": True}}, "then": "record"}],
    "otherwise": "skip",
}


class CalendarTestBench:
    """Somebody at a command line whose provider is the simulator, with files in the current folder."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.store = ArtifactStore((Path.cwd() / "store").as_uri())

    async def credentials(self, email: str, **fields: Any) -> str:
        """The file with what this user has granted."""
        grant = await calendar_support.account(self.sim, email, **fields)
        return write("credentials.json", grant)

    async def connect(self, email: str, *options: str) -> str:
        """The id of a calendar that is kept now."""
        ended = await cli("calendar", "connect", "--credentials", await self.credentials(email), *options, "--json")
        assert ended.code == 0, ended.err
        return str(ended.json["calendar_id"])

    async def add(self, email: str, calendar_id: str, **fields: Any) -> None:
        """An event tomorrow, which the provider has read."""
        start = {"start": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
        await calendar_support.add(self.sim, email, **(start | fields))
        await calendar_support.sync(self.sim, calendar_id)

    async def look(
        self, calendar_id: str, client: MeetingClient, policy: Policy = DEFAULT_POLICY
    ) -> dict[str, TrackedEvent]:
        """What a look would do, its meetings booked; the entries of the book by title."""
        now = datetime.now(UTC)
        provider = MeetingBaasCalendars(self.sim.url, KEY, signing_secrets=[SECRET])
        wanted = EventFilter(status=EventStatus.ALL)
        events = [event async for event in provider.events(calendar_id, wanted)]
        await provider.aclose()
        entries = [entry_for(event, decide(policy, NO_OVERRIDES, event, now)) for event in events]
        book = make_plan(TrackedEvents(calendar_id=calendar_id), entries, now, complete=True).events
        for entry in entries:
            if entry.record:
                request = entry.desired.request(calendar_id, entry.event_id)
                await client.start(request, workflow_id_for(entry.meeting_id))
                book = book.with_booking(entry.meeting_id, entry.event_id, entry.desired)
        await CalendarCheckpointStore(self.store).write(CalendarCheckpoint(events=book, reconciled_at=now))
        return {entry.desired.title: entry for entry in book.entries.values()}


def write(name: str, content: Any) -> str:
    """A JSON file in the current folder."""
    Path(name).write_text(json.dumps(content))
    return name


async def listed(calendar_id: str) -> dict[str, Any]:
    """What the list says of one calendar; those of other tests are in it, too."""
    calendars: list[dict[str, Any]] = (await cli("calendar", "list", "--json")).json
    return next(each for each in calendars if each["calendar_id"] == calendar_id)
