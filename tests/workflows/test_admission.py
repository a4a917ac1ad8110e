"""A meeting with a password: the bot gets it, and nobody who looks at the meeting does."""

from typing import Any

import pytest

from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.driver import StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN, PASSWORD = "PersonalToken.9x", "hunter2"
LINK = f"https://acme.zoom.us/w/99094129400?tk={TOKEN}&pwd={PASSWORD}"


async def test_what_admits_reaches_the_bot_and_is_shown_nowhere(start: StartMeeting) -> None:
    meeting = await start(meeting_url=LINK)
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    metadata: Any = await meeting.handle.query("__temporal_workflow_metadata")
    execution = await meeting.handle.describe()
    attributes = {pair.key.name: pair.value for pair in execution.typed_search_attributes.search_attributes}
    assert attributes["MeetingUrl"] == view.meeting_url == "https://acme.zoom.us/j/99094129400"
    summary = await execution.static_summary()
    for shown in (view.model_dump_json(), str(metadata), str(attributes), str(summary)):
        assert TOKEN not in shown
        assert PASSWORD not in shown
    await meeting.forward(minutes=57)
    bot = await meeting.until_bots(1)
    assert bot.order.meeting_url == LINK
