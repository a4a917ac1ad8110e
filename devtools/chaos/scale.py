"""How long a run is and how much happens in it; all times are real seconds."""

import math
from dataclasses import dataclass, replace

SPEED = 25.0
"""How much faster the simulated bots live: a meeting of two minutes takes five seconds."""

LEAD = 240.0
"""Reserved bots are called this long before the start."""

GRACE_SECONDS = 90.0
"""How long a bot may take to be told to leave: a worker may die over it, which costs up to a minute each time."""

LONG_STAY = 180.0
"""How long a bot stays that is meant to be taken out: longer than anybody may take to do so."""

DEADLINES = {
    "FIRST_WEBHOOK": 8,
    "JOINING": 8,
    "WAITING_ROOM": 12,
    "IN_CALL": 12,
    "RECORDING": 8,
    "ENDED": 15,
    "MAX_BOT_LIFETIME": 900,
    "TRANSCRIPT": 20,
    "GRACE": 8,
    "REMOVED_BOT": 4,
    "SHARED_BOT": 4,
    "RETRY": 3,
    "GIVE_UP": 900,
    "ACCOUNT_RETRY": 3,
}
"""The product's own deadlines, shortened like the meetings, so that lost webhooks are asked for within the run."""


@dataclass(frozen=True)
class Scale:
    """`window` is the time over which meetings are booked; processes fail within it and a little after."""

    window: float
    last_reserved: float
    """Reserved bots are called until then: they are followed for minutes after."""
    longest_sleep: float
    """From a booking to the call of its reserved bot."""
    notice: float
    """From a move to the call of the bot that is reserved for the new time, at most."""
    asleep: float
    """From the booking to the call, if the meeting is changed before."""
    reserved_share: float
    reserved_silence: bool
    """Whether reserved bots may fall silent: they are asked about only minutes after their call."""
    patience: float
    """From a booking to the planned end of a meeting that has begun already."""
    worker_kills: int
    freezes: int
    shortest_freeze: float
    longest_freeze: float
    server_kills: int
    bridge_kills: int
    outage: float
    """Without any server; this kill comes on top of the others."""
    refused: float
    """How long the account is refused."""
    away: float
    """How long the first provider answers nothing, so that bots have to come from the second one."""
    settling: float
    """How long the last meetings may take to end once everything is calm."""
    twins: float
    """The share of the meetings that are booked for one room with another."""
    twin_stay: float
    """How long the bots of twins stay in the call."""
    last_twin: float
    """Twins are booked until then."""


def scale_for(meetings: int, *, short: bool, twins: float | None = None) -> Scale:
    """The short run fits into a test; the full one grows with its meetings. `twins` replaces the share of twins."""
    scale = _scale_for(meetings, short=short)
    return scale if twins is None else replace(scale, twins=twins)


def _scale_for(meetings: int, *, short: bool) -> Scale:
    if short:
        return Scale(
            window=40,
            last_reserved=40,
            longest_sleep=20,
            notice=15,
            asleep=60,
            reserved_share=0.2,
            reserved_silence=False,
            patience=85,
            worker_kills=4,
            freezes=2,
            shortest_freeze=4,
            longest_freeze=11,
            server_kills=1,
            bridge_kills=2,
            outage=8,
            refused=4,
            away=8,
            settling=240,
            twins=0,
            twin_stay=16,
            last_twin=30,
        )
    window = max(300.0, 0.6 * meetings)
    times = window / 300
    return Scale(
        window=window,
        last_reserved=window - 80,
        longest_sleep=120,
        notice=30,
        asleep=90,
        reserved_share=0.3,
        reserved_silence=True,
        patience=200,
        worker_kills=math.ceil(10 * times),
        freezes=math.ceil(2 * times),
        shortest_freeze=8,
        longest_freeze=30,
        server_kills=math.ceil(3 * times),
        bridge_kills=math.ceil(5 * times),
        outage=60,
        refused=12,
        away=min(120.0, window / 8),
        settling=420,
        twins=0.25,
        twin_stay=40,
        last_twin=window - 60,
    )
