"""The calls that old guide pages show, with their paths, fields, ids and key header, where the switch is on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from shutil import which
from typing import Any

import pytest

from tests.devtools.simulator.calendar_support import BOT, account, add, bots_of, connected_account, only_event
from tests.devtools.simulator.support import KEY, Sim, eventually, running_sim

BEARER = {"Authorization": f"Bearer {KEY}"}
CREDENTIALS = {
    "provider": "google",
    "refresh_token": "USER_REFRESH_TOKEN",
    "client_id": "YOUR_GOOGLE_CLIENT_ID",
    "client_secret": "YOUR_GOOGLE_CLIENT_SECRET",
}
TEAM = "team_calendar@group.calendar.google.com"
CALENDAR, EVENT = "/calendars/cal_12345abcde", "/calendars/cal_12345abcde/events/evt_67890fghij"
RECORDING = {
    "recording_mode": "speaker_view",
    "include_transcription": True,
    "bot_name": "Recording Bot",
    "bot_avatar_url": "https://example.com/avatar.png",
    "entry_message": "This meeting is recorded.",
}


@asynccontextmanager
async def sim_of_the_pages(**changes: Any) -> AsyncIterator[Sim]:
    """A simulator that is called with nothing but what the pages show."""
    async with running_sim(seed_compatibility=True, reserved_lead=10**9, **changes) as sim:
        del sim.session.headers["x-meeting-baas-api-key"]
        sim.session.headers.update(BEARER)
        yield sim


async def test_the_raw_list_is_a_get_with_a_body() -> None:
    async with sim_of_the_pages() as sim:
        answer = await sim.ok("GET", "/calendars/raw", json=CREDENTIALS)
        assert [set(calendar) for calendar in answer["calendars"]] == [
            {"id", "name", "description", "is_primary"}
        ] * 2
        assert [calendar["is_primary"] for calendar in answer["calendars"]] == [True, False]
        assert answer["calendars"][1]["id"] == TEAM


async def test_creating_answers_a_flat_calendar_with_a_status() -> None:
    async with sim_of_the_pages() as sim:
        body = CREDENTIALS | {"raw_calendar_id": TEAM}
        created = await sim.ok("POST", "/calendars", json=body)
        assert set(created) == {"id", "provider", "status", "created_at", "raw_calendar_id", "calendar_name"}
        assert (created["provider"], created["status"]) == ("google", "syncing")
        assert (created["raw_calendar_id"], created["calendar_name"]) == (TEAM, "Team Calendar")
        path = f"/calendars/{created['id']}"
        active = await eventually(lambda: sim.ok("GET", path), lambda found: found["status"] == "active")
        assert active == created | {"status": "active"}
        # The id that the pages print is that of this calendar.
        assert await sim.ok("GET", CALENDAR) == active


async def test_events_by_the_pages_paths() -> None:
    async with sim_of_the_pages() as sim:
        filters = {"start_date_gte": "2023-09-01T00:00:00Z", "start_date_lte": "2123-09-08T23:59:59Z"}
        page = await sim.ok("GET", f"{CALENDAR}/events", json=filters)
        [event] = page["data"]
        assert event["id"].startswith("evt_")
        assert await sim.ok("GET", EVENT) == event
        assert await sim.ok("GET", f"/calendars/{event['calendar_id']}/events/{event['id']}") == event
        real = f"/calendars/{event['calendar_uuid']}/events/{event['uuid']}"
        assert await sim.ok("GET", real) == event
        before = filters | {"start_date_lte": "2023-09-08T23:59:59Z"}
        assert (await sim.ok("GET", f"{CALENDAR}/events", json=before))["data"] == []
        assert (await sim.ok("GET", f"{CALENDAR}/events", params=before))["data"] == []


async def test_recording_by_the_pages_fields() -> None:
    async with sim_of_the_pages() as sim:
        scheduled = await sim.ok("POST", f"{EVENT}/record", json=RECORDING)
        param = scheduled["bot_param"]
        assert (param["bot_name"], param["speech_to_text_provider"]) == ("Recording Bot", "Default")
        assert (param["bot_image"], param["enter_message"]) == (
            RECORDING["bot_avatar_url"],
            RECORDING["entry_message"],
        )
        [bot] = await eventually(lambda: bots_of(sim, scheduled["uuid"]), bool)
        assert bot["bot_name"] == "Recording Bot"
        assert (await sim.ok("DELETE", f"{EVENT}/record"))["bot_param"] is None


async def test_credentials_of_the_app_alone_can_be_renewed() -> None:
    async with sim_of_the_pages() as sim:
        created = await sim.ok("POST", "/calendars", json=CREDENTIALS)
        path = f"/calendars/{created['id']}"
        await sim.ok("POST", "/_sim/calendars/apps/YOUR_GOOGLE_CLIENT_ID/expire")
        await sim.ok("POST", "/calendars/resync_all")
        broken = await sim.ok("GET", path)
        assert (broken["status"], "invalid_client" in broken["error_message"]) == ("error", True)
        app = {"platform": "Google", "client_id": "YOUR_GOOGLE_CLIENT_ID", "client_secret": "new"}
        await sim.ok("POST", "/_sim/calendars/apps", json=app)
        change = {"provider": "google", "client_secret": "new"}
        assert (await sim.ok("PATCH", path, json=change))["status"] == "active"


async def test_the_pages_calendar_without_a_grant() -> None:
    async with sim_of_the_pages(calendar_sync_delay=10**9) as sim:
        created = await sim.ok("POST", "/calendars", json=CREDENTIALS)
        await sim.ok("POST", "/_sim/calendars/accounts/user@example.com/expire")
        assert (await sim.ok("GET", CALENDAR))["id"] == created["id"]
        assert (await sim.call("GET", EVENT))[0] == 404
    async with sim_of_the_pages() as sim:
        await sim.ok("POST", "/_sim/calendars/accounts/user@example.com/expire")
        status, answer = await sim.call("GET", CALENDAR)
        assert (status, answer["error"].startswith("invalid_grant")) == (400, True)


async def test_deleting() -> None:
    async with sim_of_the_pages() as sim:
        await sim.ok("DELETE", CALENDAR)
        for path in (CALENDAR, f"{CALENDAR}/events", EVENT):
            assert (await sim.call("GET", path))[0] == 404
        assert await sim.ok("GET", "/calendars/") == []


async def test_real_calls_are_the_same_with_the_switch_on() -> None:
    async with sim_of_the_pages() as sim:
        calendar = await connected_account(sim)
        assert (await sim.ok("GET", f"/calendars/{calendar}"))["uuid"] == calendar
        await add(sim)
        event = await only_event(sim, calendar)
        assert (await sim.ok("POST", f"/calendar_events/{event['uuid']}/bot", json=BOT))[0]["bot_param"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/calendars", b"{", 400),
        ("POST", "/calendars", b"[]", 400),
        ("POST", "/calendars", b'{"provider": "apple"}', 422),
        ("POST", "/calendars", b'{"provider": "google", "client_id": "x"}', 400),
        ("POST", f"{EVENT}/record", b"{}", 422),
        ("GET", "/calendars/cal_nothing", b"", 404),
        ("GET", "/calendars/cal_12345abcde/events/evt_nothing", b"", 404),
    ],
)
async def test_mistakes(method: str, path: str, body: bytes, status: int) -> None:
    async with sim_of_the_pages() as sim:
        assert (await sim.call(method, path, data=body))[0] == status


async def test_without_the_switch_none_of_it_exists(sim: Sim) -> None:
    assert (await sim.call("GET", "/calendars/raw", json=CREDENTIALS))[0] == 404
    assert (await sim.call("POST", "/calendars", json=CREDENTIALS))[0] == 422
    calls = (("GET", CALENDAR), ("GET", f"{CALENDAR}/events"), ("POST", f"{EVENT}/record"), ("GET", EVENT))
    for method, path in calls:
        assert (await sim.call(method, path))[0] == 404
    await account(sim)
    status, _ = await sim.call("GET", "/calendars/", headers=BEARER | {"x-meeting-baas-api-key": ""})
    assert status == 401


CURL = which("curl")
needs_curl = pytest.mark.skipif(CURL is None, reason="needs curl: apt-get install curl")


async def curl(method: str, url: str, key: str, body: str) -> Any:
    """The command as the pages print it, all headers included; its answer."""
    data = ["-H", "Content-Type: application/json", "-d", body] if body else []
    process = await asyncio.create_subprocess_exec(
        *(str(CURL), "-sS", "--fail-with-body", "-X", method, url, "-H", key, *data),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, (method, url, output)
    return json.loads(output) if output else None


@needs_curl
async def test_the_pages_calendar_commands_work_one_after_the_other() -> None:
    comment = "  // Optional"
    wish = json.dumps(CREDENTIALS, indent=2)
    wish = wish.removesuffix("\n}") + f',\n  "raw_calendar_id": "{TEAM}"{comment}\n}}'
    filters = (
        '{\n  "start_date_gte": "2023-09-01T00:00:00Z",\n  "start_date_lte": "2023-09-08T23:59:59Z",\n'
        f'  "updated_at_gte": "2023-08-29T18:30:00Z"{comment}, for webhook integration\n}}'
    )
    commands = [
        ("GET", "/calendars/raw", json.dumps(CREDENTIALS)),
        ("POST", "/calendars", wish),
        ("GET", f"{CALENDAR}/events", filters),
        ("GET", EVENT, ""),
        ("POST", f"{EVENT}/record", json.dumps(RECORDING)),
        ("DELETE", f"{EVENT}/record", ""),
        ("DELETE", CALENDAR, ""),
        # Another page begins anew.
        ("GET", "/calendars/raw", json.dumps(CREDENTIALS)),
        ("POST", "/calendars", wish),
    ]
    async with sim_of_the_pages() as sim:
        for method, path, body in commands:
            await curl(method, f"{sim.url}{path}", f"Authorization: Bearer {KEY}", body)
        requests = (await sim.ledger())["requests"]
        assert [(entry["method"], entry["path"], entry["status"]) for entry in requests] == [
            (method, path, 200) for method, path, _ in commands
        ]


@needs_curl
async def test_the_pages_bot_commands_work() -> None:
    bot = {
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "bot_name": "AI Notetaker",
        "recording_mode": "speaker_view",
        "bot_image": "https://example.com/bot.jpg",
        "entry_message": "I am a good meeting bot :)",
        "reserved": False,
        "speech_to_text": {"provider": "Default"},
        "automatic_leave": {"waiting_room_timeout": 600},
    }
    key = f"x-meeting-baas-api-key: {KEY}"
    async with sim_of_the_pages() as sim:
        sent = await curl("POST", f"{sim.url}/bots", key, json.dumps(bot))
        assert await curl("DELETE", f"{sim.url}/bots/{sent['bot_id']}", key, "") == {"ok": True}
