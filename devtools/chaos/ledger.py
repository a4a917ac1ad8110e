"""What the simulated provider wrote down: everything that reached it, and everything it sent."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

_ARRIVAL = "joining_call"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Extra(_Entry):
    """What a bot of ours carries, so that it can be led back to its dispatch."""

    dispatch_key: str = ""
    dispatch: str = ""
    workflow_id: str = ""
    run: str = ""


ExtraField = Annotated[Extra, BeforeValidator(lambda value: value if isinstance(value, dict | Extra) else {})]


class Recording(_Entry):
    size: int
    sha256: str


class Moment(_Entry):
    code: str
    at: AwareDatetime


class Bot(_Entry):
    """A bot as the provider knows it; a time that is None has not come."""

    id: str
    provider: str = "meetingbaas"
    meeting_url: str
    double_of: str | None = None
    """The bot for whose request the provider sent this one as well."""
    extra: ExtraField = Extra()
    reserved: bool = False
    script: str = ""
    created_at: AwareDatetime
    joined_at: AwareDatetime | None = None
    leave_requested_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None
    end_reason: str | None = None
    ended_at: AwareDatetime | None = None
    recording: Recording | None = None
    duration: int = 0
    timeline: tuple[Moment, ...] = ()

    @property
    def was_sent_out(self) -> bool:
        """Whether it left because one of our workflows told it to."""
        return self.end_reason == "api_request"

    @property
    def present_from(self) -> datetime | None:
        """When it knocked at the room; None if it never did."""
        knocked = (moment.at for moment in self.timeline if moment.code == _ARRIVAL)
        return next(knocked, self.joined_at)


class Request(_Entry):
    received_at: AwareDatetime
    method: str
    path: str
    body: Any = None
    status: int | None = None

    @property
    def new_bot(self) -> Extra | None:
        """What the bot is to carry that this request asks for; None for another request."""
        if (self.method, self.path.rstrip("/")) != ("POST", "/bots") or not isinstance(self.body, dict):
            return None
        return Extra.model_validate(self.body.get("extra") or {})


class Delivery(_Entry):
    """One attempt to deliver a webhook. `created_at` is a status's own time; `sha256` is that of the body sent."""

    bot_id: str
    event: str | None = None
    code: str | None = None
    created_at: AwareDatetime | None = None
    url: str
    at: AwareDatetime
    status: int | None = None
    sha256: str = ""

    @property
    def is_acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def workflow_id(self) -> str:
        """The workflow that the address names; empty for the account's own address."""
        parts = urlsplit(self.url).path.split("/")
        return unquote(parts[3]) if len(parts) > 3 else ""


class Fault(_Entry):
    at: AwareDatetime
    kind: str


class Ledger(_Entry):
    requests: tuple[Request, ...] = ()
    bots: tuple[Bot, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    faults: tuple[Fault, ...] = ()

    def with_those_of(self, other: "Ledger") -> "Ledger":
        """What two providers wrote down."""
        return Ledger(**{name: getattr(self, name) + getattr(other, name) for name in Ledger.model_fields})

    def arrivals(self) -> dict[str, datetime]:
        """When a bot of each dispatch key was first asked for, whatever came of it."""
        first: dict[str, datetime] = {}
        for request in self.requests:
            if (extra := request.new_bot) and extra.dispatch_key:
                earliest = first.get(extra.dispatch_key, request.received_at)
                first[extra.dispatch_key] = min(earliest, request.received_at)
        return first
