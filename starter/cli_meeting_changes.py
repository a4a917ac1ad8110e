"""Commands that act on the bots of booked, running and ended meetings: `cancel`, `leave`, `send` and `collect`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli_options import Json, MeetingId, MeetingIds, Why, run_async

if TYPE_CHECKING:
    from minutekeeper.meetings.views import MeetingView
    from starter.json_models import ChangeResult

app = typer.Typer()

_MAX_CONCURRENCY = 10


@app.command(name="cancel")
@run_async
async def meeting_cancel(meetings: MeetingIds, *, why: Why = "", as_json: Json = False) -> int:
    """Cancel meetings; their bots leave.

    Nothing is cancelled if one of the ids is unknown. Exit status 1: a meeting could not be cancelled.
    """
    from minutekeeper.meetings.request import StopRequest
    from starter.client import MeetingClient
    from starter.inputs import parse_input

    parse_input(StopRequest, {"why": why}, {"why": "--why"})
    client = await MeetingClient.connect()
    results = await _change_all(await client.find_all(meetings), partial(client.cancel, why=why))

    def message(view: "MeetingView") -> str:
        bot = "The bot is leaving the meeting." if view.bot_id else "It ends in a moment."
        return f"Cancellation requested. {bot}"

    return _report(results, message, as_json=as_json)


@app.command(name="leave")
@run_async
async def meeting_leave(meeting: MeetingId, *, why: Why = "", as_json: Json = False) -> int:
    """Make the bot leave; its recording is stored."""
    from starter.client import MeetingClient
    from starter.output import write_json

    view = await (await MeetingClient.connect()).leave(meeting, why)
    if as_json:
        write_json(view)
    else:
        _print_change(view, "The bot was told to leave. What it recorded will be stored.")
    return 0


@app.command(name="send")
@run_async
async def meeting_send(meeting: MeetingId, *, why: Why = "", as_json: Json = False) -> int:
    """Send another bot while the meeting runs.

    For example after the bot was removed from the call. A bot that is still there leaves first; what it recorded is
    stored.
    """
    from starter.client import MeetingClient
    from starter.output import write_json

    view = await (await MeetingClient.connect()).send_bot(meeting, why)
    if as_json:
        write_json(view)
    else:
        _print_change(view, "Another bot is sent as soon as no earlier one is in the meeting.")
    return 0


@app.command(name="collect")
@run_async
async def meeting_collect(
    meetings: MeetingIds,
    *,
    retranscribe: Annotated[
        bool, typer.Option("--retranscribe", help="Have the provider transcribe the recordings again first.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Fetch recordings and transcripts of ended meetings again.

    Possible as long as the provider keeps them. Nothing is fetched if one of the ids is unknown. Exit status 1: a
    meeting's files cannot be fetched.
    """
    from starter.client import MeetingClient

    client = await MeetingClient.connect()
    change = partial(client.collect, retranscribe=retranscribe)
    results = await _change_all(await client.find_all(meetings), change)
    return _report(results, lambda _view: "Recordings and transcripts are being fetched.", as_json=as_json)


async def _change_all(
    workflow_ids: Sequence[str], change: "Callable[[str], Awaitable[MeetingView]]"
) -> "list[ChangeResult]":
    """Changes each meeting on its own, so that the failure of one does not stop the others."""
    from starter.errors import MeetingError
    from starter.json_models import ChangeResult

    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def change_one(workflow_id: str) -> ChangeResult:
        async with slots:
            try:
                return ChangeResult(workflow_id=workflow_id, meeting=await change(workflow_id))
            except MeetingError as error:
                return ChangeResult(workflow_id=workflow_id, error=str(error))

    return await asyncio.gather(*map(change_one, workflow_ids))


def _report(results: "Sequence[ChangeResult]", message: "Callable[[MeetingView], str]", *, as_json: bool) -> int:
    """Prints the result for each meeting. Returns the exit status: 1 if one failed."""
    from starter.output import write_error, write_json

    if as_json:
        write_json(results)
    else:
        for each in results:
            if each.meeting is None:
                subject = f"{each.workflow_id}: " if len(results) > 1 else ""
                write_error(f"{subject}{each.error}", 1, as_json=False)
            else:
                _print_change(each.meeting, message(each.meeting))
    return 1 if any(each.error for each in results) else 0


def _print_change(view: "MeetingView", in_progress: str) -> None:
    """Says how the meeting ended; if it did not, what is in progress and how to follow it."""
    from starter.messages import state_sentence
    from starter.output import print_line, sanitize

    if view.status.is_final:
        print_line(sanitize(state_sentence(view)), "green")
    else:
        print_line(in_progress, "green")
        print_line(f"Follow it with: minutekeeper watch {sanitize(view.meeting_id)}")
