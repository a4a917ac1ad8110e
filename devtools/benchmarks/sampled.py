"""Runs a module of this project and notes, some hundred times a second, whose code uses the CPU.

`python -m devtools.benchmarks.sampled PATH MODULE …` writes the CPU seconds of each package to PATH once a second.
Unlike a tracing profiler it sees all threads, and slows nothing down to speak of.
"""

import json
import runpy
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

_PAUSE = 0.003
_SWITCH = 0.0005
"""How soon another thread gives way, in seconds: else only those are seen that wait for something."""

_WRITE_SECONDS = 1.0
PYTHON = "python"
LOOP = "the event loop"
"""What runs below the main module directly."""

NATIVE = "threads without Python"
SAMPLER = "the sampler"
_ROOT = Path(__file__).resolve().parent.parent.parent
_PACKAGES = "site-packages"
_SHARED = {"devtools", "minutekeeper"}
"""Packages of ours whose parts are told apart."""


def package_of(path: str) -> str:
    """The package a file belongs to: one of ours by its folder, an installed one by its name, else PYTHON."""
    parts = Path(path).parts
    if _PACKAGES in parts:
        place = parts.index(_PACKAGES) + 1
        below = parts[place : place + 3]
        return "/".join(below[:2]) if below[0] == "temporalio" and len(below) > 2 else below[0]
    if path.startswith(str(_ROOT)):
        own = Path(path).relative_to(_ROOT).parts
        if len(own) == 1 or own[-1] == "__main__.py":
            return LOOP
        return "/".join(own[:2]) if own[0] in _SHARED and len(own) > 2 else own[0]
    return PYTHON


class Sampler(threading.Thread):
    """CPU seconds by package: the innermost frame outside of Python itself pays for what its thread has used."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="sampler", daemon=True)
        self._path = path
        self._packages: defaultdict[str, float] = defaultdict(float)
        self._used: dict[int, float] = {}
        self._names: dict[str, str] = {}

    def run(self) -> None:
        written = time.monotonic()
        while True:
            time.sleep(_PAUSE)
            for thread, frame in sys._current_frames().items():  # noqa: SLF001 - the documented way to see stacks
                used = time.clock_gettime(time.pthread_getcpuclockid(thread))
                self._packages[self._who(frame) if thread != self.ident else SAMPLER] += used - self._used.get(
                    thread, 0.0
                )
                self._used[thread] = used
            if time.monotonic() - written > _WRITE_SECONDS:
                written = time.monotonic()
                self._write()

    def _who(self, frame: FrameType | None) -> str:
        while frame is not None:
            path = frame.f_code.co_filename
            package = self._names.get(path)
            if package is None:
                package = self._names[path] = package_of(path)
            if package != PYTHON:
                return package
            frame = frame.f_back
        return PYTHON

    def _write(self) -> None:
        # Temporal's core has threads of its own, which run no Python.
        packages = self._packages | {NATIVE: time.process_time() - sum(self._packages.values())}
        staged = self._path.with_suffix(".part")
        staged.write_text(json.dumps(packages))
        staged.replace(self._path)


if __name__ == "__main__":
    sys.setswitchinterval(_SWITCH)
    Sampler(Path(sys.argv[1])).start()
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
