"""Asks the provider which calendars it can read, and reports what is new to those that it concerns."""

import asyncio
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Protocol

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.errors import to_application_error
from activities.heartbeats import with_heartbeats
from minutekeeper.calendars.health import (
    AccessFindings,
    AccessProblem,
    AccessReport,
    HealthCheckInput,
    HealthCheckResult,
)
from minutekeeper.providers.base import NotFoundError, ProviderError
from minutekeeper.providers.calendar_base import AccessProblemSource, ConnectedCalendar, ResyncResult, SyncFailure
from minutekeeper.temporal.calendar_workflows import report_access, running_calendars

_MAX_CONCURRENCY = 20
_NOT_FOUND_TEXT = "the provider does not have this calendar any more"
_OPAQUE = re.compile(r"\S{24,}")
"""Words as long as a token are left out, because the tokens by which the provider reads are not known here."""
_BY_SOURCE = {AccessProblemSource.USER: AccessProblem.USER_GRANT, AccessProblemSource.APP: AccessProblem.OAUTH_APP}


class CalendarResyncer(Protocol):
    """What is needed of a CalendarProvider."""

    async def resync_all(self) -> ResyncResult:
        """Raises ProviderError."""
        ...

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        """Raises NotFoundError for one that it does not have, and other ProviderErrors."""
        ...


class CalendarHealthActivities:
    """Checks all calendars of one account, every `every_seconds`."""

    def __init__(self, calendars: CalendarResyncer, every_seconds: float) -> None:
        self._calendars = calendars
        self._every_seconds = every_seconds

    @activity.defn
    async def check_calendars(self, order: HealthCheckInput) -> HealthCheckResult:
        """Makes one request for all calendars of the account, and reports to each for which the answer is new.

        Raises ApplicationError of the types in `activities.errors`, and `Temporal`.
        """
        try:
            return await with_heartbeats(self._check(order, activity.client()), lambda: None)
        except ProviderError as error:
            raise to_application_error(error) from None
        except RPCError as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None

    async def _check(self, order: HealthCheckInput, client: Client) -> HealthCheckResult:
        asked_at = datetime.now(UTC)
        resync = await self._calendars.resync_all()
        found = evaluate_resync(order.before, resync)
        texts = {each.calendar_id: _OPAQUE.sub("…", each.text) for each in resync.errors}
        named = [name for name in dict.fromkeys([*resync.synced, *texts]) if name]
        missing = await self._find_missing(client, named)
        findings = found.model_copy(
            update={"problems": {**found.problems, **dict.fromkeys(missing, AccessProblem.NOT_FOUND)}}
        )
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def report(calendar_id: str) -> None:
            problem = findings.problems.get(calendar_id)
            text = texts.get(calendar_id, _NOT_FOUND_TEXT) if problem else ""
            async with slots:
                # A calendar without a workflow gets no report.
                await report_access(client, calendar_id, AccessReport(problem=problem, text=text, at=asked_at))

        known = [*named, *missing]
        concerned = known if order.report_all else [name for name in known if _is_new(name, order.before, findings)]
        await asyncio.gather(*(report(name) for name in concerned))
        return HealthCheckResult(findings=findings, calendars=len(named), next_check_seconds=self._every_seconds)

    async def _find_missing(self, client: Client, named: Collection[str]) -> list[str]:
        """The calendars with a workflow that the answer does not name and that the provider does not know."""
        followed = [each async for each in running_calendars(client)]
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def is_known(calendar_id: str) -> bool:
            async with slots:
                try:
                    await self._calendars.calendar(calendar_id)
                except NotFoundError:
                    return False
                return True

        unnamed = sorted(set(followed).difference(named))
        known = await asyncio.gather(*(is_known(each) for each in unnamed))
        return [each for each, there in zip(unnamed, known, strict=True) if not there]


def evaluate_resync(before: AccessFindings, resync: ResyncResult) -> AccessFindings:
    """The problem of each calendar, after what was found before.

    A failure without a known reason is believed when it comes a second time in a row. If it is then that of all
    calendars, the app is taken to be at fault.
    """
    problems: dict[str, AccessProblem] = {}
    unconfirmed = []
    is_all = not resync.synced and len(resync.errors) > 1
    for failure in resync.errors:
        name = failure.calendar_id
        if not name or name in resync.synced:
            continue
        if failure.trouble is None and name not in before.unconfirmed and name not in before.problems:
            unconfirmed.append(name)
        else:
            problems[name] = _problem(failure, before.problems, is_all=is_all)
    return AccessFindings(problems=problems, unconfirmed=tuple(unconfirmed))


def _problem(failure: SyncFailure, before: Mapping[str, AccessProblem], *, is_all: bool) -> AccessProblem:
    if failure.trouble is not None:
        return _BY_SOURCE[failure.trouble]
    return before.get(failure.calendar_id) or (AccessProblem.OAUTH_APP if is_all else AccessProblem.SYNC)


def _is_new(calendar_id: str, before: AccessFindings, after: AccessFindings) -> bool:
    return before.problems.get(calendar_id) is not after.problems.get(calendar_id)
