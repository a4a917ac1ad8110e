"""Changes and lists who opted out of recordings, and has all calendars decide again."""

import asyncio
import re
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from minutekeeper.calendars.objections import OptOuts, normalised_email
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.objections import OptOutStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.calendar_workflows import report_full_change, running_calendars
from starter.client import MeetingClient
from starter.error_translation import translate_temporal_errors
from starter.errors import MeetingInputError, StorageError
from starter.inputs import settings

_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
_MAX_CONCURRENCY = 20


class OptOutChange(BaseModel):
    """`is_new` is False if nothing had to be changed; `calendars` is how many decide again."""

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

    It is stored first: calendars that do not hear of it now do so with their next full sync.
    """
    name = normalised_email(email)
    if not _ADDRESS.fullmatch(name) or not name.isprintable():
        raise MeetingInputError("MAIL", f"{email!r} is no mail address")
    try:
        is_new = await (_store().remove(name) if remove else _store().add(name, datetime.now(UTC)))
    except StoreError as error:
        raise StorageError(str(error)) from None
    told = await _tell_calendars() if is_new else 0
    return OptOutChange(email=name, opted_out=not remove, is_new=is_new, calendars=told)


async def _tell_calendars() -> int:
    temporal = (await MeetingClient.connect()).temporal
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def tell(calendar_id: str) -> bool:
        async with slots:
            return await report_full_change(temporal, calendar_id)

    with translate_temporal_errors(temporal):
        calendars = [each async for each in running_calendars(temporal)]
        return sum(await asyncio.gather(*map(tell, calendars)))


def _store() -> OptOutStore:
    return OptOutStore(ArtifactStore(settings().artifacts_url))
