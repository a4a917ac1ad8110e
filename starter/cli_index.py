"""The commands `index` and `search`: words in the transcripts of all meetings."""

from typing import Annotated

import typer

from starter.cli_options import Json, run_async

app = typer.Typer()


@app.command(name="index")
@run_async
async def transcript_index(
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the index anew.")] = False,
    as_json: Json = False,
) -> int:
    """Bring the search index in line with the artifact store.

    Only new and changed transcripts are read, and what the store does not have any more is removed. It may be
    interrupted at any time.
    """
    import sys

    from starter.inputs import settings
    from starter.json_models import IndexOutput
    from starter.output import amount, print_line, write_json
    from starter.transcript_search import TranscriptSearch

    shown = sys.stderr.isatty()

    async def progress(done: int, of: int) -> None:
        if shown:
            sys.stderr.write(f"\r{done:,} of {of:,} meetings" + ("\n" if done == of else ""))
            sys.stderr.flush()

    changes = await TranscriptSearch.from_settings(settings()).update(progress, anew=rebuild)
    if as_json:
        write_json(IndexOutput(**changes._asdict()))
        return 0
    told = f"{amount(changes.written, 'meeting')} read, {changes.removed} removed, {changes.unchanged} unchanged"
    print_line(f"The index is up to date: {told}.", "green")
    if changes.unreadable:
        print_line(f"Left out, because it cannot be read: {amount(changes.unreadable, 'record')}.", "yellow")
    return 0


@app.command(name="search")
@run_async
async def transcript_search(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS…", help='Words that occur together; "in quotes" a phrase.', show_default=False
        ),
    ],
    *,
    meeting: Annotated[str, typer.Option(metavar="ID", help="Only in this meeting, with all its hits.")] = "",
    page: Annotated[int, typer.Option(min=1, help="Which page of the hits.")] = 1,
    as_json: Json = False,
) -> int:
    """Find what was said in any meeting.

    Case and accents make no difference. Latest meetings come first, each with its first hits.
    """
    from starter import tables
    from starter.inputs import settings
    from starter.output import amount, display, print_line, write_json
    from starter.transcript_search import TranscriptSearch

    typed = words[0] if len(words) == 1 else " ".join(f'"{each}"' if " " in each else each for each in words)
    matches = await TranscriptSearch.from_settings(settings()).find(typed, meeting=meeting, page=page)
    if as_json:
        write_json(matches)
        return 0
    for each in matches.found:
        display(tables.meeting_hits(each))
        print_line("")
    if matches.pages > 1:
        print_line(f"Page {page} of {matches.pages}; --page {page + 1} shows the next.", "dim")
    where = amount(matches.meetings, "meeting")
    print_line(f"{amount(matches.hits, 'hit')} in {where}." if matches.hits else "Nothing was found.")
    if matches.complete_at is None:
        print_line("Not all transcripts are in the index: run `minutekeeper index`.", "yellow")
    return 0
