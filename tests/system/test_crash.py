"""A worker that dies between "request sent" and "answer stored"."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings
from minutekeeper.meetings.status import MeetingStatus
from tests.devtools.stack.processes import descendants
from tests.system.stack import KEY, SPEED, in_four_minutes, running_stack
from tests.system.test_good_day import meeting_url, start_with_the_temporal_command


class Delayed:
    """Passes requests on to the simulator; the answer to a new bot waits until it is let through."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.arrived = asyncio.Event()
        self.let_through = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, self._target + request.path_qs, headers=headers, data=await request.read()
            ) as answer,
        ):
            body = await answer.read()
            status, content_type = answer.status, answer.content_type
        if request.method == "POST" and request.path.rstrip("/") == "/bots":
            self.arrived.set()
            await self.let_through.wait()
        return web.Response(body=body, status=status, content_type=content_type)


@asynccontextmanager
async def delaying(target: str) -> AsyncIterator[tuple[Delayed, str]]:
    delayed = Delayed(target)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", delayed.handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield delayed, f"http://127.0.0.1:{port}"
    finally:
        delayed.let_through.set()
        await runner.cleanup()


async def test_killed_between_request_sent_and_answer_stored(tmp_path: Path) -> None:
    name = f"meeting-{uuid.uuid4()}"
    settings = SimulatorSettings(api_key=KEY, speed=SPEED)
    async with (
        running_simulator(settings) as simulator,
        delaying(simulator) as (delayed, address),
        running_stack(
            tmp_path,
            "--no-simulator",
            MEETINGBAAS_BASE_URL=address,
            MINUTEKEEPER_DOWNLOAD_HOSTS=simulator.removeprefix("http://"),
            MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES="true",
        ) as stack,
    ):
        start_with_the_temporal_command(
            stack, name, {"meeting_url": meeting_url(), "start_time": in_four_minutes(1)}
        )
        await asyncio.wait_for(delayed.arrived.wait(), 30)
        workers = [pid for pid, command in descendants(stack.process.pid).items() if command.endswith("-m worker")]
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        delayed.let_through.set()
        outcome = await stack.outcome(name, 90)
        assert outcome.status is MeetingStatus.COMPLETED
        async with aiohttp.ClientSession() as session, session.get(f"{simulator}/_sim/ledger") as answer:
            ledger = await answer.json()
    (bot,) = ledger["bots"]
    assert bot["id"] == outcome.bot_id
