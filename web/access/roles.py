"""The roles on the pages, from seeing titles to changing policies."""

from collections.abc import Iterable
from enum import IntEnum

_PREFIX = "minutekeeper-"


class Role(IntEnum):
    """What a visitor may do. Each role includes the ones before, so they are compared with `>=`."""

    NONE = 0
    """Only what is open to everybody: signing in."""
    LOOK = 1
    """Sees meetings, calendars and what became of them, and neither recordings nor transcripts."""
    WATCH = 2
    """Also plays and downloads recordings, and reads and searches transcripts."""
    STEER = 3
    """Also books, moves and cancels meetings, and sends bots."""
    ADMIN = 4
    """Also changes policies, overrides and webhook endpoints."""

    @property
    def word(self) -> str:
        """The role as people and claims spell it."""
        return self.name.lower()


ROLES = (Role.LOOK, Role.WATCH, Role.STEER, Role.ADMIN)
"""The roles that can be given."""

_BY_WORD = {prefix + role.word: role for role in ROLES for prefix in ("", _PREFIX)}


def highest_role(words: Iterable[str]) -> Role:
    """The highest role among words such as `watch` or `minutekeeper-watch`; others say nothing."""
    return max((_BY_WORD.get(word, Role.NONE) for word in words), default=Role.NONE)
