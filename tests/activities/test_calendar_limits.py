"""Calendars that decide at the same time, in any order of what they read and write, come to one outcome."""

import asyncio
import random
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from activities.calendar_limits import CalendarLimits, LimitSources
from minutekeeper.calendars.limits import Gauge, Limits, LimitScope, WantedBooking, admit
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.messages import ReconcileInput
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.meetings.ids import calendar_id_from_workflow_id
from minutekeeper.storage.calendar_bookings import CalendarBookingsStore
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore, StoredObject
from tests.calendars.support import NOW, START, an_entry, an_event

HALF_AN_HOUR = timedelta(minutes=30)
LIMITS = Limits(at_once=1, per_day=3)
INSTALLATION = InstallationLimits(installation=LIMITS)
USERS = {"a": "anna", "b": "anna", "c": "ben"}
BY_USER = Policy(limits=Limits(per_day=2))
MOST_ROUNDS = 12


class Turns:
    """Has one call after the other go on, in an order that a test chooses."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    async def run(self, *calls: Any) -> list[Any]:
        tasks = [asyncio.ensure_future(call) for call in calls]
        while not all(task.done() for task in tasks):
            for _ in range(10):
                await asyncio.sleep(0)
            if self._waiting:
                self._waiting.pop(self._random.randrange(len(self._waiting))).set_result(None)
        return [task.result() for task in tasks]


class MemoryStore(ArtifactStore):
    """Files in memory; each call waits for its turn."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._files: dict[str, bytes] = {}

    async def list(self, prefix: str = "") -> list[StoredObject]:
        await self._turns.wait()
        return [
            StoredObject(path, len(data)) for path, data in sorted(self._files.items()) if path.startswith(prefix)
        ]

    async def get(self, path: str) -> bytes:
        await self._turns.wait()
        if path not in self._files:
            raise NotStoredError(path)
        return self._files[path]

    async def put(self, path: str, data: bytes) -> Any:
        await self._turns.wait()
        self._files[path] = data

    async def delete(self, path: str) -> None:
        await self._turns.wait()
        self._files.pop(path, None)


class Signals:
    """A client and the meetings of a Temporal that takes signals only."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    def get_workflow_handle(self, workflow_id: str) -> Any:
        async def signal(*_message: object, **_options: object) -> None:
            self.told.add(calendar_id_from_workflow_id(workflow_id))

        return SimpleNamespace(signal=signal)

    async def booked_by_hand(self, _earliest: datetime) -> list[WantedBooking]:
        return []


class Installation:
    """Calendars of two users, with the same store and a worker each."""

    def __init__(self, seed: int) -> None:
        self.turns, self.signals, self._looks = Turns(seed), Signals(), 0
        self.files = MemoryStore(self.turns)
        self.events = {name: TrackedEvents(calendar_id=name) for name in USERS}
        self._stores = {name: CalendarBookingsStore(self.files) for name in USERS}

    def put(self, calendar: str, number: int, importance: int) -> None:
        event = an_event(
            event_id=f"e{number}-{calendar}", uid=f"e{number}", start_time=START + number * HALF_AN_HOUR
        )
        entry = an_entry(event).model_copy(update={"importance": importance})
        known = self.events[calendar].entries
        self.events[calendar] = self.events[calendar].model_copy(
            update={"entries": known | {entry.event_id: entry}}
        )

    def remove(self, calendar: str) -> None:
        known = self.events[calendar].entries
        self.events[calendar] = self.events[calendar].model_copy(update={"entries": dict(list(known.items())[1:])})

    async def look(self, calendar: str) -> None:
        self._looks += 1
        policy = BY_USER if calendar == "a" else Policy()
        order = ReconcileInput(calendar_id=calendar, at=NOW, user=USERS[calendar], policy=policy)
        signals = cast("Any", self.signals)
        sources = LimitSources(INSTALLATION, self._stores[calendar])
        limits = CalendarLimits(order, sources, signals, signals, NOW + timedelta(microseconds=self._looks))
        limited = await limits.apply(self.events[calendar], NOW)
        booked = {
            key: entry.model_copy(update={"booked": entry.record}) for key, entry in limited.events.entries.items()
        }
        self.events[calendar] = limited.events.model_copy(update={"entries": booked})
        await limits.tell(cast("Any", SimpleNamespace(failures=[])))

    async def settle(self) -> int:
        """Has all calendars look at once, and then those that are told; returns how many rounds it took."""
        await self.turns.run(*map(self.look, USERS))
        for rounds in range(MOST_ROUNDS):
            told, self.signals.told = self.signals.told, set()
            if not told:
                return rounds
            await self.turns.run(*map(self.look, sorted(told)))
        raise AssertionError(f"they never agree: {told}")

    def booked(self) -> dict[str, set[str]]:
        return {
            name: {entry.meeting_id for entry in events.entries.values() if entry.record}
            for name, events in self.events.items()
        }

    def expected(self) -> dict[str, set[str]]:
        """What comes of it if all is known: first the limits of the users, then those of the installation."""
        wanted = {name: self._wanted(events) for name, events in self.events.items()}
        anna = admit([*wanted["a"], *wanted["b"]], [Gauge(LimitScope.USER, Limits(per_day=2), "UTC")], NOW)
        passed = {
            name: [each for each in bookings if anna.get(each.meeting_id) is None or USERS[name] == "ben"]
            for name, bookings in wanted.items()
        }
        everyone = admit(
            [each for bookings in passed.values() for each in bookings],
            [Gauge(LimitScope.INSTALLATION, LIMITS, "UTC")],
            NOW,
        )
        return {
            name: {each.meeting_id for each in bookings if everyone[each.meeting_id] is None}
            for name, bookings in passed.items()
        }

    def _wanted(self, events: TrackedEvents) -> list[WantedBooking]:
        return [
            WantedBooking(
                meeting_id=entry.meeting_id,
                start=entry.desired.start_time,
                until=entry.desired.expected_end,
                importance=entry.importance,
                since=NOW,
            )
            for entry in events.entries.values()
        ]


wanted = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 8), st.integers(1, 3)),
    max_size=10,
    unique_by=lambda each: each[:2],
)


@settings(deadline=None)
@given(wanted, wanted, st.sampled_from("abc"), st.integers(0, 10**6))
def test_whoever_reads_and_writes_first_all_come_to_the_one_outcome(
    first: list[tuple[str, int, int]], then: list[tuple[str, int, int]], leaving: str, seed: int
) -> None:
    async def live() -> None:
        installation = Installation(seed)
        for each in first:
            installation.put(*each)
        await installation.settle()
        assert installation.booked() == installation.expected()
        for each in then:
            installation.put(*each)
        installation.remove(leaving)
        await installation.settle()
        assert installation.booked() == installation.expected()

    asyncio.run(live())
