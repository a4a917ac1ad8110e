"""A meeting's workflow and a calendar's look that do what a test tells them to, by their real names and types."""

import asyncio
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from minutekeeper.calendars.health import HealthCheckInput, HealthCheckResult
from minutekeeper.calendars.messages import ReconcileInput, ReconcileResult
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.dispatch import DispatchedBot, unbookable
from minutekeeper.meetings.ids import meeting_id_from_workflow_id
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import MeetingRequest, Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState, WebhookState
from minutekeeper.meetings.views import ClaimingCalendar, Evidence, MeetingView, Outcome, TimelineEntry
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import INVALID_REQUEST, MEETING_WORKFLOW
from workflows.inputs import read_input


class Scene(BaseModel):
    """What happens next: a new status, an end, a download that stays at so many bytes until the next scene."""

    status: MeetingStatus | None = None
    text: str = ""
    deadline_in: int | None = None
    outcome: Outcome | None = None
    download: DownloadProgress | None = None
    leaves_attribute: bool = False
    bot_id: str = ""
    webhooks: WebhookState | None = None
    trouble: str = ""
    calendars: tuple[ClaimingCalendar, ...] = ()


@activity.defn
async def download(progress: DownloadProgress) -> None:
    while True:
        activity.heartbeat(progress)
        await asyncio.sleep(0.1)


@activity.defn(name="collect")
async def fail(why: str) -> None:
    raise ApplicationError(why)


UNREADABLE = "unreadable"
"""How the ids of calendars begin that no look can read."""


@activity.defn
async def reconcile(order: ReconcileInput) -> ReconcileResult:
    """A look that finds nothing; tests write the book themselves."""
    if order.calendar_id.startswith(UNREADABLE):
        raise ApplicationError("The calendar has burnt.", non_retryable=True)
    return ReconcileResult(was_full=order.changes.full)


@activity.defn
async def check_calendars(order: HealthCheckInput) -> HealthCheckResult:
    """A round that finds what the last one did; tests tell calendars themselves."""
    return HealthCheckResult(findings=order.before)


@workflow.defn(name=MEETING_WORKFLOW)
class FakeMeeting:
    @workflow.init
    def __init__(self, *inputs: object) -> None:
        request, is_reopened = read_input(MeetingRequest, inputs[:1]), len(inputs) > 1
        workflow_id = workflow.info().workflow_id
        self._request = request
        self._outcome: Outcome | None = None
        self._downloading: asyncio.Task[None] | None = None
        self._view = MeetingView(
            meeting_id=meeting_id_from_workflow_id(workflow_id),
            workflow_id=workflow_id,
            status=MeetingStatus.COLLECTING if is_reopened else MeetingStatus.SCHEDULED,
            reason=None,
            evidence=None,
            trouble="",
            held_change="",
            bot_id="",
            provider="",
            meeting_url=request.meeting_url,
            platform=request.platform.value,
            title=request.title,
            start_time=request.start_time,
            end_time=request.end_time,
            transcript=TranscriptState.PENDING,
            artifacts=(),
            dispatches=0,
            next_deadline=None,
            bot_goes_at=None,
            timeline=(),
            webhooks=WebhookState.NOT_EXPECTED,
            calendars=(),
            metadata=request.metadata,
            waiting_since=None,
            shared_with="",
        )
        self._note("booked", "Booked.")

    @workflow.run
    async def run(self, *_inputs: object) -> Outcome:
        await workflow.wait_condition(lambda: self._outcome is not None)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._outcome is None:
            raise AssertionError
        outcome = self._outcome
        self._change(**outcome.model_dump(include={"status", "reason", "bot_id", "transcript"}))
        self._view = self._view.model_copy(update={"evidence": outcome.evidence, "artifacts": outcome.artifacts})
        self._note(outcome.status.value, f"The meeting ended: {outcome.status.value}.")
        workflow.upsert_search_attributes([search_attributes.MEETING_STATUS.value_set(outcome.status.value)])
        return outcome

    @workflow.signal
    def play(self, scene: Scene) -> None:
        if self._downloading is not None:
            self._downloading.cancel()
            self._downloading = None
        if scene.download is not None:
            self._downloading = asyncio.ensure_future(
                workflow.start_activity(download, scene.download, start_to_close_timeout=timedelta(minutes=1))
            )
        if scene.trouble:
            self._downloading = asyncio.ensure_future(
                workflow.start_activity(fail, scene.trouble, start_to_close_timeout=timedelta(minutes=1))
            )
        if scene.status is not None:
            self._change(status=scene.status)
            if scene.leaves_attribute:
                workflow.upsert_search_attributes([search_attributes.MEETING_STATUS.value_set(scene.status.value)])
        if scene.bot_id:
            self._change(bot_id=scene.bot_id)
            workflow.upsert_search_attributes([search_attributes.BOT_ID.value_set(scene.bot_id)])
        self._change(calendars=scene.calendars)
        if scene.webhooks is not None:
            self._change(webhooks=scene.webhooks)
        if scene.deadline_in is not None:
            self._change(next_deadline=workflow.now() + timedelta(seconds=scene.deadline_in))
        if scene.text:
            self._note(scene.status.value if scene.status else "scene", scene.text)
        self._outcome = scene.outcome

    @workflow.update
    def reschedule(self, change: Reschedule) -> MeetingView:
        if self._view.status is MeetingStatus.RECORDING:
            self._change(held_change="The bot is in the call, so the meeting keeps its time")
            return self._view
        self._request = self._request.moved(change)
        self._change(
            start_time=self._request.start_time,
            end_time=self._request.end_time,
            meeting_url=self._request.meeting_url,
            title=self._request.title,
        )
        self._note("rescheduled", "Moved.")
        workflow.upsert_search_attributes([search_attributes.MEETING_START.value_set(self._request.start_time)])
        return self._view

    @reschedule.validator
    def _may_reschedule(self, change: Reschedule) -> None:
        if change.title == "refuse me":
            raise ApplicationError("This meeting was stopped already and cannot be moved.", type="Refused")
        if problem := unbookable(self._request.moved(change), workflow.now()):
            raise ApplicationError(problem, type=INVALID_REQUEST)

    @workflow.update
    def cancel(self, request: StopRequest) -> MeetingView:
        before = self._view
        evidence = Evidence(event="cancel", at=workflow.now(), text=request.why)
        self._outcome = Outcome(meeting_id=self._view.meeting_id, status=MeetingStatus.CANCELLED, evidence=evidence)
        return before

    @workflow.update
    def leave(self, _request: StopRequest) -> MeetingView:
        self._note("leave", "The bot was asked to leave.")
        return self._view

    @leave.validator
    def _may_leave(self, _request: StopRequest) -> None:
        if self._view.status is MeetingStatus.SCHEDULED:
            raise ApplicationError("No bot is in this meeting yet; cancel the meeting instead.", type="Refused")

    @workflow.update
    def send(self, request: StopRequest) -> MeetingView:
        self._note("send", request.why or "Another bot was asked for.")
        return self._view

    @send.validator
    def _may_send(self, request: StopRequest) -> None:  # noqa: ARG002 - a validator takes what its update takes
        if self._view.status is MeetingStatus.SCHEDULED:
            raise ApplicationError("The meeting's first bot is still to be sent.", type="Refused")

    @workflow.query
    def status(self) -> MeetingView:
        return self._view

    @workflow.query
    def state(self) -> MeetingState:
        info, now = workflow.info(), workflow.now()
        names = (self._view.meeting_id, info.workflow_id, info.first_execution_run_id)
        state = MeetingState.initial(self._request, names, info.workflow_start_time)
        if self._view.bot_id:
            bot = DispatchedBot(bot_id=self._view.bot_id, sent_at=now)
            state.add_bot(state.add_session(now), bot)
        return state

    def _change(self, **changes: object) -> None:
        self._view = self._view.model_copy(update=changes)

    def _note(self, event: str, text: str) -> None:
        entry = TimelineEntry(at=workflow.now(), event=event, text=text)
        self._view = self._view.model_copy(update={"timeline": (*self._view.timeline, entry)})
