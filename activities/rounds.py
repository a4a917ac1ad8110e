"""Asking the provider which calendars it can read, and telling those for which the answer is new."""

import asyncio
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.failures import as_application_error
from activities.heartbeats import with_heartbeats
from meetings.calendars.health import Ailment, GrantWord
from meetings.calendars.rounds import Findings, RoundOrder, RoundResult
from meetings.ids import calendar_id_of, calendar_workflow_id_for
from meetings.names import CALENDAR_WORKFLOW, GRANT_SIGNAL
from providers.base import NotFoundError, ProviderError
from providers.calendars import ConnectedCalendar, Resync, SyncFailure

_TOLD_AT_ONCE = 20
_LIMIT = timedelta(seconds=20)
_LOST = "the provider does not have this calendar any more"
_OPAQUE = re.compile(r"\S{24,}")
"""A word as long as a token is kept to itself: nobody here knows the tokens by which the provider reads."""


class Resyncing(Protocol):
    """What is needed of a CalendarProvider."""

    async def resync_all(self) -> Resync:
        """Raises ProviderError."""
        ...

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        """Raises NotFoundError for one that it does not have, and other ProviderErrors."""
        ...


class RoundActivities:
    """The checks of all calendars of one account. `every` is how often, in seconds."""

    def __init__(self, calendars: Resyncing, every: float) -> None:
        self._calendars = calendars
        self._every = every

    @activity.defn
    async def check_calendars(self, order: RoundOrder) -> RoundResult:
        """One request for all calendars of the account, and a word to each for which the answer is new.

        Raises ApplicationError of the types in `activities.failures`, and `Temporal`.
        """
        try:
            return await with_heartbeats(self._check(order, activity.client()), lambda: None)
        except ProviderError as error:
            raise as_application_error(error) from None
        except RPCError as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None

    async def _check(self, order: RoundOrder, client: Client) -> RoundResult:
        asked_at = datetime.now(UTC)
        resync = await self._calendars.resync_all()
        found = assess(order.before, resync)
        texts = {each.calendar_id: _OPAQUE.sub("…", each.text) for each in resync.errors}
        named = [name for name in dict.fromkeys([*resync.synced, *texts]) if name]
        lost = await self._lost(client, named)
        findings = found.model_copy(update={"ailing": {**found.ailing, **dict.fromkeys(lost, Ailment.LOST)}})
        slots = asyncio.Semaphore(_TOLD_AT_ONCE)

        async def tell(calendar_id: str) -> None:
            ailment = findings.ailing.get(calendar_id)
            text = texts.get(calendar_id, _LOST) if ailment else ""
            async with slots:
                await _tell(client, calendar_id, GrantWord(ailment=ailment, text=text, at=asked_at))

        known = [*named, *lost]
        told = known if order.tell_all else [name for name in known if _is_new(name, order.before, findings)]
        await asyncio.gather(*(tell(name) for name in told))
        return RoundResult(findings=findings, calendars=len(named), again_in=self._every)

    async def _lost(self, client: Client, named: Collection[str]) -> list[str]:
        """The calendars that are kept here, that the answer does not name, and that the provider does not know."""
        query = f"WorkflowType = '{CALENDAR_WORKFLOW}' AND ExecutionStatus = 'Running'"
        kept = [calendar_id_of(each.id) async for each in client.list_workflows(query)]
        slots = asyncio.Semaphore(_TOLD_AT_ONCE)

        async def is_known(calendar_id: str) -> bool:
            async with slots:
                try:
                    await self._calendars.calendar(calendar_id)
                except NotFoundError:
                    return False
                return True

        unnamed = sorted(set(kept).difference(named))
        known = await asyncio.gather(*(is_known(each) for each in unnamed))
        return [each for each, there in zip(unnamed, known, strict=True) if not there]


def assess(before: Findings, resync: Resync) -> Findings:
    """What ails each calendar, after what was found before.

    A failure without a known reason is believed when it comes a second time in a row. If it is then that of all
    calendars, the app is taken to be at fault.
    """
    ailing: dict[str, Ailment] = {}
    doubtful = []
    is_everybody = not resync.synced and len(resync.errors) > 1
    for failure in resync.errors:
        name = failure.calendar_id
        if not name or name in resync.synced:
            continue
        if failure.trouble is None and name not in before.doubtful and name not in before.ailing:
            doubtful.append(name)
        else:
            ailing[name] = _ailment(failure, before.ailing, is_everybody=is_everybody)
    return Findings(ailing=ailing, doubtful=tuple(doubtful))


def _ailment(failure: SyncFailure, before: Mapping[str, Ailment], *, is_everybody: bool) -> Ailment:
    if failure.trouble is not None:
        return Ailment(failure.trouble.value)
    return before.get(failure.calendar_id) or (Ailment.APP if is_everybody else Ailment.SYNC)


def _is_new(calendar_id: str, before: Findings, after: Findings) -> bool:
    return before.ailing.get(calendar_id) is not after.ailing.get(calendar_id)


async def _tell(client: Client, calendar_id: str, word: GrantWord) -> None:
    """A calendar that nobody keeps has nobody to be told."""
    handle = client.get_workflow_handle(calendar_workflow_id_for(calendar_id))
    try:
        await handle.signal(GRANT_SIGNAL, word, rpc_timeout=_LIMIT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
