"""Whether meetings are kept from bringing home what was recorded: `doctor` names them, and why."""

import asyncio

from temporalio.client import Client

from meetings.status import MeetingStatus
from starter.checkup import TroubleError, connected
from starter.client import MeetingsClient
from starter.errors import MeetingError

_MOST = 20
"""Meetings that are looked at: a cause that keeps all of them back shows in any."""


async def examine(connecting: "asyncio.Task[Client]") -> str:
    client = MeetingsClient(await connected(connecting))
    remedy = "put that right; whatever was recorded is fetched by itself then, and `minutekeeper show ID` shows it"
    try:
        under_way = await client.list(status=MeetingStatus.COLLECTING, limit=_MOST)
        waiting = await asyncio.gather(*(client.waiting(each.workflow_id) for each in under_way))
    except MeetingError as error:
        raise TroubleError(str(error), remedy) from error
    held_up = [(meeting, works[0]) for meeting, works in zip(under_way, waiting, strict=True) if works]
    if held_up:
        meeting, work = held_up[0]
        others = f" (and {len(held_up) - 1} more)" if len(held_up) > 1 else ""
        raise TroubleError(f"{meeting.meeting_id}{others}: {work.work} failed: {work.failure}", remedy)
    return f"{len(under_way)} meetings are bringing home what was recorded" if under_way else "nothing waits"
