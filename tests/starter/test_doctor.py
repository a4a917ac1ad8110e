"""`setup` and `doctor`."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from temporalio.common import SearchAttributeKey
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.webhook_urls import BOT_WEBHOOK_ROUTE
from minutekeeper.temporal.search_attributes import ALL_KEYS, MEETING_URL
from starter.errors import MeetingError
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import a_request, cli, target_of, temporal_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "mb-test-key"


@pytest_asyncio.fixture(loop_scope="session")
async def bare_server(settings: pytest.MonkeyPatch) -> AsyncIterator[WorkflowEnvironment]:
    """A server that knows one of our search attributes."""
    async with temporal_server([MEETING_URL]) as environment:
        settings.setenv("TEMPORAL_ADDRESS", target_of(environment.client))
        yield environment


@pytest_asyncio.fixture(loop_scope="session")
async def services(settings: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """What stands outside: a bridge that is up, and an API that takes the key."""

    async def bot_address(_request: web.Request) -> web.Response:
        return web.json_response({"address": "known"})

    async def webhook_url(request: web.Request) -> web.Response:
        if request.headers.get("x-meeting-baas-api-key") != KEY:
            return web.json_response({"error": "Unauthorized"}, status=401)
        return web.json_response({"webhook_url": ""})

    app = web.Application()
    app.router.add_get(BOT_WEBHOOK_ROUTE, bot_address)
    app.router.add_get("/accounts/webhook_url", webhook_url)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    settings.setenv("BRIDGE_PUBLIC_URL", url)
    settings.setenv("MEETINGBAAS_BASE_URL", url)
    settings.setenv("MEETINGBAAS_API_KEY", KEY)
    settings.setenv("BRIDGE_SECRET", secrets.token_hex())
    yield
    await runner.cleanup()


async def test_setup_adds_what_is_missing_and_twice_changes_nothing(bare_server: WorkflowEnvironment) -> None:
    client = TemporalMeetingClient(bare_server.client)
    with pytest.raises(MeetingError, match="minutekeeper setup"):
        await client.start(a_request())
    first = (await cli("setup", "--json")).json
    assert first["were_there"] == ["MeetingUrl"]
    assert set(first["added"]) == {key.name for key in ALL_KEYS} - {"MeetingUrl"}
    assert not (await client.start(a_request())).already_existed
    second = await cli("setup", "--json")
    assert second.code == 0
    assert second.json["added"] == []
    assert set(second.json["were_there"]) == {key.name for key in ALL_KEYS}
    assert "nothing was changed" in (await cli("setup")).out


async def test_an_attribute_of_another_type_is_named(settings: pytest.MonkeyPatch) -> None:
    async with temporal_server([SearchAttributeKey.for_keyword("MeetingStart")]) as environment:
        settings.setenv("TEMPORAL_ADDRESS", target_of(environment.client))
        ended = await cli("setup", "--json")
        assert ended.code == 1
        assert "MeetingStart is of type Keyword" in ended.error
        assert "must be Datetime" in ended.error


@pytest.mark.usefixtures("at_temporal", "services")
async def test_the_doctor_finds_what_is_there_and_what_is_not() -> None:
    examined = await cli("doctor", "--json")
    checks = {check["name"]: check for check in examined.json["checks"]}
    bad = {name for name, check in checks.items() if not check["ok"]}
    # The worker of the tests polls one of the two queues.
    assert bad == {"worker for recordings"}
    assert "minutekeeper worker" in checks["worker for recordings"]["remedy"]
    assert examined.code == 1
    assert examined.json["ok"] is False
    people = await cli("doctor")
    assert people.code == 1
    assert people.out.count("FAIL") == 1
    assert len(people.out.splitlines()) == len(checks)


@pytest.mark.usefixtures("services")
async def test_the_doctor_survives_that_nothing_works(settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for name, value in {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "MEETINGBAAS_API_KEY": "revoked",
        "BRIDGE_SECRET": "",
        "BRIDGE_PUBLIC_URL": "http://127.0.0.1:1",
        "ARTIFACTS_URL": (tmp_path / "file").as_uri(),
    }.items():
        settings.setenv(name, value)
    examined = await cli("doctor", "--json")
    assert examined.code == 1
    checks = {check["name"]: check for check in examined.json["checks"]}
    assert not any(check["ok"] for check in checks.values())
    assert all(check["found"] and check["remedy"] for check in checks.values())
    assert "BRIDGE_SECRET" in checks["secrets"]["found"]
    assert "revoked" not in examined.out


async def test_the_doctor_does_not_call_unsafe_settings_all_set(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("MEETINGBAAS_API_KEY", "key")
    settings.setenv("BRIDGE_SECRET", "s" * 31)
    settings.setenv("BRIDGE_PUBLIC_URL", "http://bridge.example.com")
    checks = {check["name"]: check for check in (await cli("doctor", "--json")).json["checks"]}
    assert not checks["secrets"]["ok"]
    assert "BRIDGE_SECRET has 31 characters" in checks["secrets"]["found"]
    assert not checks["bridge"]["ok"]
    assert "must start with https://" in checks["bridge"]["found"]


async def test_a_setting_that_cannot_be_meant_is_named(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("ARTIFACTS_URL", "ftp://x")
    ended = await cli("doctor", "--json")
    assert ended.code == 2
    assert "ARTIFACTS_URL" in ended.error


@pytest.mark.usefixtures("bare_server")
async def test_the_doctor_names_missing_attributes() -> None:
    checks = {check["name"]: check for check in (await cli("doctor", "--json")).json["checks"]}
    assert checks["Temporal"]["ok"]
    assert "MeetingStatus" in checks["search attributes"]["found"]
    assert "minutekeeper setup" in checks["search attributes"]["remedy"]
