"""Looks after the grants of all calendars, for ever: a round, a pause, a round. Read `run` first.

A workflow and not a schedule: it remembers what it has found, so that each trouble is spoken of once.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import steps
from workflows.inputs import NOTHING, Nothing, UnknownCalls, given
from workflows.waiting import wait_until

with workflow.unsafe.imports_passed_through():
    from meetings import story
    from meetings.calendars.health import Ailment
    from meetings.calendars.rounds import Findings, RoundOrder, RoundsRequest, RoundsView
    from meetings.names import CALENDAR_HEALTH_WORKFLOW
    from meetings.text import one_line

_TELL_ALL_EVERY = timedelta(days=1)
"""A calendar that missed a word, because it was made anew for instance, hears it within a day."""
_LONGEST_TROUBLE = 300


@workflow.defn(name=CALENDAR_HEALTH_WORKFLOW)
class CalendarHealthWorkflow(UnknownCalls):
    @workflow.init
    def __init__(self, *inputs: object) -> None:
        self._known = given(RoundsRequest, inputs, RoundsRequest())
        self._is_called = False

    @workflow.run
    async def run(self, *_inputs: object) -> None:
        while True:
            self._is_called = False
            await self._make_round()
            self._show()
            await wait_until(lambda: self._is_called, self._next_round, "until the next round")
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._known)

    async def _make_round(self) -> None:
        now = workflow.now()
        known = self._known
        tell_all = known.told_all_at is None or now - known.told_all_at >= _TELL_ALL_EVERY
        try:
            result = await steps.check_calendars(RoundOrder(before=known.findings, tell_all=tell_all))
        except ActivityError as error:
            trouble = one_line(str(error.cause))[:_LONGEST_TROUBLE]
            if not known.trouble:
                workflow.logger.warning("nobody knows whether the calendars can be read: %s", trouble)
            self._known = known.model_copy(update={"last_round_at": now, "trouble": trouble})
            return
        self._report(known.findings, result.findings)
        self._known = RoundsRequest(
            findings=result.findings,
            calendars=result.calendars,
            told_all_at=now if tell_all else known.told_all_at,
            last_round_at=now,
            again_in=result.again_in,
        )

    @workflow.signal
    def check(self, *_inputs: object) -> None:
        """Has a round made at once."""
        self._is_called = True

    @workflow.query
    def status(self, *inputs: object) -> RoundsView:
        """What the last round found."""
        given(Nothing, inputs, NOTHING)
        last = self._known.last_round_at
        return RoundsView(
            calendars=self._known.calendars,
            findings=self._known.findings,
            last_round_at=last,
            next_round_at=self._next_round if last else None,
            trouble=self._known.trouble,
        )

    @property
    def _next_round(self) -> datetime:
        return (self._known.last_round_at or workflow.now()) + timedelta(seconds=self._known.again_in)

    def _report(self, before: Findings, after: Findings) -> None:
        """What ails an app ails all its calendars at once: that is one line. Of all else each calendar speaks."""
        was, is_ = before.of(Ailment.APP), after.of(Ailment.APP)
        if begun := len(is_ - was):
            workflow.logger.warning(
                "%d calendars cannot be read because their OAuth app is refused: see to its client secret, then "
                "`minutekeeper calendar update-credentials`; `minutekeeper calendar doctor` lists them",
                begun,
            )
        if ended := len(was - is_):
            workflow.logger.warning("%d calendars are no longer held up by their OAuth app", ended)

    def _show(self) -> None:
        view = self.status()
        ailing = view.findings.ailing
        last = story.clock(view.last_round_at) if view.last_round_at else "not yet"
        lines = [
            "## Calendars and their grants",
            "",
            f"- **Last round:** {last}{f': {view.trouble}' if view.trouble else ''}",
            f"- **Calendars:** {view.calendars}, of which {len(ailing)} cannot be read",
            f"- **What to do:** {'see `minutekeeper calendar doctor`' if ailing else 'nothing'}",
        ]
        workflow.set_current_details("\n".join(lines))
