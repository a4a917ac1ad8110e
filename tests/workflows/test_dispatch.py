"""One bot, on time, exactly once: what sending may run into."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from minutekeeper.meetings.request import StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import (
    AccountError,
    DuplicateBotError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from tests.workflows.driver import URL, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    "error",
    [UnavailableError("timed out"), RateLimitedError("slow down", 0.1), RateLimitedError("slow down", None)],
)
async def test_a_passing_trouble_is_tried_again(start: StartMeeting, error: Exception) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    meeting.provider.failures = [error]
    await meeting.until_bots(1)
    assert len(meeting.provider.bots) == 1


async def test_a_lost_answer_is_looked_up_and_not_sent_again(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(hours=1))
    meeting.provider.after = [UnavailableError("timed out after the side effect")]
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    assert len(meeting.provider.bots) == 1


async def test_a_refused_duplicate_of_our_own_is_adopted(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(hours=1))
    meeting.provider.hidden = True
    meeting.provider.after = [UnavailableError("timed out")]
    meeting.provider.failures = []
    await meeting.until_status(MeetingStatus.SCHEDULED)

    async def refuse(*_: object) -> None:
        meeting.provider.hidden = False
        raise DuplicateBotError("already there")

    original = meeting.provider.dispatch

    async def once(order: object, address: object, now: object) -> object:
        meeting.provider.__dict__["dispatch"] = refuse
        return await original(order, address, now)  # type: ignore[arg-type]  # handed on unread

    meeting.provider.__dict__["dispatch"] = once
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    assert len(meeting.provider.bots) == 1


async def test_two_workflows_of_one_meeting_share_the_bot(start: StartMeeting) -> None:
    first = await start(in_=timedelta(minutes=2))
    await first.until_bots(1)
    second = await start(in_=timedelta(minutes=2))
    view = await second.until(lambda view: view.dispatches == 1)
    assert view.bot_id == "bot-0"
    await second.update("cancel", StopRequest())
    assert (await second.outcome()).status is MeetingStatus.CANCELLED
    assert not first.provider.bots[0].removed, "the bot belongs to the first meeting"


async def test_a_bad_request_fails_with_the_providers_words(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    meeting.provider.failures = [RequestRejectedError("422: bot_name is too long")]
    outcome = await meeting.outcome()
    assert outcome.reason is FailureReason.REQUEST_REJECTED
    assert "bot_name is too long" in outcome.evidence.text


async def test_a_refused_account_recovers_by_itself(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    meeting.provider.failures = [AccountError("402: no tokens left")] * 2
    view = await meeting.until(lambda view: view.reason is not None)
    assert (view.status, view.reason) == (MeetingStatus.DISPATCHING, FailureReason.ACCOUNT)
    await meeting.forward(minutes=5)
    view = await meeting.until(lambda view: view.dispatches == 1)
    assert view.reason is None


async def test_an_account_that_stays_refused_ends_the_meeting_as_such(start: StartMeeting) -> None:
    end = datetime.now(UTC) + timedelta(minutes=7)
    meeting = await start(in_=timedelta(minutes=2), end_time=end.isoformat())
    meeting.provider.failures = [AccountError("401: key revoked")] * 200
    outcome = await meeting.outcome_in_time()
    assert outcome.reason is FailureReason.ACCOUNT


async def test_cancelled_while_the_provider_is_down_takes_back_what_was_sent_in_doubt(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    meeting.provider.hidden = True
    meeting.provider.after = [UnavailableError("timed out after the side effect")]
    meeting.provider.failures = []
    await meeting.until(lambda _view: len(meeting.provider.bots) == 1)
    meeting.provider.failures = [UnavailableError("down")] * 100
    await meeting.update("cancel", StopRequest())
    meeting.provider.hidden = False
    assert (await meeting.outcome_in_time()).status is MeetingStatus.CANCELLED
    assert all(bot.removed for bot in meeting.provider.bots)


async def test_over_before_it_was_booked(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(hours=-3))
    outcome = await meeting.outcome()
    assert outcome.reason is FailureReason.MEETING_OVER
    assert not meeting.provider.bots


async def test_running_already_sends_at_once(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=-10))
    assert (await meeting.until_bots(1)).order.mode == "immediate"


async def test_a_curable_failure_gets_another_bot_and_a_refusal_does_not(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.fails("InternalError")
    await meeting.forward(minutes=1)
    await meeting.until_bots(2)
    await meeting.fails("BotNotAccepted", dispatch=1)
    outcome = await meeting.outcome_in_time()
    assert outcome.reason is FailureReason.NOT_ACCEPTED
    assert len(meeting.provider.bots) == 2


async def test_a_failure_in_words_that_nobody_knows_is_tried_once_more(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    for number in range(2):
        await meeting.until_bots(number + 1)
        await meeting.bot_sends("in_call_recording", dispatch=number)
        await meeting.fails("BrowserCrashed", dispatch=number)
        await meeting.forward(minutes=1)
    outcome = await meeting.outcome_in_time()
    assert (outcome.reason, outcome.evidence.text) == (FailureReason.UNKNOWN, "BrowserCrashed")
    assert len(meeting.provider.bots) == 2
    told = [entry.text for entry in (await meeting.view()).timeline if entry.event == "failed"]
    assert any("mean nothing to us yet: BrowserCrashed" in text for text in told)


async def test_another_bot_is_not_sent_for_ever(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    for number in range(3):
        await meeting.until_bots(number + 1)
        await meeting.fails("InternalError", dispatch=number)
        await meeting.forward(minutes=1)
    outcome = await meeting.outcome_in_time()
    assert outcome.reason is FailureReason.PROVIDER_ERROR
    assert len(meeting.provider.bots) == 3


async def test_leave_is_possible_as_soon_as_a_bot_is_on_its_way(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.update("leave", StopRequest())
    with pytest.raises(WorkflowUpdateFailedError):
        await meeting.update("reschedule", {"start_time": "2030-01-01T00:00:00Z", "meeting_url": URL})


async def test_a_bot_that_reports_long_after_it_was_given_up_is_sent_away(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    meeting.provider.hidden = True
    meeting.provider.after = [UnavailableError("timed out after the side effect")]
    meeting.provider.failures = []
    await meeting.until(lambda _view: len(meeting.provider.bots) == 1)
    meeting.provider.failures = [UnavailableError("down")] * 100
    later = datetime.now(UTC) + timedelta(days=2)
    await meeting.update("reschedule", {"start_time": later.isoformat()})
    await meeting.forward(minutes=30)
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    assert not meeting.provider.bots[0].removed, "nobody knows of it"
    await meeting.bot_sends("in_call_recording")
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.completes()
    meeting.provider.hidden = False
    meeting.provider.failures.clear()
    await meeting.forward_to(later)
    view = await meeting.until(lambda view: view.bot_id == "bot-1")
    assert view.status is MeetingStatus.JOINING
    await meeting.completes(dispatch=1)
    outcome = await meeting.outcome()
    assert outcome.bot_id == "bot-1"
    assert any("/earlier/" in artifact.path for artifact in outcome.artifacts)
