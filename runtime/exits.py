"""How a process of ours ends once its work is done."""

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def run_and_exit(main: Callable[[], int]) -> NoReturn:
    """Runs `main` and leaves with the exit code it returns, past the interpreter's own farewell.

    Temporal's native threads sometimes abort a process that says goodbye in the ordinary way, after all its work is
    done, and spoil its exit code.
    """
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    logging.shutdown()
    os._exit(code)
