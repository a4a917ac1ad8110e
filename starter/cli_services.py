"""Commands that run processes (`worker`, `bridge`, `simulator`, `dev`), and `setup` and `doctor`."""

import os
import signal
import sys
from collections.abc import Collection, Sequence
from enum import StrEnum
from importlib.util import find_spec
from typing import Annotated, NoReturn

import typer

from starter.cli_options import Json, JsonLogs, run_async
from starter.errors import MeetingError

app = typer.Typer()

_FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
_NAME_WIDTH = 21


class WorkerQueue(StrEnum):
    """Task queues that a worker can poll."""

    ALL = "all"
    MEETINGS = "meetings"
    RECORDINGS = "recordings"
    DELIVERIES = "deliveries"


@app.command()
@run_async
async def setup(*, as_json: Json = False) -> int:
    """Register search attributes in the namespace."""
    from starter import namespace
    from starter.client import MeetingClient
    from starter.error_translation import translate_temporal_errors
    from starter.json_models import SetupOutput
    from starter.output import print_line, write_json

    temporal = (await MeetingClient.connect()).temporal
    with translate_temporal_errors(temporal):
        before = await namespace.register_attributes(temporal)
    if as_json:
        write_json(SetupOutput(namespace=temporal.namespace, were_there=before.present, added=before.missing))
        return 0
    if before.present:
        print_line(f"Already registered: {', '.join(before.present)}")
    if before.missing:
        print_line(f"Added: {', '.join(before.missing)}", "green")
    else:
        print_line(f"Namespace {temporal.namespace} is complete; nothing was changed.", "green")
    return 0


@app.command()
@run_async
async def doctor(*, as_json: Json = False) -> int:
    """Check everything that meetings need.

    Connections, workers, secrets, storage, webhooks and calendars. Exit status 0: all checks pass.
    """
    from rich.text import Text

    from starter.doctor import run_checks
    from starter.inputs import settings
    from starter.json_models import DoctorOutput
    from starter.output import console, sanitize, write_json

    checks = await run_checks(settings())
    all_passed = all(check.ok for check in checks)
    if as_json:
        write_json(DoctorOutput(ok=all_passed, checks=tuple(checks)))
        return 0 if all_passed else 1
    for check in checks:
        verdict = Text("ok    ", style="green") if check.ok else Text("FAIL  ", style="bold red")
        remedy = f" -> {check.remedy}" if check.remedy else ""
        line = f"{check.name:<{_NAME_WIDTH}}  {sanitize(check.found)}{remedy}"
        console().print(verdict + Text(line), soft_wrap=True)
    return 0 if all_passed else 1


@app.command()
def worker(
    *,
    queue: Annotated[
        WorkerQueue, typer.Option(help="Task queue; downloads can have machines of their own.")
    ] = WorkerQueue.ALL,
    as_json: JsonLogs = False,
) -> int:
    """Run a worker, which executes meetings."""
    import worker as process

    choose_log_format(as_json=as_json)
    return process.main(["--queue", queue.value])


@app.command()
def bridge(*, as_json: JsonLogs = False) -> int:
    """Run the bridge, which receives webhooks."""
    from bridge import __main__ as process

    choose_log_format(as_json=as_json)
    return process.main()


@app.command(context_settings=_FORWARDED, add_help_option=False)
def simulator(context: typer.Context) -> None:
    """Run a simulated Meeting BaaS; see its --help."""
    exec_module("devtools.simulator", [each for each in context.args if each != "--json"])


@app.command(context_settings=_FORWARDED, add_help_option=False)
def dev(context: typer.Context) -> None:
    """Run everything on this machine; see its --help.

    Temporal, worker, bridge and simulator, in one terminal.
    """
    exec_module("devtools.stack", context.args, blocked_signals={signal.SIGINT})


def exec_module(name: str, arguments: Sequence[str], blocked_signals: Collection[int] = ()) -> NoReturn:
    """Replaces this process by `python -m name`, so that signals and the exit code are that module's own.

    Args:
        name: The module to run.
        arguments: Its command line.
        blocked_signals: Signals that stay pending until the module unblocks them.
    """
    if not _is_installed(name):
        raise MeetingError("This command needs the developers' tools, which only the source repository has.")
    sys.stdout.flush()
    sys.stderr.flush()
    if blocked_signals:
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked_signals)
    os.execv(sys.executable, [sys.executable, "-m", name, *arguments])  # noqa: S606 - no shell is wanted


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def choose_log_format(*, as_json: bool) -> None:
    """Has a process that this command becomes or starts write logs as JSON."""
    if as_json:
        os.environ["MINUTEKEEPER_LOG_FORMAT"] = "json"
