"""`python -m devtools.stack`, also `minutekeeper dev`: the whole stack in one terminal, until Ctrl-C."""

from minutekeeper import early_signals, keyboard_interrupt  # noqa: F401 - they work by being loaded before all that takes time

# isort: split

from pathlib import Path
from typing import Annotated

import typer

from minutekeeper.process import run_and_exit

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def dev(  # noqa: PLR0913 - one argument for each option
    *,
    data_dir: Annotated[Path, typer.Option(help="Database, recordings and logs.")] = Path(".minutekeeper"),
    temporal_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one, as below.")] = 7233,
    temporal_http_port: Annotated[int, typer.Option(min=0, max=65535, help="Temporal's HTTP API.")] = 0,
    ui_port: Annotated[int, typer.Option(min=0, max=65535, help="Temporal's UI.")] = 8233,
    bridge_port: Annotated[int, typer.Option(min=0, max=65535, help="Receives the webhooks.")] = 8090,
    web_port: Annotated[int, typer.Option(min=0, max=65535, help="The HTTP API.")] = 8092,
    simulator_port: Annotated[int, typer.Option(min=0, max=65535, help="The simulated provider.")] = 8091,
    provider: Annotated[
        str, typer.Option(help="The provider to simulate: meetingbaas, meetingbaas-v2 or recall.")
    ] = "meetingbaas",
    no_simulator: Annotated[bool, typer.Option("--no-simulator", help="Use the real Meeting BaaS.")] = False,
    simulator_speed: Annotated[float, typer.Option(min=0.01, help="Simulated seconds per second.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON once everything answers.")] = False,
) -> None:
    """Temporal with its UI, a worker, the bridge and a simulated provider in one terminal, until Ctrl-C."""
    # Loaded late, so that --help is quick and an early Ctrl-C finds someone who handles it.
    from devtools.stack.runner import run_to_exit_status, serve  # noqa: PLC0415 - loaded late, see above
    from devtools.stack.stack import StackOptions  # noqa: PLC0415 - loaded late, see above

    options = StackOptions(
        data_dir=data_dir,
        temporal_port=temporal_port,
        temporal_http_port=temporal_http_port,
        ui_port=ui_port,
        bridge_port=bridge_port,
        web_port=web_port,
        simulator_port=simulator_port,
        simulator=not no_simulator,
        provider=provider,
        speed=simulator_speed,
    )
    run_and_exit(lambda: run_to_exit_status(serve(options, as_json=as_json), when_stopped=0))


if __name__ == "__main__":
    app(prog_name="minutekeeper dev")
