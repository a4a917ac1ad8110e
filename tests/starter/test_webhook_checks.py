"""What the doctor says of everything between a bot that reports and its meeting."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from temporalio.client import Client

from minutekeeper.meetings.status import MeetingStatus, WebhookState
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.search_attributes import ALL_KEYS, BOT_ID
from minutekeeper.temporal.worker_connection import plugin
from starter.temporal_client import TemporalMeetingClient
from tests.bridge.support import DEAD, SECRET, running_bridge
from tests.starter.fakes import Scene
from tests.starter.support import (
    a_request,
    an_outcome,
    cli,
    end,
    eventually,
    fake_worker,
    play,
    target_of,
    temporal_server,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def examined(name: str) -> dict[str, Any]:
    """One check of `minutekeeper doctor --json`."""
    checks: list[dict[str, Any]] = (await cli("doctor", "--json")).json["checks"]
    return next(check for check in checks if check["name"] == name)


# The bridge's address.


@asynccontextmanager
async def listening(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("secret", "ok", "words"), [(SECRET, True, ""), ("another", False, "same BRIDGE_SECRET")])
async def test_a_real_bridge_is_asked_whether_it_would_hear_a_bot(
    settings: pytest.MonkeyPatch, tmp_path: Path, secret: str, words: str, *, ok: bool
) -> None:
    client = await Client.connect(DEAD, lazy=True, plugins=[plugin()])
    store = ArtifactStore((tmp_path / "bridge").as_uri())
    async with running_bridge(client, store) as bridge:
        settings.setenv("BRIDGE_PUBLIC_URL", bridge.url)
        settings.setenv("BRIDGE_SECRET", secret)
        check = await examined("bridge")
    assert check["ok"] is ok, check
    assert words in (check["remedy"] or "")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "senders of webhooks do not follow"),
        (404, "forward /webhooks/ unchanged"),
        (405, "forward /webhooks/ unchanged"),
        (502, "minutekeeper bridge"),
    ],
)
async def test_what_stands_in_the_bridges_place_is_told_by_its_answer(
    settings: pytest.MonkeyPatch, status: int, words: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "https://elsewhere.example/"})

    settings.setenv("BRIDGE_SECRET", SECRET)
    async with listening(answer) as url:
        settings.setenv("BRIDGE_PUBLIC_URL", url)
        check = await examined("bridge")
    assert not check["ok"]
    assert f"answers {status}" in check["found"]
    assert words in check["remedy"]


async def test_nobody_there(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("BRIDGE_SECRET", SECRET)
    settings.setenv("BRIDGE_PUBLIC_URL", "http://127.0.0.1:1")
    check = await examined("bridge")
    assert "cannot be reached" in check["found"]
    assert "minutekeeper bridge" in check["remedy"]


# Whether bots report.


@pytest_asyncio.fixture(loop_scope="session")
async def meetings(settings: pytest.MonkeyPatch) -> AsyncIterator[TemporalMeetingClient]:
    """A server of its own, as every meeting there counts."""
    async with temporal_server(list(ALL_KEYS)) as environment, fake_worker(environment.client):
        settings.setenv("TEMPORAL_ADDRESS", target_of(environment.client))
        yield TemporalMeetingClient(environment.client)


async def with_bot(client: TemporalMeetingClient, webhooks: WebhookState, minutes_ago: float) -> str:
    """A meeting that began a while ago and has a bot, which can be found."""
    started = await client.start(a_request(-minutes_ago / 60))
    bot_id = f"bot-of-{started.meeting_id}"
    await play(client, started.workflow_id, Scene(status=MeetingStatus.JOINING, bot_id=bot_id, webhooks=webhooks))

    async def found() -> int:
        query = f"{BOT_ID.name} = '{bot_id}'"
        return (await client.temporal.count_workflows(query)).count

    await eventually(found, lambda count: count == 1)
    return started.meeting_id


async def test_without_meetings_there_is_nothing_to_say(meetings: TemporalMeetingClient) -> None:
    await meetings.start(a_request())
    check = await examined("webhooks")
    assert (check["ok"], check["found"]) == (True, "no bot had to report within the last hour")


async def test_bots_that_all_keep_silent_are_a_finding_until_one_reports(meetings: TemporalMeetingClient) -> None:
    await with_bot(meetings, WebhookState.AWAITED, 1)
    first = await with_bot(meetings, WebhookState.SILENT, 40)
    await with_bot(meetings, WebhookState.SILENT, 30)
    await end(meetings, f"meeting-{first}", an_outcome(first))
    check = await examined("webhooks")
    assert not check["ok"]
    assert check["found"].startswith("only 0 of 2 bots report by webhook (silent: ")
    assert first in check["found"]
    assert "BRIDGE_PUBLIC_URL (http" in check["remedy"]
    await with_bot(meetings, WebhookState.HEARD, 20)
    check = await examined("webhooks")
    assert check["ok"], "webhooks come again"
    assert check["found"].startswith("1 of 3 bots report by webhook (silent: ")


async def test_one_broken_bot_among_many_is_no_finding(meetings: TemporalMeetingClient) -> None:
    silent = await with_bot(meetings, WebhookState.SILENT, 10)
    for minute in (20, 30, 40):
        await with_bot(meetings, WebhookState.HEARD, minute)
    check = await examined("webhooks")
    assert (check["ok"], check["found"]) == (True, f"3 of 4 bots report by webhook (silent: {silent})")


async def test_meetings_that_nobody_can_ask_are_not_taken_for_silent(settings: pytest.MonkeyPatch) -> None:
    async with temporal_server(list(ALL_KEYS)) as environment:
        settings.setenv("TEMPORAL_ADDRESS", target_of(environment.client))
        client = TemporalMeetingClient(environment.client)
        async with fake_worker(environment.client):
            await with_bot(client, WebhookState.SILENT, 10)
        settings.setattr("starter.webhook_checks._QUERY_TIMEOUT", timedelta(seconds=1))
        check = await examined("webhooks")
    assert not check["ok"]
    assert check["found"] == "not checked: no worker answers for the meetings"


# What waits.


async def test_what_waits_in_the_inbox(settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = ArtifactStore((tmp_path / "shared").as_uri())
    settings.setenv("ARTIFACTS_URL", store.url)

    async def put(age: timedelta, folder: str = "") -> None:
        await store.put(f"inbox/{folder}{datetime.now(UTC) - age:%Y%m%dT%H%M%S.%fZ}-1234.json", b"{}")

    assert (await examined("inbox"))["found"] == "empty"
    await put(timedelta(days=3), "unclaimed/")
    await put(timedelta(days=3), "rejected/")
    await put(timedelta(days=3), "late/")
    await put(timedelta(seconds=20))
    check = await examined("inbox")
    assert check["ok"]
    assert check["found"].startswith("1 waiting, the oldest for 2")
    await store.put("inbox/of-unknown-age.json", b"{}")
    assert (await examined("inbox"))["found"].startswith("2 waiting, the oldest for 2")
    assert "1 in inbox/unclaimed/ (0.0 MiB) for unknown bots" in check["found"]
    assert "1 in inbox/late/ (0.0 MiB) too late for their meetings" in check["found"]
    assert "1 in inbox/rejected/ (0.0 MiB) unreadable or rejected" in check["found"]
    await put(timedelta(hours=24))
    check = await examined("inbox")
    assert not check["ok"]
    assert check["found"].startswith("3 waiting, the oldest for 24 h")
    assert "bridge" in check["remedy"]


@pytest.mark.parametrize("folder", ["unclaimed", "late", "rejected"])
async def test_a_folder_of_the_inbox_that_is_nearly_full(
    settings: pytest.MonkeyPatch, tmp_path: Path, folder: str
) -> None:
    store = ArtifactStore((tmp_path / "shared").as_uri())
    settings.setenv("ARTIFACTS_URL", store.url)
    await store.put(f"inbox/{folder}/20260301T120000.000000Z-1.json", b"x" * (60 * 1024 * 1024))
    check = await examined("inbox")
    assert not check["ok"]
    assert check["found"].endswith(f"full: inbox/{folder}")
    assert f"inbox/{folder}" in check["remedy"]
