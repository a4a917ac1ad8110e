"""One operation of the API, as the table of routes has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from minutekeeper.api_keys import ApiScope
from web.api.handlers import Handle
from web.api.models import NoQuery
from web.api.problems import ProblemCode


@dataclass(frozen=True)
class ApiRoute:
    """One operation.

    `answers` are the statuses of success with what they mean; `problems` are the codes of this operation, beside
    those that every operation with a key or a body has.
    """

    method: str
    path: str
    name: str
    summary: str
    handle: Handle
    output: type[BaseModel]
    scope: ApiScope | None = None
    query: type[BaseModel] = NoQuery
    body: type[BaseModel] | None = None
    answers: Mapping[int, str] = field(default_factory=lambda: {200: "Done."})
    problems: tuple[ProblemCode, ...] = ()
    example: Mapping[str, Any] | None = None
    has_etag: bool = False
    is_file: bool = False
    """Whether the answer is a file, of which a part may be asked for, instead of JSON."""
    is_stream: bool = False
    """Whether the answer is a stream of events without an end, of which `output` is the data of one."""
