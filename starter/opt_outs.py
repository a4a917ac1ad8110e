"""Changes and lists who opted out of recordings, and has all calendars decide again."""

import asyncio
import re
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from temporalio.service import RPCError

from minutekeeper.calendars.objections import OptOuts, normalised_email
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.objections import OptOutStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.calendar_workflows import report_full_change, running_calendars
from starter.client import MeetingClient
from starter.error_translation import translate_temporal_errors
from starter.errors import MeetingError, MeetingInputError, StorageError, TemporalUnreachableError
from starter.inputs import settings

_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
_MAX_CONCURRENCY = 20


class OptOutChange(BaseModel):
    """`is_new` is False if nothing had to be stored; `calendars` is how many decide again."""

    model_config = ConfigDict(frozen=True)

    email: str
    opted_out: bool
    is_new: bool
    calendars: int


async def list_opt_outs() -> OptOuts:
    """Everyone who has opted out. Raises StorageError."""
    try:
        return await _store().read()
    except StoreError as error:
        raise StorageError(str(error)) from None


async def change_opt_out(email: str, *, remove: bool) -> OptOutChange:
    """Has a person opt out, or takes that back. Raises MeetingInputError, StorageError, TemporalUnreachableError.

    It is stored first. All calendars are told also if it was stored before, because they may not have heard of it;
    the error for those that cannot be told says so.
    """
    name = normalised_email(email)
    if not _ADDRESS.fullmatch(name) or not name.isprintable():
        raise MeetingInputError("MAIL", f"{email!r} is no mail address")
    try:
        is_new = await (_store().remove(name) if remove else _store().add(name, datetime.now(UTC)))
    except StoreError as error:
        raise StorageError(str(error)) from None
    try:
        told = await _tell_calendars()
    except MeetingError as error:
        kind = TemporalUnreachableError if isinstance(error, TemporalUnreachableError) else MeetingError
        stored = f"{name} {'may be recorded again' if remove else 'has opted out'}"
        raise kind(
            f"It is stored that {stored}, but not all calendars heard of it; repeat the command. {error}"
        ) from error
    return OptOutChange(email=name, opted_out=not remove, is_new=is_new, calendars=told)


async def _tell_calendars() -> int:
    """How many calendars were told. One that cannot be told keeps no other from hearing of it."""
    temporal = (await MeetingClient.connect()).temporal
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)
    failures: list[RPCError] = []

    async def tell(calendar_id: str) -> bool:
        async with slots:
            try:
                return await report_full_change(temporal, calendar_id)
            except RPCError as error:
                failures.append(error)
                return False

    with translate_temporal_errors(temporal):
        calendars = [each async for each in running_calendars(temporal)]
        told = sum(await asyncio.gather(*map(tell, calendars)))
        if failures:
            raise failures[0]
    return told


def _store() -> OptOutStore:
    return OptOutStore(ArtifactStore(settings().artifacts_url))
