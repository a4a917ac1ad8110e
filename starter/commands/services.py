"""`worker`, `bridge`, `simulator` and `dev`: the processes of the other rooms, under one command."""

import os
import signal
import sys
from collections.abc import Collection, Sequence
from typing import NoReturn


def worker(queue: str, *, as_json: bool) -> int:
    import worker as process  # noqa: PLC0415 - brings every activity along, which only this command needs

    _choose_log_format(as_json=as_json)
    return process.main(["--queue", queue])


def bridge(*, as_json: bool) -> int:
    from bridge import __main__ as process  # noqa: PLC0415 - brings the web server along

    _choose_log_format(as_json=as_json)
    return process.main()


def become_module(name: str, arguments: Sequence[str], held_back: Collection[int] = ()) -> NoReturn:
    """Replaces this process by `python -m name`, so that signals and the exit code are that module's own.

    Signals that are held back wait until the module says that it takes them.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if held_back:
        signal.pthread_sigmask(signal.SIG_BLOCK, held_back)
    os.execv(sys.executable, [sys.executable, "-m", name, *arguments])  # noqa: S606 - no shell is wanted


def _choose_log_format(*, as_json: bool) -> None:
    if as_json:
        os.environ["MINUTEKEEPER_LOG_FORMAT"] = "json"
