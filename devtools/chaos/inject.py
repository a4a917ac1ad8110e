"""A blow against a real process, and when it happened."""

from datetime import UTC, datetime

from devtools.chaos.evidence import InjectedFault
from devtools.chaos.plan import Fault, FaultKind
from devtools.stack.supervisor import ProcessGroup


async def inject(crew: ProcessGroup, blow: Fault) -> InjectedFault:
    """Carries out a blow and, if it lasts, waits for its end."""
    at = datetime.now(UTC)
    match blow.kind:
        case FaultKind.KILL:
            await crew.kill_and_restart(blow.target)
        case FaultKind.FREEZE:
            await crew.freeze(blow.target, blow.seconds)
        case FaultKind.OUTAGE:
            await crew.kill_for(blow.target, blow.seconds)
    return InjectedFault(kind=blow.kind, target=blow.target, at=at, until=datetime.now(UTC))
