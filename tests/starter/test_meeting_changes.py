"""`schedule`, `reschedule`, `cancel` and `leave`, as people and programs call them."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings.fields import RecordingMode
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from starter.errors import MeetingNotFoundError
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import URL, YEAR, a_request, an_outcome, cli, end, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

ROOM = "https://meet.google.com/zzz-zzzz-zzz"
WEEKLY = "https://zoom.us/j/12345678901?pwd=secret"


async def test_scheduling_tells_a_program_all_it_needs() -> None:
    booked = (await cli("schedule", URL, "--at", f"{YEAR}-06-01T10:00:00+02:00", "--json")).json
    assert booked["meeting_id"].startswith(f"{YEAR}0601-0800Z-")
    assert booked["workflow_id"] == workflow_id_for(booked["meeting_id"])
    assert booked["already_existed"] is False
    assert booked["start_time"] == f"{YEAR}-06-01T08:00:00Z"
    assert (booked["meeting_url"], booked["status"], booked["notes"]) == (URL, "scheduled", [])
    again = await cli("schedule", f"{URL}?authuser=1", "--at", f"{YEAR}-06-01T08:00Z", "--json")
    assert again.code == 0
    assert again.json["already_existed"] is True
    assert again.json["meeting_id"] == booked["meeting_id"]


async def test_scheduling_tells_people_what_happened() -> None:
    first = await cli(
        "schedule", WEEKLY, "--at", f"{YEAR}-06-02T10:00Z", "--title", "Weekly [bold]sync[/] \x1b[31m"
    )
    assert first.code == 0
    assert "Booked." in first.out
    assert "Weekly [bold]sync[/]" in first.out
    assert "\x1b" not in first.out
    second = await cli("schedule", WEEKLY, "--at", f"{YEAR}-06-02T10:00Z")
    assert second.code == 0
    assert "This meeting is already booked" in second.out


async def test_every_option_reaches_the_request(client: TemporalMeetingClient) -> None:
    ended = await cli(
        *("schedule", WEEKLY, "--at", f"{YEAR}-06-03T10:00Z", "--until", f"{YEAR}-06-03T10:30Z", "--id", "board"),
        *("--title", "Board", "--bot-name", "Secretary", "--audio-only", "--audio-file", "--no-transcript"),
        *("--language", "de", "--vocabulary", "Grundbuch", "--vocabulary", "Frau Ångström"),
        *("--leave-at-end", "5", "--meta", "customer=7", "--meta", "source=crm=2"),
    )
    assert ended.code == 0
    handle = client.temporal.get_workflow_handle("board")
    event = await anext(aiter(handle.fetch_history_events()))
    payloads = event.workflow_execution_started_event_attributes.input.payloads
    [request] = await client.temporal.data_converter.decode(payloads, [MeetingRequest])
    assert (request.title, request.bot.name) == ("Board", "Secretary")
    assert request.bot.recording_mode is RecordingMode.AUDIO_ONLY
    assert (request.wanted.audio, request.wanted.transcript) == (True, False)
    assert request.bot.transcription_language == "de"
    assert request.bot.transcription_vocabulary == ("Grundbuch", "Frau Ångström")
    assert request.bot.leave_at_end == 5
    assert request.metadata == {"customer": "7", "source": "crm=2"}
    assert request.end_time == datetime(YEAR, 6, 3, 10, 30, tzinfo=UTC)
    assert (request.wanted.recording, request.wanted.transcript) == (True, False)
    shown = (await cli("show", "board", "--json")).json
    assert (shown["meeting_id"], shown["workflow_id"]) == ("board", "board")


async def test_a_time_without_a_zone_is_local_and_that_is_said() -> None:
    people = await cli("schedule", URL, "--at", f"{YEAR}-06-04T10:00")
    assert f"Note: {YEAR}-06-04T10:00 has no zone and was read as this machine's local time" in people.out
    program = await cli("schedule", URL, "--at", f"{YEAR}-06-04T10:00", "--json")
    assert "local time" in program.json["notes"][0]


async def test_a_meeting_that_is_over_is_neither_booked_nor_moved_to(client: TemporalMeetingClient) -> None:
    past = f"{YEAR - 2}-01-04T10:00Z"
    refused = await cli("schedule", ROOM, "--at", past)
    assert (refused.code, "is over already" in refused.err) == (2, True)
    assert (await cli("schedule", ROOM, "--at", past, "--id", "past", "--json")).code == 2
    with pytest.raises(MeetingNotFoundError):
        await client.status("past")
    booked = (await cli("schedule", ROOM, "--at", f"{YEAR}-01-04T10:00Z", "--json")).json
    moved = await cli("reschedule", booked["meeting_id"], "--at", past)
    assert (moved.code, "is over already" in moved.err) == (2, True)
    assert (await client.status(booked["meeting_id"])).start_time == datetime(YEAR, 1, 4, 10, tzinfo=UTC)


async def test_the_same_link_a_second_later_joins_the_first_booking(client: TemporalMeetingClient) -> None:
    first = (await cli("schedule", ROOM, "--at", f"{YEAR}-02-01T10:00:00Z", "--title", "First", "--json")).json
    await eventually(
        lambda: client.list(title="First"), lambda found: [each.meeting_url for each in found] == [ROOM]
    )
    second = await cli("schedule", ROOM, "--at", f"{YEAR}-02-01T10:00:01Z", "--json")
    joined = second.json
    assert (joined["booking"], joined["meeting_id"]) == ("joined", first["meeting_id"])
    assert f"it joins meeting {first['meeting_id']}" in joined["notes"][0]
    apart = (await cli("schedule", ROOM, "--at", f"{YEAR}-02-01T10:00:01Z", "--id", "apart", "--json")).json
    later = (await cli("schedule", ROOM, "--at", f"{YEAR}-02-01T10:30Z", "--json")).json
    assert [apart["booking"], later["booking"]] == ["booked", "booked"]


async def test_what_no_worker_can_carry_on_is_told_at_once(client: TemporalMeetingClient) -> None:
    request = {"meeting_url": ROOM, "start_time": f"{YEAR}-03-01T10:00:00Z", "title": "Astray"}
    temporal = client.temporal
    later = timedelta(hours=1)
    await temporal.start_workflow("RoomReservationWorkflow", id="room-1", task_queue="meetings", start_delay=later)
    await temporal.start_workflow("MeetingWorkflow", request, id="astray", task_queue="meeting")
    await temporal.start_workflow("MeetinWorkflow", request, id="misspelt", task_queue="meetings")
    found = await eventually(client.list, lambda found: "astray" in [each.meeting_id for each in found])
    assert [each.meeting_id for each in found if each.trouble] == ["astray"]
    began = time.monotonic()
    for command in (("list",), ("show", "astray"), ("cancel", "astray")):
        said = await cli(*command)
        assert "waits on the task queue 'meeting'" in " ".join((said.out + said.err).split()), command
    assert time.monotonic() - began < 8, "nobody is waited for"
    check = next(
        each for each in json.loads((await cli("doctor", "--json")).out)["checks"] if each["name"] == "workflows"
    )
    assert not check["ok"]
    assert "astray waits on the task queue 'meeting'" in check["found"]
    assert "misspelt is of the type 'MeetinWorkflow'" in check["found"]
    assert "room-1" not in check["found"]
    for name in ("astray", "misspelt", "room-1"):
        await temporal.get_workflow_handle(name).terminate()


async def test_a_meeting_that_was_moved_is_not_kept_at_its_first_time_in_silence() -> None:
    booked = (await cli("schedule", URL, "--at", f"{YEAR}-06-05T10:00Z", "--json")).json
    moved = await cli("reschedule", booked["meeting_id"], "--at", f"{YEAR}-06-05T11:00Z")
    assert "now starts" in moved.out
    again = (await cli("schedule", URL, "--at", f"{YEAR}-06-05T10:00Z", "--json")).json
    assert again["start_time"] == f"{YEAR}-06-05T11:00:00Z"
    assert "rescheduled since" in again["notes"][0]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("schedule", "https://example.com/x", "--at", "now"), "URL: Not a link to a meeting"),
        (("schedule", URL), "'--at'"),
        (("schedule", URL, "--at", "soon"), "--at: 'soon' is not a time"),
        (("schedule", URL, "--at", "+1h", "--until", "+30m"), "--until: +30m is not after --at +1h"),
        (("schedule", URL, "--at", "now", "--title", "x" * 501), "--title: "),
        (("schedule", URL, "--at", "now", "--bot-name", ""), "--bot-name: "),
        (("schedule", URL, "--at", "now", "--id", " "), "--id: "),
        (("schedule", URL, "--at", "now", "--language", "german, please"), "--language: "),
        (("schedule", URL, "--at", "now", "--vocabulary", "x" * 61), "--vocabulary: "),
        (("schedule", URL, "--at", "now", "--leave-at-end", "1441"), "--leave-at-end: "),
        (("schedule", URL, "--at", "now", "--meta", "customer"), "--meta: 'customer' must have the form KEY=VALUE"),
        (("schedule", URL, "--at", "now", "--meta", "a=1", "--meta", "a=2"), "--meta: the key 'a' is given twice"),
        (("schedule", URL, "--at", "now", "--meta", "Customer Id=1"), "--meta: "),
        (("list", "--meta", "customer"), "--meta: 'customer' must have the form KEY=VALUE"),
        (("reschedule", "x", "--at", "now", "--url", "nonsense"), "--url: "),
        (("cancel", "asked", "--why", "y" * 501), "--why: "),
        (("cancel", ""), "ID: "),
        (("leave",), "'ID'"),
        (("list", "--status", "lost"), "'--status': 'lost' is not one of"),
        (("list", "--limit", "0"), "'--limit'"),
        (("list", "--title", "?!"), "title: '?!' holds no word"),
        (("transcript", "x", "--format", "pdf"), "'--format'"),
        (("transcript", "x", "--format", "md", "--json"), "--json: means --format json"),
        (("fly",), "'fly'"),
    ],
)
async def test_bad_input_is_a_2_that_names_the_field(arguments: tuple[str, ...], names: str) -> None:
    people = await cli(*arguments)
    assert (people.code, people.out) == (2, "")
    assert names in people.err
    assert "Traceback" not in people.err
    program = await cli(*arguments, "--json")
    assert program.code == 2
    assert names in program.error


async def test_moving_cancelling_and_leaving_answer_with_the_meeting(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(60))
    later = a_request(61).start_time
    moved = await cli("reschedule", started.workflow_id, "--at", later.isoformat(), "--title", "New", "--json")
    assert moved.json["start_time"] == later.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert moved.json["title"] == "New"
    await play(client, started.workflow_id, Scene(status=MeetingStatus.RECORDING))
    left = await cli("leave", started.meeting_id, "--json")
    assert left.json["status"] == "recording"
    told = await cli("leave", started.meeting_id, "--why", "done")
    assert "The bot was told to leave" in told.out
    cancelled = await cli("cancel", started.meeting_id, "--why", "moved to mail", "--json")
    [result] = cancelled.json
    assert (cancelled.code, result["meeting"]["status"], result["error"]) == (0, "cancelled", None)
    assert result["meeting"]["evidence"]["text"] == "moved to mail"
    assert (await cli("cancel", started.meeting_id)).out.endswith("was cancelled.\n")


async def test_what_the_workflow_refuses_is_a_1_in_its_words(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(62))
    people = await cli("leave", started.meeting_id)
    assert (people.code, people.out) == (1, "")
    assert people.err == "Error: No bot is in this meeting yet; cancel the meeting instead.\n"
    program = await cli("leave", started.meeting_id, "--json")
    assert program.code == 1
    assert program.error == "No bot is in this meeting yet; cancel the meeting instead."
    await end(client, started.workflow_id, an_outcome(started.meeting_id))
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    too_late = await cli("reschedule", started.meeting_id, "--at", at, "--json")
    assert too_late.code == 1
    assert "over (completed) and cannot be rescheduled any more" in too_late.error


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "nobody"),
        ("why", "nobody"),
        ("watch", "nobody"),
        ("cancel", "nobody"),
        ("leave", "nobody"),
        ("transcript", "nobody"),
        ("reschedule", "nobody", "--at", "+1h"),
    ],
)
async def test_a_meeting_that_nobody_knows_is_a_1(arguments: tuple[str, ...]) -> None:
    people = await cli(*arguments)
    assert (people.code, people.out) == (1, "")
    assert "There is no meeting nobody" in people.err
    program = await cli(*arguments, "--json")
    assert program.code == 1
    assert "There is no meeting nobody" in program.error


@pytest.mark.usefixtures("without_worker")
async def test_a_change_that_no_worker_confirmed_is_not_taken_for_made(quiet_client: TemporalMeetingClient) -> None:
    started = await quiet_client.start(a_request(63))
    ended = await cli("cancel", started.meeting_id, "--json")
    assert ended.code == 1
    [result] = ended.json
    assert result["meeting"] is None
    assert "No worker confirmed the change" in result["error"]


async def test_several_meetings_are_cancelled_and_each_is_reported(client: TemporalMeetingClient) -> None:
    first, second, ended = [await client.start(a_request(hours)) for hours in (64, 65, 66)]
    await end(client, ended.workflow_id, an_outcome(ended.meeting_id))
    ids = (first.meeting_id, ended.meeting_id, second.workflow_id, first.workflow_id)
    cancelled = await cli("cancel", *ids, "--json")
    assert cancelled.code == 1
    statuses = [each["meeting"] and each["meeting"]["status"] for each in cancelled.json]
    assert statuses == ["cancelled", None, "cancelled"]
    assert "is over (completed) and cannot be cancelled" in cancelled.json[1]["error"]
    people = await cli("cancel", first.meeting_id, second.meeting_id)
    assert (people.code, people.out.count("was cancelled.")) == (0, 2)
    refused = await cli("cancel", first.meeting_id, ended.meeting_id)
    assert (refused.code, refused.out.count("was cancelled."), "is over" in refused.err) == (1, 1, True)


async def test_an_unknown_id_among_several_cancels_nothing(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(67))
    refused = await cli("cancel", started.meeting_id, "nobody", "nothing", "--json")
    assert refused.code == 1
    assert "There is no meeting nobody" in refused.error
    assert "There is no meeting nothing" in refused.error
    assert (await client.status(started.meeting_id)).status is MeetingStatus.SCHEDULED


async def test_a_meeting_that_keeps_its_time_says_why(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(68))
    await play(client, started.workflow_id, Scene(status=MeetingStatus.RECORDING, bot_id="bot-1"))
    held = await cli("reschedule", started.meeting_id, "--at", "+2d")
    assert (held.code, held.out) == (0, "The bot is in the call, so the meeting keeps its time.\n")
    for command in ("show", "why"):
        assert "the meeting keeps its time" in (await cli(command, started.meeting_id)).out


async def test_another_bot_is_sent_to_a_meeting_that_runs(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(69))
    early = await cli("send", started.meeting_id, "--json")
    assert (early.code, early.error) == (1, "The meeting's first bot is still to be sent.")
    await play(client, started.workflow_id, Scene(status=MeetingStatus.RECORDING, bot_id="bot-1"))
    sent = await cli("send", started.meeting_id, "--why", "it was removed", "--json")
    assert (sent.code, sent.json["timeline"][-1]["text"]) == (0, "it was removed")
    people = await cli("send", started.meeting_id)
    assert people.out.startswith("Another bot is sent as soon as no earlier one is in the meeting.\n")


async def test_files_of_ended_meetings_are_collected_again(client: TemporalMeetingClient) -> None:
    first, second, running = [await client.start(a_request(hours)) for hours in (70, 71, 72)]
    for each in (first, second):
        await end(client, each.workflow_id, an_outcome(each.meeting_id))
    collected = await cli("collect", first.meeting_id, running.meeting_id, second.meeting_id, "--json")
    assert collected.code == 1
    assert [each["meeting"] and each["meeting"]["status"] for each in collected.json] == [
        "collecting",
        None,
        "collecting",
    ]
    assert "still runs" in collected.json[1]["error"]
    people = await cli("collect", first.meeting_id, running.meeting_id)
    assert (people.code, people.err.count("still runs")) == (1, 2)
    assert f"Error: {running.workflow_id}: " in people.err
    unknown = await cli("collect", first.meeting_id, "nobody")
    assert (unknown.code, "There is no meeting nobody" in unknown.err) == (1, True)


async def test_a_meeting_without_a_bot_has_nothing_to_collect(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(73))
    await client.cancel(started.meeting_id)
    refused = await cli("collect", started.meeting_id, "--retranscribe")
    assert (refused.code, refused.out) == (1, "")
    assert "never had a bot" in refused.err
