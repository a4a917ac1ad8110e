"""Keeps the orders, chooses whom they strike, and notes it in the ledger."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.faults.control_models import KeyRevoked, Mixture, NoTokens, Order
from devtools.simulator.faults.entries import Entry
from devtools.simulator.faults.mixture import OF_MEETINGBAAS, Weighted, draw
from devtools.simulator.faults.targets import Target
from devtools.simulator.state import FaultRecord, Ledger, now


@dataclass(frozen=True)
class FaultInjection:
    """A fault to apply, and its entry in the ledger; `number` counts the strikes of its order from 0."""

    fault: Order
    record: FaultRecord
    number: int


class FaultRegistry:
    """All orders since the start or the last reset. Only the newest that wants a target strikes it.

    `kinds` is what a mixture is made of.
    """

    def __init__(self, settings: CommonSettings, ledger: Ledger, kinds: Weighted = OF_MEETINGBAAS) -> None:
        self._kinds = kinds
        self._settings = settings
        self._ledger = ledger
        self._given = 0
        self._entries: list[Entry] = []
        self._active: list[Entry] = []
        if settings.fault_share:
            self._active.append(self._entry("seed", Mixture(share=settings.fault_share)))

    @property
    def idle(self) -> bool:
        """Whether nothing at all can strike."""
        return not self._active

    def add(self, orders: Iterable[Order]) -> list[str]:
        """Take orders and give their ids. The first of them comes first, and all before those of earlier calls."""
        entries = []
        for order in orders:
            self._given += 1
            entries.append(self._entry(f"order-{self._given}", order))
        self._active[:0] = entries
        return [entry.id for entry in entries]

    def clear(self) -> None:
        self._active.clear()

    def active(self) -> list[dict[str, Any]]:
        """The orders that can still strike, those that come first at the top."""
        self._drop_spent()
        return [entry.describe() for entry in self._active]

    def history(self) -> list[dict[str, Any]]:
        """Every order ever given, oldest first."""
        return [entry.describe() for entry in self._entries]

    def inject(self, target: Target) -> FaultInjection | None:
        """The fault that the target suffers, if any."""
        self._drop_spent()
        seed = self._settings.fault_seed
        # All are asked, since each counts what it meets whether or not another strikes first.
        wanting = [entry for entry in self._active if entry.wants(target, seed)]
        for entry in wanting:
            fault: Order | None = entry.order
            if isinstance(fault, Mixture):
                fault = draw(target, "kind", *entry.lot(target, seed), kinds=self._kinds)
            if fault is not None:
                return self._note(entry, fault, target)
        return None

    def _note(self, entry: Entry, fault: Order, target: Target) -> FaultInjection:
        entry.injected += 1
        if fault is not entry.order and isinstance(fault, KeyRevoked | NoTokens):
            self._active.insert(0, self._entry(f"{entry.id}-outage-{entry.injected}", fault))
        record = FaultRecord(
            at=now(),
            order=entry.id,
            kind=fault.kind,
            method=target.method,
            path=target.path,
            meeting_url=target.meeting_url,
            bot_id=target.bot_id,
            event=target.event,
            code=target.code,
        )
        self._ledger.faults.append(record)
        return FaultInjection(fault, record, entry.injected - 1)

    def _entry(self, identifier: str, order: Order) -> Entry:
        lasts = math.inf if order.seconds is None else self._settings.real(order.seconds)
        entry = Entry(identifier, order, ends=time.monotonic() + lasts)
        self._entries.append(entry)
        return entry

    def _drop_spent(self) -> None:
        self._active = [entry for entry in self._active if not entry.spent]
