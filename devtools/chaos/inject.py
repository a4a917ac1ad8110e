"""A blow against a real process, and when it happened."""

from datetime import UTC, datetime

from devtools.chaos.evidence import Struck
from devtools.chaos.plan import Blow, BlowKind
from devtools.stack.supervisor import Crew


async def strike(crew: Crew, blow: Blow) -> Struck:
    """Carries out a blow and, if it lasts, waits for its end."""
    at = datetime.now(UTC)
    match blow.kind:
        case BlowKind.KILL:
            await crew.crash(blow.target)
        case BlowKind.FREEZE:
            await crew.freeze(blow.target, blow.seconds)
        case BlowKind.OUTAGE:
            await crew.keep_down(blow.target, blow.seconds)
    return Struck(kind=blow.kind, target=blow.target, at=at, until=datetime.now(UTC))
