"""The faults that can be ordered, each with parameters of its own."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, FiniteFloat, TypeAdapter, model_validator

from devtools.simulator.faults.duplicates import Form
from devtools.simulator.models import Control

MEDIA = "/media/"
OAUTH = "/oauth/"

Scope = Literal["request", "download", "delivery", "pool"]
Duration = Annotated[FiniteFloat, Field(ge=0)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]


class Match(Control):
    """Parts of what a fault may strike; an empty one fits everything. Only deliveries have an event and a code.

    A `path` that ends with `$` is the end of one: `/calendars/$` leaves `/calendars/raw` alone.
    """

    method: str = ""
    path: str = ""
    meeting_url: str = ""
    event: str = ""
    code: str = ""


class Order(Control):
    """What every order has.

    It is spent after `times` strikes, or `seconds` simulated seconds after it was given. Of what it fits,
    it strikes the `share` that the seed chooses. `scope` is what its kind strikes, None for anything.
    """

    scope: ClassVar[Scope | None] = None

    kind: str

    match: Match = Match()
    times: Annotated[int, Field(ge=1)] | None = None
    share: Share = 1
    seconds: Annotated[FiniteFloat, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _events_are_delivered(self) -> Self:
        if self.scope in ("request", "download") and (self.match.event or self.match.code):
            raise ValueError("match.event and match.code fit deliveries only, and this kind strikes none")
        return self


class RequestOrder(Order):
    """Strikes requests to the API; downloads and OAuth only if `match.path` names them."""

    scope = "request"


class ApiOrder(RequestOrder):
    """Makes sense at the API only."""

    @model_validator(mode="after")
    def _is_no_download(self) -> Self:
        if MEDIA in self.match.path:
            raise ValueError(f"match.path: this kind strikes the API, never {MEDIA}")
        return self


class RateLimited(RequestOrder):
    """429; `retry_after` in real seconds."""

    kind: Literal["rate_limited"] = "rate_limited"
    retry_after: Duration = 1


class ServerError(RequestOrder):
    kind: Literal["server_error"] = "server_error"
    status: Annotated[int, Field(ge=500, le=599)] = 500


class TimeoutBefore(RequestOrder):
    """Nothing happens, nothing is answered, and after `hold` real seconds the connection is cut."""

    kind: Literal["timeout_before"] = "timeout_before"
    hold: Duration = 30


class TimeoutAfter(ApiOrder):
    """The request does its work, but its answer is held back and the connection cut as in `timeout_before`."""

    kind: Literal["timeout_after"] = "timeout_after"
    hold: Duration = 30


class CutAnswer(ApiOrder):
    """The request does its work; the head and half of the body of its answer arrive."""

    kind: Literal["cut_answer"] = "cut_answer"


class Duplicate(ApiOrder):
    """A bot is refused as a duplicate although none was sent; without a `form` each has its turn."""

    kind: Literal["duplicate"] = "duplicate"
    form: Form | None = None


class SecondBot(ApiOrder):
    """A new bot is sent twice: the answer names one of the two, and both report to the same address."""

    kind: Literal["second_bot"] = "second_bot"


class KeyRevoked(ApiOrder):
    kind: Literal["key_revoked"] = "key_revoked"


class NoTokens(ApiOrder):
    """Without a method and path to match it strikes what costs tokens: new bots and transcripts."""

    kind: Literal["no_tokens"] = "no_tokens"


class DownloadOrder(Order):
    """Strikes a GET of a file that exists, by a URL that is good."""

    scope = "download"


class Slow(DownloadOrder):
    """`rate` in bytes per real second."""

    kind: Literal["slow"] = "slow"
    rate: Annotated[FiniteFloat, Field(gt=0)] = 65_536


class Cut(DownloadOrder):
    """The connection is cut after this share of the bytes."""

    kind: Literal["cut"] = "cut"
    after: Share = 0.5


class Short(DownloadOrder):
    """Only the share `keep` of the bytes; Content-Length says so, or promises the whole if it is a `lie`."""

    kind: Literal["short"] = "short"
    keep: Annotated[FiniteFloat, Field(ge=0, lt=1)] = 0.5
    lie: bool = False


class Long(DownloadOrder):
    """`extra` zero bytes follow the file, and Content-Length counts them."""

    kind: Literal["long"] = "long"
    extra: Annotated[int, Field(ge=1)] = 1000


class WrongType(DownloadOrder):
    """200 and a page of HTML."""

    kind: Literal["wrong_type"] = "wrong_type"


class Expired(DownloadOrder):
    """403 and the XML of a URL that is too old."""

    kind: Literal["expired"] = "expired"


class DeliveryOrder(Order):
    """Strikes a webhook with all its repeats; those sent by `/_sim/bots/{id}/emit` are left alone."""

    scope = "delivery"


class Lose(DeliveryOrder):
    kind: Literal["lose"] = "lose"


class Double(DeliveryOrder):
    """Two copies, at the same time unless the bot tells its statuses one after the other."""

    kind: Literal["double"] = "double"


class Swap(DeliveryOrder):
    """Held until the bot's next delivery was sent, but for `at_most` simulated seconds."""

    kind: Literal["swap"] = "swap"
    at_most: Duration = 600


class Delay(DeliveryOrder):
    """`delay` in simulated seconds."""

    kind: Literal["delay"] = "delay"
    delay: Duration = 180


class AfterEnd(DeliveryOrder):
    """A status is sent in time, and again after the bot's final event."""

    kind: Literal["after_end"] = "after_end"


class UnknownBot(DeliveryOrder):
    """A copy that speaks of a bot that nobody knows follows."""

    kind: Literal["unknown_bot"] = "unknown_bot"


class Mixture(Order):
    """A fault of any kind that suits what is struck, drawn by the seed."""

    kind: Literal["mixture"] = "mixture"


FaultOrder = Annotated[
    RateLimited
    | ServerError
    | TimeoutBefore
    | TimeoutAfter
    | CutAnswer
    | Duplicate
    | SecondBot
    | KeyRevoked
    | NoTokens
    | Slow
    | Cut
    | Short
    | Long
    | WrongType
    | Expired
    | Lose
    | Double
    | Swap
    | Delay
    | AfterEnd
    | UnknownBot
    | Mixture,
    Field(discriminator="kind"),
]
ONE: TypeAdapter[FaultOrder] = TypeAdapter(FaultOrder)
SEVERAL: TypeAdapter[list[FaultOrder]] = TypeAdapter(list[FaultOrder])
