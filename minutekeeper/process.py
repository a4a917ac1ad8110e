"""How a process of ours ends once its work is done."""

import io
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

OWNER_ONLY = 0o077
"""What is kept are recordings, transcripts and secrets: no umask of a shell may hand them to others."""

INTERRUPTED = 130
"""The exit status of a shell for what Ctrl-C ended."""
logger = logging.getLogger(__name__)


def run_and_exit(main: Callable[[], int]) -> NoReturn:
    """Runs `main` and leaves with the exit code it returns, past the interpreter's own farewell.

    Temporal's native threads sometimes abort a process that says goodbye in the ordinary way, after all its work is
    done, and spoil its exit code. Output that is not read any more, or that no longer fits on the disk, makes a
    success a 1. Whatever this process and its children write is for its owner alone.
    """
    os.umask(OWNER_ONLY)
    # Python has no stream where the shell closed one.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character shows another one in its place.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = main()
    except SystemExit as ending:
        code = _code_of(ending)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    logging.shutdown()
    os._exit(code)


def exit_within(seconds: float) -> None:
    """Ends this process after so many seconds if it has not ended by itself.

    Because a thread that hangs, such as one with a workflow in it, would keep it alive until it is killed.
    """

    def leave() -> None:
        logger.error("not stopped within %g seconds, so the process ends with work left undone", seconds)
        logging.shutdown()
        os._exit(1)

    watchdog = threading.Timer(seconds, leave)
    watchdog.daemon = True
    watchdog.start()


def _nowhere() -> io.TextIOWrapper:
    return Path(os.devnull).open("w", encoding="utf-8")  # for as long as the process lives


def _code_of(ending: SystemExit) -> int:
    if isinstance(ending.code, int):
        return ending.code
    if ending.code is None:
        return 0
    sys.stderr.write(f"{ending.code}\n")
    return 1
