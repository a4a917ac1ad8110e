"""`watch`: a meeting as it happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from meetings import story
from meetings.collection import DownloadProgress
from meetings.outcome import MeetingView
from meetings.status import MeetingStatus
from meetings.timeline import TimelineEntry
from starter import render, words
from starter.client import Glance, MeetingsClient
from starter.errors import TemporalUnreachableError, WorkerMissingError
from starter.output import console, plain, say, write_json

_SECONDS_BETWEEN_LOOKS = 1.0


class Change(NamedTuple):
    """A meeting after something has changed, and how far its download is."""

    view: MeetingView
    progress: DownloadProgress | None


async def watch(meeting: str, *, as_json: bool) -> int:
    """Until the meeting has ended; 0 if it is completed, else 1."""
    client = await MeetingsClient.connect()
    changes = follow(client, meeting, _SECONDS_BETWEEN_LOOKS)
    view = await (_print_lines(changes) if as_json else _show_live(changes))
    return 0 if view.status is MeetingStatus.COMPLETED else 1


async def follow(client: MeetingsClient, meeting: str, pause: float) -> AsyncIterator[Change]:
    """Every change of a meeting until it has ended.

    The worker is only asked when Temporal says that something happened. A server or a worker that goes away later is
    waited for, with a word about it on standard error.
    """
    last_glance: Glance | None = None
    change: Change | None = None
    complaint = ""
    while True:
        try:
            glance = await client.glance(meeting)
            if last_glance is None or glance.moment != last_glance.moment or change is None:
                view = await client.status(meeting)
            else:
                view = change.view
            complaint = ""
        except (TemporalUnreachableError, WorkerMissingError) as error:
            if change is None:
                raise
            if not complaint:
                say(f"{error} Waiting.", "yellow", stderr=True)
            complaint = str(error)
            await asyncio.sleep(pause)
            continue
        last_glance = glance
        if Change(view, glance.progress) != change:
            change = Change(view, glance.progress)
            yield change
        if glance.is_closed:
            return
        await asyncio.sleep(pause)
