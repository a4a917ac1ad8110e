"""`make chaos`: a bad day for the whole stack, and whether everything survived it. 0 if so, 1 if not."""

from pathlib import Path
from typing import Annotated

import typer

from minutekeeper.process import run_and_exit

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_INTERRUPTED = 130
"""The exit status of a shell for what Ctrl-C ended."""


@app.command()
def chaos(
    *,
    seed: Annotated[int, typer.Option(help="Repeats a run: the same meetings and faults.")] = 1,
    meetings: Annotated[int, typer.Option(min=1, help="How many are booked.")] = 500,
    short: Annotated[bool, typer.Option("--short", help="Minutes shorter, with fewer faults.")] = False,
    twins: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of meetings that are booked for a room with another.")
    ] = None,
    data_dir: Annotated[Path, typer.Option(help="Database, recordings, logs and the report.")] = Path(
        ".minutekeeper/chaos"
    ),
) -> None:
    """Strike every process while meetings are booked, moved, cancelled and left; then judge what is left."""
    # Loaded late, so that --help is quick and an early Ctrl-C finds someone who handles it.
    from devtools.chaos.run import run  # noqa: PLC0415 - loaded late, see above
    from devtools.stack.runner import run_to_exit_status  # noqa: PLC0415 - loaded late, see above

    work = run(data_dir, seed=seed, meetings=meetings, short=short, twins=twins)
    run_and_exit(lambda: run_to_exit_status(work, when_stopped=_INTERRUPTED))


if __name__ == "__main__":
    app(prog_name="python -m devtools.chaos")
