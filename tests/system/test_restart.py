"""A stack that is stopped and started again: calendars are still those of their owners."""

from pathlib import Path

import pytest

from tests.starter.support import cli
from tests.system.stack import KEY, running_stack
from tests.system.test_calendars import People

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNER = "carla@example.com"


async def test_a_calendar_keeps_its_owner_over_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_stack(tmp_path) as stack:
        people = People(stack)
        calendar_id = await people.connect(OWNER)
        await people.calendars.aclose()
    async with running_stack(tmp_path) as stack:
        own = {"MEETINGBAAS_BASE_URL": stack.addresses["simulator"], "MEETINGBAAS_API_KEY": KEY}
        for name, value in (stack.environment | own).items():
            monkeypatch.setenv(name, value)
        (listed,) = (await cli("calendar", "list", "--json")).json
        assert (listed["calendar_id"], listed["email"], listed["is_connected"]) == (calendar_id, OWNER, True)
        assert (await cli("calendar", "disconnect", OWNER)).code == 0
