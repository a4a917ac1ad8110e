"""Keeping the meetings of a calendar in step with it."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deeds import Clock
from activities.failures import as_application_error
from activities.heartbeats import with_heartbeats
from activities.meeting_calls import CALL_ERRORS, MeetingCalls
from activities.reconciling import Look
from artifacts.errors import StoreError
from artifacts.notebook import Notebooks, OvertakenError
from artifacts.store import ArtifactStore
from meetings.calendars.keeping import LookOrder, LookResult
from meetings.waking import WAKE_UP, WakeUp
from providers.base import ProviderError
from providers.calendars import ConnectedCalendars

_LOOKS_AT_ONCE = 10
"""After an outage all calendars want to look at the same time; the others of a worker wait for their turn."""


class CalendarActivities:
    """What a calendar asks for, through one provider. `wake_up` is when booked meetings have their bots sent."""

    def __init__(
        self,
        calendars: ConnectedCalendars,
        store: ArtifactStore,
        wake_up: WakeUp = WAKE_UP,
    ) -> None:
        self._calendars = calendars
        self._notebooks = Notebooks(store)
        self._wake_up = wake_up
        self._slots = asyncio.Semaphore(_LOOKS_AT_ONCE)

    @activity.defn
    async def reconcile(self, order: LookOrder) -> LookResult:
        """Reads the calendar and books, moves and lets go of meetings; a further attempt goes on where one stopped.

        Raises ApplicationError of the types in `activities.failures`, and `Store`, `Temporal`, `Overtaken`.
        """
        info = activity.info()
        # Both by the same clock, which need not be the workflow's.
        waited = max(info.current_attempt_scheduled_time - info.scheduled_time, timedelta())
        look = Look(
            order,
            Clock(now=order.at + waited, seen_at=order.at + timedelta(microseconds=info.attempt)),
            calendars=self._calendars,
            notebooks=self._notebooks,
            meetings=MeetingCalls(activity.client(), self._wake_up),
        )
        try:
            return await with_heartbeats(self._in_turn(look), look.progress)
        except ProviderError as error:
            raise as_application_error(error) from None
        except StoreError as error:
            raise ApplicationError(str(error), type="Store") from None
        except CALL_ERRORS as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None
        except OvertakenError:
            raise ApplicationError("a later look has been made", type="Overtaken", non_retryable=True) from None

    async def _in_turn(self, look: Look) -> LookResult:
        async with self._slots:
            return await look.run()
