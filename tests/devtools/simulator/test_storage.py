"""A stand-in that is restarted knows its accounts, calendars, events and bots again."""

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.devtools.simulator import calendar_support
from tests.devtools.simulator.support import Receiver, Sim, eventually, running_sim

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {"speed": 1000.0, "calendar_sync_delay": 0.0}


@asynccontextmanager
async def run(path: Path, **settings: Any) -> AsyncIterator[Sim]:
    async with running_sim(**{**QUICK, "state_file": str(path), **settings}) as sim:
        yield sim


async def test_calendars_and_bots_are_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "simulator.json"
    async with run(path) as sim:
        grant = await calendar_support.account(sim, name="Anna")
        calendar = await calendar_support.connect(sim, grant)
        await calendar_support.add(sim, title="Planning", link=calendar_support.LINK)
        event = await calendar_support.only_event(sim, calendar)
        done = await sim.send()
        await eventually(lambda: sim.bot(done), lambda bot: bot["ended_at"] is not None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with run(path, speed=1.0) as sim:
        listed = await sim.ok("GET", "/calendars/")
        assert [each["uuid"] for each in listed] == [calendar]
        assert await calendar_support.only_event(sim, calendar) == event, "what was read before is no news"
        assert await calendar_support.connect(sim, grant) != calendar, "the grant still holds"
        bot = await sim.bot(done)
        assert bot["recording"]["sha256"]
        waiting = await sim.send(meeting_url="https://meet.google.com/wai-ting-one")
    async with run(path) as sim:
        bot = await eventually(lambda: sim.bot(waiting), lambda bot: bot["ended_at"] is not None)
        codes = [moment["code"] for moment in bot["timeline"]]
        assert codes == sorted(set(codes), key=codes.index), "no step happens twice"
        assert codes[-1] == "complete"
        bots = (await sim.ledger())["bots"]
        assert len({each["id"] for each in bots}) == len(bots)


async def test_a_receiver_that_moved_meanwhile_is_told(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "simulator.json"
    async with run(path, account_webhook_url="http://127.0.0.1:9/where-it-was") as sim:
        await calendar_support.connect(sim, await calendar_support.account(sim, name="Anna"))
    async with run(path, account_webhook_url=receiver.url, speed=1.0) as sim:
        await calendar_support.add(sim, title="Planning", link=calendar_support.LINK)
        await eventually(sim.ledger, lambda ledger: [each for each in ledger["deliveries"] if each["calendar_id"]])
        urls = {each["url"] for each in (await sim.ledger())["deliveries"] if each["calendar_id"]}
    assert urls == {receiver.url}


async def test_a_damaged_file_is_named_and_put_aside(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "simulator.json"
    path.write_text('{"bots": [{"number"')
    async with run(path) as sim:
        assert (await sim.ledger())["bots"] == []
    told = capfd.readouterr().err
    assert str(path) in told
    assert "damaged" in told
    assert path.with_name("simulator.json.damaged").read_text().startswith('{"bots"')
    assert json.loads(path.read_text())["bots"] == []
