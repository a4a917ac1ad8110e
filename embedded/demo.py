"""`make demo`: two meetings from booking to recording, one of them by a calendar, on this machine alone."""

from runtime import interrupts  # noqa: F401 - it works by being loaded before all that takes time

# isort: split

from typing import Annotated

import typer

from runtime.exits import INTERRUPTED, run_and_exit

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    *,
    speed: Annotated[
        float,
        typer.Option(min=1, envvar="MINUTEKEEPER_SIMULATOR_SPEED", help="Simulated seconds per second."),
    ] = 8.0,
) -> None:
    """Watch a meeting from its booking to its recording, and a calendar at work; 0 if both are completed."""
    # Loaded late, so that an early Ctrl-C finds someone who handles it.
    from embedded.lifetime import run_to_exit_status  # noqa: PLC0415 - loaded late, see above
    from embedded.showcase import show_meetings  # noqa: PLC0415 - loaded late, see above

    run_and_exit(lambda: run_to_exit_status(show_meetings(speed), when_stopped=INTERRUPTED))


if __name__ == "__main__":
    app()
