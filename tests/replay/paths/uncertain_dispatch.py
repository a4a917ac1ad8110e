"""Requests for bots that fail at first, or whose answer is lost, so that a bot may exist or not."""

import asyncio
from datetime import timedelta

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import (
    AccountError,
    DuplicateBotError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from tests.replay.paths.changes import request
from tests.replay.recorder import Recorder, Scenario, enter, path
from tests.workflows.driver import Meeting


@path
async def account_recovers(recorder: Recorder) -> Meeting:
    recorder.provider.failures = [AccountError("402: no tokens left")] * 2
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.until(lambda view: view.reason is not None)
    await meeting.forward(minutes=5)
    await meeting.until_bots(1)
    await recorder.run_to_end(meeting)
    return meeting


@path
async def sent_at_the_third_attempt(recorder: Recorder) -> Meeting:
    recorder.provider.failures = [UnavailableError("timed out"), RateLimitedError("slow down", 0.1)]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await recorder.run_to_end(meeting)
    return meeting


@path
async def lost_answer_is_looked_up(recorder: Recorder) -> Meeting:
    recorder.provider.after = [UnavailableError("timed out after the side effect")]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await recorder.run_to_end(meeting)
    return meeting


async def _unconfirmed(recorder: Recorder) -> Meeting:
    """The first request has a bot although its answer was lost; all later ones fail."""
    recorder.provider.hidden = True
    recorder.provider.after = [UnavailableError("timed out after the side effect")]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.until(lambda _view: len(recorder.provider.bots) == 1)
    recorder.provider.failures = [UnavailableError("down")] * 1000
    return meeting


def _changed_while_unconfirmed(update: str) -> Scenario:
    async def scenario(recorder: Recorder) -> Meeting:
        meeting = await _unconfirmed(recorder)
        await request(recorder, meeting, update)
        await meeting.until_timers(1)
        recorder.provider.hidden = False
        await recorder.run_to_end(meeting)
        return meeting

    return scenario


for _update in ("cancel", "reschedule"):
    enter(f"unconfirmed_then_{_update}", _changed_while_unconfirmed(_update))


@path
async def second_request_rejected_but_first_sent(recorder: Recorder) -> Meeting:
    """The second request is rejected, and the search finds the bot of the first."""
    meeting = await _unconfirmed(recorder)
    recorder.provider.failures = [RequestRejectedError("422: no")]
    await meeting.until_timers(1)
    recorder.provider.hidden = False
    await recorder.run_to_end(meeting)
    return meeting


@path
async def second_request_rejected_and_the_bot_reports(recorder: Recorder) -> Meeting:
    meeting = await _unconfirmed(recorder)
    recorder.provider.failures = [RequestRejectedError("422: no")]
    await meeting.until_timers(1)
    await meeting.bot_sends("in_call_recording")
    await meeting.until_bots(1)
    await recorder.run_to_end(meeting)
    return meeting


@path
async def search_rejected(recorder: Recorder) -> Meeting:
    meeting = await _unconfirmed(recorder)
    recorder.provider.search_failures = [RequestRejectedError("400: no such filter")] * 10
    await recorder.run_to_end(meeting)
    return meeting


@path
async def late_bot_of_a_request_that_was_given_up(recorder: Recorder) -> Meeting:
    meeting = await _unconfirmed(recorder)
    await request(recorder, meeting, "reschedule")
    await meeting.forward(minutes=30)
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.bot_sends("in_call_recording")
    await meeting.until(lambda _view: recorder.provider.bots[0].removed)
    await meeting.completes()
    recorder.provider.hidden = False
    await recorder.run_to_end(meeting)
    return meeting


@path
async def shared_with_another_application(recorder: Recorder) -> Meeting:
    """The provider refuses a second bot for the room, and lists one that is not ours."""
    recorder.provider.send_by_timer()
    recorder.provider.failures = [DuplicateBotError("already there")]
    url = recorder.provider.bots[0].order.meeting_url
    meeting = await recorder.book(in_=timedelta(seconds=-5), meeting_url=url)
    await meeting.until(lambda view: view.dispatches == 1)
    await recorder.run_to_end(meeting)
    return meeting


@path
async def confirmed_by_a_webhook_before_the_answer(recorder: Recorder) -> Meeting:
    """The bot reports while the activity that sent it has not answered yet; its answer names the same bot."""
    recorder.provider.let_go.clear()
    meeting = await recorder.book()
    await meeting.until_status(MeetingStatus.SCHEDULED)
    waking = asyncio.create_task(meeting.forward(minutes=57))
    await asyncio.wait_for(recorder.provider.armed.wait(), 20)
    await meeting.bot_sends("joining_call", "in_waiting_room")
    await meeting.until(lambda view: view.dispatches == 1)
    recorder.provider.let_go.set()
    await waking
    await recorder.run_to_end(meeting)
    return meeting


@path
async def confirmed_by_a_webhook_before_the_request(recorder: Recorder) -> Meeting:
    meeting = await recorder.book()
    await meeting.bot_sends("joining_call", "in_waiting_room")
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    await recorder.run_to_end(meeting)
    return meeting
