"""Two providers: the choice of one before anything is sent, and the other one where it fails."""

from datetime import timedelta

import pytest
import pytest_asyncio

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import (
    AccountError,
    CapacityError,
    QuotaError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from tests.workflows.driver import Meeting, StartMeeting, room
from tests.workflows.scripted import ScriptedProvider

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> ScriptedProvider:
    return ScriptedProvider(name="first")


@pytest_asyncio.fixture(loop_scope="session")
async def second() -> ScriptedProvider:
    return ScriptedProvider(name="second")


@pytest_asyncio.fixture(loop_scope="session")
async def others(second: ScriptedProvider) -> list[ScriptedProvider]:
    return [second]


async def booked(start: StartMeeting, **fields: object) -> Meeting:
    return await start(meeting_url=room(), **({"in_": timedelta(hours=1)} | fields))


async def records_and_ends(meeting: Meeting, bot_id: str, dispatch: int = 0) -> None:
    await meeting.signal(BotEventKind.STATUS, code="in_call_recording", bot_id=bot_id, dispatch=dispatch)
    await meeting.completes(bot_id=bot_id, dispatch=dispatch)


async def test_the_first_in_the_order_is_chosen_and_the_timeline_says_why(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    meeting = await booked(start)
    await meeting.forward(minutes=57)
    view = await meeting.until(lambda view: view.bot_id == "first-bot-0")
    chosen = next(entry for entry in view.timeline if entry.event == "provider_chosen")
    assert chosen.text == "The bot is asked for at first: it is the first in the order of preference."
    assert chosen.at < view.start_time - timedelta(minutes=4), "before the request"
    assert provider.bots[0].order.key.endswith("-0-first")
    assert provider.bots[0].address.webhook_url.startswith("http://bridge/webhooks/first/")
    await records_and_ends(meeting, "first-bot-0")
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    assert not second.bots


async def test_a_provider_that_is_named_is_asked_alone(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    second.failures = [UnavailableError("503")] * 3
    meeting = await booked(start, bot={"provider": "second"}, in_=timedelta(minutes=2))
    view = await meeting.until(lambda view: view.bot_id == "second-bot-0")
    assert not provider.bots
    assert not any(entry.event.startswith("provider_") for entry in view.timeline)


@pytest.mark.parametrize("error", [AccountError("402: no tokens left"), QuotaError("429: the day's bots are used")])
async def test_a_refused_account_is_left_at_once(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider, error: Exception
) -> None:
    provider.failures = [error]
    meeting = await booked(start, in_=timedelta(minutes=2))
    view = await meeting.until(lambda view: view.bot_id == "second-bot-0")
    changed = next(entry for entry in view.timeline if entry.event == "provider_changed")
    assert str(error) in changed.text
    assert view.reason is None
    assert provider.bots == []
    assert second.bots[0].order.bot.name == "Minutekeeper", "no bot of the first can be there"


@pytest.mark.parametrize("error", [RateLimitedError("429: slow down", 3600), CapacityError("507: full", None)])
async def test_what_does_not_pass_before_the_last_useful_instant_is_left(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider, error: Exception
) -> None:
    provider.failures = [error] * 100
    meeting = await booked(start)
    await meeting.forward(minutes=58)
    view = await meeting.until(lambda view: view.bot_id == "second-bot-0")
    assert second.bots[0].order.start_time - view.timeline[-1].at >= timedelta(minutes=1), "before the start"


async def test_a_request_that_stays_unanswered_goes_elsewhere_and_its_bot_is_taken_back(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    provider.after = [UnavailableError("timed out after the side effect")]
    provider.search_failures = [UnavailableError("503: list")] * 10_000
    meeting = await booked(start)
    await meeting.forward(minutes=58)
    view = await meeting.until(lambda view: view.bot_id == "second-bot-0")
    assert any("is not known" in entry.text and "first" in entry.text for entry in view.timeline)
    assert second.bots[0].order.bot.name == "Minutekeeper (2)"
    assert not provider.bots[0].removed
    provider.search_failures.clear()
    await meeting.forward(minutes=10)
    await meeting.until(lambda _view: provider.bots[0].removed)
    await records_and_ends(meeting, "second-bot-0", dispatch=1)
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "second-bot-0")
    assert not second.bots[0].removed


async def test_a_refused_request_is_asked_of_no_other(start: StartMeeting, second: ScriptedProvider) -> None:
    meeting = await booked(start, in_=timedelta(minutes=2))
    meeting.provider.failures = [RequestRejectedError("422: bad link")]
    assert (await meeting.outcome()).reason is FailureReason.REQUEST_REJECTED
    assert not second.bots


async def test_a_bot_without_a_sign_of_life_is_withdrawn_and_replaced(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    meeting = await booked(start)
    await meeting.forward(minutes=57)
    await meeting.until(lambda view: view.bot_id == "first-bot-0")
    await meeting.forward(minutes=6.5)
    view = await meeting.until(lambda view: view.bot_id == "second-bot-0")
    assert provider.bots[0].removed
    assert second.bots[0].order.bot.name == "Minutekeeper"
    assert any("no sign of life" in entry.text for entry in view.timeline)
    await records_and_ends(meeting, "second-bot-0", dispatch=1)
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED


async def silent_and_unreachable(start: StartMeeting, provider: ScriptedProvider) -> Meeting:
    """A meeting whose bot was replaced, while the first provider is out of reach."""
    meeting = await booked(start)
    await meeting.forward(minutes=57)
    await meeting.until(lambda view: view.bot_id == "first-bot-0")
    provider.is_down = True
    await meeting.forward(minutes=8)
    await meeting.until(lambda view: view.bot_id == "second-bot-0")
    return meeting


async def test_a_bot_that_cannot_be_reached_is_replaced_and_told_to_go_when_it_answers(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    meeting = await silent_and_unreachable(start, provider)
    assert not provider.bots[0].removed
    assert second.bots[0].order.bot.name == "Minutekeeper (2)"
    await meeting.signal(BotEventKind.STATUS, code="in_call_recording", bot_id="second-bot-0", dispatch=1)
    provider.is_down = False
    await meeting.forward(minutes=5)
    await meeting.until(lambda _view: provider.bots[0].removed)
    await meeting.completes(bot_id="second-bot-0", dispatch=1)
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "second-bot-0")


async def test_one_that_records_after_all_stays_if_the_other_still_waits(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    meeting = await silent_and_unreachable(start, provider)
    await meeting.signal(BotEventKind.STATUS, code="in_waiting_room", bot_id="second-bot-0", dispatch=1)
    await meeting.signal(BotEventKind.STATUS, code="in_call_recording", bot_id="first-bot-0", dispatch=0)
    view = await meeting.until(lambda _view: second.bots[0].removed)
    assert any(entry.event == "provider_kept" for entry in view.timeline)
    assert view.bot_id == "first-bot-0"
    provider.is_down = False
    await meeting.forward(minutes=5)
    assert not provider.bots[0].removed
    await meeting.completes(bot_id="first-bot-0", dispatch=0)
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "first-bot-0")
    assert not provider.bots[0].removed


async def test_one_that_records_after_all_goes_if_the_other_is_in_the_call(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    meeting = await silent_and_unreachable(start, provider)
    await meeting.signal(BotEventKind.STATUS, code="in_call_not_recording", bot_id="second-bot-0", dispatch=1)
    await meeting.signal(BotEventKind.STATUS, code="in_call_recording", bot_id="first-bot-0", dispatch=0)
    provider.is_down = False
    await meeting.forward(minutes=5)
    await meeting.until(lambda _view: provider.bots[0].removed)
    assert not second.bots[0].removed


async def test_joining_is_tried_by_the_same_provider_once_and_then_by_the_other(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    meeting = await booked(start, in_=timedelta(minutes=2))
    for number in range(2):
        await meeting.until(lambda view, seen=number: view.bot_id == f"first-bot-{seen}")  # type: ignore[misc]  # the default binds the loop's number
        failed = {"code": "INTERNAL_ERROR", "reason": FailureReason.PROVIDER_ERROR}
        await meeting.signal(BotEventKind.FAILED, bot_id=f"first-bot-{number}", dispatch=number, **failed)
        await meeting.forward(minutes=1)
    await meeting.until(lambda view: view.bot_id == "second-bot-0")
    failed = {"code": "INTERNAL_ERROR", "reason": FailureReason.PROVIDER_ERROR}
    await meeting.signal(BotEventKind.FAILED, bot_id="second-bot-0", dispatch=2, **failed)
    outcome = await meeting.outcome_in_time()
    assert outcome.reason is FailureReason.PROVIDER_ERROR
    assert (len(provider.bots), len(second.bots)) == (2, 1), "three bots are the most"


@pytest.mark.parametrize(
    "reason",
    [
        FailureReason.NOT_ACCEPTED,
        FailureReason.CANNOT_JOIN,
        FailureReason.NEEDS_AUTHORISATION,
        FailureReason.REMOVED,
        FailureReason.NOBODY_CAME,
        FailureReason.STOPPED,
    ],
)
async def test_what_lies_in_the_meeting_or_in_people_brings_no_other_provider(
    start: StartMeeting, second: ScriptedProvider, reason: FailureReason
) -> None:
    meeting = await booked(start, in_=timedelta(minutes=2))
    await meeting.until(lambda view: view.bot_id == "first-bot-0")
    await meeting.signal(BotEventKind.FAILED, bot_id="first-bot-0", code="x", reason=reason)
    assert (await meeting.outcome_in_time()).reason is reason
    assert not second.bots


async def test_a_recording_that_breaks_is_gone_on_with_elsewhere_and_both_parts_are_kept(
    start: StartMeeting, provider: ScriptedProvider
) -> None:
    meeting = await booked(start, in_=timedelta(minutes=2))
    await meeting.until(lambda view: view.bot_id == "first-bot-0")
    await meeting.signal(BotEventKind.STATUS, code="in_call_recording", bot_id="first-bot-0")
    await meeting.signal(
        BotEventKind.FAILED,
        bot_id="first-bot-0",
        code="INTERNAL_ERROR",
        reason=FailureReason.PROVIDER_ERROR,
        has_recording=True,
        has_transcript=True,
    )
    await meeting.forward(minutes=1)
    await meeting.until(lambda view: view.bot_id == "second-bot-0")
    await records_and_ends(meeting, "second-bot-0", dispatch=1)
    outcome = await meeting.outcome_in_time()
    assert outcome.status is MeetingStatus.COMPLETED
    files = [each.path for each in outcome.artifacts if each.path.endswith("recording.mp4")]
    assert len(files) == len(set(files)) == 2
    assert len(provider.bots) == 1


async def test_an_occurrence_changes_its_provider_once(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    provider.failures = [AccountError("402: no tokens left")]
    second.failures = [AccountError("401: key revoked")]
    meeting = await booked(start, in_=timedelta(minutes=2))
    view = await meeting.until(lambda view: view.reason is FailureReason.ACCOUNT)
    assert "401" in (view.evidence.text if view.evidence else "")
    await meeting.forward(minutes=5)
    await meeting.until(lambda view: view.bot_id == "second-bot-0")
    assert not provider.bots


async def test_a_moved_meeting_begins_its_choice_anew(
    start: StartMeeting, provider: ScriptedProvider, second: ScriptedProvider
) -> None:
    provider.failures = [CapacityError("507: full", None)] * 100
    meeting = await booked(start, in_=timedelta(minutes=2))
    await meeting.forward(minutes=3)
    await meeting.until(lambda view: view.bot_id == "second-bot-0")
    provider.failures = []
    later = await meeting.now() + timedelta(hours=3)
    await meeting.update("reschedule", {"start_time": later.isoformat()})
    await meeting.until(lambda _view: second.bots[0].removed)
    await meeting.forward_to(later - timedelta(minutes=3))
    await meeting.until(lambda view: view.bot_id == "first-bot-0")
