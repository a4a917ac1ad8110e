"""How the accounts at the providers are, as this worker's own calls show it: one that fails is left out awhile.

Health is per account and not per meeting, because five hundred meetings must not each find out by waiting.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import activity

from activities.dispatch_batches import Clock
from minutekeeper.providers.base import AccountError, ProviderError, UnavailableError

logger = logging.getLogger(__name__)

_FAILURES = 5
"""Requests in a row without an answer, after which the provider is taken for unreachable."""
_SILENT_BOTS = 3
"""Bots without a sign of life within `_SILENT_WINDOW`, after which the provider is taken for broken."""
_SILENT_WINDOW = timedelta(minutes=10)
_PAUSE = timedelta(minutes=3)
"""How long an account is left out, before one request tries it again."""
_PROBE = timedelta(seconds=15)
"""How long the answer to that request is waited for, while others still keep away."""


class ProviderUnhealthyError(Exception):
    """The account is in trouble, and nothing was sent there: another provider is to be asked."""


class AccountHealth:
    """One provider's account. It is well until calls fail, and again once one succeeds.

    After `_PAUSE` one request tries it; only if that fails, too, the account is left out for as long again.
    """

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self._name = name
        self._now = now
        self._failures = 0
        self._silent: deque[tuple[datetime, str]] = deque()
        self._trouble = ""
        self._until: datetime | None = None
        self._probe_until: datetime | None = None

    def trouble(self) -> str:
        """Why no new bot should be asked for here now; empty if one may."""
        return self._trouble if self._until is not None and self._now() < self._until else ""

    def admit(self) -> None:
        """Lets a request for a bot through. Raises ProviderUnhealthyError if it should go elsewhere."""
        if self._until is None:
            return
        now = self._now()
        is_probed = self._probe_until is not None and now < self._probe_until
        if now < self._until or is_probed:
            raise ProviderUnhealthyError(f"{self._name} is left out: {self._trouble}")
        self._probe_until = now + _PROBE

    def answered(self) -> None:
        """A request for a bot was answered."""
        self._failures = 0
        if self._until is not None:
            logger.warning("%s sends bots again", self._name)
            self._until = self._probe_until = None
            self._show()

    def failed(self, error: ProviderError) -> None:
        """A request for a bot failed. Refusals of the request itself, and for a limit's sake, say nothing."""
        if isinstance(error, AccountError):
            self._leave_out(f"its account is refused ({error})")
        elif isinstance(error, UnavailableError):
            self._failures += 1
            if self._failures >= _FAILURES or self._probe_until is not None:
                self._leave_out(f"it does not answer ({error})")

    def silent(self, request: str, at: datetime) -> None:
        """A bot of this provider was due at a time of late and gave no sign of life; `request` names it."""
        if any(known == request for _, known in self._silent):
            return
        self._silent.append((at, request))
        while self._silent[0][0] < at - _SILENT_WINDOW:
            self._silent.popleft()
        if len(self._silent) >= _SILENT_BOTS:
            self._leave_out(f"{len(self._silent)} of its bots were due and gave no sign of life")

    def _leave_out(self, trouble: str) -> None:
        is_new, self._trouble = self._until is None, trouble
        self._until, self._probe_until = self._now() + _PAUSE, None
        if is_new:
            logger.error("%s is left out: %s", self._name, trouble)
        self._show()

    def _show(self) -> None:
        if activity.in_activity():
            gauge = activity.metric_meter().create_gauge(
                "minutekeeper_provider_left_out", "1 while no new bots are asked for at a provider, else 0."
            )
            gauge.set(int(self._until is not None), {"provider": self._name})


def health_of(names: list[str], clock: Clock) -> dict[str, AccountHealth]:
    """The health of each account, by the provider's name."""
    return {name: AccountHealth(name, clock.now) for name in names}
