"""One run, from its first booking to its last meeting's end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.service import RPCError

from devtools.chaos import histories, stored
from devtools.chaos.bookings import plan_meetings
from devtools.chaos.bot_scripts import NORMAL, script_rule
from devtools.chaos.customer import Customers
from devtools.chaos.environment import Environment
from devtools.chaos.evidence import Evidence, InjectedFault, RoomOutage
from devtools.chaos.fault_plan import plan_process_faults
from devtools.chaos.faults import absence, refusals, standing_faults
from devtools.chaos.inject import inject
from devtools.chaos.plan import PlannedMeeting, ProcessFault, RoomFault
from devtools.chaos.provider import SimulatedProvider
from devtools.chaos.rooms import room_of
from devtools.chaos.scale import SPEED, Scale
from starter.temporal_client import TemporalMeetingClient

_LOOK_SECONDS = 1.0
_FEW = 3
"""So many meetings are named while they are waited for."""

_LAST_WORDS_SECONDS = 2.0
"""For deliveries that are under way when the last meeting has ended."""


class ChaosRun:
    """Books meetings, injects faults and gathers the evidence. `say` gets a line for each event."""

    def __init__(self, environment: Environment, scale: Scale, seed: int, say: Callable[[str], None]) -> None:
        self._environment = environment
        self._scale = scale
        self._seed = seed
        self._say = say
        self._began = datetime.now(UTC)
        self._injected: list[InjectedFault] = []
        self._refused: list[tuple[datetime, datetime]] = []
        self._room_outages: list[RoomOutage] = []
        self._absences: list[tuple[datetime, datetime]] = []

    async def execute(self, count: int) -> Evidence:
        """Returns once all meetings have ended, or when nobody would wait for them any longer."""
        meetings = plan_meetings(self._seed, count, self._scale)
        await self._prepare(meetings)
        self._began = datetime.now(UTC)
        customers = Customers(TemporalMeetingClient(self._environment.client), self._began)
        await asyncio.gather(
            self._serve(customers, meetings),
            *(self._inject(fault) for fault in plan_process_faults(self._seed, self._scale)),
            *(self._refuse(at, order) for at, order in refusals(self._seed, self._scale)),
            self._leave_alone(*absence(self._seed, self._scale)),
            *(self._disturb(meeting.meeting_url, fault) for meeting in meetings for fault in meeting.faults),
        )
        for provider in self._providers:
            await provider.remove_faults()
        self._tell("all is booked and changed; the provider behaves from now on")
        await self._until_all_have_ended()
        await asyncio.sleep(_LAST_WORDS_SECONDS)
        return await self._evidence(customers)

    async def _prepare(self, meetings: Sequence[PlannedMeeting]) -> None:
        for meeting in meetings:
            # The newest rule decides, so what the first bots live comes last.
            for script, times in ((meeting.later_script, None), (meeting.script, meeting.script_times)):
                if script != NORMAL:
                    rule = script_rule(script, meeting.meeting_url, times, self._scale.twin_stay)
                    for provider in self._providers:
                        await provider.add_script(rule)
        for provider in self._providers:
            await provider.add_faults(*standing_faults(self._scale))

    async def _serve(self, customers: Customers, meetings: list[PlannedMeeting]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._scale.window + self._scale.settling):
                await customers.serve(meetings)

    async def _inject(self, fault: ProcessFault) -> None:
        await self._until(fault.at)
        lasting = f" for {fault.seconds:.0f} s" if fault.seconds else ""
        self._tell(f"{fault.kind} of {fault.target}{lasting}")
        self._injected.append(await inject(self._environment.crew, fault))

    async def _refuse(self, at: float, order: dict[str, Any]) -> None:
        await self._until(at)
        self._tell(f"{order['kind']} for {self._scale.refused:.0f} s")
        await self._environment.provider.add_faults(order)
        begun = datetime.now(UTC)
        self._refused.append((begun, begun + timedelta(seconds=order["seconds"] / SPEED)))

    async def _leave_alone(self, at: float, orders: Sequence[dict[str, Any]]) -> None:
        """Has the first provider answer nothing for a while."""
        await self._until(at)
        self._tell(f"the first provider is away for {self._scale.away:.0f} s")
        begun = datetime.now(UTC)
        await self._environment.provider.add_faults(*orders)
        self._absences.append((begun, begun + timedelta(seconds=self._scale.away)))

    @property
    def _providers(self) -> tuple[SimulatedProvider, ...]:
        return self._environment.provider, self._environment.second

    async def _disturb(self, link: str, fault: RoomFault) -> None:
        await self._until(fault.at)
        begins = datetime.now(UTC)
        await self._environment.provider.add_faults(dict(fault.order))
        ends = begins + timedelta(seconds=fault.seconds)
        self._room_outages.append(RoomOutage(room=room_of(link), begins=begins, ends=ends))

    async def _until_all_have_ended(self) -> None:
        told: list[str] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(self._scale.settling):
                while still_open := await self._open_meetings():
                    if still_open != told:
                        names = f": {', '.join(still_open)}" if len(still_open) <= _FEW else ""
                        self._tell(f"{len(still_open)} still open{names}")
                    told = still_open
                    await asyncio.sleep(_LOOK_SECONDS)

    async def _open_meetings(self) -> list[str]:
        while True:
            try:
                return await histories.open_meetings(self._environment.client)
            except RPCError:
                await asyncio.sleep(_LOOK_SECONDS)

    async def _evidence(self, customers: Customers) -> Evidence:
        """The ledger first, so that what it shows has had time to arrive; the inbox before the histories."""
        root = self._environment.artifacts
        first, second = [await provider.ledger() for provider in self._providers]
        inbox = await asyncio.to_thread(stored.read_inbox, root)
        names = [booking.workflow_id for booking in customers.bookings]
        runs = await histories.read_runs(self._environment.client, names)
        return Evidence(
            bookings=tuple(customers.bookings),
            orders=tuple(customers.orders),
            ledger=first.with_those_of(second),
            runs=tuple(runs),
            files=tuple(await asyncio.to_thread(stored.read_files, root)),
            manifests=await asyncio.to_thread(stored.read_manifests, root),
            inbox=tuple(inbox),
            injected=tuple(self._injected),
            refused=tuple(self._refused),
            room_outages=tuple(self._room_outages),
            absences=tuple(self._absences),
        )

    async def _until(self, seconds: float) -> None:
        instant = self._began + timedelta(seconds=seconds)
        await asyncio.sleep((instant - datetime.now(UTC)).total_seconds())

    def _tell(self, what: str) -> None:
        self._say(f"{(datetime.now(UTC) - self._began).total_seconds():5.0f} s  {what}")
