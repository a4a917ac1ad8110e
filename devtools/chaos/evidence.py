"""All that a run is judged by: what the provider saw, what lies in the store, and what customers were told."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from devtools.chaos.ledger import Bot, Ledger
from devtools.chaos.plan import CustomerAction, ProcessFaultKind
from devtools.chaos.rooms import room_of
from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.ids import folder_for, meeting_id_from_workflow_id
from minutekeeper.meetings.views import Outcome


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Booking(_Fact):
    """A meeting that a customer booked, and when that was confirmed."""

    workflow_id: str
    meeting_url: str
    start_time: AwareDatetime
    end_time: AwareDatetime
    title: str
    scenario: str = ""
    acknowledged_at: AwareDatetime

    @property
    def room(self) -> str:
        return room_of(self.meeting_url)


class Order(_Fact):
    """What a customer wanted done to a meeting; without `acknowledged_at` the answer was no, for the reason given.

    A move names the new time and place.
    """

    workflow_id: str
    action: CustomerAction
    asked_at: AwareDatetime
    acknowledged_at: AwareDatetime | None = None
    refusal: str = ""
    meeting_url: str = ""
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None


class Run(_Fact):
    """One run of a meeting's workflow. `heard` are its signals; `pending` says what one waits for that is open."""

    workflow_id: str
    run_id: str
    status: str
    started_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    outcome: Outcome | None = None
    heard: tuple[BotEvent, ...] = ()
    pending: str = ""


class FileInStore(_Fact):
    path: str
    size: int
    sha256: str


class Waiting(_Fact):
    """A delivery in the bridge's inbox; `body_sha256` is empty if its body need not be kept."""

    path: str
    workflow_id: str
    event: BotEvent
    body_sha256: str = ""


class InjectedFault(_Fact):
    """A fault of a process as it happened. `until` is when the process was let go or started again."""

    kind: ProcessFaultKind
    target: str
    at: AwareDatetime
    until: AwareDatetime


class RoomOutage(_Fact):
    """A time in which the provider refused or failed what concerned one room."""

    room: str
    begins: AwareDatetime
    ends: AwareDatetime


class Evidence(_Fact):
    bookings: tuple[Booking, ...]
    orders: tuple[Order, ...] = ()
    ledger: Ledger = Ledger()
    runs: tuple[Run, ...] = ()
    files: tuple[FileInStore, ...] = ()
    manifests: dict[str, dict[str, str]] = {}
    """What each `manifest.json` says: SHA-256 by path in the store."""
    inbox: tuple[Waiting, ...] = ()
    injected: tuple[InjectedFault, ...] = ()
    refused: tuple[tuple[AwareDatetime, AwareDatetime], ...] = ()
    """When the account was refused, so that nobody could send or remove a bot."""
    room_outages: tuple[RoomOutage, ...] = ()
    absences: tuple[tuple[AwareDatetime, AwareDatetime], ...] = ()
    """When the first provider answered nothing; the second one did."""

    def files_of(self, workflow_id: str) -> list[FileInStore]:
        """What lies in the folder of a meeting, or in those beside it that a later run was given."""
        folder = folder_for(meeting_id_from_workflow_id(workflow_id))
        roots = [root for root in self._files_by_root if root == folder or root.startswith(f"{folder}~")]
        return [file for root in roots for file in self._files_by_root[root]]

    def runs_of(self, workflow_id: str) -> list[Run]:
        return self._runs_by_workflow.get(workflow_id, [])

    def orders_of(self, workflow_id: str) -> list[Order]:
        """In the order in which they were given."""
        return self._orders_by_workflow.get(workflow_id, [])

    def bots_of(self, workflow_id: str) -> list[Bot]:
        return self._bots_by_workflow.get(workflow_id, [])

    @cached_property
    def bookings_by_room(self) -> dict[str, list[Booking]]:
        """One booking for each workflow that was booked for the room at first."""
        once = {booking.workflow_id: booking for booking in self.bookings}
        return _grouped(once.values(), lambda booking: booking.room)

    @cached_property
    def bots_by_room(self) -> dict[str, list[Bot]]:
        return _grouped(self.ledger.bots, lambda bot: room_of(bot.meeting_url))

    @cached_property
    def first_reports(self) -> dict[str, datetime]:
        """When a delivery of each bot was acknowledged first."""
        first: dict[str, datetime] = {}
        for delivery in self.ledger.deliveries:
            if delivery.is_acknowledged:
                first[delivery.bot_id] = min(delivery.at, first.get(delivery.bot_id, delivery.at))
        return first

    @cached_property
    def _files_by_root(self) -> dict[str, list[FileInStore]]:
        return _grouped(self.files, lambda file: file.path.partition("/")[0])

    @cached_property
    def _runs_by_workflow(self) -> dict[str, list[Run]]:
        return _grouped(self.runs, lambda run: run.workflow_id)

    @cached_property
    def _orders_by_workflow(self) -> dict[str, list[Order]]:
        return _grouped(self.orders, lambda order: order.workflow_id)

    @cached_property
    def _bots_by_workflow(self) -> dict[str, list[Bot]]:
        return _grouped(self.ledger.bots, lambda bot: bot.extra.workflow_id)

    @property
    def outages(self) -> list[tuple[datetime, datetime]]:
        """When nobody could have acted, in order: without a server, or at a provider that refused or was away."""
        without_server = [
            (fault.at, fault.until) for fault in self.injected if fault.kind is ProcessFaultKind.OUTAGE
        ]
        return sorted([*without_server, *self.refused, *self.absences])

    def in_fair_time(self, since: datetime, seconds: float, room: str) -> datetime:
        """So many seconds later, not counting those in which nobody could have acted, there or anywhere."""
        until = since + timedelta(seconds=seconds)
        there = [(each.begins, each.ends) for each in self.room_outages if each.room == room]
        for begins, ends in sorted([*self.outages, *there]):
            if begins < until and ends > since:
                until += ends - max(begins, since)
        return until


_Thing = TypeVar("_Thing")


def _grouped(things: Iterable[_Thing], key: Callable[[_Thing], str]) -> dict[str, list[_Thing]]:
    groups: dict[str, list[_Thing]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups
