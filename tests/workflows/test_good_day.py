from datetime import timedelta

import pytest

from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from tests.workflows.driver import StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_meeting_is_recorded_and_brought_home(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(days=30), title="Weekly")
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.forward(days=30)
    bot = await meeting.until_bots(1)
    assert bot.order.mode == "reserved"
    await meeting.bot_sends("joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording")
    assert (await meeting.view()).status is MeetingStatus.RECORDING
    await meeting.forward(minutes=50)
    await meeting.bot_sends("call_ended")
    await meeting.completes()
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.COMPLETED
    assert outcome.transcript is TranscriptState.READY
