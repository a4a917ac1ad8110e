"""Every command with its options. What they do is loaded when it is needed, so that `--help` is quick."""

import asyncio
import signal
from enum import StrEnum
from typing import Annotated

import typer

from meetings.status import MeetingStatus
from minutekeeper import __version__
from starter.calendar_app import app as calendar_app
from starter.errors import MeetingInputError
from starter.options import Json, Why

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    name="minutekeeper",
    help="Sends bots to meetings on time, and brings recordings and transcripts home.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(calendar_app)


class Queue(StrEnum):
    ALL = "all"
    MEETINGS = "meetings"
    RECORDINGS = "recordings"


class Form(StrEnum):
    TXT = "txt"
    MD = "md"
    JSON = "json"
    VTT = "vtt"
    SRT = "srt"


MeetingId = Annotated[str, typer.Argument(metavar="ID", help="Meeting id or workflow id.", show_default=False)]
JsonLogs = Annotated[bool, typer.Option("--json", help="Write logs as JSON.")]
At = Annotated[
    str,
    typer.Option(
        metavar="WHEN", help="Start: 2026-12-01T10:00:00Z, +10m, +1h30m or now; local time without a zone."
    ),
]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="End, in the same forms; without it, one hour.")]


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"minutekeeper {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Sends bots to meetings on time, and brings recordings and transcripts home."""


@app.command()
def schedule(  # noqa: PLR0913 - one argument for each option
    url: Annotated[str, typer.Argument(metavar="URL", help="Google Meet, Zoom or Teams link.", show_default=False)],
    at: At,
    *,
    until: Until = None,
    title: Annotated[str, typer.Option(help="What people call the meeting.", show_default=False)] = "",
    bot_name: Annotated[str | None, typer.Option(help="The bot's name in the call.")] = None,
    audio_only: Annotated[bool, typer.Option("--audio-only", help="Record sound only.")] = False,
    no_transcript: Annotated[bool, typer.Option("--no-transcript", help="Recording only.")] = False,
    workflow_id: Annotated[str | None, typer.Option("--id", help="A workflow id of your own.")] = None,
    as_json: Json = False,
) -> int:
    """Book a meeting; the same link and start are the same meeting."""
    from starter.commands import steering  # noqa: PLC0415 - see above

    return asyncio.run(
        steering.schedule(
            url,
            at,
            until=until,
            title=title,
            bot_name=bot_name,
            audio_only=audio_only,
            transcript=not no_transcript,
            workflow_id=workflow_id,
            as_json=as_json,
        )
    )


@app.command(name="list")
def list_(
    *,
    status: Annotated[MeetingStatus | None, typer.Option(help="Only meetings of this status.")] = None,
    title: Annotated[str, typer.Option(help="Only with all these words.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> int:
    """List meetings."""
    from starter.commands import looking  # noqa: PLC0415 - see above

    return asyncio.run(looking.list_(status=status, title=title, limit=limit, as_json=as_json))


@app.command()
def show(meeting: MeetingId, *, as_json: Json = False) -> int:
    """Show everything about a meeting."""
    from starter.commands import looking  # noqa: PLC0415 - see above

    return asyncio.run(looking.show(meeting, as_json=as_json))


@app.command()
def watch(meeting: MeetingId, *, as_json: Json = False) -> int:
    """Follow a meeting until it ends: 0 if completed, else 1."""
    from starter.commands import watching  # noqa: PLC0415 - see above

    return asyncio.run(watching.watch(meeting, as_json=as_json))


@app.command()
def reschedule(  # noqa: PLR0913 - one argument for each option
    meeting: MeetingId,
    at: At,
    *,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="New end; without it, as long as before.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="New link.")] = None,
    title: Annotated[str | None, typer.Option(help="New title.")] = None,
    as_json: Json = False,
) -> int:
    """Move a meeting."""
    from starter.commands import steering  # noqa: PLC0415 - see above

    return asyncio.run(steering.reschedule(meeting, at, until=until, meeting_url=url, title=title, as_json=as_json))


@app.command()
def cancel(meeting: MeetingId, *, why: Why = "", as_json: Json = False) -> int:
    """Cancel a meeting; a bot that is there leaves."""
    from starter.commands import steering  # noqa: PLC0415 - see above

    return asyncio.run(steering.cancel(meeting, why=why, as_json=as_json))


@app.command()
def leave(meeting: MeetingId, *, why: Why = "", as_json: Json = False) -> int:
    """Send the bot out of a meeting; what it recorded is kept."""
    from starter.commands import steering  # noqa: PLC0415 - see above

    return asyncio.run(steering.leave(meeting, why=why, as_json=as_json))


@app.command()
def transcript(
    meeting: MeetingId,
    *,
    form: Annotated[Form | None, typer.Option("--format", help="Which form of it.", show_default="txt")] = None,
    as_json: Json = False,
) -> int:
    """Print the transcript of a meeting."""
    from starter.commands import transcripts  # noqa: PLC0415 - see above

    if as_json and form not in {None, Form.JSON}:
        raise MeetingInputError("--json", f"means --format json, and not {form.value}; leave one of the two out")
    chosen = Form.JSON if as_json else form or Form.TXT
    return asyncio.run(transcripts.transcript(meeting, chosen.value))


@app.command()
def why(meeting: MeetingId, *, as_json: Json = False) -> int:
    """Tell how a meeting came to its present state."""
    from starter.commands import looking  # noqa: PLC0415 - see above

    return asyncio.run(looking.why(meeting, as_json=as_json))


@app.command()
def find(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="A bot's, event's or meeting's id, or a meeting's link.", show_default=False
        ),
    ],
    *,
    as_json: Json = False,
) -> int:
    """Find the meetings of a bot, an event or a link, with their events and users."""
    from starter.commands import finding  # noqa: PLC0415 - see above

    return asyncio.run(finding.find(what, as_json=as_json))


@app.command()
def setup(*, as_json: Json = False) -> int:
    """Register the search attributes in Temporal's namespace."""
    from starter.commands import care  # noqa: PLC0415 - see above

    return asyncio.run(care.setup(as_json=as_json))


@app.command()
def doctor(*, as_json: Json = False) -> int:
    """Check that everything a meeting needs is there."""
    from starter.commands import care  # noqa: PLC0415 - see above

    return asyncio.run(care.doctor(as_json=as_json))


@app.command()
def worker(
    *,
    queue: Annotated[Queue, typer.Option(help="Downloads can run on machines of their own.")] = Queue.ALL,
    as_json: JsonLogs = False,
) -> int:
    """Run a worker, which carries the meetings out."""
    from starter.commands import services  # noqa: PLC0415 - see above

    return services.worker(queue.value, as_json=as_json)


@app.command()
def bridge(*, as_json: JsonLogs = False) -> int:
    """Run the bridge, which receives the webhooks."""
    from starter.commands import services  # noqa: PLC0415 - see above

    return services.bridge(as_json=as_json)


@app.command(context_settings=_PASSED_ON, add_help_option=False)
def simulator(context: typer.Context) -> None:
    """Run a simulated Meeting BaaS; see its own --help."""
    from starter.commands import services  # noqa: PLC0415 - see above

    services.become_module("simulator", [each for each in context.args if each != "--json"])


@app.command(context_settings=_PASSED_ON, add_help_option=False)
def dev(context: typer.Context) -> None:
    """Run everything on this machine; see its own --help."""
    from starter.commands import services  # noqa: PLC0415 - see above

    services.become_module("embedded", context.args, held_back={signal.SIGINT})
