"""A user's way to Google or Microsoft and back, which his browser keeps in sealed cookies.

One cookie knows the way; the other one, while a calendar has to be chosen, the grant that he came back with.
"""

import hashlib
import hmac
import secrets
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from bridge.connect.consent import new_verifier
from bridge.connect.problems import ConnectError, Problem
from bridge.connect.seals import KEPT_SECONDS, Seals
from meetings.connect_link import ConnectLink

_JOURNEY = "minutekeeper-connect-{ticket}"
_GRANT = "minutekeeper-grant-{ticket}"


class Journey(BaseModel):
    """`told` is the calendar of which the user knows that another one will replace it."""

    model_config = ConfigDict(frozen=True)

    link: ConnectLink
    state: str = Field(repr=False)
    verifier: str = Field(repr=False)
    told: str = ""

    @classmethod
    def begin(cls, link: ConnectLink, told: str) -> Self:
        return cls(link=link, state=secrets.token_urlsafe(32), verifier=new_verifier(), told=told)

    @property
    def ticket(self) -> str:
        """Tells journeys in one browser apart, and gives nothing away of the state."""
        return ticket_for(self.state)


class Grant(BaseModel):
    model_config = ConfigDict(frozen=True)

    refresh_token: str = Field(repr=False)


def ticket_for(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:32]


class Cookies:
    """Sets and reads them. They go along only where the connect pages are, and are no script's business."""

    def __init__(self, seals: Seals, public_url: str) -> None:
        self._seals = seals
        parts = urlsplit(public_url)
        self._secure = parts.scheme == "https"
        self._path = f"{parts.path}/connect"

    def journey(self, request: web.Request, ticket: str, state: str | None = None) -> Journey:
        """The journey of a ticket, and, if `state` is given, of this very state. Raises ConnectError."""
        sealed = request.cookies.get(_JOURNEY.format(ticket=ticket), "")
        journey = self._seals.open(Journey, sealed)
        if journey is None or not hmac.compare_digest(journey.ticket, ticket):
            raise ConnectError(Problem.SESSION_LOST)
        if state is not None and not hmac.compare_digest(journey.state.encode(), state.encode()):
            raise ConnectError(Problem.SESSION_LOST)
        return journey

    def grant(self, request: web.Request, ticket: str) -> Grant:
        """Raises ConnectError."""
        grant = self._seals.open(Grant, request.cookies.get(_GRANT.format(ticket=ticket), ""))
        if grant is None:
            raise ConnectError(Problem.SESSION_LOST)
        return grant

    def keep_journey(self, response: web.StreamResponse, journey: Journey) -> None:
        self._keep(response, _JOURNEY.format(ticket=journey.ticket), journey)

    def keep_grant(self, response: web.StreamResponse, ticket: str, grant: Grant) -> None:
        self._keep(response, _GRANT.format(ticket=ticket), grant)

    def forget(self, response: web.StreamResponse, ticket: str) -> None:
        for name in (_JOURNEY, _GRANT):
            response.del_cookie(name.format(ticket=ticket), path=self._path)

    def _keep(self, response: web.StreamResponse, name: str, content: BaseModel) -> None:
        response.set_cookie(
            name,
            self._seals.close(content),
            max_age=KEPT_SECONDS,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
