"""Which script a bot plays."""

from dataclasses import dataclass

from devtools.simulator.models import ScriptRule
from devtools.simulator.scripts import Script


@dataclass
class _Rule:
    """A rule and how many bots it is still good for; None is for good."""

    order: ScriptRule
    left: int | None

    def fits(self, meeting_url: str, bot_name: str) -> bool:
        match = self.order.match
        return self.left != 0 and match.meeting_url in meeting_url and match.bot_name in bot_name


class ScriptRules:
    """All rules since the start or the last reset; the newest fitting one decides."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(self, order: ScriptRule) -> None:
        self._rules.insert(0, _Rule(order, order.times))

    def pick(self, meeting_url: str, bot_name: str) -> Script | None:
        """The script for this bot, which counts; None if no rule speaks for it."""
        for rule in self._rules:
            if rule.fits(meeting_url, bot_name):
                rule.left = rule.left and rule.left - 1
                return rule.order.script
        return None
