"""Commands that show meetings: `list`, `show`, `watch`, `why`, `find`, `open` and `transcript`."""

from typing import TYPE_CHECKING, Annotated

import typer

from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptFormat
from starter.cli_options import Json, MeetingId, Metadata, read_metadata, run_async

if TYPE_CHECKING:
    from datetime import datetime

    from minutekeeper.storage.store import ArtifactStore

app = typer.Typer()


@app.command(name="list")
@run_async
async def meeting_list(  # noqa: PLR0913 - one argument for each option
    *,
    status: Annotated[MeetingStatus | None, typer.Option(help="Only meetings with this status.")] = None,
    title: Annotated[
        str, typer.Option(help="Only meetings whose title has all these words.", show_default=False)
    ] = "",
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="WHEN", help="Only meetings that start then or later: a time as for --at."),
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="WHEN", help="Only meetings that start before then.")] = None,
    platform: Annotated[Platform | None, typer.Option(help="Only meetings on this platform.")] = None,
    meta: Metadata = None,
    reason: Annotated[
        FailureReason | None,
        typer.Option(
            help="Only meetings that failed for this reason. Slow with many failed meetings, because each one's "
            "result is read from Temporal (one request each)."
        ),
    ] = None,
    calendar: Annotated[str, typer.Option(metavar="ID", help="Only meetings of this calendar.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of meetings.")] = 50,
    as_json: Json = False,
) -> int:
    """List meetings.

    Current and coming meetings in order of their start, then ended ones, latest first. Those that Temporal has
    forgotten come from their records.
    """
    from starter import tables
    from starter.client import MeetingClient
    from starter.output import display, print_line, write_json

    starts_from, starts_before = _instant(from_, "--from"), _instant(to, "--to")
    client = await MeetingClient.connect()
    summaries = await client.list(
        status=status,
        title=title,
        starts_from=starts_from,
        starts_before=starts_before,
        platform=platform,
        metadata=read_metadata(meta),
        reason=reason,
        calendar=calendar,
        limit=limit + 1,
    )
    has_more = len(summaries) > limit
    del summaries[limit:]
    if as_json:
        write_json(summaries)
    elif not summaries:
        print_line("No meetings.")
    else:
        display(tables.meetings(summaries))
        if has_more:
            print_line(f"Only {limit} {'is' if limit == 1 else 'are'} shown; --limit shows more.", "dim")
    return 0


def _instant(text: str | None, option: str) -> "datetime | None":
    from datetime import UTC, datetime

    from starter.times import parse_when

    return parse_when(text, option, datetime.now(UTC)).instant if text is not None else None


@app.command(name="show")
@run_async
async def meeting_show(meeting: MeetingId, *, as_json: Json = False) -> int:
    """Show all details of a meeting."""
    from datetime import UTC, datetime

    from starter import tables
    from starter.client import MeetingClient
    from starter.json_models import ShowOutput
    from starter.output import display, write_json

    view, known_from, pending = await (await MeetingClient.connect()).details(meeting)
    if as_json:
        write_json(ShowOutput(**dict(view), known_from=known_from, pending_activities=pending))
    else:
        display(tables.meeting(view, datetime.now(UTC), pending, known_from))
    return 0


@app.command(name="watch")
@run_async
async def meeting_watch(meeting: MeetingId, *, as_json: Json = False) -> int:
    """Follow a meeting until it ends.

    Exit status 0: the meeting is completed.
    """
    from starter.watch import watch_meeting

    return await watch_meeting(meeting, as_json=as_json)


@app.command(name="why")
@run_async
async def meeting_why(meeting: MeetingId, *, as_json: Json = False) -> int:
    """Explain a meeting's present state."""
    from starter import messages, tables
    from starter.client import MeetingClient
    from starter.json_models import WhyOutput
    from starter.output import display, print_line, sanitize, write_json

    view, known_from, pending = await (await MeetingClient.connect()).details(meeting)
    state, details = messages.state_sentence(view), messages.explanation(view, pending)
    details += messages.origin(known_from)
    if as_json:
        known = {name: value for name, value in view if name in WhyOutput.model_fields}
        write_json(WhyOutput(explanation=" ".join([state, *details]), known_from=known_from, **known))
        return 0
    print_line(sanitize(state), "bold")
    if view.timeline:
        print_line("\nTimeline:")
        display(tables.timeline(view.timeline))
    print_line("")
    for each in details:
        print_line(sanitize(each))
    return 0


@app.command(name="find")
@run_async
async def meeting_find(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="A bot's, event's or meeting's id, or a meeting's link.", show_default=False
        ),
    ],
    *,
    as_json: Json = False,
) -> int:
    """Find the meetings of a bot, an event or a link.

    Shows their calendar events and users too. Asks Temporal, the provider and the records.
    """
    from minutekeeper.storage.store import ArtifactStore
    from starter import tables
    from starter.client import MeetingClient
    from starter.inputs import settings
    from starter.meeting_lookup import MeetingLookup
    from starter.output import display, print_line, write_json
    from starter.provider_account import open_bot_account, open_calendar_account

    given = settings()
    async with open_calendar_account(given) as calendars, open_bot_account(given) as bots:
        temporal = (await MeetingClient.connect()).temporal
        found = await MeetingLookup(temporal, calendars, bots, ArtifactStore(given.artifacts_url)).find(what)
    if as_json:
        write_json(found)
        return 0
    for number, each in enumerate(found):
        if number:
            print_line("")
        display(tables.found_meeting(each))
    return 0


@app.command(name="open")
@run_async
async def meeting_open(
    meeting: MeetingId,
    *,
    browse: Annotated[bool, typer.Option("--browse", help="Open it in the browser.")] = False,
    as_json: Json = False,
) -> int:
    """Print a meeting's address in Temporal's UI."""
    import webbrowser

    from starter.client import MeetingClient
    from starter.errors import MeetingError
    from starter.inputs import settings
    from starter.json_models import OpenOutput
    from starter.output import print_link, write_json
    from starter.temporal_ui import temporal_ui_url, workflow_page

    configured = settings().minutekeeper_temporal_ui_url
    client = await MeetingClient.connect()
    ui_url = temporal_ui_url(configured, client.temporal.service_client.config.target_host)
    workflow_id = await client.workflow_id(meeting)
    url = workflow_page(ui_url, client.temporal.namespace, workflow_id)
    if as_json:
        write_json(OpenOutput(workflow_id=workflow_id, url=url))
    else:
        print_link(url)
    if browse and not webbrowser.open(url):
        raise MeetingError("No browser could be started; open the address yourself.")
    return 0


@app.command(name="transcript")
@run_async
async def meeting_transcript(
    meeting: MeetingId,
    *,
    form: Annotated[
        TranscriptFormat | None, typer.Option("--format", help="File format.", show_default="txt")
    ] = None,
    as_json: Json = False,
) -> int:
    """Print a transcript from the artifact store."""
    from minutekeeper.storage.errors import StoreError
    from minutekeeper.storage.store import ArtifactStore
    from starter.errors import MeetingError, MeetingInputError
    from starter.inputs import settings
    from starter.output import write_text

    if as_json and form not in {None, TranscriptFormat.JSON}:
        raise MeetingInputError("--json", f"means --format json, not {form.value}; leave one of the two out")
    chosen = TranscriptFormat.JSON if as_json else form or TranscriptFormat.TXT
    url = settings().artifacts_url
    try:
        content = await _newest_transcript(ArtifactStore(url), meeting, chosen)
    except StoreError as error:
        raise MeetingError(str(error)) from None
    if content is None:
        raise MeetingError(f"There is no transcript of {meeting} in {url}. {await _missing_transcript(meeting)}")
    write_text(content)
    return 0


async def _newest_transcript(store: "ArtifactStore", meeting: str, form: TranscriptFormat) -> bytes | None:
    """The transcript of the meeting's newest run, without asking Temporal, because it forgets ended meetings."""
    from contextlib import suppress

    from minutekeeper.storage.errors import NotStoredError
    from minutekeeper.storage.layout import transcript_path
    from minutekeeper.storage.meeting_folders import transcript_folders

    for folder in await transcript_folders(store, meeting):
        with suppress(NotStoredError):
            return await store.get(transcript_path(folder, form.value))
    return None


async def _missing_transcript(meeting: str) -> str:
    from starter import messages
    from starter.client import MeetingClient
    from starter.errors import MeetingError

    try:
        view = await (await MeetingClient.connect()).status(meeting)
    except MeetingError as error:
        return str(error)
    return f"{messages.TRANSCRIPT[view.transcript]} {messages.state_sentence(view)}"
