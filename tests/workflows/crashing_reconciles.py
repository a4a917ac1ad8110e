"""A program: looks into a calendar, once for each line of its input, in processes of their own that may be killed.

Usage: TEMPORAL_ADDRESS STORE. A line is a `Case` in JSON; the answer to it is the exit code of its process.
"""

import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel
from temporalio.client import Client

from activities import calendar_plan_execution
from activities.calendar_limits import CalendarLimits, LimitSources
from activities.calendar_plan_execution import ReconcileClock
from activities.calendars import CalendarStores, Reconciler
from activities.meeting_bookings import MeetingBookings
from activities.shared_meetings import SharedMeetingWords
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.messages import FULL_SYNC, ReconcileInput
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from tests.activities.crashing import in_process_of_its_own
from tests.workflows.scripted_calendars import ScriptedCalendars

BATCH = 3


class Case(BaseModel):
    """One attempt at a look. It is killed at moment `dies_at`, before or after a call; never if None."""

    calendar_id: str
    at: datetime
    attempt: int
    events: list[CalendarEvent]
    dies_at: int | None = None


class Fuse:
    """Counts the moments at which a process can die: before and after every call that changes something."""

    def __init__(self, moments: int | None) -> None:
        self._moments = moments

    def around(self, call: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def fused(*arguments: Any, **options: Any) -> Any:
            self._burn()
            answer = await call(*arguments, **options)
            self._burn()
            return answer

        return fused

    def _burn(self) -> None:
        if self._moments == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._moments is not None:
            self._moments -= 1


async def look(case: Case, address: str, store: str) -> None:
    client = await Client.connect(address, plugins=[plugin()])
    calendars = ScriptedCalendars(events_by_id={event.event_id: event for event in case.events})
    fuse = Fuse(case.dies_at)
    with (
        patch.object(MeetingBookings, "claim", fuse.around(MeetingBookings.claim)),
        patch.object(MeetingBookings, "release", fuse.around(MeetingBookings.release)),
        patch.object(CalendarCheckpointStore, "write", fuse.around(CalendarCheckpointStore.write)),
        patch.object(calendar_plan_execution, "_BATCH_SIZE", BATCH),
    ):
        order = ReconcileInput(calendar_id=case.calendar_id, at=case.at, changes=FULL_SYNC)
        stores, meetings = CalendarStores(ArtifactStore(store)), MeetingBookings(client)
        clock = ReconcileClock(now=case.at, attempt_at=case.at + timedelta(microseconds=case.attempt))
        sources = LimitSources(None, stores.bookings)
        await Reconciler(
            order,
            clock,
            calendars=calendars,
            stores=stores,
            meetings=meetings,
            shared=SharedMeetingWords(order, stores.shared, meetings, client, VetoScope.ANY),
            limits=CalendarLimits(order, sources, meetings, client, clock.attempt_at),
        ).run()


def main(address: str, store: str) -> None:
    for line in sys.stdin:
        code = in_process_of_its_own(look(Case.model_validate_json(line), address, store))
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
