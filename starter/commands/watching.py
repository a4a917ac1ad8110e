"""`watch`: a meeting as it happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rich.console import Group, RenderableType
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
from starter.client import MeetingsClient
from starter.errors import TemporalUnreachableError, WorkerMissingError
from starter.output import console, plain, say, write_json
from starter.shapes import Watched

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
    """Every change of a meeting until it has ended; looks at it every `pause` seconds.

    The worker is only asked when Temporal says that something happened. A server or a worker that goes away later
    is waited for, with a word about it on standard error.
    """
    seen: tuple[str, int] | None = None
    change: Change | None = None
    is_waiting = False
    while True:
        try:
            glance = await client.glance(meeting)
            if change is None or glance.moment != seen:
                view = await client.status(meeting)
            else:
                view = change.view
        except (TemporalUnreachableError, WorkerMissingError) as error:
            if change is None:
                raise
            if not is_waiting:
                say(f"{error} Waiting.", "yellow", stderr=True)
            is_waiting = True
        else:
            is_waiting = False
            seen = glance.moment
            if Change(view, glance.progress) != change:
                change = Change(view, glance.progress)
                yield change
            if glance.is_closed:
                return
        await asyncio.sleep(pause)


async def _print_lines(changes: AsyncIterator[Change]) -> MeetingView:
    async for change in changes:
        write_json(Watched(**dict(change.view), download=change.progress), one_line=True)
    return change.view


async def _show_live(changes: AsyncIterator[Change]) -> MeetingView:
    """Timeline entries as they come, and below them, on a terminal, what is going on right now."""
    screen = console()
    told: set[TimelineEntry] = set()
    live = Live(console=screen, transient=True, refresh_per_second=2) if screen.is_terminal else None
    with live or nullcontext():
        async for change in changes:
            if live is not None:
                live.update(_Now(change))
            for entry in change.view.timeline:
                if entry not in told:
                    told.add(entry)
                    screen.print(Text("  ").join(render.timeline_cells(entry)), soft_wrap=True)
    screen.print(Text(plain(words.state_sentence(change.view)), style="bold"), soft_wrap=True)
    return change.view


_BEFORE_THE_CALL = frozenset(
    {MeetingStatus.SCHEDULED, MeetingStatus.DISPATCHING, MeetingStatus.JOINING, MeetingStatus.WAITING_ROOM}
)


class _Now:
    """The last line: computed anew at each refresh, because it counts down."""

    def __init__(self, change: Change) -> None:
        self._view, self._progress = change

    def __rich__(self) -> RenderableType:
        left = self._view.start_time - datetime.now(UTC)
        is_ahead = left > timedelta() and self._view.status in _BEFORE_THE_CALL
        starts = f", starts in {story.span(left)}" if is_ahead else ""
        line = Text(f"{self._view.status.value}{starts}", style="dim")
        return line if self._progress is None else Group(line, _bar(self._progress))


def _bar(progress: DownloadProgress) -> RenderableType:
    done = f"{progress.done / 1_000_000:.1f} MB"
    if not progress.total:
        return Text(f"downloading, {done} so far")
    row = Table.grid(padding=(0, 1))
    row.add_row(
        "downloading",
        ProgressBar(total=progress.total, completed=progress.done, width=40),
        f"{done} of {progress.total / 1_000_000:.1f} MB",
    )
    return row
