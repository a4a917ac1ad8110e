"""What commands print for programs: one form of times, one of what is absent, the same keys, and as documented."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.schema import PATH, schema, schema_text
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import Ended, a_request, an_outcome, cli, end, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def check(name: str, value: Any) -> None:
    """Raises if the value is not as the schema says, or holds a time or an absent value in another form."""
    whole = schema()
    Draft202012Validator({"$defs": whole["$defs"], **whole["properties"][name]}).validate(value)
    for key, each in flat(value):
        assert each != "", f"{name}: {key} is empty instead of null"
        if isinstance(each, str) and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:", each):
            assert TIME.fullmatch(each), f"{name}: {key} is {each}"
            datetime.fromisoformat(each)


def flat(value: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in flat(each, f"{key}.{name}")]
    if isinstance(value, list):
        return [found for each in value for found in flat(each, key)]
    return [(key, value)]


async def test_the_schema_is_written_down() -> None:
    assert PATH.read_text() == schema_text(), "python -m starter.schema > docs/cli.schema.json"


async def test_every_command_prints_what_the_schema_says(
    client: TemporalMeetingClient, settings: pytest.MonkeyPatch
) -> None:
    name = "json-all"
    start = a_request(95).start_time.isoformat()
    link = "https://meet.google.com/jso-nall-abc"
    check("schedule", (await cli("schedule", link, "--at", start, "--id", name, "--json")).json)
    check("schedule", (await cli("schedule", link, "--at", start, "--id", name, "--json")).json)
    check("reschedule", (await cli("reschedule", name, "--at", "+40m", "--until", "+50m", "--json")).json)
    for step in (
        Scene(status=MeetingStatus.WAITING_ROOM, bot_id="bot-1", deadline_in=60, text="The bot waits."),
        Scene(status=MeetingStatus.COLLECTING, trouble="the disk is full"),
    ):
        await play(client, name, step)
        await query_and_commands(client, name)
    check("leave", (await cli("leave", name, "--json")).json)
    check("send", (await cli("send", name, "--json")).json)
    failed = an_outcome(name, MeetingStatus.FAILED, reason=FailureReason.NOT_ACCEPTED, bot_id="")
    await end(client, name, failed)
    await query_and_commands(client, name)
    watched = await cli("watch", name, "--json")
    for line in watched.out.splitlines():
        check("watch", json.loads(line))
    check("cancel", (await cli("cancel", name, "--json")).json)
    check("error", json.loads((await cli("show", "nowhere", "--json")).err))
    other = await client.start(a_request(96))
    check("cancel", (await cli("cancel", other.meeting_id, "--json")).json)
    check("collect", (await cli("collect", other.meeting_id, "--json")).json)
    settings.setenv("MINUTEKEEPER_TEMPORAL_UI_URL", "http://127.0.0.1:8233")
    check("open", (await cli("open", name, "--json")).json)
    check("doctor", (await cli("doctor", "--json")).json)
    check("setup", (await cli("setup", "--json")).json)


async def query_and_commands(client: TemporalMeetingClient, name: str) -> None:
    """The same thing has the same keys and values wherever it is asked for."""
    shown = (await cli("show", name, "--json")).json
    check("show", shown)
    told = (await cli("why", name, "--json")).json
    check("why", told)
    query = await client.temporal.get_workflow_handle(name).query("status", result_type=dict[str, Any])
    check("query status", query)
    assert query == {key: value for key, value in shown.items() if key not in {"pending_activities", "from"}}
    assert {key: value for key, value in told.items() if key != "explanation"}.items() <= shown.items()

    async def look() -> Ended:
        return await cli("list", "--limit", "200", "--json")

    listed = await eventually(look, lambda ended: name in ended.out)
    check("list", listed.json)
    (line,) = [each for each in listed.json if each["workflow_id"] == name]
    alike = line.keys() & shown.keys()
    assert alike >= {
        "meeting_id",
        "workflow_id",
        "status",
        "start_time",
        "title",
        "meeting_url",
        "platform",
        "bot_id",
    }
