"""What a policy wants of a meeting, from the calendar to the provider's order and to the files."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.calendars.messages import PolicyChange
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.temporal.search_attributes import MEETING_META
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.driver import Meeting

pytestmark = pytest.mark.asyncio(loop_scope="session")

POLICY = {
    "bot": {"name": "Notes: {title}", "entry_message": "{user} invited me, {organizer}.", "longest_stay": 30},
    "wanted": {"transcript": False, "audio": True},
    "metadata": {"team": "sales", "source": "calendar"},
}
PEOPLE: dict[str, Any] = {
    "organizer_email": "ben@acme.com",
    "organizer_name": "Ben",
    "own_emails": ["anna@acme.com"],
    "attendees": [{"email": "anna@acme.com", "name": "Anna"}],
}


async def booked(world: World, **policy: object) -> tuple[Calendar, Meeting]:
    """A calendar with this policy, and the meeting of an hour that it has booked."""
    anna = await world.connected(policy=POLICY | policy)
    start = datetime.now(UTC) + timedelta(hours=1)
    anna.put(title="Offer {user}\n@all", start_time=start, end_time=start + timedelta(hours=1), **PEOPLE)
    assert (await anna.notices()).counts.booked == 1
    return anna, anna.meeting()


async def tags(meeting: Meeting) -> list[str]:
    found = (await meeting.handle.describe()).typed_search_attributes.get(MEETING_META)
    return sorted(found or [])


async def sent(meeting: Meeting) -> datetime:
    """When the meeting starts, once its bot was asked for."""
    start = (await meeting.view()).start_time
    await meeting.forward_to(start - timedelta(minutes=1))
    await meeting.until_bots(1)
    return start


async def recorded(meeting: Meeting) -> datetime:
    start = await sent(meeting)
    await meeting.forward_to(start)
    await meeting.bot_sends("joining_call", "in_call_recording")
    return start


async def test_the_bot_and_the_files_are_as_the_policy_wants_them(world: World) -> None:
    _, meeting = await booked(world)
    await recorded(meeting)
    (bot,) = world.provider.bots
    assert bot.order.bot.name == "Notes: Offer {user} @all"
    assert bot.order.bot.entry_message == "Anna invited me, Ben."
    assert not bot.order.transcript
    assert bot.order.metadata == {"team": "sales", "source": "calendar"}
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.NOT_ASKED)
    (order,) = world.recordings.orders
    assert (order.recording, order.transcript, order.audio) == (True, False, True)
    assert await tags(meeting) == ["source=calendar", "team=sales"]


async def test_the_bot_leaves_after_its_longest_stay_and_no_other_one_comes(world: World) -> None:
    _, meeting = await booked(world)
    start = await recorded(meeting)
    leaves = start + timedelta(minutes=30)
    await meeting.forward_to(leaves - timedelta(seconds=1))
    assert not world.provider.bots[0].removed
    await meeting.forward_to(leaves)
    view = await meeting.until(lambda _view: world.provider.bots[0].removed)
    assert [entry.event for entry in view.timeline].count("longest_stay") == 1
    await meeting.completes()
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED
    assert len(world.provider.bots) == 1


async def test_another_policy_and_another_title_change_what_was_booked(world: World) -> None:
    anna, meeting = await booked(world)
    assert await tags(meeting) == ["source=calendar", "team=sales"]
    assert (await anna.changes("set_policy", PolicyChange(policy={"metadata": {"team": "x"}}))).counts.updated == 1
    assert await tags(meeting) == ["team=x"]
    changed = {"bot": {"name": "Notes: {title}"}, "wanted": {"recording": False}}
    assert (await anna.changes("set_policy", PolicyChange(policy=changed))).counts.updated == 1
    assert await tags(meeting) == []
    anna.put(title="Contract")
    assert (await anna.notices()).counts.updated == 1
    await recorded(meeting)
    (bot,) = world.provider.bots
    assert (bot.order.bot.name, bot.order.transcript, bot.order.metadata) == ("Notes: Contract", True, {})
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)
    (order,) = world.recordings.orders
    assert (order.recording, order.transcript, order.audio) == (False, True, False)


async def test_a_transcript_that_the_bot_was_not_asked_for_is_not_waited_for(world: World) -> None:
    anna, meeting = await booked(world, bot={})
    await recorded(meeting)
    assert (await anna.changes("set_policy", PolicyChange(policy={}))).counts.updated == 1
    await meeting.completes()
    assert (await meeting.outcome()).transcript is TranscriptState.NOT_ASKED
