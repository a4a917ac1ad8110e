"""Ordering faults, and what the ledger says of them."""

from typing import Any

from tests.devtools.simulator.support import Sim

FAULTS = "/_sim/faults"


async def order(sim: Sim, kind: str, **fields: Any) -> str:
    """Order one fault and give its id."""
    [identifier] = (await sim.ok("POST", FAULTS, json={"kind": kind} | fields))["orders"]
    return str(identifier)


async def faults(sim: Sim) -> list[dict[str, Any]]:
    """Every fault that struck."""
    struck: list[dict[str, Any]] = (await sim.ledger())["faults"]
    return struck


async def kinds(sim: Sim) -> list[str]:
    return [fault["kind"] for fault in await faults(sim)]
