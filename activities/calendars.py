"""The activity that reconciles the meetings of a calendar with its events."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deeds import ReconcileClock
from activities.failures import as_application_error
from activities.heartbeats import with_heartbeats
from activities.meeting_calls import CALL_ERRORS, MeetingBookings
from activities.reconciling import Reconciler
from artifacts.errors import StoreError
from artifacts.notebook import CalendarCheckpointStore, StaleWriteError
from artifacts.store import ArtifactStore
from meetings.calendars.keeping import ReconcileInput, ReconcileResult
from meetings.waking import WAKE_UP, WakeUp
from providers.base import ProviderError
from providers.calendars import ConnectedCalendars

_MAX_CONCURRENCY = 10
"""After an outage all calendars are due at the same time; those of a worker take turns."""


class CalendarActivities:
    """The activities of calendar workflows.

    Args:
        calendars: The calendars of the default provider.
        store: Where the checkpoints lie.
        wake_up: When booked meetings have their bots sent.
        others: The calendars of further providers, by the provider's name.
    """

    def __init__(
        self,
        calendars: ConnectedCalendars,
        store: ArtifactStore,
        wake_up: WakeUp = WAKE_UP,
        others: Mapping[str, ConnectedCalendars] | None = None,
    ) -> None:
        self._calendars: Mapping[str, ConnectedCalendars] = {"": calendars, **(others or {})}
        self._checkpoints = CalendarCheckpointStore(store)
        self._wake_up = wake_up
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    @activity.defn
    async def reconcile(self, order: ReconcileInput) -> ReconcileResult:
        """Reads the calendar, and books, moves and releases meetings; a further attempt resumes where one stopped.

        Raises ApplicationError of the types in `activities.failures`, and `Store`, `Temporal`, `StaleWrite`,
        `UnknownProvider`.
        """
        calendars = self._calendars.get(order.provider)
        if calendars is None:
            raise ApplicationError(
                f"This worker has no calendar provider {order.provider!r}.", type="UnknownProvider"
            )
        info = activity.info()
        # Both by the same clock, which need not be the workflow's.
        waited = max(info.current_attempt_scheduled_time - info.scheduled_time, timedelta())
        reconciler = Reconciler(
            order,
            ReconcileClock(now=order.at + waited, attempt_at=order.at + timedelta(microseconds=info.attempt)),
            calendars=calendars,
            checkpoints=self._checkpoints,
            meetings=MeetingBookings(activity.client(), self._wake_up),
        )
        try:
            return await with_heartbeats(self._in_turn(reconciler), reconciler.progress)
        except ProviderError as error:
            raise as_application_error(error) from None
        except StoreError as error:
            raise ApplicationError(str(error), type="Store") from None
        except CALL_ERRORS as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None
        except StaleWriteError:
            raise ApplicationError(
                "a later reconcile has been made", type="StaleWrite", non_retryable=True
            ) from None

    async def _in_turn(self, reconciler: Reconciler) -> ReconcileResult:
        async with self._slots:
            return await reconciler.run()
