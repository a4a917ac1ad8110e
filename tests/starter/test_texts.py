"""Sentences for people: one mark at the end, the right number, and nothing that is not so."""

import re

import pytest

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.output import amount, sentence
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import a_request, an_outcome, cli, end, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

TWO_MARKS = re.compile(r'[.?!…]["”)]*\.(?:\s|$)')


@pytest.mark.parametrize("end_of_text", ["?", ".", "!", "…", '."', "", '"'])
async def test_a_text_that_ends_with_a_mark_gets_no_second_one(
    client: TemporalMeetingClient, end_of_text: str
) -> None:
    name = f"marks-{ord(end_of_text[:1] or 'x')}-{len(end_of_text)}"
    await client.start(a_request(97, title=f"Is this right{end_of_text}"), name)
    assert not TWO_MARKS.search((await cli("why", name)).out)
    failed = an_outcome(name, MeetingStatus.FAILED, reason=FailureReason.UNKNOWN)
    said = failed.evidence.model_copy(update={"text": f"that went wrong{end_of_text}"})
    await end(client, name, failed.model_copy(update={"evidence": said}))
    for command in ("why", "show"):
        assert not TWO_MARKS.search((await cli(command, name)).out)
    assert sentence("wrong.") == "wrong."


async def test_notes_end_with_one_mark() -> None:
    shown = (await cli("schedule", "https://meet.google.com/abc-defg-hij", "--at", "2026-01-05T10:00:00Z")).out
    assert not TWO_MARKS.search(shown), shown


@pytest.mark.parametrize("day", ["2026-13-45", "2026-02-30", "20261345", "2026-00-01"])
async def test_what_is_no_day_is_not_called_one(day: str) -> None:
    ended = await cli("schedule", "https://meet.google.com/abc-defg-hij", "--at", day)
    assert ended.code == 2
    assert "is not a valid date" in ended.err
    assert "whole day" not in ended.err


async def test_leave_says_nothing_that_it_ended(client: TemporalMeetingClient) -> None:
    await client.start(a_request(98, title="Leave me"), "leave-me")
    await play(client, "leave-me", Scene(status=MeetingStatus.JOINING, bot_id="bot-1"))
    left = await cli("leave", "leave-me")
    assert left.code == 0
    assert "on its way" not in left.out
    assert "minutekeeper watch leave-me" in left.out


async def test_numbers_and_their_nouns() -> None:
    assert [amount(count, "event") for count in (0, 1, 2)] == ["no events", "1 event", "2 events"]
