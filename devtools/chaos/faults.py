"""The faults that the simulated provider is ordered to have, as its control takes them."""

from collections.abc import Iterator
from random import Random
from typing import Any

from devtools.chaos.scale import SPEED, Scale

Order = dict[str, Any]

_NEW_BOT = {"method": "POST", "path": "/bots"}
_STATUS = {"event": "bot.status_change"}
_HOLD = 12.0
"""Real seconds without an answer; longer than any request that sends a bot may take."""

_REQUESTS: tuple[tuple[float, Order], ...] = (
    (0.02, {"kind": "rate_limited", "retry_after": 1}),
    (0.01, {"kind": "rate_limited", "retry_after": 4}),
    (0.02, {"kind": "server_error", "status": 500}),
    (0.02, {"kind": "server_error", "status": 503}),
    (0.01, {"kind": "timeout_before", "hold": _HOLD}),
    (0.01, {"kind": "timeout_after", "hold": _HOLD}),
    (0.02, {"kind": "cut_answer"}),
    # A new bot is where a lost answer costs most.
    (0.03, {"kind": "timeout_after", "hold": _HOLD, "match": _NEW_BOT}),
    (0.03, {"kind": "cut_answer", "match": _NEW_BOT}),
    (0.03, {"kind": "server_error", "status": 502, "match": _NEW_BOT}),
    (0.03, {"kind": "duplicate"}),
)
_DOWNLOADS: tuple[tuple[float, Order], ...] = (
    (0.05, {"kind": "slow", "rate": 100_000}),
    (0.04, {"kind": "cut", "after": 0.5}),
    (0.02, {"kind": "cut", "after": 0}),
    (0.03, {"kind": "short", "keep": 0.5}),
    (0.04, {"kind": "short", "keep": 0.5, "lie": True}),
    (0.05, {"kind": "long", "extra": 1000}),
    (0.05, {"kind": "wrong_type"}),
    (0.05, {"kind": "expired"}),
)
_DELIVERIES: tuple[tuple[float, Order], ...] = (
    (0.04, {"kind": "lose"}),
    (0.04, {"kind": "double"}),
    (0.03, {"kind": "swap"}),
    (0.03, {"kind": "delay", "delay": 5 * SPEED}),
    (0.03, {"kind": "after_end"}),
    (0.03, {"kind": "unknown_bot"}),
)

KINDS = frozenset(order["kind"] for group in (_REQUESTS, _DOWNLOADS, _DELIVERIES) for _, order in group) | {
    "key_revoked",
    "no_tokens",
}
"""Every kind of fault that the simulated provider knows, and that a run may therefore not miss."""


def standing_faults(scale: Scale) -> list[Order]:
    """Those that strike a share of everything from the beginning to the end."""
    orders = [order | {"share": share} for group in (_REQUESTS, _DOWNLOADS, _DELIVERIES) for share, order in group]
    if scale.reserved_silence:
        return orders
    return [order | {"match": _STATUS} if order["kind"] == "lose" else order for order in orders]


def absence(seed: int, scale: Scale) -> tuple[float, list[Order]]:
    """When the first provider is away, and the orders to give then: it answers nothing, and may have sent bots."""
    rng = Random(f"absence {seed}")  # noqa: S311 - a plan to be repeated, no secret
    lasting = {"seconds": scale.away * SPEED}
    orders: list[Order] = [
        {"kind": "timeout_after", "hold": _HOLD, "match": _NEW_BOT, "share": 0.2} | lasting,
        {"kind": "server_error", "status": 503} | lasting,
    ]
    return scale.window * rng.uniform(0.6, 0.65), orders


def refusals(seed: int, scale: Scale) -> Iterator[tuple[float, Order]]:
    """The two times when the account is refused, and the orders to give then: the key, and the tokens."""
    rng = Random(f"refusals {seed}")  # noqa: S311 - a plan to be repeated, no secret
    for kind, begins in (("key_revoked", 0.15), ("no_tokens", 0.8)):
        yield scale.window * (begins + rng.uniform(0, 0.1)), {"kind": kind, "seconds": scale.refused * SPEED}
