"""What others send to a workflow that it cannot use: refused at once, in one sentence, and nothing else happens."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowFailureError, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal.names import INVALID_REQUEST, MEETINGS_QUEUE
from tests.workflows.conftest import with_plugin
from tests.workflows.driver import URL, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = "2090-01-01T10:00:00Z"
GOOD = {"meeting_url": URL, "start_time": START}
ODD = RawValue(Payload(metadata={"encoding": b"binary/odd"}, data=b"\x00"))
BROKEN = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b'{"meeting_url": '))
PROTOBUF = RawValue(Payload(metadata={"encoding": b"json/protobuf", "messageType": b"no.such"}, data=b"{}"))

STARTS: dict[str, tuple[list[Any], str]] = {
    "nothing": ([], "the input is missing: give one, a JSON object with meeting_url and start_time"),
    "two": ([GOOD, GOOD], "2 inputs were given"),
    "null": ([None], "the input is null"),
    "text": (["https://meet.google.com/abc-defg-hij"], "the input is text"),
    "number": ([7], "the input is a number"),
    "list": ([[GOOD]], "the input is a list"),
    "bytes": ([b"\x00\x01"], "the input is no JSON"),
    "odd encoding": ([ODD], "the input is no JSON"),
    "broken JSON": ([BROKEN], "the input is no JSON"),
    "unknown protobuf": ([PROTOBUF], "the input is no JSON"),
    "no start": ([{"meeting_url": URL}], "start_time: is missing"),
    "wrong kind": ([GOOD | {"title": 7}], "title: must be text, not 7"),
    "no zone": ([GOOD | {"start_time": "2026-12-01T10:00:00"}], "start_time: must be an instant with a zone"),
    "deeper": ([GOOD | {"bot": {"silence_timeout": "soon"}}], "bot.silence_timeout: must be a whole number"),
    "not an object": ([GOOD | {"bot": "Hal"}], "bot: must be a JSON object, not 'Hal'"),
    "huge": ([GOOD | {"title": "x" * 1_000_000}], "title: must have at most 500 characters"),
    "ends before it starts": ([GOOD | {"end_time": "2089-01-01T10:00:00Z"}], "must be after start_time"),
}
PARENTS = {"MeetingWorkflow": STARTS, "CalendarWorkflow": {name: STARTS[name] for name in ("two", "null", "bytes")}}


def _said(error: BaseException | None) -> str:
    assert isinstance(error, ApplicationError)
    assert error.type == INVALID_REQUEST
    assert error.failure is not None
    assert not error.failure.stack_trace
    assert not error.failure.HasField("cause")
    assert len(error.message) < 400
    assert "pydantic" not in error.message
    return error.message


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize("kind", ["MeetingWorkflow", "CalendarWorkflow"])
async def test_a_start_that_cannot_be_read_fails_at_once_and_says_why(env: WorkflowEnvironment, kind: str) -> None:
    client = with_plugin(env.client)

    async def outcome(inputs: list[Any]) -> str:
        handle = await client.start_workflow(
            kind, args=inputs, id=f"meeting-{uuid.uuid4()}", task_queue=MEETINGS_QUEUE
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await asyncio.wait_for(handle.result(), 30)
        return _said(failed.value.cause)

    cases = PARENTS[kind]
    said = await asyncio.gather(*(outcome(inputs) for inputs, _ in cases.values()))
    told = dict(zip(cases, said, strict=True))
    assert {name: text for name, (_, text) in cases.items() if text not in told[name]} == {}, told


UPDATES: tuple[tuple[str, list[Any], str], ...] = (
    ("reschedule", [], "the input is missing: give one, a JSON object with start_time"),
    ("reschedule", [{}], "start_time: is missing"),
    ("reschedule", [{"end_time": START}], "start_time: is missing"),
    ("reschedule", [{"start_time": "tomorrow"}], "start_time: must be an instant with a zone"),
    ("reschedule", [{"start_time": START}, {}], "2 inputs were given"),
    ("reschedule", [ODD], "the input is no JSON"),
    ("reschedule", [{"start_time": START, "meeting_url": "https://example.com"}], "meeting_url: "),
    ("cancel", [{"why": 7}], "why: must be text, not 7"),
    ("cancel", ["because"], "the input is text"),
    ("leave", [[1]], "the input is a list"),
    ("claim", [], "the input is missing"),
    ("release", [{"calendar_id": "c"}], "seen_at: is missing"),
    ("postpone", [{}], "there is no update 'postpone'; there is: reschedule, cancel, leave"),
)


async def test_updates_that_cannot_be_read_are_refused_in_one_sentence(start: StartMeeting) -> None:
    meeting = await start()
    before = await meeting.until_status(MeetingStatus.SCHEDULED)
    for name, inputs, text in UPDATES:
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await meeting.handle.execute_update(name, args=inputs)
        assert text in _said(refused.value.cause), name
    for name, inputs, text in (("status", [7], "the input is a number"), ("colour", [], "no query 'colour'")):
        with pytest.raises(WorkflowQueryFailedError, match=text):
            await meeting.handle.query(name, args=inputs)
    for inputs in ([], [7], [{}, {}], [{"bot_id": 7}], [ODD]):
        await meeting.handle.signal("bot_event", args=inputs)
    assert await meeting.view() == before


@pytest.mark.parametrize(
    ("start_in", "end_in", "said"),
    [
        (-120, None, "is over already"),
        (-24 * 60, -60, "is over already"),
        (-30, 0.5, "has less than a minute left"),
        (11 * 366 * 24 * 60, None, "more than ten years away"),
    ],
)
async def test_a_meeting_does_not_move_to_a_time_that_no_bot_would_see(
    start: StartMeeting, start_in: float, end_in: float | None, said: str
) -> None:
    meeting = await start()
    before = await meeting.until_status(MeetingStatus.SCHEDULED)
    now = await meeting.now()
    change = {"start_time": (now + timedelta(minutes=start_in)).isoformat()}
    if end_in is not None:
        change["end_time"] = (now + timedelta(minutes=end_in)).isoformat()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await meeting.update("reschedule", change)
    assert said in _said(refused.value.cause)
    assert await meeting.view() == before


async def test_a_meeting_moves_to_a_start_that_has_passed_while_it_runs(start: StartMeeting) -> None:
    meeting = await start()
    now = await meeting.now()
    await meeting.update("reschedule", {"start_time": (now - timedelta(minutes=10)).isoformat()})
    assert (await meeting.until_bots(1)).order.mode == "immediate"


async def test_a_meeting_of_half_a_minute_gets_its_bot_before_it_begins(start: StartMeeting) -> None:
    in_a_moment = datetime.now(UTC) + timedelta(seconds=20)
    meeting = await start(in_=timedelta(seconds=20), end_time=(in_a_moment + timedelta(seconds=30)).isoformat())
    await meeting.until_bots(1)


async def test_the_answers_of_updates_stay_small(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(days=90))
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    for number in range(40):
        await meeting.update(
            "reschedule", {"start_time": (view.start_time + timedelta(minutes=number + 1)).isoformat()}
        )
    sizes = [
        event.workflow_execution_update_completed_event_attributes.ByteSize()
        for event in (await meeting.handle.fetch_history()).events
        if event.HasField("workflow_execution_update_completed_event_attributes")
    ]
    assert max(sizes) < 1500
    assert sizes[-1] < sizes[0] + 100
