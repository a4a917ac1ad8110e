"""Import this first: Ctrl-C ends a command of the command line at any moment with one line and the status 130.

Loading takes half a second, in which Python would answer with a traceback. No command has anything to put in order:
what it asked for is done by workflows. Services set handlers of their own when they serve.
"""

import os
import signal
import sys
from types import FrameType

_SHOW_CURSOR = b"\x1b[?25h"


def _leave(_number: int, _frame: FrameType | None) -> None:
    # Past Python's own buffers: one of them may be in use at this very moment.
    if os.isatty(1):
        os.write(1, _SHOW_CURSOR)
    message = b"Interrupted.\n"
    if "--json" in sys.argv:
        message = b'{"error": "Interrupted.", "exit_code": 130}\n'
    os.write(2, message)
    os._exit(130)


signal.signal(signal.SIGINT, _leave)
# A process that became this one held it back, so that there was no moment without a handler.
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
