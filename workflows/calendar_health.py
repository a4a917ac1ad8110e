"""Checks again and again whether all calendars can be read, and reports what changed.

A workflow and not a schedule, because it remembers what it has found and reports each problem once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import activity_calls
from workflows.inputs import NOTHING, Nothing, UnknownCalls, read_input, read_signal
from workflows.timers import WorkflowClock

with workflow.unsafe.imports_passed_through():
    from minutekeeper.calendars import descriptions
    from minutekeeper.calendars.health import (
        CHECK_ALL,
        AccessFindings,
        AccessProblem,
        CalendarHealthInput,
        CalendarHealthView,
        CheckRequest,
        HealthCheckInput,
        suggested_fix,
    )
    from minutekeeper.temporal.names import CALENDAR_HEALTH_WORKFLOW
    from minutekeeper.text import one_line

_REPORT_ALL_EVERY = timedelta(days=1)
"""A calendar that missed a report, because its workflow was started anew for instance, gets it within a day."""
_MAX_ERROR_LENGTH = 300


@workflow.defn(name=CALENDAR_HEALTH_WORKFLOW)
class CalendarHealthWorkflow(UnknownCalls):
    @workflow.init
    def __init__(self, *inputs: object) -> None:
        self._state = read_input(CalendarHealthInput, inputs, CalendarHealthInput())
        self._check_now = False
        self._providers: set[str] = set()
        """Of those only the calendars are checked next, unless it is empty."""
        self._clock = WorkflowClock()

    @workflow.run
    async def run(self, *_inputs: object) -> None:
        while True:
            providers, self._providers = self._providers, set()
            self._check_now = False
            await self._check(sorted(providers))
            workflow.set_current_details(descriptions.health_markdown(self.status()))
            await self._clock.wait_until(lambda: self._check_now, self._next_check_at, "until the next check")
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._state)

    async def _check(self, providers: Sequence[str]) -> None:
        now = self._clock.now()
        state = self._state
        report_all = not providers and (
            state.reported_all_at is None or now - state.reported_all_at >= _REPORT_ALL_EVERY
        )
        try:
            result = await activity_calls.check_calendars(
                HealthCheckInput(before=state.findings, report_all=report_all, providers=tuple(providers))
            )
        except ActivityError as error:
            cause = one_line(str(error.cause))[:_MAX_ERROR_LENGTH]
            if not state.error:
                workflow.logger.warning("whether the calendars can be read could not be checked: %s", cause)
            self._state = state.model_copy(update={"last_check_at": now, "error": cause})
            return
        _log_app_problems(state.findings, result.findings)
        self._state = CalendarHealthInput(
            findings=result.findings,
            calendars=state.calendars if result.calendars is None else result.calendars,
            reported_all_at=now if report_all else state.reported_all_at,
            # A check of some calendars does not take the place of the one of all.
            last_check_at=(state.last_check_at if providers else None) or now,
            next_check_seconds=result.next_check_seconds,
            error=result.error,
        )

    @workflow.signal
    def check_now(self, *inputs: object) -> None:
        """Has the next check made at once: takes a CheckRequest."""
        request = read_signal(CheckRequest, inputs, CHECK_ALL) or CHECK_ALL
        if not request.provider:
            self._providers.clear()
        elif self._providers or not self._check_now:
            self._providers.add(request.provider)
        self._check_now = True

    @workflow.query
    def status(self, *inputs: object) -> CalendarHealthView:
        """What the last check found."""
        read_input(Nothing, inputs, NOTHING)
        last = self._state.last_check_at
        return CalendarHealthView(
            calendars=self._state.calendars,
            findings=self._state.findings,
            last_check_at=last,
            next_check_at=self._next_check_at if last else None,
            error=self._state.error,
        )

    @property
    def _next_check_at(self) -> datetime:
        return (self._state.last_check_at or self._clock.now()) + timedelta(seconds=self._state.next_check_seconds)


def _log_app_problems(before: AccessFindings, after: AccessFindings) -> None:
    """One line for all calendars of an OAuth app that is refused; of every other problem its calendar reports."""
    were, are = before.of(AccessProblem.OAUTH_APP), after.of(AccessProblem.OAUTH_APP)
    if begun := len(are - were):
        workflow.logger.warning(
            "%d calendars cannot be read because their OAuth app is refused: %s; list them with "
            "`minutekeeper calendar doctor`",
            begun,
            suggested_fix(AccessProblem.OAUTH_APP),
        )
    if ended := len(were - are):
        workflow.logger.warning("%d calendars can be read again: their OAuth app is no longer refused", ended)
