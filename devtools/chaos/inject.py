"""Injects a fault into a real process, and records when."""

from datetime import UTC, datetime

from devtools.chaos.evidence import InjectedFault
from devtools.chaos.plan import ProcessFault, ProcessFaultKind
from devtools.stack.supervisor import ProcessGroup


async def inject(crew: ProcessGroup, fault: ProcessFault) -> InjectedFault:
    """Carries out a fault and, if it lasts, waits for its end."""
    at = datetime.now(UTC)
    match fault.kind:
        case ProcessFaultKind.KILL:
            await crew.kill_and_restart(fault.target)
        case ProcessFaultKind.FREEZE:
            await crew.freeze(fault.target, fault.seconds)
        case ProcessFaultKind.OUTAGE:
            await crew.kill_for(fault.target, fault.seconds)
    return InjectedFault(kind=fault.kind, target=fault.target, at=at, until=datetime.now(UTC))
