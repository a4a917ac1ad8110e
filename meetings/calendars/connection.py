"""Which calendar a user has connected at Google, or at Microsoft: at most one at each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

REVOKING = {
    "google": "https://myaccount.google.com/connections",
    "microsoft": "https://account.microsoft.com/privacy/app-access (personal accounts) or "
    "https://myapps.microsoft.com (work and school accounts)",
}
"""Where a user takes back what he granted: nobody else can."""


class Attempt(BaseModel):
    """A calendar that is being connected, or was when a process died.

    `before` are the ids of those that were already made of the same calendar: all others came of the attempt.
    """

    model_config = ConfigDict(frozen=True)

    raw_id: str
    before: frozenset[str] = frozenset()


class Connection(BaseModel):
    """What is known after so many changes. `calendar_id` is empty while nothing is connected.

    `spent` are links and consents that were used, with the time until which somebody could try them again.
    """

    model_config = ConfigDict(frozen=True)

    user: str
    platform: str
    changes: int = 0
    calendar_id: str = ""
    raw_id: str = ""
    name: str = ""
    email: str = ""
    connected_at: AwareDatetime | None = None
    attempt: Attempt | None = None
    spent: Mapping[str, AwareDatetime] = {}
    written_as: str = ""
    """Tells one writing of this from all others."""

    @property
    def title(self) -> str:
        """The calendar as people know it."""
        names = dict.fromkeys(text for text in (self.name, self.email) if text)
        return " - ".join(names) or self.raw_id

    def is_spent(self, token: str) -> bool:
        return token in self.spent

    def spending(self, token: str, until: datetime, now: datetime) -> Self:
        kept = {name: end for name, end in self.spent.items() if end > now}
        return self.model_copy(update={"spent": kept | {token: until}})

    def attempting(self, attempt: Attempt) -> Self:
        return self.model_copy(update={"attempt": attempt})

    def connected(self, calendar_id: str, raw_id: str, name: str, email: str, now: datetime) -> Self:
        return self.model_copy(
            update={
                "calendar_id": calendar_id,
                "raw_id": raw_id,
                "name": name,
                "email": email,
                "connected_at": now,
                "attempt": None,
            }
        )

    def disconnected(self) -> Self:
        """Nothing is connected any more; an attempt that was given up stays to be cleared away."""
        nothing = {"calendar_id": "", "raw_id": "", "name": "", "email": "", "connected_at": None}
        return self.model_copy(update=nothing)
