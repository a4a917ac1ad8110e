"""The faults of the simulated Recall.ai: those of every provider, an empty pool, and slow answers."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from devtools.simulator.faults.control_models import (
    AfterEnd,
    ApiOrder,
    Cut,
    CutAnswer,
    Delay,
    Double,
    Duration,
    Expired,
    KeyRevoked,
    Long,
    Lose,
    Mixture,
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
from devtools.simulator.faults.mixture import OF_EVERY_PROVIDER, Weighted


class Capacity(Order):
    """The pool of ad hoc bots is empty: 507, with `Retry-After` in real seconds if it is given.

    It strikes requests for an ad hoc bot only, and the answer is kept for their idempotency key.
    """

    scope = "pool"

    kind: Literal["capacity"] = "capacity"
    retry_after: Duration | None = None


class SlowAnswer(ApiOrder):
    """The work is done, and answered after `hold` real seconds."""

    kind: Literal["slow_answer"] = "slow_answer"
    hold: Duration = 5


RecallFault = Annotated[
    Capacity
    | SlowAnswer
    | RateLimited
    | ServerError
    | TimeoutBefore
    | TimeoutAfter
    | CutAnswer
    | KeyRevoked
    | NoTokens
    | Slow
    | Cut
    | Short
    | Long
    | WrongType
    | Expired
    | Lose
    | Double
    | Swap
    | Delay
    | AfterEnd
    | UnknownBot
    | Mixture,
    Field(discriminator="kind"),
]
ONE_FAULT: TypeAdapter[RecallFault] = TypeAdapter(RecallFault)
SEVERAL_FAULTS: TypeAdapter[list[RecallFault]] = TypeAdapter(list[RecallFault])

OF_RECALL: Weighted = (
    (60, RateLimited(retry_after=1)),
    (20, RateLimited(retry_after=5)),
    (30, ServerError(status=500)),
    (20, ServerError(status=502)),
    (30, ServerError(status=503)),
    (20, ServerError(status=504)),
    (60, TimeoutBefore(hold=2)),
    (60, TimeoutAfter(hold=2)),
    (60, CutAnswer()),
    (20, SlowAnswer(hold=2)),
    *OF_EVERY_PROVIDER,
    (20, Capacity()),
)
"""What a mixture is made of."""
