"""The API while Temporal is away, and when it is there again; and two processes of it, one of which is killed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from devtools.stack.ports import claim_ports
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.search_attributes import ALL_KEYS
from tests.starter.support import eventually, target_of
from tests.web.api.test_files import VIDEO, get, store_meeting
from tests.web.api.test_meetings import MEETINGS, booking
from tests.web.conftest import Api, running_api

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def temporal(port: int, database: Path) -> AsyncIterator[None]:
    """A server at this port, which goes on with what the one before it knew."""
    environment = await WorkflowEnvironment.start_local(
        port=port,
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_database_filename=str(database),
        dev_server_log_level="never",
        search_attributes=list(ALL_KEYS),
    )
    async with environment:
        yield


def settings_in(folder: Path, address: str) -> dict[str, str]:
    return {
        "TEMPORAL_ADDRESS": address,
        "ARTIFACTS_URL": (folder / "store").as_uri(),
        "MINUTEKEEPER_API_KEYS": str(folder / "keys.json"),
    }


async def ready(api: Api, status: int) -> None:
    await eventually(lambda: api.ask("GET", "/readyz"), lambda answer: answer[0] == status, tries=600)


@pytest.mark.timeout(180)
async def test_ended_meetings_are_read_while_temporal_is_away_and_all_is_well_afterwards(
    tmp_path: Path,
) -> None:
    port = claim_ports({"temporal": 0})["temporal"]
    settings = settings_in(tmp_path, f"127.0.0.1:{port}")
    await store_meeting(ArtifactStore(settings["ARTIFACTS_URL"]), "filed")
    async with running_api(tmp_path, settings) as api:
        await _only_ended_meetings(api, MEETINGS)
        async with temporal(port, tmp_path / "temporal.db"):
            await ready(api, 200)
            _, _, booked = await api.ask("POST", MEETINGS, booking(20))
            assert booked["booking"] == "booked"
        await ready(api, 503)
        await _only_ended_meetings(api, booked["url"])
        async with temporal(port, tmp_path / "temporal.db"):
            await ready(api, 200)
            assert (await api.ask("GET", booked["url"]))[0] == 200
            _, _, page = await api.ask("GET", MEETINGS)
            assert page["complete"] is True
            assert (await api.ask("POST", MEETINGS, booking(21)))[0] == 201


async def _only_ended_meetings(api: Api, open_meeting: str) -> None:
    filed = f"{MEETINGS}/filed"
    status, headers, shown = await api.ask("GET", filed)
    assert (status, shown["from"], shown["status"]) == (200, "record", "completed")
    assert (await api.ask("GET", filed, headers={"If-None-Match": headers["ETag"]}))[0] == 304
    _, _, page = await api.ask("GET", MEETINGS)
    assert ([each["meeting_id"] for each in page["items"]], page["complete"]) == (["filed"], False)
    assert (await api.ask("GET", f"{filed}/why"))[2]["from"] == "record"
    assert (await api.ask("GET", f"{filed}/files"))[2]["complete"] is True
    assert (await get(api, f"{api.url}{filed}/files/recording.mp4"))[2] == VIDEO
    assert (await get(api, f"{api.url}{filed}/transcript?format=vtt"))[0] == 200
    refused: list[tuple[str, str, Any]] = [
        ("GET", open_meeting if open_meeting != MEETINGS else f"{MEETINGS}/unknown", None),
        ("GET", f"{MEETINGS}?status=recording", None),
        ("POST", MEETINGS, booking(22)),
        ("POST", f"{filed}/cancel", {}),
        ("PATCH", filed, {"start_time": booking(23)["start_time"]}),
    ]
    for method, path, body in refused:
        status, headers, problem = await api.ask(method, path, body)
        assert (status, problem["code"], headers["Retry-After"]) == (503, "temporal_unreachable", "5"), path


@pytest_asyncio.fixture(loop_scope="session")
async def two(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[tuple[Api, Api]]:
    """Two processes with the same settings."""
    settings = settings_in(tmp_path, target_of(environment.client))
    async with running_api(tmp_path, settings) as one, running_api(tmp_path, settings, one.keys) as other:
        yield one, other


async def test_two_processes_behave_as_one_also_if_one_is_killed_before_it_answers(two: tuple[Api, Api]) -> None:
    one, other = two
    tagged = {"metadata": {"of": "two"}}
    asked = booking(431, **tagged)
    answers = await asyncio.gather(*(api.ask("POST", MEETINGS, asked) for api in (one, other) * 3))
    assert len({booked["workflow_id"] for _, _, booked in answers}) == 1
    assert sorted(status for status, _, _ in answers) == [200] * 5 + [201]
    url = answers[0][2]["url"]
    _, headers, shown = await one.ask("GET", url)
    assert (await other.ask("GET", url, headers={"If-None-Match": headers["ETag"]}))[0] == 304
    assert (await other.ask("GET", url))[2] == shown

    await other.ask("POST", MEETINGS, booking(432, **tagged))
    listing = f"{MEETINGS}?metadata.of=two&limit=1"
    _, _, first = await eventually(lambda: one.ask("GET", listing), lambda answer: bool(answer[2]["next_cursor"]))
    _, _, second = await other.ask("GET", f"{listing}&cursor={first['next_cursor']}")
    assert [each["start_time"] for each in (*first["items"], *second["items"])] == [
        shown["start_time"],
        second["items"][0]["start_time"],
    ]

    lost = booking(433, id="lost-answer", **tagged)
    unanswered = asyncio.create_task(one.ask("POST", MEETINGS, lost))
    while (await other.ask("GET", f"{MEETINGS}/lost-answer"))[0] != 200:
        pass
    one.process.kill()
    await asyncio.wait({unanswered})
    status, _, again = await other.ask("POST", MEETINGS, lost)
    assert (status, again["workflow_id"], again["booking"]) == (200, "lost-answer", "already_booked")
    assert unanswered.exception() is not None or unanswered.result()[2]["workflow_id"] == "lost-answer"
    await one.process.wait()
