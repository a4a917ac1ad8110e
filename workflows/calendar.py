"""The life of one calendar: it listens, waits a moment, looks, and lets the meetings follow. Read `run` first."""

import asyncio
import json
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from minutekeeper.temporal import search_attributes
from workflows import steps
from workflows.calendar_reporting import report
from workflows.inputs import NOTHING, Nothing, UnknownCalls, given, heard
from workflows.publishing import Publisher
from workflows.waiting import wait, wait_until

with workflow.unsafe.imports_passed_through():
    from activities.failures import NOT_FOUND
    from meetings.calendars import telling
    from meetings.calendars.health import GOOD, Ailment, GrantWord
    from meetings.calendars.keeping import (
        DISCONNECTION,
        SOMETHING_CHANGED,
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
    from meetings.calendars.news import ALL_NEW, NO_NEWS, News
    from meetings.calendars.overrides import MOST_OVERRIDES, NO_OVERRIDES
    from meetings.calendars.policy import DEFAULT_POLICY, PolicyError, load_policy
    from meetings.calendars.spreading import next_full
    from meetings.names import CALENDAR_WORKFLOW, INVALID_REQUEST, REFUSED
    from meetings.text import one_line

_AFTER_TROUBLE = timedelta(minutes=10)
"""Doubled with each further failure: whoever is down is not helped by a thousand calendars that ask and ask."""
_MOST_DOUBLINGS = 3
_LONGEST_TROUBLE = 500


@workflow.defn(name=CALENDAR_WORKFLOW)
class CalendarWorkflow(UnknownCalls):
    """A start takes one CalendarRequest; one that cannot be read fails the execution at once, with a message."""

    updates = ("set_policy", "override", "resync", "disconnect")

    @workflow.init
    def __init__(self, *inputs: object) -> None:
        request = given(CalendarRequest, inputs)
        self._request = request.model_copy(update={"carried": None})
        self._is_continued = request.carried is not None
        self._known = request.carried or CarriedCalendar(news=ALL_NEW)
        self._news = self._known.news
        self._owed = self._known.owed
        self._farewell = self._known.farewell
        self._trouble = self._known.trouble
        self._is_lost = self._known.is_lost
        self._grant = self._known.grant
        self._shown = self._known.shown
        self._reported = self._known.reported
        self._is_gone = False
        self._publisher = Publisher(lambda: telling.details(self.status()))

    @workflow.run
    async def run(self, *_inputs: object) -> CalendarView:
        publishing = asyncio.create_task(self._publisher.run())
        if not self._is_continued:
            self._shown = self._status
            self._publisher.show(
                [
                    search_attributes.calendar_attribute([self._request.calendar_id]),
                    search_attributes.calendar_status_attribute(self._shown),
                ]
            )
        while not self._is_gone:
            self._show()
            await self._listen()
            await self._look()
            self._show()
            await workflow.wait_condition(workflow.all_handlers_finished)
            self._continue_as_new_if_long()
        self._publisher.publish()
        publishing.cancel()
        return self.status()

    # What it does, in turn.

    async def _listen(self) -> None:
        """Until something changed, or it is time to look by itself. Changes come in swarms: one look for all."""
        next_look = self._next_look
        await wait_until(lambda: bool(self._news or self._farewell), next_look, "nothing heard: look all the same")
        if self._news:
            await wait(lambda: bool(self._farewell), self._request.debounce, "something changed: is there more?")

    async def _look(self) -> None:
        now = workflow.now()
        order = LookOrder(
            calendar_id=self._request.calendar_id,
            at=now,
            policy=self._request.policy,
            overrides=self._request.overrides,
            news=self._owed.and_also(self._news).and_also(ALL_NEW if now >= self._next_full else NO_NEWS),
            farewell=self._farewell,
        )
        # What is heard from here on is not part of this look.
        self._news = NO_NEWS
        try:
            result = await steps.reconcile(order)
        except ActivityError as error:
            await self._note_trouble(order, error.cause)
            return
        self._trouble, self._is_lost = "", False
        self._is_gone = bool(order.farewell)
        self._owed = News(event_ids=result.unread)
        unread_again_at = workflow.now() + _AFTER_TROUBLE if result.unread else None
        self._known = CarriedCalendar(
            looks=self._known.looks + 1,
            counts=result.counts,
            cursor=result.cursor,
            last_look_at=now,
            last_full_at=now if result.was_full else self._known.last_full_at,
            again_at=min((at for at in (result.again_at, unread_again_at) if at), default=None),
        )

    async def _note_trouble(self, order: LookOrder, cause: BaseException | None) -> None:
        """What was owed stays owed. New changes are looked at as they come; nobody can hurry a farewell."""
        self._trouble = one_line(str(cause))[:_LONGEST_TROUBLE]
        self._is_lost = isinstance(cause, ApplicationError) and cause.type == NOT_FOUND
        self._owed = order.news
        doubled = _AFTER_TROUBLE * 2 ** min(self._known.failed, _MOST_DOUBLINGS)
        pause = timedelta(seconds=self._request.full_every) if self._is_lost else doubled
        changes = {"again_at": workflow.now() + pause, "failed": self._known.failed + 1}
        self._known = self._known.model_copy(update=changes)
        self._show()
        if order.farewell:
            await workflow.sleep(_AFTER_TROUBLE, summary="could not let go of all meetings: again")

    # Messages: they only record; `run` acts.

    @workflow.signal
    def calendar_event(self, *inputs: object) -> None:
        """Something changed in the calendar: a CalendarSignal. What it was is seen by looking, whatever is said."""
        self._news = self._news.and_also(
            (heard(CalendarSignal, inputs, SOMETHING_CHANGED) or SOMETHING_CHANGED).news
        )

    @workflow.signal
    def grant(self, *inputs: object) -> None:
        """Whether the calendar can be read at all. What was missed while it could not is looked for afterwards."""
        word = heard(GrantWord, inputs, GOOD)
        if word is None:
            return
        before, self._grant = self._grant, self._grant.after(word, workflow.now())
        if word.renewed or (before.ailment and not self._grant.ailment):
            self._call_for_all()
        self._show()

    @workflow.signal
    def farewell(self, *inputs: object) -> None:
        """The same as `disconnect`, for those who cannot wait until a worker answers."""
        self._farewell = self._farewell or (heard(Disconnection, inputs, DISCONNECTION) or DISCONNECTION).why
        self._show()

    @workflow.update
    def resync(self, *_inputs: object) -> CalendarView:
        """Has everything that is to come read again, soon."""
        self._call_for_all()
        return self._answer()

    @resync.validator
    def _may_resync(self, *inputs: object) -> None:
        given(Nothing, inputs, NOTHING)

    @workflow.update
    def set_policy(self, *inputs: object) -> CalendarView:
        """Decides by another policy from now on, also about what was booked already: takes a PolicyChange."""
        policy = load_policy(json.dumps(given(PolicyChange, inputs).policy))
        self._request = self._request.model_copy(update={"policy": policy})
        self._call_for_all()
        return self._answer()

    @set_policy.validator
    def _may_set_policy(self, *inputs: object) -> None:
        change = given(PolicyChange, inputs)
        self._refuse_if_leaving()
        try:
            load_policy(json.dumps(change.policy))
        except PolicyError as error:
            raise ApplicationError(str(error), type=INVALID_REQUEST) from None

    @workflow.update
    def override(self, *inputs: object) -> CalendarView:
        """What people decide for one event or one series goes before every policy: takes an OverrideChange."""
        change = given(OverrideChange, inputs)
        overrides = self._request.overrides
        if change.event_id:
            overrides = overrides.with_event(change.event_id, change.wanted)
        if change.series_id:
            overrides = overrides.with_series(change.series_id, change.wanted)
        self._request = self._request.model_copy(update={"overrides": overrides})
        self._call_for_all()
        return self._answer()

    @override.validator
    def _may_override(self, *inputs: object) -> None:
        change = given(OverrideChange, inputs)
        self._refuse_if_leaving()
        if bool(change.event_id) == bool(change.series_id):
            raise ApplicationError("Name either event_id or series_id.", type=INVALID_REQUEST)
        if change.wanted and self._request.overrides.are_many:
            raise ApplicationError(
                f"This calendar has {MOST_OVERRIDES:,} overrides; take some back first.", type=REFUSED
            )

    @workflow.update
    def disconnect(self, *inputs: object) -> CalendarView:
        """Lets go of all meetings, ends the provider's sync, and ends. A repeat changes nothing."""
        self._farewell = self._farewell or given(Disconnection, inputs, DISCONNECTION).why
        self._show()
        return self._answer()

    @disconnect.validator
    def _may_disconnect(self, *inputs: object) -> None:
        given(Disconnection, inputs, DISCONNECTION)

    @workflow.query
    def status(self, *inputs: object) -> CalendarView:
        """Everything that is known of the calendar now, but for its events: those are in its book."""
        given(Nothing, inputs, NOTHING)
        return CalendarView(
            calendar_id=self._request.calendar_id,
            status=self._status,
            user=self._request.user,
            platform=self._request.platform,
            owner=self._request.owner,
            ailment=self._ailment,
            trouble=self._grant.text or self._trouble,
            trouble_since=self._grant.since,
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

    def _answer(self) -> CalendarView:
        """The answer of an update, which the history keeps: without what may be long."""
        return self.status().model_copy(update={"policy": DEFAULT_POLICY, "overrides": NO_OVERRIDES})

    @property
    def _status(self) -> CalendarStatus:
        if self._is_gone:
            return CalendarStatus.DISCONNECTED
        if self._farewell:
            return CalendarStatus.LEAVING
        if self._ailment:
            return CalendarStatus.ERROR
        return CalendarStatus.ACTIVE if self._known.looks else CalendarStatus.SYNCING

    @property
    def _ailment(self) -> Ailment | None:
        if self._grant.ailment or not self._trouble:
            return self._grant.ailment
        return Ailment.LOST if self._is_lost else Ailment.LOOK

    @property
    def _next_full(self) -> datetime:
        last = self._known.last_full_at
        every = timedelta(seconds=self._request.full_every)
        return next_full(last, every, self._request.calendar_id) if last else workflow.now()

    @property
    def _next_look(self) -> datetime:
        again_at = self._known.again_at
        if self._trouble and again_at:
            return again_at
        return min(again_at or self._next_full, self._next_full)

    def _call_for_all(self) -> None:
        self._news = self._news.and_also(ALL_NEW)

    def _show(self) -> None:
        status, ailment = self._status, self._ailment
        self._publisher.show(
            [search_attributes.calendar_status_attribute(status)] if status is not self._shown else []
        )
        self._shown = status
        if ailment is not self._reported:
            report(self.status(), self._reported)
            self._reported = ailment

    def _continue_as_new_if_long(self) -> None:
        if self._is_gone or not workflow.info().is_continue_as_new_suggested():
            return
        self._publisher.publish()
        carried = self._known.model_copy(
            update={
                "news": self._news,
                "owed": self._owed,
                "farewell": self._farewell,
                "trouble": self._trouble,
                "is_lost": self._is_lost,
                "grant": self._grant,
                "shown": self._shown,
                "reported": self._reported,
            }
        )
        workflow.continue_as_new(self._request.model_copy(update={"carried": carried}))

    def _refuse_if_leaving(self) -> None:
        if self._farewell:
            raise ApplicationError("This calendar is being disconnected.", type=REFUSED)
