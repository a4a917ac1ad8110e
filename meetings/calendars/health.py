"""Whether a calendar can be read, and who can cure it if not. Pure."""

import shlex
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.text import one_line

_LONGEST_TEXT = 300


class Ailment(StrEnum):
    """Why a calendar cannot be read, by who has to act."""

    USER = "user"
    """The user's grant has expired or was revoked: he has to connect again."""
    APP = "app"
    """The OAuth app is refused, for all its users: it needs other credentials."""
    SYNC = "sync"
    """The provider cannot sync it, and does not say why in words that we know."""
    LOST = "lost"
    """The provider does not know it any more."""
    LOOK = "look"
    """The last look failed; it is repeated by itself."""


class GrantWord(BaseModel):
    """What the provider says of a calendar's grant, as of `at`; it is good if no ailment is named.

    `renewed`: the calendar was given another grant just now, so that everything may have changed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    ailment: Ailment | None = None
    text: str = ""
    at: AwareDatetime | None = None
    renewed: bool = False


GOOD = GrantWord()
RENEWED = GrantWord(renewed=True)


class Grant(BaseModel):
    """What is known of a calendar's grant; `since` when it ails."""

    model_config = ConfigDict(frozen=True)

    ailment: Ailment | None = None
    text: str = ""
    since: AwareDatetime | None = None
    renewed_at: AwareDatetime | None = None

    def after(self, word: GrantWord, now: datetime) -> "Grant":
        """What is known after a word that came `now`. Repeats change nothing."""
        if word.renewed:
            return Grant(renewed_at=now)
        if word.ailment is None:
            return Grant(renewed_at=self.renewed_at)
        is_outdated = word.at is not None and self.renewed_at is not None and word.at < self.renewed_at
        if is_outdated or word.ailment is self.ailment:
            return self
        text = one_line(word.text)[:_LONGEST_TEXT]
        return Grant(ailment=word.ailment, text=text, since=now, renewed_at=self.renewed_at)


def remedy(ailment: Ailment | None, calendar_id: str, user: str = "", platform: str = "") -> str:
    """What people can do about it; empty if nothing is to be done."""
    if ailment is None:
        return ""
    if ailment is Ailment.USER and user and platform:
        link = f"minutekeeper calendar connect-link {shlex.quote(one_line(user))} --platform {platform}"
        return f"reconnect needed: give the user a fresh link, made by `{link}`"
    return _REMEDIES[ailment].format(calendar_id=one_line(calendar_id))


_REMEDIES = {
    Ailment.USER: "reconnect needed: `minutekeeper calendar connect` with the user's new refresh token",
    Ailment.APP: "give the OAuth app's new credentials with `minutekeeper calendar update-credentials`",
    Ailment.SYNC: "if it stays so, ask the provider, or have the user connect again",
    Ailment.LOST: "connect it again, or give it up with `minutekeeper calendar disconnect {calendar_id}`",
    Ailment.LOOK: "it is tried again by itself; if it stays so, see what the trouble says",
}
