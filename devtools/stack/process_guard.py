"""A small process between the stack and one of its services, so that no service outlives the stack.

`python -m devtools.stack.process_guard -- command …` runs the command in the leash's own process group and reads
its standard input, a pipe from the stack. That ends however the stack dies; then the group is told to stop, and
killed if it does not. If the leash is killed while the stack lives, the stack kills the group; if both are, Linux
kills the command.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

GRACE_SECONDS = 6.0
"""How long the group may take to stop once the stack is gone."""

_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> int:
    """Runs the command after `--`; returns its exit status, or 128 plus the signal's number, like a shell."""
    # Whoever stops the group signals all of it; the leash must outlive the command. An ignored signal would be
    # inherited by the command, a handler is not.
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, lambda *_: None)
    command = arguments[arguments.index("--") + 1 :]
    child = subprocess.Popen(  # noqa: S603 - the command is the stack's own
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_guard(),  # noqa: PLW1509 - no other thread runs yet
    )
    released = threading.Event()
    threading.Thread(target=_stop_when_released, args=(released,), daemon=True).start()
    status = child.wait()
    if released.is_set():
        os.killpg(0, signal.SIGKILL)
    return status if status >= 0 else 128 - status


def _stop_when_released(released: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    released.set()
    os.killpg(0, signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


def _die_with_guard() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    leash = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != leash:
            os._exit(1)

    return arrange


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
