"""`list`, `show`, `why` and `transcript`."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from minutekeeper.meetings.ids import folder_for
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.storage.meeting_folders import claim_folder
from minutekeeper.storage.store import ArtifactStore
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import Ended, a_request, an_outcome, cli, end, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


async def listed(*arguments: str, count: int) -> list[str]:
    """The ids of a list, once it has so many."""

    async def look() -> list[str]:
        ended = await cli("list", *arguments, "--json")
        return [each["meeting_id"] for each in ended.json]

    return await eventually(look, lambda ids: len(ids) == count)


async def test_a_list_is_filtered_by_status_and_words_of_the_title(client: TemporalMeetingClient) -> None:
    titles = {
        "plain": "zebra review",
        "quotes": "O'Brien's \"zebra\" \\ review; DROP -- %",
        "markup": "[red]zebra[/red] AND OR NOT",
    }
    for number, (name, title) in enumerate(titles.items()):
        await client.start(a_request(70 + number, title=title), f"list-{name}")
    ids = await listed("--title", "Zebra", count=3)
    assert ids == ["list-plain", "list-quotes", "list-markup"]
    assert await listed("--title", "zebra review", count=2) == ["list-plain", "list-quotes"]
    assert await listed("--title", 'O\'Brien "zebra"', count=1) == ["list-quotes"]
    assert await listed("--title", "zebra not", count=1) == ["list-markup"]
    await end(client, "list-plain", an_outcome("list-plain"))
    await client.cancel("list-quotes")
    assert await listed("--title", "zebra", "--status", "scheduled", count=1) == ["list-markup"]
    assert await listed("--title", "zebra", "--status", "completed", count=1) == ["list-plain"]
    assert await listed("--title", "zebra", "--status", "cancelled", count=1) == ["list-quotes"]
    people = await cli("list", "--title", "zebra")
    assert 'O Brien s "zebra"   review; DROP -- %' in people.out  # as every database can keep it
    assert titles["markup"] in people.out
    assert "\x1b" not in people.out


async def test_a_workflow_that_was_ended_from_outside_is_listed_as_what_it_came_to(
    client: TemporalMeetingClient,
) -> None:
    await client.start(a_request(74, title="gnu"), "list-terminated")
    await client.temporal.get_workflow_handle("list-terminated").terminate()
    assert await listed("--title", "gnu", "--status", "failed", count=1) == ["list-terminated"]
    assert await listed("--title", "gnu", "--reason", "terminated", count=1) == ["list-terminated"]
    shown = await cli("show", "list-terminated")
    assert "its workflow was terminated in Temporal" in shown.out
    assert await listed("--title", "gnu", "--status", "scheduled", count=0) == []


async def test_a_list_is_filtered_by_start_and_platform(client: TemporalMeetingClient) -> None:
    zoom = "https://zoom.us/j/98765432100"
    second = a_request(501, title="ibis", meeting_url=zoom)
    for name, request in (
        ("list-500", a_request(500, title="ibis")),
        ("list-501", second),
        ("list-502", a_request(502, title="ibis")),
    ):
        await client.start(request, name)
    later = (second.start_time + timedelta(minutes=1)).isoformat()
    assert await listed("--title", "ibis", "--from", later, count=1) == ["list-502"]
    assert await listed("--title", "ibis", "--to", later, count=2) == ["list-500", "list-501"]
    assert await listed("--title", "ibis", "--from", f"+{500 * 60 + 30}m", "--to", later, count=1) == ["list-501"]
    assert await listed("--title", "ibis", "--platform", "zoom", count=1) == ["list-501"]
    assert await listed("--title", "ibis", "--platform", "google_meet", "--from", later, count=1) == ["list-502"]


async def test_a_list_is_filtered_by_metadata(client: TemporalMeetingClient) -> None:
    for number, metadata in enumerate(({"customer": "7", "team": "o'neil"}, {"customer": "7"}, {"customer": "77"})):
        await client.start(a_request(520 + number, title="stork", metadata=metadata), f"list-meta-{number}")
    assert await listed("--title", "stork", "--meta", "customer=7", count=2) == ["list-meta-0", "list-meta-1"]
    assert await listed("--meta", "customer=7", "--meta", "team=o'neil", count=1) == ["list-meta-0"]
    assert await listed("--meta", "customer=", count=0) == []
    shown = (await cli("show", "list-meta-0", "--json")).json
    assert shown["metadata"] == {"customer": "7", "team": "o'neil"}
    assert "team=o'neil" in (await cli("show", "list-meta-0")).out


async def test_a_list_is_filtered_by_the_reason_of_a_failure(client: TemporalMeetingClient) -> None:
    for number, reason in enumerate((FailureReason.REMOVED, FailureReason.NOBODY_CAME, FailureReason.REMOVED)):
        name = f"list-reason-{number}"
        await client.start(a_request(510 + number, title="heron"), name)
        await end(client, name, an_outcome(name, MeetingStatus.FAILED, reason=reason))
    await client.start(a_request(513, title="heron"), "list-reason-none")
    await client.cancel("list-reason-none")
    removed = ("--title", "heron", "--reason", "removed")
    assert await listed(*removed, count=2) == ["list-reason-2", "list-reason-0"]
    assert await listed(*removed, "--limit", "1", count=1) in (["list-reason-2"], ["list-reason-0"])
    assert await listed("--title", "heron", "--reason", "nobody_came", "--status", "failed", count=1)
    refused = await cli("list", "--reason", "removed", "--status", "completed", "--json")
    assert (refused.code, refused.error.startswith("reason: only failed meetings have a reason")) == (2, True)


async def test_a_start_that_could_not_be_read_is_listed_with_its_time(client: TemporalMeetingClient) -> None:
    temporal = client.temporal
    await temporal.start_workflow("MeetingWorkflow", {"no": 1}, id="list-unread", task_queue="meetings")
    command = ("list", "--reason", "invalid_request")
    people = await eventually(lambda: cli(*command), lambda shown: "list-unread" in shown.out)
    assert "The request cannot be read; its workflow was started" in " ".join(people.out.split())


async def test_the_page_in_temporals_ui_is_printed_and_opened(
    client: TemporalMeetingClient, settings: pytest.MonkeyPatch
) -> None:
    await client.start(a_request(103), 'open/ed "1"')
    unknown = await cli("open", 'open/ed "1"', "--json")
    assert (unknown.code, "set MINUTEKEEPER_TEMPORAL_UI_URL" in unknown.error) == (1, True)
    settings.setenv("MINUTEKEEPER_TEMPORAL_UI_URL", "http://127.0.0.1:8233/")
    page = "http://127.0.0.1:8233/namespaces/default/workflows/open%2Fed%20%221%22"
    opened = await cli("open", 'open/ed "1"', "--json")
    assert opened.json == {"workflow_id": 'open/ed "1"', "url": page}
    assert (await cli("open", 'open/ed "1"')).out == f"{page}\n"
    visited: list[str] = []

    def browser(url: str) -> bool:
        visited.append(url)
        return len(visited) == 1

    settings.setattr("webbrowser.open", browser)
    assert (await cli("open", 'open/ed "1"', "--browse")).code == 0
    assert visited == [page]
    failed = await cli("open", 'open/ed "1"', "--browse")
    assert (failed.code, "No browser could be started" in failed.err) == (1, True)
    settings.setenv("MINUTEKEEPER_TEMPORAL_UI_URL", "not an address")
    assert (await cli("open", 'open/ed "1"')).code == 2


async def test_a_meeting_under_way_is_listed_as_what_it_is_now(client: TemporalMeetingClient) -> None:
    await client.start(a_request(0.1, title="okapi"), "list-soon")
    await client.start(a_request(75, title="okapi"), "list-late")
    await play(client, "list-late", Scene(status=MeetingStatus.JOINING, leaves_attribute=True))
    await play(client, "list-late", Scene(status=MeetingStatus.WAITING_ROOM))
    await play(client, "list-soon", Scene(status=MeetingStatus.DISPATCHING))
    assert await listed("--title", "okapi", "--status", "waiting_room", count=1) == ["list-late"]
    assert await listed("--title", "okapi", "--status", "dispatching", count=1) == ["list-soon"]
    assert await listed("--title", "okapi", "--status", "joining", count=0) == []
    assert await listed("--title", "okapi", "--status", "scheduled", count=0) == []


async def test_a_meeting_that_was_booked_anew_is_one_meeting(client: TemporalMeetingClient) -> None:
    request = a_request(76, title="tapir")
    for _ in range(3):
        started = await client.start(request)
        await client.cancel(started.meeting_id)
    await client.start(request)
    assert await listed("--title", "tapir", "--status", "scheduled", count=1) == [started.meeting_id]
    assert await listed("--title", "tapir", count=1) == [started.meeting_id]


async def test_a_list_is_limited_and_says_so(client: TemporalMeetingClient) -> None:
    for number in range(12):
        await client.start(a_request(80 + number, title="gecko"), f"limit-{number:02}")
    assert len(await listed("--title", "gecko", count=12)) == 12
    assert len(await listed("--title", "gecko", "--limit", "11", count=11)) == 11
    people = await cli("list", "--title", "gecko", "--limit", "2")
    assert "Only 2 are shown" in people.out
    assert "Only" not in (await cli("list", "--title", "gecko", "--limit", "12")).out
    assert (await cli("list", "--title", "unicorn")).out == "No meetings.\n"
    assert (await cli("list", "--title", "unicorn", "--json")).json == []


async def test_what_comes_next_is_listed_first_and_hidden_by_no_limit(client: TemporalMeetingClient) -> None:
    """Booked in another order than they start, beside ended ones, and more of them than are shown."""
    await client.start(a_request(0.1, title="kiwi"), "next-now")
    await client.start(a_request(0.5, title="kiwi"), "next-soon")
    for number in (3, 1, 2):
        await client.start(a_request(200 + number, title="kiwi"), f"next-later-{number}")
    for number in range(3):
        await client.start(a_request(300 + number, title="kiwi"), f"next-ended-{number}")
        await end(client, f"next-ended-{number}", an_outcome(f"next-ended-{number}"))
    running = ["next-now", "next-soon", "next-later-1", "next-later-2", "next-later-3"]
    assert await listed("--title", "kiwi", count=8) == [*running, "next-ended-2", "next-ended-1", "next-ended-0"]
    for limit in range(1, 6):
        assert await listed("--title", "kiwi", "--limit", str(limit), count=limit) == running[:limit]
    assert (await listed("--title", "kiwi", "--limit", "6", count=6))[:5] == running


async def test_a_rush_of_one_second_hides_nothing_that_is_nearer(client: TemporalMeetingClient) -> None:
    start = a_request(400).start_time
    await asyncio.gather(
        *(client.start(a_request(title="emu", start_time=start), f"rush-{number}") for number in range(20))
    )
    await client.start(a_request(title="emu", start_time=start - timedelta(seconds=90)), "rush-before")
    await listed("--title", "emu", count=21)
    shown = await listed("--title", "emu", "--limit", "3", count=3)
    assert shown[0] == "rush-before"
    assert "Only 1 is shown" in (await cli("list", "--title", "emu", "--limit", "1")).out


async def test_show_tells_programs_and_people_everything(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(100, title="Board [i]\x1b]0;owned\x07"))
    running = (await cli("show", started.meeting_id, "--json")).json
    assert (running["status"], running["transcript"], running["reason"]) == ("scheduled", "pending", None)
    assert running["timeline"][0]["event"] == "booked"
    await end(client, started.workflow_id, an_outcome(started.meeting_id))
    shown = (await cli("show", started.workflow_id, "--json")).json
    assert shown["meeting_id"] == started.meeting_id
    assert (shown["status"], shown["bot_id"], shown["transcript"]) == ("completed", "bot-1", "ready")
    assert shown["artifacts"][0]["path"].endswith("recording.mp4")
    assert shown["start_time"]
    people = (await cli("show", started.meeting_id)).out
    for part in ("Board [i] ]0;owned", "completed", "bot-1", "12,345 bytes", "the provider's own words", "booked"):
        assert part in people
    assert "\x1b" not in people
    assert "\x07" not in people


async def test_why_tells_the_story(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(101, title="Board"))
    sleeping = await cli("why", started.meeting_id)
    assert "Board is scheduled." in sleeping.out
    assert "A bot will be sent" in sleeping.out
    scene = Scene(status=MeetingStatus.WAITING_ROOM, text="The bot waits to be let in.", deadline_in=600)
    await play(client, started.workflow_id, scene)
    waiting = await cli("why", started.meeting_id)
    assert "The bot waits to be let in." in waiting.out
    assert "If the bot does not report by" in waiting.out
    outcome = an_outcome(started.meeting_id, MeetingStatus.FAILED, reason=FailureReason.NOT_ACCEPTED)
    await end(client, started.workflow_id, outcome)
    failed = await cli("why", started.meeting_id)
    assert failed.code == 0
    assert "Board failed: a participant refused to admit the bot." in failed.out
    assert "Last event: failed at" in failed.out
    assert "the provider's own words" in failed.out
    told = (await cli("why", started.meeting_id, "--json")).json
    assert (told["status"], told["reason"]) == ("failed", "not_accepted")
    assert "a participant refused to admit the bot" in told["explanation"]
    assert [entry["event"] for entry in told["timeline"]] == ["booked", "waiting_room", "failed"]


async def transcribed(meeting_id: str, tmp_path: Path) -> None:
    store = ArtifactStore((tmp_path / "store").as_uri())
    for form, text in {"txt": "Ann: grüß Gott\n", "json": '{"segments": []}\n', "srt": "1\n"}.items():
        await store.put(f"{folder_for(meeting_id)}/transcript.{form}", text.encode())


@pytest.mark.parametrize("name", ["20270101-1000Z-0123456789", 'board/2027 "Q1"'])
async def test_a_transcript_comes_straight_from_the_store(
    name: str, tmp_path: Path, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    await transcribed(name, tmp_path)
    for by in (name, f"meeting-{name}"):
        assert (await cli("transcript", by)) == Ended(0, "Ann: grüß Gott\n", "")
    assert (await cli("transcript", name, "--format", "srt")).out == "1\n"
    assert (await cli("transcript", name, "--json")).json == {"segments": []}
    assert (await cli("transcript", name, "--json", "--format", "json")).json == {"segments": []}


async def test_each_workflow_gets_the_transcript_of_its_own_newest_run(
    tmp_path: Path, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    store = ArtifactStore((tmp_path / "store").as_uri())
    for workflow_id, run in (
        ("standup", "0-11111111"),
        ("meeting-standup", "0-22222222"),
        ("standup", "0-33333333"),
    ):
        folder = await claim_folder(store, folder_for("standup"), workflow_id, run)
        await store.put(f"{folder}/transcript.txt", f"{workflow_id} {run}".encode())

    assert (await cli("transcript", "standup", "--format", "txt")).out == "standup 0-33333333"
    assert (await cli("transcript", "meeting-standup", "--format", "txt")).out == "meeting-standup 0-22222222"
    assert (await cli("transcript", "meeting-meeting-standup")).code == 1


async def test_a_transcript_that_is_not_there_is_explained(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(102))
    pending = await cli("transcript", started.meeting_id, "--json")
    assert pending.code == 1
    assert "The transcript is not available yet." in pending.error
    await end(client, started.workflow_id, an_outcome(started.meeting_id, MeetingStatus.FAILED))
    failed = await cli("transcript", started.workflow_id)
    assert "There is no transcript: transcription failed." in failed.err


@pytest.mark.usefixtures("without_worker")
async def test_without_a_worker_ended_meetings_are_shown_and_running_ones_say_so(
    quiet_client: TemporalMeetingClient,
) -> None:
    ended = await quiet_client.start(a_request(103, title="Ended"))
    await quiet_client.temporal.get_workflow_handle(ended.workflow_id).terminate("enough")
    shown = await cli("show", ended.meeting_id, "--json")
    assert (shown.json["status"], shown.json["reason"]) == ("failed", "terminated")
    assert shown.json["timeline"] == []
    assert shown.json["evidence"]["event"] == "workflow_terminated"
    assert "Ended failed: its workflow was terminated" in (await cli("why", ended.meeting_id)).out
    running = await quiet_client.start(a_request(104, title="Running"))
    nobody = await cli("show", running.meeting_id, "--json")
    assert nobody.code == 1
    assert "no worker answered within 1 seconds" in nobody.error
    await eventually(lambda: cli("list", "--title", "Running"), lambda shown: running.meeting_id in shown.out)


async def test_show_says_what_is_tried_again_and_why(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(102))
    assert (await cli("show", started.meeting_id, "--json")).json["pending_activities"] == []
    scene = Scene(status=MeetingStatus.COLLECTING, trouble="the disk is full", leaves_attribute=True)
    await play(client, started.workflow_id, scene)

    async def look() -> list[dict[str, str]]:
        waiting: list[dict[str, str]] = (await cli("show", started.meeting_id, "--json")).json["pending_activities"]
        return waiting

    (waiting,) = await eventually(look, lambda waiting: len(waiting) == 1)
    assert (waiting["activity"], waiting["failure"]) == ("fetching recording and transcript", "the disk is full")
    people = await cli("show", started.meeting_id)
    assert "fetching recording and transcript failed" in people.out
    for explained in (await cli("why", started.meeting_id), await cli("why", started.meeting_id, "--json")):
        assert "Fetching recording and transcript failed" in explained.out
        assert "the disk is full" in explained.out

    async def run_checks() -> dict[str, str]:
        checks: list[dict[str, str]] = (await cli("doctor", "--json")).json["checks"]
        return next(check for check in checks if check["name"] == "downloads")

    told = await eventually(run_checks, lambda check: not check["ok"])
    assert started.meeting_id in str(told)
    assert "fetching recording and transcript failed: the disk is full" in str(told)
    assert "the disk is full" in people.out
    await end(client, started.workflow_id, an_outcome(started.meeting_id))
