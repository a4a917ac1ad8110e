"""`worker`, `bridge`, `simulator` and `dev`: the processes of the other rooms, under one command."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def worker(queue: str, *, as_json: bool) -> int:
    import worker as process  # noqa: PLC0415 - brings every activity along, which only this command needs

    _choose_log_format(as_json=as_json)
    return process.main(["--queue", queue])


def bridge(*, as_json: bool) -> int:
    from bridge import __main__ as process  # noqa: PLC0415 - brings the web server along

    _choose_log_format(as_json=as_json)
    return process.main()


def become_module(name: str, arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by `python -m name`, so that signals and the exit code are that module's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", name, *arguments])  # noqa: S606 - no shell is wanted


def _choose_log_format(*, as_json: bool) -> None:
    if as_json:
        os.environ["MINUTEKEEPER_LOG_FORMAT"] = "json"
