"""One health check of `doctor`: its result, its timeout, and the Temporal connection that checks share."""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from starter.errors import MeetingError

CHECK_TIMEOUT_SECONDS = 5.0

HealthCheck = Callable[[], Awaitable[str]]
"""Returns what was found if the check passes. Raises CheckFailedError."""


class CheckFailedError(Exception):
    """A check failed. The message says what was found, `remedy` what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found)
        self.remedy = remedy


class CheckResult(BaseModel):
    """One line of the doctor's report; `remedy` says what to do if it is not `ok`."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    found: str
    remedy: str = ""


async def run_check(name: str, check: HealthCheck) -> CheckResult:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return CheckResult(name=name, ok=True, found=await check())
    except CheckFailedError as failure:
        return CheckResult(name=name, ok=False, found=str(failure), remedy=failure.remedy)
    except TimeoutError:
        found = f"no answer within {CHECK_TIMEOUT_SECONDS:g} seconds"
        return CheckResult(name=name, ok=False, found=found, remedy="check that the address is right and reachable")


async def shared_connection(connecting: "asyncio.Task[Client]") -> Client:
    """Waits for the connection; shielded, because several checks wait and the timeout of one must not cancel it."""
    try:
        return await asyncio.shield(connecting)
    except MeetingError as error:
        raise CheckFailedError("not checked: Temporal does not answer", "see there") from error
