"""The life of one calendar: it listens, waits a moment, looks, and lets the meetings follow. Read `run` first."""

import json
from datetime import datetime, timedelta

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import attributes, steps
from workflows.waiting import wait, wait_until

with workflow.unsafe.imports_passed_through():
    from meetings.calendars import telling
    from meetings.calendars.keeping import (
        DISCONNECTION,
        CalendarRequest,
        CalendarSignal,
        CalendarStatus,
        CalendarView,
        CarriedCalendar,
        Disconnection,
        LookOrder,
        OverrideChange,
        PolicyChange,
    )
    from meetings.calendars.policy import PolicyError, load_policy
    from meetings.names import CALENDAR_WORKFLOW
    from meetings.text import one_line

_AFTER_TROUBLE = timedelta(minutes=10)
_KEYWORD_CHARACTERS = 255


# An input that cannot be read fails the execution at once, with a message, instead of being tried for ever.
@workflow.defn(name=CALENDAR_WORKFLOW, failure_exception_types=[ValidationError])
class CalendarWorkflow:
    @workflow.init
    def __init__(self, request: CalendarRequest) -> None:
        self._request = request.model_copy(update={"carried": None})
        self._is_continued = request.carried is not None
        self._known = request.carried or CarriedCalendar(dirty=True, full_wanted=True)
        self._dirty = self._known.dirty
        self._full_wanted = self._known.full_wanted
        self._farewell = self._known.farewell
        self._trouble = self._known.trouble
        self._is_gone = False

    @workflow.run
    async def run(self, _request: CalendarRequest) -> CalendarView:
        if not self._is_continued:
            name = self._request.calendar_id[:_KEYWORD_CHARACTERS]
            workflow.upsert_search_attributes([attributes.CALENDAR_ID.value_set(name)])
        while not self._is_gone:
            self._show()
            await self._listen()
            await self._look()
            self._show()
            await workflow.wait_condition(workflow.all_handlers_finished)
            self._continue_as_new_if_long()
        return self.status()

    # What it does, in turn.

    async def _listen(self) -> None:
        """Until something changed, or it is time to look by itself. Changes come in swarms: one look for all."""
        next_look = self._next_look
        await wait_until(lambda: self._dirty or bool(self._farewell), next_look, "nothing heard: look all the same")
        if self._dirty:
            await wait(lambda: bool(self._farewell), self._request.debounce, "something changed: is there more?")

    async def _look(self) -> None:
        now = workflow.now()
        order = LookOrder(
            calendar_id=self._request.calendar_id,
            at=now,
            policy=self._request.policy,
            overrides=self._request.overrides,
            full=self._full_wanted or now >= self._next_full,
            heard=self._dirty,
            farewell=self._farewell,
        )
        # What is heard from here on is not part of this look.
        self._dirty = self._full_wanted = False
        try:
            result = await steps.reconcile(order)
        except ActivityError as error:
            await self._note_trouble(order, one_line(str(error.cause)))
            return
        self._trouble = ""
        self._is_gone = bool(order.farewell)
        self._known = CarriedCalendar(
            looks=self._known.looks + 1,
            counts=result.counts,
            cursor=result.cursor,
            last_look_at=now,
            last_full_at=now if result.was_full else self._known.last_full_at,
            again_at=result.again_at,
        )

    async def _note_trouble(self, order: LookOrder, text: str) -> None:
        """What was owed stays owed. New changes are looked at as they come; nobody can hurry a farewell."""
        self._trouble = text
        self._full_wanted = self._full_wanted or order.full
        self._known = self._known.model_copy(update={"again_at": workflow.now() + _AFTER_TROUBLE})
        self._show()
        if order.farewell:
            await workflow.sleep(_AFTER_TROUBLE, summary="could not let go of all meetings: again")

    # Messages: they only record; `run` acts.

    @workflow.signal
    def calendar_event(self, _change: CalendarSignal | None = None) -> None:
        """Something changed in the calendar. What it was is seen by looking, whatever the sender says of it."""
        self._dirty = True

    @workflow.signal
    def farewell(self, wish: Disconnection = DISCONNECTION) -> None:
        """The same as `disconnect`, for those who cannot wait until a worker answers."""
        self._farewell = self._farewell or wish.why

    @workflow.update
    def resync(self) -> CalendarView:
        """Has everything that is to come read again, soon."""
        self._call_for_all()
        return self.status()

    @workflow.update
    def set_policy(self, change: PolicyChange) -> CalendarView:
        """Decides by another policy from now on, also about what was booked already."""
        policy = load_policy(json.dumps(change.policy))
        self._request = self._request.model_copy(update={"policy": policy})
        self._call_for_all()
        return self.status()

    @set_policy.validator
    def _may_set_policy(self, change: PolicyChange) -> None:
        self._refuse_if_leaving()
        try:
            load_policy(json.dumps(change.policy))
        except PolicyError as error:
            raise ApplicationError(str(error), type="Refused") from None

    @workflow.update
    def override(self, change: OverrideChange) -> CalendarView:
        """What somebody decides for one event or one series goes before every policy."""
        overrides = self._request.overrides
        if change.event_id:
            overrides = overrides.with_event(change.event_id, change.wanted)
        if change.series_id:
            overrides = overrides.with_series(change.series_id, change.wanted)
        self._request = self._request.model_copy(update={"overrides": overrides})
        self._call_for_all()
        return self.status()

    @override.validator
    def _may_override(self, change: OverrideChange) -> None:
        self._refuse_if_leaving()
        if bool(change.event_id) == bool(change.series_id):
            raise ApplicationError("Name either event_id or series_id.", type="Refused")

    @workflow.update
    def disconnect(self, wish: Disconnection = DISCONNECTION) -> CalendarView:
        """Lets go of all meetings, ends the provider's sync, and ends. A repeat changes nothing."""
        self._farewell = self._farewell or wish.why
        return self.status()

    @workflow.query
    def status(self) -> CalendarView:
        """Everything that is known of the calendar now, but for its events: those are in its book."""
        return CalendarView(
            calendar_id=self._request.calendar_id,
            status=self._status,
            user=self._request.user,
            platform=self._request.platform,
            trouble=self._trouble,
            looks=self._known.looks,
            counts=self._known.counts,
            cursor=self._known.cursor,
            last_look_at=self._known.last_look_at,
            last_full_at=self._known.last_full_at,
            next_look_at=None if self._is_gone else self._next_look,
            policy=self._request.policy,
            overrides=self._request.overrides,
        )

    # What the above is made of.

    @property
    def _status(self) -> CalendarStatus:
        if self._is_gone:
            return CalendarStatus.DISCONNECTED
        if self._farewell:
            return CalendarStatus.LEAVING
        return CalendarStatus.TROUBLED if self._trouble else CalendarStatus.CONNECTED

    @property
    def _next_full(self) -> datetime:
        last = self._known.last_full_at
        return last + timedelta(seconds=self._request.full_every) if last else workflow.now()

    @property
    def _next_look(self) -> datetime:
        again_at = self._known.again_at
        if self._trouble and again_at:
            return again_at
        return min(again_at or self._next_full, self._next_full)

    def _call_for_all(self) -> None:
        self._dirty = self._full_wanted = True

    def _show(self) -> None:
        workflow.set_current_details(telling.details(self.status()))

    def _continue_as_new_if_long(self) -> None:
        if self._is_gone or not workflow.info().is_continue_as_new_suggested():
            return
        carried = self._known.model_copy(
            update={
                "dirty": self._dirty,
                "full_wanted": self._full_wanted,
                "farewell": self._farewell,
                "trouble": self._trouble,
            }
        )
        workflow.continue_as_new(self._request.model_copy(update={"carried": carried}))

    def _refuse_if_leaving(self) -> None:
        if self._farewell:
            raise ApplicationError("This calendar is being disconnected.", type="Refused")
