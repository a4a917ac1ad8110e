"""`make bench`: what Minutekeeper takes on this machine. 0 once all is measured, whatever the figures are."""

from pathlib import Path
from typing import Annotated

import typer

from minutekeeper.process import run_and_exit

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_INTERRUPTED = 130
"""The exit status of a shell for what Ctrl-C ended."""


@app.command()
def bench(
    *,
    only: Annotated[str, typer.Option(help="One row, or some with commas between them.")] = "",
    share: Annotated[float, typer.Option(min=0.01, max=1, help="For trying out: a part of the meetings.")] = 1.0,
    rewrite: Annotated[
        bool,
        typer.Option("--rewrite", help="Measure nothing: write the pages anew from the kept results."),
    ] = False,
    data_dir: Annotated[Path, typer.Option(help="Databases and recordings of the run.")] = Path(
        ".minutekeeper/benchmarks"
    ),
) -> None:
    """Measure lateness, throughput, memory and cost, each beside something that is measured in the same run."""
    # Loaded late, so that an early Ctrl-C finds someone who handles it.
    from devtools.benchmarks.run import ROWS, rewrite_documents, run  # noqa: PLC0415 - loaded late, see above
    from devtools.stack.runner import run_to_exit_status  # noqa: PLC0415 - loaded late, see above

    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in ROWS]:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(ROWS)}", param_hint="--only")
    work = rewrite_documents() if rewrite else run(data_dir, names, share)
    run_and_exit(lambda: run_to_exit_status(work, when_stopped=_INTERRUPTED))


if __name__ == "__main__":
    app(prog_name="python -m devtools.benchmarks")
