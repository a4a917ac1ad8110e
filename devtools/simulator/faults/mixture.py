"""What a mixture is made of."""

from collections.abc import Sequence

from devtools.simulator.faults.chance import pick
from devtools.simulator.faults.control_models import (
    AfterEnd,
    Cut,
    CutAnswer,
    Delay,
    Double,
    Duplicate,
    Expired,
    KeyRevoked,
    Long,
    Lose,
    NoTokens,
    Order,
    RateLimited,
    ServerError,
    Short,
    Slow,
    Swap,
    TimeoutAfter,
    TimeoutBefore,
    UnknownBot,
    WrongType,
)
from devtools.simulator.faults.duplicates import FORMS
from devtools.simulator.faults.targets import Target, fits

# An outage strikes everybody for a while, so it begins seldom.
_OUTAGE_SECONDS = 120
Weighted = Sequence[tuple[int, Order]]

OF_EVERY_PROVIDER: Weighted = (
    (1, KeyRevoked(seconds=_OUTAGE_SECONDS)),
    (1, NoTokens(seconds=_OUTAGE_SECONDS)),
    (10, Slow(rate=200_000)),
    (10, Cut(after=0)),
    (20, Cut(after=0.5)),
    (10, Cut(after=0.99)),
    (10, Short(keep=0.5)),
    (10, Short(keep=0.5, lie=True)),
    (10, Long()),
    (10, WrongType()),
    (10, Expired()),
    (20, Lose()),
    (20, Double()),
    (20, Swap()),
    (20, Delay(delay=180)),
    (20, AfterEnd()),
    (20, UnknownBot()),
)
"""Faults of accounts, files and deliveries."""

OF_MEETINGBAAS: Weighted = (
    (60, RateLimited(retry_after=1)),
    (20, RateLimited(retry_after=5)),
    (30, ServerError(status=500)),
    (20, ServerError(status=502)),
    (30, ServerError(status=503)),
    (60, TimeoutBefore(hold=2)),
    (10, TimeoutBefore(hold=40)),
    (60, TimeoutAfter(hold=2)),
    (10, TimeoutAfter(hold=40)),
    (60, CutAnswer()),
    *((10, Duplicate(form=form)) for form in FORMS),
    *OF_EVERY_PROVIDER,
)


def draw(target: Target, *parts: object, kinds: Weighted = OF_MEETINGBAAS) -> Order | None:
    """A fault for the target, chosen by the parts; None if none suits it."""
    suiting = [(weight, order) for weight, order in kinds if fits(order, target)]
    return pick(suiting, *parts) if suiting else None
