"""What the command line says of a person's word, of vetoes and of people who opted out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.calendars.objections import CalendarWord, Wish
from minutekeeper.calendars.tracked_events import TrackedEvent, TrackedEvents
from minutekeeper.meetings.ids import calendar_workflow_id_for, workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import ClaimingCalendar
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint, CalendarCheckpointStore
from minutekeeper.storage.objections import ObjectionStore, OptOutStore
from minutekeeper.storage.user_connections import UserConnectionStore
from minutekeeper.temporal.names import CALENDAR_EVENT_SIGNAL
from starter.temporal_client import TemporalMeetingClient
from tests.devtools.simulator import calendar_support
from tests.starter.calendar_support import ANNA, CalendarTestBench, write
from tests.starter.fakes import Scene
from tests.starter.support import cli, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

BEN, GRETA = "ben@example.com", "greta@example.com"


async def booked(desk: CalendarTestBench, client: TemporalMeetingClient, **fields: Any) -> tuple[str, TrackedEvent]:
    """Anna's calendar and the entry of its one event, which is booked."""
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, **{"title": "Planning"} | fields)
    (entry,) = (await desk.look(calendar_id, client)).values()
    return calendar_id, entry


async def recorded(client: TemporalMeetingClient, entry: TrackedEvent) -> None:
    """The meeting once its bot records."""
    name = workflow_id_for(entry.meeting_id)
    await play(client, name, Scene(status=MeetingStatus.RECORDING, bot_id="bot-1", leaves_attribute=True))
    shown = partial(cli, "calendar", "events", ANNA, "--json")
    await eventually(shown, lambda ended: ended.json[0]["meeting"]["status"] == "recording")


async def objects(desk: CalendarTestBench, entry: TrackedEvent, wish: Wish) -> None:
    """Ben's calendar objects to a meeting."""
    word = CalendarWord(calendar_id="calendar-of-ben", event_id="e", wish=wish, owner=BEN)
    await ObjectionStore(desk.store).change([(entry.meeting_id, word)], [])


async def test_a_never_says_that_the_bot_leaves(desk: CalendarTestBench, client: TemporalMeetingClient) -> None:
    _, entry = await booked(desk, client)
    shown = (await cli("calendar", "override", ANNA, "planning", "never")).out
    assert "The bot" not in shown, "none is there yet"
    await recorded(client, entry)
    done = await cli("calendar", "override", ANNA, "planning", "never", "--json")
    assert done.json["bots"] == [{"meeting_id": entry.meeting_id, "title": "Planning", "bot_id": "bot-1"}]
    assert (done.json["meeting_id"], done.json["event_id"]) == (entry.meeting_id, entry.event_id)
    shown = (await cli("calendar", "override", ANNA, "planning", "never")).out
    assert "The bot leaves Planning now; what was recorded is kept." in shown


async def test_a_never_holds_for_an_event_whose_id_would_be_another_by_now(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id, entry = await booked(desk, client)
    done = await cli("calendar", "override", ANNA, "planning", "always", "--json")
    assert (done.json["meeting_id"], done.json["other_ids"]) == (entry.meeting_id, [])
    first = entry.model_copy(update={"meeting_id": "cal-first"})
    tracked = TrackedEvents(calendar_id=calendar_id, entries={entry.event_id: first})
    checkpoint = CalendarCheckpoint(events=tracked, reconciled_at=datetime.now(UTC))
    await CalendarCheckpointStore(desk.store).write(checkpoint)
    done = await cli("calendar", "override", ANNA, "planning", "never", "--json")
    assert (done.json["meeting_id"], done.json["other_ids"]) == ("cal-first", [entry.meeting_id])
    assert (await cli("calendar", "show", ANNA, "--json")).json["overrides"]["events"] == {"cal-first": "never"}
    explained = (await cli("calendar", "explain", ANNA, "planning", "--json")).json
    assert (explained["record"], explained["rule"]) == (False, "override")
    planned = (await cli("calendar", "plan", ANNA, "--json")).json
    assert [(step["kind"], step["rule"]) for step in planned["steps"]] == [("release", "override")]


@pytest.mark.parametrize("case", [("own", "otherwise", True), ("any", "gone", True), ("any", "otherwise", False)])
async def test_a_never_does_not_say_that_a_bot_leaves_which_others_keep(
    desk: CalendarTestBench,
    client: TemporalMeetingClient,
    settings: pytest.MonkeyPatch,
    case: tuple[str, str, bool],
) -> None:
    veto, rule, stays = case
    settings.setenv("MINUTEKEEPER_VETO", veto)
    calendar_id, entry = await booked(desk, client)
    await recorded(client, entry)
    ben = ClaimingCalendar(calendar_id="calendar-of-ben", event_id="e")
    await play(client, workflow_id_for(entry.meeting_id), Scene(calendars=(ben,)))
    changed = entry.model_copy(update={"rule": rule})
    book = TrackedEvents(calendar_id=calendar_id, entries={entry.event_id: changed})
    later = CalendarCheckpoint(events=book, reconciled_at=datetime.now(UTC))
    await CalendarCheckpointStore(desk.store).write(later)
    shown = (await cli("calendar", "override", ANNA, "planning", "never")).out
    assert ("The bot in Planning stays: another calendar has the meeting recorded" in shown) is stays
    assert ("The bot leaves Planning now" in shown) is not stays


async def test_another_policy_says_which_bots_stay(desk: CalendarTestBench, client: TemporalMeetingClient) -> None:
    start = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    _, entry = await booked(desk, client, start=start)
    await recorded(client, entry)
    done = await cli("calendar", "policy", "set", ANNA, write("policy.json", {"otherwise": "skip"}))
    advice = f"`minutekeeper leave {entry.meeting_id}` sends it out"
    assert f"The bot in Planning stays until the end of the meeting; {advice}." in done.out
    back = await cli("calendar", "policy", "set", ANNA, write("policy.json", {"otherwise": "record"}), "--json")
    assert back.json["staying"] == []


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ((Wish.NEVER, "any", "veto"), 'the user of another calendar chose "never" for this meeting'),
        ((Wish.NEVER, "own", "otherwise"), ""),
        ((Wish.OPTED_OUT, "own", "opted_out"), "another calendar shows that a person takes part who has opted out"),
    ],
)
async def test_an_explanation_names_every_calendar_and_whose_word_decided(
    desk: CalendarTestBench,
    client: TemporalMeetingClient,
    settings: pytest.MonkeyPatch,
    case: tuple[Wish, str, str],
    told: str,
) -> None:
    wish, veto, rule = case
    settings.setenv("MINUTEKEEPER_VETO", veto)
    calendar_id, entry = await booked(desk, client)
    own = CalendarWord(calendar_id=calendar_id, event_id=entry.event_id, wish=Wish.RECORD)
    await ObjectionStore(desk.store).change([(entry.meeting_id, own)], [])
    await objects(desk, entry, wish)
    explained = (await cli("calendar", "explain", ANNA, "planning", "--json")).json
    assert explained["rule"] == rule
    decides = {each["name"]: (each["wants"], each["decides"]) for each in explained["calendars"]}
    assert decides == {BEN: (wish.value, bool(told)), ANNA: ("record", not told)}
    shown = (await cli("calendar", "explain", ANNA, "planning")).out
    assert told in shown
    assert f"{BEN}" in shown
    always = (await cli("calendar", "override", ANNA, "planning", "always")).out
    assert ("the override is set, and has no effect now" in always) is bool(told)
    planned = (await cli("calendar", "plan", ANNA, "--json")).json
    assert [step["kind"] for step in planned["steps"]] == (["release"] if told else [])


async def test_a_person_who_opted_out_is_named_by_an_explanation_and_by_the_list(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    await booked(desk, client, guests=[GRETA])
    assert "No person has opted out." in (await cli("opt-out", "--list")).out
    done = await cli("opt-out", "Greta@Example.com")
    assert "greta@example.com has opted out: no meeting in which they take part is recorded." in done.out
    assert "will be read again in a moment" in done.out
    assert "has opted out already" in (await cli("opt-out", GRETA)).out
    (listed,) = (await cli("opt-out", "--list", "--json")).json
    assert listed["email"] == GRETA
    assert f"{GRETA}  since " in (await cli("opt-out", "--list")).out
    shown = (await cli("calendar", "explain", ANNA, "planning")).out
    assert "Skipped: a person who takes part has opted out of recordings." in shown
    assert f"Opted out of recordings: {GRETA}" in shown
    refused = await cli("calendar", "record", ANNA, "planning")
    assert (refused.code, "has opted out of recordings" in refused.err) == (1, True)

    back = (await cli("opt-out", GRETA, "--remove", "--json")).json
    assert (back["opted_out"], back["is_new"]) == (False, True)
    assert "has not opted out" in (await cli("opt-out", GRETA, "--remove")).out
    assert (await cli("calendar", "explain", ANNA, "planning", "--json")).json["rule"] == "otherwise"
    assert (await OptOutStore(desk.store).read()).people == {}


@pytest.mark.parametrize("change", [(), ("--remove",)])
async def test_a_repeated_opt_out_is_told_again_because_calendars_may_not_have_heard_of_it(
    desk: CalendarTestBench, client: TemporalMeetingClient, settings: pytest.MonkeyPatch, change: tuple[str, ...]
) -> None:
    await booked(desk, client)
    if change:
        await OptOutStore(desk.store).add(GRETA, datetime.now(UTC))
    with settings.context() as there:
        there.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
        failed = await cli("opt-out", GRETA, *change)
    assert failed.code != 0
    assert f"It is stored that {GRETA} {'may be recorded again' if change else 'has opted out'}" in failed.err
    assert "repeat the command" in failed.err
    assert (GRETA in (await OptOutStore(desk.store).read()).people) is not bool(change)
    repeated = (await cli("opt-out", GRETA, *change, "--json")).json
    assert (repeated["is_new"], repeated["calendars"] >= 1) == (False, True)


async def test_one_calendar_that_cannot_be_told_of_an_opt_out_hides_no_other(
    desk: CalendarTestBench, client: TemporalMeetingClient, settings: pytest.MonkeyPatch
) -> None:
    await booked(desk, client)
    asked: list[str] = []

    async def listed(_client: Client) -> AsyncIterator[str]:
        for name in ("first", "second", "third"):
            yield name

    async def signal(_client: Client, calendar_id: str) -> bool:
        asked.append(calendar_id)
        if calendar_id == "first":
            raise RPCError("it is down", RPCStatusCode.UNAVAILABLE, b"")
        # A moment later, so that the failure comes first.
        await asyncio.sleep(0.1)
        asked.append(f"{calendar_id} heard of it")
        return True

    settings.setattr("starter.opt_outs.running_calendars", listed)
    settings.setattr("starter.opt_outs.report_full_change", signal)
    failed = await cli("opt-out", GRETA)
    assert failed.code != 0
    assert "not all calendars heard of it; repeat the command. Temporal does not answer" in failed.err
    assert {"second heard of it", "third heard of it"} < set(asked)


@pytest.mark.parametrize(
    "arguments", [(), ("greta",), ("a@b.c, d@e.f",), (GRETA, "--list"), ("--list", "--remove"), ("--remove",)]
)
async def test_one_address_or_the_list_is_asked_for(desk: CalendarTestBench, arguments: tuple[str, ...]) -> None:
    ended = await cli("opt-out", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert (await OptOutStore(desk.store).read()).people == {}


@pytest.mark.parametrize("by", ["calendar", "user"])
async def test_a_calendar_without_a_workflow_objects_no_more_once_it_is_disconnected(
    desk: CalendarTestBench, client: TemporalMeetingClient, by: str
) -> None:
    gone = await calendar_support.connect(desk.sim, await calendar_support.account(desk.sim, BEN))
    waiting = await desk.connect(ANNA)
    objections = ObjectionStore(desk.store)
    words = [CalendarWord(calendar_id=each, event_id="e", wish=Wish.NEVER) for each in (gone, "another")]
    words.append(CalendarWord(calendar_id=waiting, event_id="event-of-anna", wish=Wish.RECORD))
    await objections.change([("cal-1", word) for word in words], [])
    if by == "calendar":
        ended = await cli("calendar", "disconnect", gone)
    else:
        connections = UserConnectionStore(desk.store)
        known = await connections.read("ben", "google")
        await connections.write(known.connected(gone, "raw", "Ben", BEN, datetime.now(UTC)))
        ended = await cli("calendar", "disconnect-user", "ben", "--platform", "google")
    assert ended.code == 0
    left = await objections.words(["cal-1"])
    assert sorted(each.wish for each in left) == [Wish.NEVER, Wish.RECORD]
    assert not any(each.is_of(gone) for each in left)
    history = await client.temporal.get_workflow_handle(calendar_workflow_id_for(waiting)).fetch_history()
    signals = [event.workflow_execution_signaled_event_attributes.signal_name for event in history.events]
    assert CALENDAR_EVENT_SIGNAL in signals, "it decides again"
