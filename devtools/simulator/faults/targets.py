"""What a fault can strike, and which orders fit it."""

import re
from dataclasses import dataclass
from functools import cached_property

from devtools.simulator.faults.control_models import (
    MEDIA,
    OAUTH,
    AfterEnd,
    Duplicate,
    NoTokens,
    Order,
    Scope,
    SecondBot,
)

_NEW_BOT = frozenset({("POST", "/bots"), ("POST", "/api/v1/bot"), ("POST", "/v2/bots")})
"""How new bots are asked for, with any of the providers."""
_COSTS_TOKENS = _NEW_BOT | {("POST", "/bots/retranscribe"), ("POST", "/v2/bots/batch")}
_ENDS = frozenset({"bot.done", "bot.fatal", "bot.completed", "bot.failed"})
_ELSEWHERE = (MEDIA, OAUTH)
_RANDOM_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """A request, a download, a delivery or a look into a provider's pool; fields that it has not are empty.

    `turn` counts the bots of its meeting, or the calendars, from 1, 0 if there is none; `span` is a wanted range.
    """

    scope: Scope
    method: str
    path: str
    meeting_url: str = ""
    bot_id: str = ""
    turn: int = 0
    event: str = ""
    code: str = ""
    span: str = ""

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """What stays the same when all of it is done once more: no random id, and no time."""
        place = "" if self.scope == "delivery" else _RANDOM_ID.sub("", self.path).rstrip("/")
        return (
            *(self.scope, self.method, place, self.meeting_url),
            *(str(self.turn), self.event, self.code, self.span),
        )


def fits(order: Order, target: Target) -> bool:
    match = order.match
    return (
        _concerns(order, target)
        and match.method.upper() in target.method
        and _fits_path(match.path, target.path)
        and match.meeting_url in target.meeting_url
        and match.event in target.event
        and match.code in target.code
    )


def _fits_path(part: str, path: str) -> bool:
    return path.endswith(part[:-1]) if part.endswith("$") else part in path


def _concerns(order: Order, target: Target) -> bool:
    """Whether this kind of fault can strike this kind of thing."""
    if order.scope not in (None, target.scope):
        return False
    call = (target.method, target.path.rstrip("/"))
    match order:
        case AfterEnd():
            return target.event.startswith("bot.") and target.event not in _ENDS
        case Duplicate() | SecondBot():
            return call in _NEW_BOT
        case NoTokens() if not order.match.method and not order.match.path:
            return call in _COSTS_TOKENS
    elsewhere = next((place for place in _ELSEWHERE if target.path.startswith(place)), "")
    return target.scope != "request" or elsewhere in order.match.path
