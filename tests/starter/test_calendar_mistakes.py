"""`calendar …` when something is wrong: a name, a key, the provider, Temporal, or a Ctrl-C."""

import signal
from datetime import timedelta

import pytest

from tests.devtools.simulator import calendar_support
from tests.starter.calendar_support import ANNA, CalendarTestBench, listed, write
from tests.starter.support import cli, eventually, process

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


async def test_what_is_unknown_is_a_1_and_a_sentence(desk: CalendarTestBench) -> None:
    calendar_id = await desk.connect(ANNA)
    unknown = {
        ("calendar", "events", "nobody"): "There is no calendar nobody. `minutekeeper calendar list` shows all.",
        ("calendar", "explain", ANNA, "nothing"): f"Calendar {calendar_id} has no event nothing.",
        ("calendar", "override", ANNA, "nothing", "never"): f"Calendar {calendar_id} has no event nothing.",
        ("find", "nothing"): "No meeting was found for nothing.",
    }
    for command, sentence in unknown.items():
        ended = await cli(*command, "--json")
        assert ended.code == 1
        assert ended.error.startswith(sentence)


async def test_a_name_that_two_have_is_a_question(desk: CalendarTestBench) -> None:
    file = await desk.credentials(ANNA, calendars=[{"id": "t1", "name": "Team"}, {"id": "t2", "name": "Team"}])
    for raw_id in ("t1", "t2"):
        assert (await cli("calendar", "connect", "--credentials", file, "--raw-id", raw_id)).code == 0
    ended = await cli("calendar", "show", "team")
    assert (ended.code, "use the id" in ended.err) == (2, True)


async def test_refused_credentials_are_told_in_the_providers_words_and_never_shown(desk: CalendarTestBench) -> None:
    grant = await calendar_support.account(desk.sim, ANNA) | {"oauth_client_secret": "s-e-c-r-e-t"}
    for command in ("raw", "connect"):
        ended = await cli("calendar", command, "--credentials", write("grant.json", grant))
        assert (ended.code, ended.out) == (1, "")
        assert "invalid_client" in ended.err
        assert not any(value in ended.err for name, value in grant.items() if name != "platform")


async def test_a_key_that_is_missing_or_wrong_is_named(
    desk: CalendarTestBench, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("MEETINGBAAS_API_KEY", "wrong")
    wrong = await cli("calendar", "list")
    assert (wrong.code, "The API key is missing or wrong." in wrong.err) == (1, True)
    settings.setenv("MEETINGBAAS_API_KEY", "")
    missing = await cli("calendar", "raw", "--credentials", await desk.credentials(ANNA))
    assert (missing.code, missing.err.startswith("Error: MEETINGBAAS_API_KEY: is not set")) == (2, True)


async def test_a_provider_that_is_away_hides_no_calendar_that_is_kept(
    desk: CalendarTestBench, settings: pytest.MonkeyPatch
) -> None:
    calendar_id = await desk.connect(ANNA)
    settings.setenv("MEETINGBAAS_BASE_URL", "http://127.0.0.1:1")
    found = await listed(calendar_id)
    assert (found["has_workflow"], found["is_connected"]) == (True, None)
    assert "The provider does not answer" in (await cli("calendar", "list")).out
    assert (await cli("calendar", "show", calendar_id)).code == 0


@pytest.mark.usefixtures("without_worker")
async def test_without_temporal_or_a_worker_there_is_a_sentence(
    desk: CalendarTestBench, settings: pytest.MonkeyPatch
) -> None:
    settings.setattr("starter.calendars.gateway._QUERY_TIMEOUT", timedelta(seconds=0.5))
    settings.setattr("starter.calendars.gateway._UPDATE_TIMEOUT", timedelta(seconds=0.5))
    settings.setattr("starter.calendars.summaries._QUERY_TIMEOUT", timedelta(seconds=0.5))
    calendar_id = await desk.connect(ANNA)
    found = await listed(calendar_id)
    assert (found["state"], found["error"]) == ("unknown", "no worker answered")
    assert "cannot be queried: no worker answered" in (await cli("calendar", "explain", calendar_id, "x")).err
    assert "No worker confirmed the change" in (await cli("calendar", "resync", calendar_id)).err
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    ended = await cli("calendar", "show", calendar_id)
    assert (ended.code, ended.err.startswith("Error: Cannot connect to Temporal at 127.0.0.1:1")) == (1, True)


async def test_ctrl_c_is_a_quiet_130(desk: CalendarTestBench) -> None:
    slow = {"kind": "timeout_before", "hold": 60, "match": {"path": "/calendars"}}
    await desk.sim.ok("POST", "/_sim/faults", json=slow)
    async with process("calendar", "list") as child:
        await eventually(
            lambda: desk.sim.ok("GET", "/_sim/faults"),
            lambda orders: any(order["injected"] for order in orders["orders"]),
            tries=1000,  # a process of its own takes long to start on a busy machine
        )
        child.send_signal(signal.SIGINT)
        out, err = await child.communicate()
        assert (child.returncode, out, err) == (130, b"", b"Interrupted.\n")
