"""What middlewares, faults and downloads need of a simulated provider, whichever it is."""

from typing import Protocol
from uuid import UUID

from aiohttp import web

from devtools.simulator.faults.fault_registry import FaultRegistry
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import Ledger


class Service(Protocol):
    """A simulated provider. `is_changed` says that what is kept over restarts may have to be written anew."""

    ledger: Ledger
    faults: FaultRegistry
    signer: UrlSigner
    is_changed: bool


class Recorded(Protocol):
    """Whose recording a file is: the `turn`-th bot of its meeting."""

    uuid: UUID
    turn: int

    @property
    def meeting_url(self) -> str: ...


SERVICE = web.AppKey("SERVICE", Service)
INCOMPLETE = web.RequestKey("INCOMPLETE", bool)
"""Set on a request whose answer did not go out whole."""
CONTROL = "/_sim/"
"""Where the paths of the simulator's own begin; nothing there is noted, refused or spoilt."""
