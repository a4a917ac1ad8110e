"""Asks the provider which calendars it can read, and reports what is new to those that it concerns."""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.errors import to_application_error
from activities.heartbeats import with_heartbeats
from activities.outgoing_events import EventAnnouncer, calendar_news
from minutekeeper.calendars.health import (
    AccessFindings,
    AccessProblem,
    AccessReport,
    HealthCheckInput,
    HealthCheckResult,
)
from minutekeeper.deliveries.endpoint import OutgoingEventType
from minutekeeper.providers.base import NotFoundError, ProviderError
from minutekeeper.providers.calendar_base import AccessCheck, AccessProblemSource, ConnectedCalendar, SyncFailure
from minutekeeper.providers.calendar_ids import provider_of_calendar
from minutekeeper.temporal.calendar_workflows import report_access, running_calendars

_MAX_CONCURRENCY = 20
_NOT_FOUND_TEXT = "the provider does not have this calendar any more"
_OPAQUE = re.compile(r"\S{24,}")
"""Words as long as a token are left out, because the tokens by which the provider reads are not known here."""
_BY_SOURCE = {AccessProblemSource.USER: AccessProblem.USER_GRANT, AccessProblemSource.APP: AccessProblem.OAUTH_APP}


class CalendarAccess(Protocol):
    """What is needed of a CalendarProvider."""

    @property
    def name(self) -> str:
        """The provider's name."""
        ...

    async def check_access(self) -> AccessCheck:
        """Raises ProviderError."""
        ...

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        """Raises NotFoundError for one that it does not have, and other ProviderErrors."""
        ...


@dataclass(frozen=True, kw_only=True)
class _AccountCheck:
    """What one provider answered, and the calendars with a workflow that it does not have any more."""

    findings: AccessFindings
    named: list[str]
    missing: list[str]
    texts: Mapping[str, str]


class CalendarHealthActivities:
    """Checks the calendars of all providers, every `every_seconds`."""

    def __init__(
        self, calendars: Sequence[CalendarAccess], every_seconds: float, events: EventAnnouncer | None = None
    ) -> None:
        self._calendars = calendars
        self._events = events
        self._every_seconds = every_seconds

    @activity.defn
    async def check_calendars(self, order: HealthCheckInput) -> HealthCheckResult:
        """Makes one request for all calendars of an account, and reports to each for which the answer is new.

        Raises ApplicationError of the types in `activities.errors` if no provider answers, and `Temporal`.
        """
        try:
            return await with_heartbeats(self._check(order, activity.client()), lambda: None)
        except ProviderError as error:
            raise to_application_error(error) from None
        except RPCError as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None

    async def _check(self, order: HealthCheckInput, client: Client) -> HealthCheckResult:
        asked_at = datetime.now(UTC)
        asked = [each for each in self._calendars if not order.providers or each.name in order.providers]
        followed = [each async for each in running_calendars(client)]
        checks: list[_AccountCheck] = []
        errors: list[tuple[str, ProviderError]] = []
        for account in asked:
            try:
                checks.append(await _check_account(account, order.before, followed))
            except ProviderError as error:
                errors.append((account.name, error))
        if errors and not checks:
            raise errors[0][1]
        answered = {account.name for account in asked} - {name for name, _ in errors}
        findings = _together(order.before, answered, [check.findings for check in checks])
        for check in checks:
            await _report(client, order, check, findings, asked_at)
            await self._announce(order, check, findings)
        is_complete = not errors and len(asked) == len(self._calendars)
        return HealthCheckResult(
            findings=findings,
            calendars=sum(len(check.named) for check in checks) if is_complete else None,
            next_check_seconds=self._every_seconds,
            error="; ".join(f"{name}: {error}" for name, error in errors),
        )

    async def _announce(self, order: HealthCheckInput, check: _AccountCheck, findings: AccessFindings) -> None:
        """Tells other services which calendars cannot be read any more, and which can be read again."""
        if self._events is None:
            return
        for name in [*check.named, *check.missing]:
            if _is_new(name, order.before, findings):
                problem = findings.problems.get(name)
                kind = OutgoingEventType.CALENDAR_TROUBLE if problem else OutgoingEventType.CALENDAR_RECOVERED
                await self._events.announce(calendar_news(name, kind, self._events.api_url, problem))


async def _check_account(
    account: CalendarAccess, before: AccessFindings, followed: Collection[str]
) -> _AccountCheck:
    """Raises ProviderError."""
    answer = await account.check_access()
    found = evaluate_access(before, answer)
    texts = {each.calendar_id: _OPAQUE.sub("…", each.text) for each in answer.failures}
    named = [name for name in dict.fromkeys([*answer.readable, *texts]) if name]
    own = {each for each in followed if provider_of_calendar(each) == account.name}
    missing = await _find_missing(account, sorted(own.difference(named)))
    problems = {**found.problems, **dict.fromkeys(missing, AccessProblem.NOT_FOUND)}
    return _AccountCheck(
        findings=found.model_copy(update={"problems": problems}), named=named, missing=missing, texts=texts
    )


async def _find_missing(account: CalendarAccess, unnamed: Sequence[str]) -> list[str]:
    """The calendars with a workflow that the answer does not name and that the provider does not know."""
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def is_known(calendar_id: str) -> bool:
        async with slots:
            try:
                await account.calendar(calendar_id)
            except NotFoundError:
                return False
            return True

    known = await asyncio.gather(*(is_known(each) for each in unnamed))
    return [each for each, there in zip(unnamed, known, strict=True) if not there]


async def _report(
    client: Client, order: HealthCheckInput, check: _AccountCheck, findings: AccessFindings, asked_at: datetime
) -> None:
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def report(calendar_id: str) -> None:
        problem = findings.problems.get(calendar_id)
        text = check.texts.get(calendar_id, _NOT_FOUND_TEXT) if problem else ""
        async with slots:
            # A calendar without a workflow gets no report.
            await report_access(client, calendar_id, AccessReport(problem=problem, text=text, at=asked_at))

    known = [*check.named, *check.missing]
    concerned = known if order.report_all else [name for name in known if _is_new(name, order.before, findings)]
    await asyncio.gather(*(report(name) for name in concerned))


def _together(before: AccessFindings, answered: Collection[str], found: Iterable[AccessFindings]) -> AccessFindings:
    """The findings of the providers that answered, and for the others those of before."""
    kept = {name: each for name, each in before.problems.items() if provider_of_calendar(name) not in answered}
    unconfirmed = [name for name in before.unconfirmed if provider_of_calendar(name) not in answered]
    for each in found:
        kept |= each.problems
        unconfirmed += each.unconfirmed
    return AccessFindings(problems=kept, unconfirmed=tuple(unconfirmed))


def evaluate_access(before: AccessFindings, answer: AccessCheck) -> AccessFindings:
    """The problem of each calendar, after what was found before.

    A failure without a known reason is believed when it comes a second time in a row. If it is then that of all
    calendars, the app is taken to be at fault.
    """
    problems: dict[str, AccessProblem] = {}
    unconfirmed = []
    is_all = not answer.readable and len(answer.failures) > 1
    for failure in answer.failures:
        name = failure.calendar_id
        if not name or name in answer.readable:
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
