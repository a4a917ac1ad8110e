"""One check of the doctor: what it found, and what to do if that is not well."""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from starter.errors import MeetingError

SECONDS_PER_CHECK = 5.0

Examination = Callable[[], Awaitable[str]]
"""Returns what it found, if that is well. Raises TroubleError."""


class TroubleError(Exception):
    """A check failed: what was found, and what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.remedy = remedy


class Check(BaseModel):
    """One line of the doctor's report; `remedy` says what to do if it is not `ok`."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    found: str
    remedy: str = ""


async def check(name: str, examination: Examination) -> Check:
    try:
        async with asyncio.timeout(SECONDS_PER_CHECK):
            return Check(name=name, ok=True, found=await examination())
    except TroubleError as trouble:
        return Check(name=name, ok=False, found=str(trouble), remedy=trouble.remedy)
    except TimeoutError:
        found = f"no answer within {SECONDS_PER_CHECK:g} seconds"
        return Check(name=name, ok=False, found=found, remedy="check that the address is right and reachable")


async def connected(connecting: "asyncio.Task[Client]") -> Client:
    """The connection that several checks wait for, so none of them may cancel it."""
    try:
        return await asyncio.shield(connecting)
    except MeetingError as error:
        raise TroubleError("not checked: Temporal does not answer", "see there") from error
