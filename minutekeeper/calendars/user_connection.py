"""Which calendar a user has connected at Google, or at Microsoft: at most one at each."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.text import one_line


class CalendarPlatform(StrEnum):
    GOOGLE = "google"
    MICROSOFT = "microsoft"


REVOKING: Mapping[str, Mapping[str, str]] = {
    CalendarPlatform.GOOGLE: {"your Google account": "https://myaccount.google.com/connections"},
    CalendarPlatform.MICROSOFT: {
        "a personal Microsoft account": "https://account.microsoft.com/privacy/app-access",
        "an account of work or school": "https://myapps.microsoft.com",
    },
}
"""Where users revoke access, for each kind of account: only they can."""

_MAX_NAME_LENGTH = 80
_MACHINE_ID = re.compile(r"^(?=[^@]*\d)[\w=+/%-]{20,}(@|$)", re.ASCII)

REPLACED = "The user has connected another calendar in its place."
RECONNECTED = "The calendar was connected again under another id."
UNFINISHED = "Connecting it was never finished."

_NOTHING = {"calendar_id": "", "attempt_id": "", "raw_id": "", "name": "", "email": "", "connected_at": None}


def calendar_title(name: str, email: str, raw_id: str) -> str:
    """The title of a calendar for people: names that a person could have given, shortened, and no id."""
    parts = dict.fromkeys((format_account(name) or format_account(raw_id), format_account(email)))
    return " - ".join(text for text in parts if text) or "a calendar without a name"


def format_account(text: str) -> str:
    """A name from outside on one line and not too long; empty if it is an id of a machine."""
    if _MACHINE_ID.search(text):
        return ""
    shown = one_line(text)
    return shown if len(shown) <= _MAX_NAME_LENGTH else f"{shown[:_MAX_NAME_LENGTH]}…"


class ConnectionClaim(BaseModel):
    """Whose a calendar at the provider is: it belongs to the attempt that claimed it first, for good.

    The empty claim is that of operators, who connect calendars for no user.
    """

    model_config = ConfigDict(frozen=True)

    user: str = ""
    platform: str = ""
    attempt_id: str = ""


class PendingConnection(BaseModel):
    """A calendar that is being connected, or that was when a process died.

    `before` are the ids of those that were already made of the same calendar. `calendar_id` is the one that the
    attempt is known to have made; empty while that is not known, as after an answer that was lost.
    """

    model_config = ConfigDict(frozen=True)

    attempt_id: str
    raw_id: str
    before: frozenset[str] = frozenset()
    calendar_id: str = ""


class Leftover(BaseModel):
    """A calendar of the user that has to be released, and the attempt that made it."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    attempt_id: str
    why: str


class UserConnection(BaseModel):
    """What is known after so many changes. `calendar_id` is empty while nothing is connected.

    `attempt_id` is that of the attempt that made the calendar. `leftovers` stay until they are removed.
    `used_tokens` are links and sessions that were used, with the time until which they could be tried again.
    """

    model_config = ConfigDict(frozen=True)

    user: str
    platform: str
    version: int = 0
    calendar_id: str = ""
    attempt_id: str = ""
    raw_id: str = ""
    name: str = ""
    email: str = ""
    connected_at: AwareDatetime | None = None
    attempt: PendingConnection | None = None
    leftovers: tuple[Leftover, ...] = ()
    used_tokens: Mapping[str, AwareDatetime] = {}
    write_id: str = ""
    """Identifies one write of this object."""

    @property
    def title(self) -> str:
        """The calendar as people know it."""
        return calendar_title(self.name, self.email, self.raw_id)

    def is_token_used(self, token: str) -> bool:
        return token in self.used_tokens

    def with_used_token(self, token: str, until: datetime, now: datetime) -> Self:
        kept = {name: end for name, end in self.used_tokens.items() if end > now}
        return self.model_copy(update={"used_tokens": kept | {token: until}})

    def claim_for(self, attempt_id: str) -> ConnectionClaim:
        return ConnectionClaim(user=self.user, platform=self.platform, attempt_id=attempt_id)

    def with_attempt(self, attempt: PendingConnection) -> Self:
        """What the attempt before is known to have made is left over, unless it is what is connected."""
        before = self.attempt
        changes: dict[str, Any] = {"attempt": attempt}
        if before and before.calendar_id not in {"", self.calendar_id}:
            unfinished = Leftover(calendar_id=before.calendar_id, attempt_id=before.attempt_id, why=UNFINISHED)
            changes["leftovers"] = (*self.leftovers, unfinished)
        return self.model_copy(update=changes)

    def with_created_calendar(self, calendar_id: str) -> Self:
        """Raises ValueError without an attempt."""
        if self.attempt is None:
            raise ValueError("nothing is being connected")
        return self.model_copy(update={"attempt": self.attempt.model_copy(update={"calendar_id": calendar_id})})

    def connected(self, calendar_id: str, raw_id: str, name: str, email: str, now: datetime) -> Self:
        """By the attempt, or anew if it was connected before; another one that it replaces is left over."""
        changes = {
            "calendar_id": calendar_id,
            "raw_id": raw_id,
            "name": name,
            "email": email,
            "connected_at": now,
            "attempt": None,
        }
        if calendar_id != self.calendar_id:
            changes["attempt_id"] = self.attempt.attempt_id if self.attempt else ""
            if self.calendar_id:
                replaced = Leftover(calendar_id=self.calendar_id, attempt_id=self.attempt_id, why=REPLACED)
                changes["leftovers"] = (*self.leftovers, replaced)
        return self.model_copy(update=changes)

    def without_leftovers(self) -> Self:
        return self.model_copy(update={"leftovers": ()})

    def disconnected(self) -> Self:
        """Nothing is connected any more; an abandoned attempt stays until it is removed."""
        return self.model_copy(update=_NOTHING)
