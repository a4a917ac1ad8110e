"""What a run came to, in numbers."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from devtools.chaos.evidence import Evidence, Run
from devtools.chaos.judge import judge
from devtools.chaos.lateness import Lateness, measure
from devtools.chaos.plan import ProcessFaultKind, TwinKind
from devtools.chaos.rules.breach import Breach

_TWINS = frozenset(TwinKind)


class Report(BaseModel):
    """A run; what is a mapping counts by kind, and all seconds are real."""

    model_config = ConfigDict(frozen=True)

    seed: int
    planned: int
    booked: int
    """Meetings whose booking was acknowledged."""
    short: bool
    began_at: AwareDatetime
    seconds: float
    twins: dict[str, int]
    """Rooms to which something could bring two bots, by what that is."""
    orders: dict[str, int]
    process_faults: dict[str, int]
    seconds_without_server: float
    faults: dict[str, int]
    bots: int
    recordings: int
    deliveries: dict[str, int]
    """Attempts to deliver a webhook by the status of their answer, 0 for none."""
    ends: dict[str, int]
    lateness: Lateness
    breaches: dict[str, list[Breach]]

    @property
    def is_clean(self) -> bool:
        """Whether everything was booked and no rule was broken."""
        return self.booked == self.planned and not any(self.breaches.values())


def report_on(evidence: Evidence, *, seed: int, planned: int, short: bool, began_at: datetime) -> Report:
    ledger = evidence.ledger
    outages = [fault.until - fault.at for fault in evidence.injected if fault.kind is ProcessFaultKind.OUTAGE]
    return Report(
        seed=seed,
        planned=planned,
        booked=len(evidence.bookings),
        short=short,
        began_at=began_at,
        seconds=round((datetime.now(UTC) - began_at).total_seconds(), 1),
        twins=_counted(
            rooms[0].scenario for rooms in evidence.bookings_by_room.values() if rooms[0].scenario in _TWINS
        ),
        orders=_counted(
            f"{order.action} {'acknowledged' if order.acknowledged_at else 'refused'}" for order in evidence.orders
        ),
        process_faults=_counted(f"{fault.kind} {fault.target.partition('-')[0]}" for fault in evidence.injected),
        seconds_without_server=round(sum(outage.total_seconds() for outage in outages), 1),
        faults=_counted(fault.kind for fault in ledger.faults),
        bots=len(ledger.bots),
        recordings=sum(bot.recording is not None for bot in ledger.bots),
        deliveries=_counted(str(delivery.status or 0) for delivery in ledger.deliveries),
        ends=_counted(_end_of(run) for run in evidence.runs),
        lateness=measure(evidence),
        breaches=judge(evidence),
    )


def _end_of(run: Run) -> str:
    if run.outcome is None:
        return run.status
    return " ".join(filter(None, (run.outcome.status, run.outcome.reason)))


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
