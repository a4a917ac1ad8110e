"""Follows one calendar: waits for changes, reconciles its meetings, and ends when it is disconnected."""

import asyncio
import json
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import activity_calls
from workflows.inputs import NOTHING, Nothing, UnknownCalls, read_input, read_signal
from workflows.publishing import Publisher
from workflows.timers import WorkflowClock

with workflow.unsafe.imports_passed_through():
    from activities.errors import NOT_FOUND
    from minutekeeper.calendars import descriptions
    from minutekeeper.calendars.calendar_state import CalendarState
    from minutekeeper.calendars.decisions import MAX_OVERRIDES, NO_OVERRIDES
    from minutekeeper.calendars.health import ACCESS_GOOD, AccessProblem, AccessReport, suggested_fix
    from minutekeeper.calendars.messages import (
        DISCONNECT_REQUEST,
        FULL_SYNC,
        SOMETHING_CHANGED,
        CalendarChanged,
        CalendarView,
        DisconnectRequest,
        OverrideChange,
        PolicyChange,
    )
    from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy, PolicyError, load_policy
    from minutekeeper.temporal.names import CALENDAR_WORKFLOW, INVALID_REQUEST, REFUSED
    from minutekeeper.temporal.search_attributes import calendar_attribute, calendar_status_attribute

CALENDAR_PROBLEMS = (
    "minutekeeper_calendar_problems_total",
    "Calendars that could not be read any more; each problem counts once.",
)
CALENDAR_RECOVERIES = (
    "minutekeeper_calendar_recoveries_total",
    "Calendars that could be read again; each recovery counts once.",
)


@workflow.defn(name=CALENDAR_WORKFLOW)
class CalendarWorkflow(UnknownCalls):
    """A start takes one CalendarWorkflowInput; one that cannot be read fails the execution at once, with a message.

    `run` is the only one that acts: updates and signals change the state, and `run` finds out when it is due.
    """

    updates = ("set_policy", "override", "resync", "disconnect")

    @workflow.init
    def __init__(self, *inputs: object) -> None:
        self._state = read_input(CalendarState, inputs)
        self._clock = WorkflowClock()
        self._publisher = Publisher(lambda: descriptions.calendar_markdown(self._view()))
        if self._state.published_status is None:
            self._state.begin(self._clock.now())
            self._publisher.show([calendar_attribute([self._state.calendar_id])])

    @workflow.run
    async def run(self, *_inputs: object) -> CalendarView:
        publishing = asyncio.create_task(self._publisher.run())
        while not self._state.is_disconnected:
            self._publish_changes()
            await self._wait_until_due()
            if self._is_due():
                await self._reconcile()
                self._publish_changes()
            await workflow.wait_condition(workflow.all_handlers_finished)
            self._continue_as_new_if_long()
        self._publisher.publish()
        publishing.cancel()
        return self._view()

    # The phases.

    async def _wait_until_due(self) -> None:
        """Waits until it is time to reconcile, or to continue as new because signals have made the history long."""
        while not (self._is_due() or _is_history_long()):
            await self._wait_for_change(self._state.due_at(self._clock.now()))

    async def _wait_for_change(self, due_at: datetime) -> None:
        """Waits until the instant, or until another one takes its place."""
        what = "further changes" if self._state.new_changes else "changes, or the next reconcile"
        await self._clock.wait_until(
            lambda: _is_history_long() or self._state.due_at(self._clock.now()) != due_at,
            due_at,
            f"waits for {what}",
        )

    async def _reconcile(self) -> None:
        """Reads the calendar, and books, moves and releases meetings."""
        order = self._state.begin_reconcile(self._clock.now())
        try:
            result = await activity_calls.reconcile(order)
        except ActivityError as error:
            cause = error.cause
            is_missing = isinstance(cause, ApplicationError) and cause.type == NOT_FOUND
            self._state.apply_failure(order, str(cause), self._clock.now(), is_missing=is_missing)
        else:
            self._state.apply_result(order, result, self._clock.now())

    def _continue_as_new_if_long(self) -> None:
        if _is_history_long() and not self._state.is_disconnected:
            self._publisher.publish()
            workflow.continue_as_new(self._state)

    # Messages.

    @workflow.signal
    def calendar_event(self, *inputs: object) -> None:
        """Something changed in the calendar: takes a CalendarChanged. The calendar is read whatever it says."""
        changed = read_signal(CalendarChanged, inputs, SOMETHING_CHANGED) or SOMETHING_CHANGED
        self._state.add_changes(changed.changes, self._clock.now())

    @workflow.signal
    def access_changed(self, *inputs: object) -> None:
        """Whether the calendar can be read: takes an AccessReport."""
        report = read_signal(AccessReport, inputs, ACCESS_GOOD)
        if report is not None:
            self._state.apply_access_report(report, self._clock.now())
            self._publish_changes()

    @workflow.signal
    def disconnect_requested(self, *inputs: object) -> None:
        """The same as `disconnect`, for callers that do not wait for a worker: takes a DisconnectRequest."""
        self._request_disconnect(read_signal(DisconnectRequest, inputs, DISCONNECT_REQUEST) or DISCONNECT_REQUEST)

    @workflow.update
    def resync(self, *_inputs: object) -> CalendarView:
        """Has everything that is to come read again, soon."""
        self._state.add_changes(FULL_SYNC, self._clock.now())
        return self._answer()

    @resync.validator
    def _validate_resync(self, *inputs: object) -> None:
        read_input(Nothing, inputs, NOTHING)

    @workflow.update
    def set_policy(self, *inputs: object) -> CalendarView:
        """Decides by another policy from now on, also about what was booked already: takes a PolicyChange."""
        self._state.change_policy(_policy_in(read_input(PolicyChange, inputs)), self._clock.now())
        return self._answer()

    @set_policy.validator
    def _validate_set_policy(self, *inputs: object) -> None:
        change = read_input(PolicyChange, inputs)
        self._refuse_if_leaving()
        _policy_in(change)

    @workflow.update
    def override(self, *inputs: object) -> CalendarView:
        """What users decide for one event or one series goes before every policy: takes an OverrideChange."""
        self._state.change_override(read_input(OverrideChange, inputs), self._clock.now())
        return self._answer()

    @override.validator
    def _validate_override(self, *inputs: object) -> None:
        change = read_input(OverrideChange, inputs)
        self._refuse_if_leaving()
        if bool(change.meeting_id) == bool(change.series_id):
            raise ApplicationError("Name either meeting_id or series_id.", type=INVALID_REQUEST)
        if self._state.overrides_after(change, self._clock.now()) is None:
            raise ApplicationError(
                f"This calendar has {MAX_OVERRIDES:,} overrides, and all of them are needed. "
                f"`minutekeeper calendar override {self._state.calendar_id} EVENT none` takes one back.",
                type=REFUSED,
            )

    @workflow.update
    def disconnect(self, *inputs: object) -> CalendarView:
        """Releases all meetings, ends the provider's sync, and ends. A repeat changes nothing."""
        self._request_disconnect(read_input(DisconnectRequest, inputs, DISCONNECT_REQUEST))
        return self._answer()

    @disconnect.validator
    def _validate_disconnect(self, *inputs: object) -> None:
        read_input(DisconnectRequest, inputs, DISCONNECT_REQUEST)

    @workflow.query
    def status(self, *inputs: object) -> CalendarView:
        """Everything that is known of the calendar now, except its events: those are in its checkpoint."""
        read_input(Nothing, inputs, NOTHING)
        return self._view()

    # What the above is made of.

    def _is_due(self) -> bool:
        return self._state.due_at(self._clock.now()) <= self._clock.now()

    def _view(self) -> CalendarView:
        return self._state.view(self._clock.now())

    def _answer(self) -> CalendarView:
        """The answer of an update, which stays in the history: without what may be long."""
        return self._view().model_copy(update={"policy": DEFAULT_POLICY, "overrides": NO_OVERRIDES})

    def _request_disconnect(self, request: DisconnectRequest) -> None:
        self._state.disconnect_reason = self._state.disconnect_reason or request.reason
        self._state.forget = self._state.forget or request.forget
        self._publish_changes()

    def _refuse_if_leaving(self) -> None:
        if self._state.disconnect_reason:
            raise ApplicationError("This calendar is being disconnected.", type=REFUSED)

    def _publish_changes(self) -> None:
        """Shows the state in Temporal's UI, and reports once that the calendar cannot, or can again, be read."""
        state = self._state
        is_new = state.status is not state.published_status
        self._publisher.show([calendar_status_attribute(state.status)] if is_new else [])
        state.published_status = state.status
        if state.problem is not state.reported_problem:
            _report_problem(self._view(), state.reported_problem)
            state.reported_problem = state.problem


def _is_history_long() -> bool:
    return workflow.info().is_continue_as_new_suggested()


def _policy_in(change: PolicyChange) -> Policy:
    try:
        return load_policy(json.dumps(change.policy))
    except PolicyError as error:
        raise ApplicationError(str(error), type=INVALID_REQUEST) from None


def _report_problem(view: CalendarView, before: AccessProblem | None) -> None:
    """Logs and counts a problem or its end. That of an OAuth app is logged once for all its calendars, not here."""
    if view.problem is None:
        label = {"problem": before.value if before else ""}
        workflow.metric_meter().create_counter(*CALENDAR_RECOVERIES).add(1, label)
        if before is not AccessProblem.OAUTH_APP:
            workflow.logger.warning("calendar %s can be read again", view.calendar_id)
        return
    workflow.metric_meter().create_counter(*CALENDAR_PROBLEMS).add(1, {"problem": view.problem.value})
    if view.problem is not AccessProblem.OAUTH_APP:
        fix = suggested_fix(view.problem, view.calendar_id, view.user, view.platform, view.provider)
        workflow.logger.warning("calendar %s cannot be read: %s; %s", view.calendar_id, view.error, fix)
