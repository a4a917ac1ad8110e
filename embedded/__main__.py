"""`python -m embedded`, also `minutekeeper dev`: the whole stack in one terminal, until Ctrl-C."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from embedded.lifetime import run_to_exit_status
from embedded.stack import Options, Stack, running_stack

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def dev(  # noqa: PLR0913 - one argument for each option
    *,
    data_dir: Annotated[Path, typer.Option(help="Database, recordings and logs.")] = Path(".minutekeeper"),
    temporal_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one, as below.")] = 7233,
    ui_port: Annotated[int, typer.Option(min=0, max=65535, help="Temporal's UI.")] = 8233,
    bridge_port: Annotated[int, typer.Option(min=0, max=65535, help="Receives the webhooks.")] = 8090,
    simulator_port: Annotated[int, typer.Option(min=0, max=65535, help="The simulated Meeting BaaS.")] = 8091,
    no_simulator: Annotated[bool, typer.Option("--no-simulator", help="Use the real Meeting BaaS.")] = False,
    simulator_speed: Annotated[float, typer.Option(min=0.01, help="Simulated seconds per second.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON once everything answers.")] = False,
) -> None:
    """Temporal with its UI, a worker, the bridge and a simulated Meeting BaaS in one terminal, until Ctrl-C."""
    options = Options(
        data_dir=data_dir,
        temporal_port=temporal_port,
        ui_port=ui_port,
        bridge_port=bridge_port,
        simulator_port=simulator_port,
        simulator=not no_simulator,
        speed=simulator_speed,
    )
    sys.exit(run_to_exit_status(_run(options, as_json=as_json), when_stopped=0))


async def _run(options: Options, *, as_json: bool) -> int:
    screen = Console(stderr=True, soft_wrap=True, highlight=False)
    async with running_stack(options, screen.print) as stack:
        if as_json:
            sys.stdout.write(f"{json.dumps(asdict(stack.addresses))}\n")
            sys.stdout.flush()
        else:
            _show(stack)
        await stack.keep(asyncio.Event().wait())
    return 0


def _show(stack: Stack) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2))
    at = stack.addresses
    table.add_row("Temporal UI", at.ui)
    table.add_row("Temporal", f"{at.temporal}, namespace {at.namespace}")
    table.add_row("Bridge", at.bridge)
    table.add_row("Meeting BaaS", f"{at.simulator} (simulated)" if at.simulator else "the real one")
    table.add_row("Recordings", at.artifacts)
    table.add_row("Logs", str(stack.folder.logs))
    screen = Console(soft_wrap=True, highlight=False)
    screen.print("Minutekeeper is running; Ctrl-C stops it.\n", table, sep="\n")


if __name__ == "__main__":
    app()
