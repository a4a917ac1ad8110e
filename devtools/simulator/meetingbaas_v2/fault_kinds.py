"""The faults that can be ordered for Meeting BaaS v2: those of every provider, and a daily cap that is reached."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from devtools.simulator.faults.control_models import ApiOrder, Duplicate, FaultOrder, Match
from devtools.simulator.faults.mixture import OF_MEETINGBAAS, Weighted


class DailyCap(ApiOrder):
    """429 without a time to wait; if nothing else is said for bots that are to be made at once."""

    kind: Literal["daily_cap"] = "daily_cap"
    match: Match = Match(method="POST", path="/v2/bots$")


V2FaultOrder = Annotated[FaultOrder | DailyCap, Field(discriminator="kind")]
ONE: TypeAdapter[V2FaultOrder] = TypeAdapter(V2FaultOrder)
SEVERAL: TypeAdapter[list[V2FaultOrder]] = TypeAdapter(list[V2FaultOrder])
MIXED: Weighted = (
    *((weight, order) for weight, order in OF_MEETINGBAAS if not isinstance(order, Duplicate)),
    (20, Duplicate()),
)
