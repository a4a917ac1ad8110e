"""Meetings over HTTP, asked of a process of its own."""

import asyncio
import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from starter.temporal_client import TemporalMeetingClient
from tests.records import a_record
from tests.starter.fakes import Scene
from tests.starter.support import an_outcome, end, eventually, play
from tests.web.conftest import Api

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEETINGS = "/api/v1/meetings"


def booking(hours: float, **fields: Any) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    return {"meeting_url": "https://meet.google.com/abc-defg-hij", "start_time": start.isoformat()} | fields


async def settled(api: Api, url: str) -> str:
    """The ETag of a meeting whose first step is done."""
    tag = ""
    while True:
        _, headers, _ = await api.ask("GET", url)
        if headers["ETag"] == tag:
            return tag
        tag = headers["ETag"]
        await asyncio.sleep(0.3)


async def test_a_meeting_is_booked_once_and_is_found_at_its_location(api: Api) -> None:
    asked = booking(401, title="Weekly", metadata={"deal": "7"})
    status, headers, booked = await api.ask("POST", MEETINGS, asked)
    assert (status, booked["booking"]) == (201, "booked")
    assert headers["Location"] == booked["url"]
    again, _, same = await api.ask("POST", MEETINGS, asked)
    assert same.pop("view")["title"] == "Weekly"
    assert (again, same | {"view": None}) == (200, booked | {"booking": "already_booked"})
    _, _, shown = await api.ask("GET", booked["url"])
    assert (shown["title"], shown["metadata"], shown["status"]) == ("Weekly", {"deal": "7"}, "scheduled")
    assert (shown["from"], shown["complete"]) == ("temporal", True)
    _, _, by_id = await api.ask("GET", f"{MEETINGS}/{booked['meeting_id']}")
    assert by_id == shown


async def test_an_id_of_its_own_belongs_to_one_meeting(api: Api) -> None:
    status, _, booked = await api.ask("POST", MEETINGS, booking(402, id="board-meeting"))
    assert (status, booked["workflow_id"]) == (201, "board-meeting")
    status, _, problem = await api.ask("POST", MEETINGS, booking(403, id="board-meeting"))
    assert (status, problem["code"]) == (409, "id_taken")


async def test_304_costs_no_query(api: Api, environment: WorkflowEnvironment) -> None:
    _, _, booked = await api.ask("POST", MEETINGS, booking(404))
    tag = await settled(api, booked["url"])
    known = {"If-None-Match": tag}
    client = TemporalMeetingClient(environment.client)
    before = await client.activity(booked["workflow_id"])
    began = time.perf_counter()
    for _ in range(30):
        status, again, body = await api.ask("GET", booked["url"], headers=known)
        assert (status, again["ETag"], body) == (304, tag, None)
        await asyncio.sleep(0.03)
    assert time.perf_counter() - began < 10
    assert await client.activity(booked["workflow_id"]) == before
    await play(client, booked["workflow_id"], Scene(status=MeetingStatus.JOINING, text="It joins."))
    status, _, shown = await api.ask("GET", f"{booked['url']}?wait=5", headers=known)
    assert (status, shown["status"]) == (200, "joining")


async def test_a_long_poll_answers_on_change_and_else_after_its_wait(
    api: Api, environment: WorkflowEnvironment
) -> None:
    _, _, booked = await api.ask("POST", MEETINGS, booking(405))
    known = {"If-None-Match": await settled(api, booked["url"])}
    began = time.monotonic()
    status, _, _ = await api.ask("GET", f"{booked['url']}?wait=1", headers=known)
    assert status == 304
    assert time.monotonic() - began >= 1
    waiting = asyncio.create_task(api.ask("GET", f"{booked['url']}?wait=30", headers=known))
    await asyncio.sleep(0.5)
    scene = Scene(status=MeetingStatus.RECORDING, text="It records.")
    await play(TemporalMeetingClient(environment.client), booked["workflow_id"], scene)
    status, _, shown = await asyncio.wait_for(waiting, 10)
    assert (status, shown["status"]) == (200, "recording")


async def test_meetings_are_moved_left_and_cancelled(api: Api) -> None:
    _, _, booked = await api.ask("POST", MEETINGS, booking(406))
    later = booking(407)["start_time"]
    status, _, moved = await api.ask("PATCH", booked["url"], {"start_time": later})
    assert (status, datetime.fromisoformat(moved["start_time"])) == (200, datetime.fromisoformat(later))
    status, _, problem = await api.ask("POST", f"{booked['url']}/leave", {})
    assert (status, problem["code"]) == (409, "too_late")
    status, _, cancelled = await api.ask("POST", f"{booked['url']}/cancel", {"why": "called off"})
    assert (status, cancelled["status"]) == (200, "cancelled")
    status, _, again = await api.ask("POST", f"{booked['url']}/cancel", {})
    assert (status, again["status"]) == (200, "cancelled")
    status, _, problem = await api.ask("PATCH", booked["url"], {"start_time": later})
    assert (status, problem["code"]) == (409, "already_over")
    status, _, why = await api.ask("GET", f"{booked['url']}/why")
    assert (status, why["status"]) == (200, "cancelled")
    assert "was cancelled" in why["explanation"]
    assert why["timeline"]


async def test_several_are_booked_at_once_each_on_its_own(api: Api) -> None:
    wrong = {"meeting_url": "https://example.com", "start_time": "tomorrow"}
    status, _, answer = await api.ask(
        "POST", f"{MEETINGS}/batch", {"meetings": [booking(408), wrong, booking(409)]}
    )
    assert status == 200
    first, second, third = answer["results"]
    assert (first["meeting"]["booking"], third["meeting"]["booking"]) == ("booked", "booked")
    assert (second["meeting"], second["problem"]["code"]) == (None, "invalid_request")
    assert {each["field"] for each in second["problem"]["errors"]} == {"meeting_url", "start_time"}
    status, _, problem = await api.ask("POST", f"{MEETINGS}/batch", {"meetings": [{}] * 101})
    assert (status, problem["code"]) == (422, "invalid_request")


async def test_a_list_goes_on_into_the_records_page_by_page(api: Api, environment: WorkflowEnvironment) -> None:
    client = TemporalMeetingClient(environment.client)
    tagged: dict[str, Any] = {"metadata": {"list": "pages"}}
    for hours in (410, 411):
        await api.ask("POST", MEETINGS, booking(hours, **tagged))
    _, _, ended = await api.ask("POST", MEETINGS, booking(412, **tagged))
    await end(client, ended["workflow_id"], an_outcome(ended["meeting_id"]))
    store = RecordStore(ArtifactStore((api.folder / "store").as_uri()))
    for name in ("old-1", "old-2"):
        await store.write(a_record(name, **tagged))

    async def listed(limit: int) -> list[dict[str, Any]]:
        rows, cursor = [], ""
        while True:
            query = f"metadata.list=pages&limit={limit}{f'&cursor={cursor}' if cursor else ''}"
            _, _, page = await api.ask("GET", f"{MEETINGS}?{query}")
            rows += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return rows
            assert len(page["items"]) == limit

    whole = await eventually(lambda: listed(200), lambda rows: len(rows) == 5 and rows[2]["status"] == "completed")
    assert [each["status"] for each in whole] == ["scheduled", "scheduled", *["completed"] * 3]
    assert [each["from"] for each in whole] == ["temporal"] * 3 + ["record"] * 2
    for limit in (1, 2, 4):
        assert [each["workflow_id"] for each in await listed(limit)] == [each["workflow_id"] for each in whole]
    ancient = base64.urlsafe_b64encode(b'["2026-12-01T10:00:00Z", true, "0002-01-01T00:00:00Z", "x"]').decode()
    for cursor in ("nonsense", ancient):
        status, _, problem = await api.ask("GET", f"{MEETINGS}?cursor={cursor}")
        assert (status, problem["code"]) == (422, "invalid_request")
    _, _, none = await api.ask("GET", f"{MEETINGS}?metadata.list=pages&status=failed")
    assert none == {"items": [], "next_cursor": None, "complete": True}


async def test_a_forgotten_meeting_is_explained_from_its_record(api: Api) -> None:
    await RecordStore(ArtifactStore((api.folder / "store").as_uri())).write(a_record("forgotten", title="Long ago"))
    status, headers, shown = await api.ask("GET", f"{MEETINGS}/forgotten")
    assert (status, shown["from"], shown["complete"]) == (200, "record", True)
    status, _, _ = await api.ask("GET", f"{MEETINGS}/forgotten", headers={"If-None-Match": headers["ETag"]})
    assert status == 304
    _, _, why = await api.ask("GET", f"{MEETINGS}/forgotten/why")
    assert why["from"] == "record"
    status, _, problem = await api.ask("POST", f"{MEETINGS}/forgotten/cancel", {})
    assert (status, problem["code"]) == (409, "already_over")
