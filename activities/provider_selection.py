"""Chooses the provider of a bot before any request leaves, so that the choice is in the history first."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from activities.dispatch_batches import Clock
from activities.provider_health import AccountHealth
from minutekeeper.meetings.dispatch import SendBotInput
from minutekeeper.meetings.dispatch_timing import AccountPace
from minutekeeper.meetings.ids import jitter_fraction
from minutekeeper.meetings.provider_choice import Candidate, ProviderChoice, choose_provider
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import Provider
from minutekeeper.providers.registry import Providers

_LEAST_PATIENCE = timedelta(seconds=60)
"""How long a request is repeated at least before another provider is asked: most outages are shorter."""


class ProviderSelection:
    """The choices of one worker, by its settings and by what its calls said of the accounts."""

    def __init__(
        self,
        providers: Providers,
        paces: Mapping[str, AccountPace],
        health: Mapping[str, AccountHealth],
        clock: Clock,
    ) -> None:
        self._providers = providers
        self._paces = paces
        self._health = health
        self._clock = clock

    def choose(self, request: SendBotInput, workflow_id: str, patience: float) -> ProviderChoice | None:
        """The choice that answers a request; None if it is to be carried out.

        That is where it names its provider, or there is only one; unless that one wants to be called later than
        this attempt can wait, in `patience` seconds, because the meeting woke up early enough for another one.
        """
        self._learn(request, workflow_id)
        if request.provider or len(self._providers.preferred) == 1:
            provider = self._providers.get(request.provider)
            plan = provider.dispatch_plan(request.start_time, request.requested_at)
            now = max(self._clock.now(), request.requested_at)
            if (plan.dispatch_at - now).total_seconds() <= max(patience, 0.0):
                return None
            return ProviderChoice(
                provider=provider.name,
                dispatch_at=plan.dispatch_at,
                ask_at=self._ask_at(provider, request, plan.dispatch_at, workflow_id),
            )
        candidates = [
            Candidate(name, self._health[name].trouble() if name in self._health else "")
            for name in self._providers.preferred
        ]
        name, why, others = choose_provider(candidates, request.tried)
        provider = self._providers.get(name)
        dispatch_at = provider.dispatch_plan(request.start_time, request.requested_at).dispatch_at
        return ProviderChoice(
            provider=name,
            dispatch_at=dispatch_at,
            ask_at=self._ask_at(provider, request, dispatch_at, workflow_id),
            why=why,
            others=others,
            switch_at=self._switch_at(others[0], request, dispatch_at) if others else None,
        )

    def _learn(self, request: SendBotInput, workflow_id: str) -> None:
        for tried in request.tried:
            if tried.reason is FailureReason.NO_ANSWER and tried.provider in self._health:
                self._health[tried.provider].silent(f"{workflow_id} {tried.at}", tried.at)

    def _ask_at(
        self, provider: Provider, request: SendBotInput, dispatch_at: datetime, workflow_id: str
    ) -> datetime:
        """When a worker should have the request in hand: for a late one that is at once."""
        timing = self._pace(provider.name).timing
        ahead = timing.ahead + timing.spread * jitter_fraction(workflow_id)
        return max(dispatch_at - timedelta(seconds=ahead), request.requested_at)

    def _switch_at(self, other: str, request: SendBotInput, dispatch_at: datetime) -> datetime:
        """The last instant at which the other provider can still send its bot as it wants to.

        If that is over already, the first one is given a minute all the same.
        """
        timing = self._pace(other).timing
        in_time = request.start_time - timedelta(seconds=timing.lead + timing.ahead)
        return max(in_time, max(dispatch_at, request.requested_at) + _LEAST_PATIENCE)

    def _pace(self, name: str) -> AccountPace:
        return self._paces.get(name, AccountPace())
