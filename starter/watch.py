"""Follows a meeting live, as timeline entries and a status line with the progress of downloads."""

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

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView, TimelineEntry
from starter import messages, tables
from starter.client import MeetingClient
from starter.errors import NoWorkerError, TemporalUnreachableError
from starter.json_models import WatchOutput
from starter.meeting_models import KnownFrom
from starter.output import console, print_line, sanitize, write_json

_POLL_SECONDS = 1.0


class MeetingUpdate(NamedTuple):
    """A meeting after a change, and the progress of its download."""

    view: MeetingView
    progress: DownloadProgress | None
    known_from: KnownFrom


async def watch_meeting(meeting: str, *, as_json: bool) -> int:
    """Prints changes until the meeting has ended. Returns 0 if it is completed, else 1."""
    client = await MeetingClient.connect()
    changes = follow(client, meeting, _POLL_SECONDS)
    view = await (_print_lines(changes) if as_json else _show_live(changes))
    return 0 if view.status is MeetingStatus.COMPLETED else 1


async def follow(client: MeetingClient, meeting: str, poll_seconds: float) -> AsyncIterator[MeetingUpdate]:
    """Yields every change of a meeting until it has ended, polling every `poll_seconds`.

    The workflow is only queried after Temporal shows a new event. If server or worker becomes unreachable later, it
    waits and prints that on standard error.
    """
    seen: tuple[str, int] | None = None
    change: MeetingUpdate | None = None
    is_waiting = False
    while True:
        try:
            activity = await client.activity(meeting)
            if change is None or activity.revision != seen:
                view, known_from, _ = await client.details(meeting)
            else:
                view, known_from = change.view, change.known_from
        except (TemporalUnreachableError, NoWorkerError) as error:
            if change is None:
                raise
            if not is_waiting:
                print_line(f"{error} Waiting.", "yellow", stderr=True)
            is_waiting = True
        else:
            is_waiting = False
            seen = activity.revision
            update = MeetingUpdate(view, activity.progress, known_from)
            if update != change:
                change = update
                yield change
            if activity.is_closed:
                return
        await asyncio.sleep(poll_seconds)


async def _print_lines(changes: AsyncIterator[MeetingUpdate]) -> MeetingView:
    async for change in changes:
        write_json(
            WatchOutput(**dict(change.view), download=change.progress, known_from=change.known_from), one_line=True
        )
    return change.view


async def _show_live(changes: AsyncIterator[MeetingUpdate]) -> MeetingView:
    """Prints timeline entries as they arrive, and on a terminal a live status line below them."""
    screen = console()
    printed: set[TimelineEntry] = set()
    live = Live(console=screen, transient=True, refresh_per_second=2) if screen.is_terminal else None
    with live or nullcontext():
        async for change in changes:
            if live is not None:
                live.update(_StatusLine(change))
            for entry in change.view.timeline:
                if entry not in printed:
                    printed.add(entry)
                    screen.print(Text("  ").join(tables.timeline_cells(entry)), soft_wrap=True)
    screen.print(Text(sanitize(messages.state_sentence(change.view)), style="bold"), soft_wrap=True)
    return change.view


_BEFORE_THE_CALL = frozenset(
    {MeetingStatus.SCHEDULED, MeetingStatus.DISPATCHING, MeetingStatus.JOINING, MeetingStatus.WAITING_ROOM}
)


class _StatusLine:
    """Computed at each refresh, because it counts down."""

    def __init__(self, change: MeetingUpdate) -> None:
        self._view, self._progress = change.view, change.progress

    def __rich__(self) -> RenderableType:
        left = self._view.start_time - datetime.now(UTC)
        is_ahead = left > timedelta() and self._view.status in _BEFORE_THE_CALL
        starts = f", starts in {descriptions.format_duration(left)}" if is_ahead else ""
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
