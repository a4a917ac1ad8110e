"""Which script a bot plays."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from devtools.simulator.models import Match
from devtools.simulator.scripts import Script

Played = TypeVar("Played")
Played_co = TypeVar("Played_co", covariant=True)


class RuleOrder(Protocol[Played_co]):
    """A provider's order for a rule: its scripts are its own."""

    @property
    def match(self) -> Match: ...

    @property
    def script(self) -> Played_co: ...

    @property
    def times(self) -> int | None: ...


@dataclass
class _Rule(Generic[Played]):
    """A rule and how many bots it is still good for; None is for good."""

    order: RuleOrder[Played]
    left: int | None

    def fits(self, meeting_url: str, bot_name: str) -> bool:
        match = self.order.match
        return self.left != 0 and match.meeting_url in meeting_url and match.bot_name in bot_name


class Rules(Generic[Played]):
    """All rules since the start or the last reset; the newest fitting one decides."""

    def __init__(self) -> None:
        self._rules: list[_Rule[Played]] = []

    def add(self, order: RuleOrder[Played]) -> None:
        self._rules.insert(0, _Rule(order, order.times))

    def pick(self, meeting_url: str, bot_name: str) -> Played | None:
        """The script for this bot, which counts; None if no rule speaks for it."""
        for rule in self._rules:
            if rule.fits(meeting_url, bot_name):
                rule.left = rule.left and rule.left - 1
                return rule.order.script
        return None


class ScriptRules(Rules[Script]):
    """The rules of Meeting BaaS."""
