"""Booked meetings that Temporal does not know: the difference that the next full look at a calendar puts right."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import Client

from artifacts.errors import StoreError
from artifacts.notebook import CalendarCheckpointStore
from artifacts.store import ArtifactStore
from meetings.calendars.book import TrackedEvents
from meetings.calendars.comparing import booked_state_of, compare
from meetings.calendars.entry import BookedState
from meetings.ids import meeting_id_of, workflow_id_for
from minutekeeper.temporal.calendar_workflows import running_calendars
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows
from minutekeeper.temporal.search_attributes import MEETING_STATUS
from runtime.settings import Settings
from starter.checkup import TroubleError, connected
from starter.errors import MeetingError
from starter.temporal_errors import in_plain_words

_AT_ONCE = 20
_MOST_BOOKS = 100
_NAMED = 3
_LIMIT = timedelta(seconds=5)


class Losses:
    """Compares books with the meetings that run at this moment."""

    def __init__(self, temporal: Client, running: frozenset[str]) -> None:
        self._temporal = temporal
        self._running = running
        self._slots = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    async def seen_now(cls, temporal: Client) -> "Losses":
        """Raises RPCError."""
        running = frozenset([meeting_id_of(each.id) async for each in MeetingWorkflows(temporal, _LIMIT).running()])
        return cls(temporal, running)

    async def of(self, book: TrackedEvents) -> list[str]:
        """The ids of the meetings that are booked, wanted, not over and not there. Raises RPCError."""
        states = await compare(book, self._running, self._ask, datetime.now(UTC))
        wanted = {entry.meeting_id for entry in book.entries.values() if entry.record}
        return [meeting_id for meeting_id, state in states.items() if state.is_lost and meeting_id in wanted]

    async def _ask(self, meeting_id: str) -> BookedState:
        async with self._slots:
            execution = await MeetingWorkflows(self._temporal, _LIMIT).describe(workflow_id_for(meeting_id))
        if execution is None:
            return BookedState.ABSENT
        status = execution.status.name if execution.status else ""
        return booked_state_of(status, execution.typed_search_attributes.get(MEETING_STATUS, ""))


async def examine(connecting: "asyncio.Task[Client]", settings: Settings) -> str:
    """The doctor's check of all calendars that have a book in the store."""
    client = await connected(connecting)
    try:
        notebooks = CalendarCheckpointStore(ArtifactStore(settings.artifacts_url))
        with in_plain_words(client):
            losses = await Losses.seen_now(client)
            kept = [each async for each in running_calendars(client)]
            books = [each.events async for each in notebooks.read_all(_MOST_BOOKS)]
            lost = {book.calendar_id: found for book in books if (found := await losses.of(book))}
    except MeetingError as error:
        raise TroubleError(f"not checked: {error}", "see there") from error
    except StoreError as error:
        raise TroubleError("not checked: the artifact store does not work", "see there") from error
    if lost:
        count = sum(map(len, lost.values()))
        named = ", ".join(list(lost)[:_NAMED]) + (", …" if len(lost) > _NAMED else "")
        raise TroubleError(
            f"{count} booked meetings do not exist in Temporal, of these calendars: {named}",
            "run `minutekeeper calendar resync CALENDAR`, or `minutekeeper calendar connect` for one that is not "
            "kept any more: both book them again",
        )
    return f"{len(kept)} kept; every booked meeting exists"
