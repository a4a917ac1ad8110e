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

from activities import deeds
from activities.deeds import Clock
from activities.meeting_calls import MeetingCalls
from activities.reconciling import Look
from artifacts.notebook import Notebooks
from artifacts.store import ArtifactStore
from meetings.calendars.event import CalendarEvent
from meetings.calendars.keeping import LookOrder
from meetings.calendars.news import ALL_NEW
from runtime.temporal import plugin
from tests.activities.crashing import in_process_of_its_own
from tests.workflow.scripted_calendars import ScriptedCalendars

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
        patch.object(MeetingCalls, "claim", fuse.around(MeetingCalls.claim)),
        patch.object(MeetingCalls, "release", fuse.around(MeetingCalls.release)),
        patch.object(Notebooks, "write", fuse.around(Notebooks.write)),
        patch.object(deeds, "_BATCH", BATCH),
    ):
        await Look(
            LookOrder(calendar_id=case.calendar_id, at=case.at, news=ALL_NEW),
            Clock(now=case.at, seen_at=case.at + timedelta(microseconds=case.attempt)),
            calendars=calendars,
            notebooks=Notebooks(ArtifactStore(store)),
            meetings=MeetingCalls(client),
        ).run()


def main(address: str, store: str) -> None:
    for line in sys.stdin:
        code = in_process_of_its_own(look(Case.model_validate_json(line), address, store))
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
