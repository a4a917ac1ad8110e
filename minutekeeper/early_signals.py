"""Import this first: a process that is told to stop while it still loads its modules ends at once, and cleanly.

Loading takes a second, in which Python would die of the signal. What serves later sets its own handlers.
"""

import os
import signal
import threading
from types import FrameType


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)


if threading.current_thread() is threading.main_thread():
    for _signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(_signal, _leave)
