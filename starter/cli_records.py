"""The commands `records …`: the records of ended meetings in the artifact store."""

import typer

from starter.cli_options import Json, run_async

app = typer.Typer()
records_app = typer.Typer(
    name="records",
    help="The records of ended meetings in the artifact store.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(records_app)


@records_app.command(name="rebuild")
@run_async
async def records_rebuild(*, as_json: Json = False) -> int:
    """Make the records that are missing.

    Every meeting leaves a record when it ends, unless its workflow was terminated, or the artifact store did not
    answer. This makes up for it as long as Temporal knows the meeting.
    """
    from minutekeeper.storage.errors import StoreError
    from minutekeeper.storage.records import RecordStore
    from minutekeeper.storage.store import ArtifactStore
    from starter.client import MeetingClient
    from starter.error_translation import translate_temporal_errors
    from starter.errors import StorageError
    from starter.inputs import settings
    from starter.output import amount, print_line, write_json
    from starter.record_rebuilding import rebuild_records

    try:
        store = RecordStore(ArtifactStore(settings().artifacts_url))
    except StoreError as error:
        raise StorageError(str(error)) from None
    temporal = (await MeetingClient.connect()).temporal
    with translate_temporal_errors(temporal):
        rebuilt = await rebuild_records(temporal, store)
    if as_json:
        write_json(rebuilt)
        return 0
    for path in rebuilt.made:
        print_line(f"Made {path}")
    there = amount(rebuilt.already_there, "ended meeting")
    print_line(f"{there} had a record; {amount(len(rebuilt.made), 'record')} made.", "green")
    if rebuilt.without_timeline:
        print_line(
            f"Without a timeline, which no worker could tell: {', '.join(rebuilt.without_timeline)}", "yellow"
        )
    return 0
