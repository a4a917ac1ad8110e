"""Orders for bots that go wrong at first, or of which nobody knows whether a bot came of them."""

from datetime import timedelta

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import (
    AccountError,
    DuplicateBotError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from tests.replay.paths.changes import send
from tests.replay.recorder import Play, Recorder, enter, path
from tests.workflows.driver import Meeting


@path
async def account_recovers(stage: Recorder) -> Meeting:
    stage.provider.failures = [AccountError("402: no tokens left")] * 2
    meeting = await stage.book(in_=timedelta(minutes=2))
    await meeting.until(lambda view: view.reason is not None)
    await meeting.forward(minutes=5)
    await meeting.until_bots(1)
    await stage.see_out(meeting)
    return meeting


@path
async def sent_at_the_third_attempt(stage: Recorder) -> Meeting:
    stage.provider.failures = [UnavailableError("timed out"), RateLimitedError("slow down", 0.1)]
    meeting = await stage.book(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await stage.see_out(meeting)
    return meeting


@path
async def lost_answer_is_looked_up(stage: Recorder) -> Meeting:
    stage.provider.after = [UnavailableError("timed out after the side effect")]
    meeting = await stage.book(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await stage.see_out(meeting)
    return meeting


async def _in_doubt(stage: Recorder) -> Meeting:
    """Nobody knows that the first try came to a bot after all, and every other one fails."""
    stage.provider.hidden = True
    stage.provider.after = [UnavailableError("timed out after the side effect")]
    meeting = await stage.book(in_=timedelta(minutes=2))
    await meeting.until(lambda _view: len(stage.provider.bots) == 1)
    stage.provider.failures = [UnavailableError("down")] * 1000
    return meeting


def _changed_in_doubt(update: str) -> Play:
    async def play(stage: Recorder) -> Meeting:
        meeting = await _in_doubt(stage)
        await send(meeting, update)
        await meeting.until_timers(1)
        stage.provider.hidden = False
        await stage.see_out(meeting)
        return meeting

    return play


for _update in ("cancel", "reschedule"):
    enter(f"{_update}_in_doubt", _changed_in_doubt(_update))


@path
async def rejected_in_doubt_but_sent(stage: Recorder) -> Meeting:
    """The second try is refused for good, and the search finds the first one's bot."""
    meeting = await _in_doubt(stage)
    stage.provider.failures = [RequestRejectedError("422: no")]
    await meeting.until_timers(1)
    stage.provider.hidden = False
    await stage.see_out(meeting)
    return meeting


@path
async def rejected_in_doubt_and_the_bot_reports_by_itself(stage: Recorder) -> Meeting:
    meeting = await _in_doubt(stage)
    stage.provider.failures = [RequestRejectedError("422: no")]
    await meeting.until_timers(1)
    await meeting.bot_sends("in_call_recording")
    await meeting.until_bots(1)
    await stage.see_out(meeting)
    return meeting


@path
async def searched_in_vain(stage: Recorder) -> Meeting:
    meeting = await _in_doubt(stage)
    stage.provider.search_failures = [RequestRejectedError("400: no such filter")] * 10
    await stage.see_out(meeting)
    return meeting


@path
async def stray_that_reports_after_it_was_given_up(stage: Recorder) -> Meeting:
    meeting = await _in_doubt(stage)
    await send(meeting, "reschedule")
    await meeting.forward(minutes=30)
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.bot_sends("in_call_recording")
    await meeting.until(lambda _view: stage.provider.bots[0].removed)
    await meeting.completes()
    stage.provider.hidden = False
    await stage.see_out(meeting)
    return meeting


@path
async def shared_with_another_meeting(stage: Recorder) -> Meeting:
    first = await stage.with_a_bot()
    stage.provider.failures = [DuplicateBotError("already there")]
    second = await stage.book(in_=timedelta(minutes=2))
    await second.until(lambda view: view.dispatches == 1)
    await stage.see_out(second)
    await stage.see_out(first)
    return second


@path
async def reported_before_it_was_known(stage: Recorder) -> Meeting:
    meeting = await stage.book()
    await meeting.bot_sends("joining_call", "in_waiting_room")
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    await stage.see_out(meeting)
    return meeting
