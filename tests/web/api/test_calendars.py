"""Calendars over HTTP, with a provider that answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from starter.temporal_client import TemporalMeetingClient
from tests.devtools.simulator.support import KEY, running_sim
from tests.starter.calendar_support import ANNA, CalendarTestBench
from tests.starter.support import SECRET, target_of
from tests.web.conftest import Api, running_api

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALENDARS = "/api/v1/calendars"


@pytest_asyncio.fixture(loop_scope="session")
async def served(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[tuple[Api, CalendarTestBench]]:
    monkeypatch.chdir(tmp_path)
    async with running_sim(reserved_lead=10**9) as sim:
        settings = {
            "TEMPORAL_ADDRESS": target_of(environment.client),
            "ARTIFACTS_URL": (tmp_path / "store").as_uri(),
            "MINUTEKEEPER_API_KEYS": str(tmp_path / "keys.json"),
            "MEETINGBAAS_BASE_URL": sim.url,
            "MEETINGBAAS_API_KEY": KEY,
            "BRIDGE_SECRET": SECRET,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        async with running_api(tmp_path, settings) as api:
            yield api, CalendarTestBench(sim)


async def test_a_calendar_is_read_explained_and_changed(
    served: tuple[Api, CalendarTestBench], environment: WorkflowEnvironment
) -> None:
    api, desk = served
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Planning", link="https://meet.google.com/web-cale-ndr")
    await desk.look(calendar_id, TemporalMeetingClient(environment.client))

    status, _, listed = await api.ask("GET", CALENDARS)
    assert (status, [each["calendar_id"] for each in listed["items"]]) == (200, [calendar_id])
    _, _, shown = await api.ask("GET", f"{CALENDARS}/{ANNA}")
    assert (shown["summary"]["calendar_id"], shown["upcoming"]) == (calendar_id, 1)
    _, _, events = await api.ask("GET", f"{CALENDARS}/{calendar_id}/events")
    (event,) = events["items"]
    assert (event["title"], event["record"]) == ("Planning", True)
    _, _, explained = await api.ask("GET", f"{CALENDARS}/{calendar_id}/events/{event['event_id']}/explain")
    assert explained["rule"] == "otherwise"

    _, _, plan = await api.ask("POST", f"{CALENDARS}/{calendar_id}/plan", {"otherwise": "skip"})
    _, _, unchanged = await api.ask("POST", f"{CALENDARS}/{calendar_id}/plan", {})
    assert plan != unchanged
    status, _, _ = await api.ask("PUT", f"{CALENDARS}/{calendar_id}/policy", {"otherwise": "skip"}, scope="steer")
    assert status == 403
    status, _, update = await api.ask("PUT", f"{CALENDARS}/{calendar_id}/policy", {"otherwise": "skip"})
    assert (status, update["after"]["otherwise"]) == (200, "skip")
    _, _, policy = await api.ask("GET", f"{CALENDARS}/{calendar_id}/policy")
    assert policy == {"otherwise": "skip"}

    override = f"{CALENDARS}/{calendar_id}/events/{event['event_id']}/override"
    status, _, overridden = await api.ask("PUT", override, {"choice": "always"})
    assert (status, overridden["change"]["wanted"]) == (200, "always")
    status, _, problem = await api.ask("PUT", override, {"choice": "perhaps"})
    assert (status, problem["code"]) == (422, "invalid_request")


async def test_what_is_wrong_is_told(served: tuple[Api, CalendarTestBench]) -> None:
    api, desk = served
    calendar_id = await desk.connect(ANNA)
    wrong = {"otherwise": "perhaps", "ruels": []}
    status, _, problem = await api.ask("PUT", f"{CALENDARS}/{calendar_id}/policy", wrong)
    assert (status, problem["code"], len(problem["errors"])) == (422, "invalid_request", 2)
    for path in ("nobody", f"{calendar_id}/events/nothing/explain"):
        status, _, problem = await api.ask("GET", f"{CALENDARS}/{path}")
        assert (status, problem["code"]) == (404, "not_found")
    status, _, _ = await api.ask("GET", f"{CALENDARS}/{calendar_id}/events?past=perhaps")
    assert status == 422
