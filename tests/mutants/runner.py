"""Judges one mutant: a forked process imports the changed module in place of the original and runs pytest.

Poodle's own runner starts a new interpreter with all tests for each mutant, which takes hours here. A process
that is forked after the libraries were imported, and that runs only the tests of the changed lines, takes about
a second.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from poodle.data_types import Mutant, MutantTrialResult, PoodleConfig

from tests.mutants.coverage_map import CoverageMap, CoverageRecorder

_LIBRARIES = (
    "aiohttp.web",
    "authlib",
    "httpx",
    "msgspec",
    "obstore",
    "pydantic_settings",
    "temporalio.worker",
)
for _library in _LIBRARIES:
    importlib.import_module(_library)

_PYTEST = ["-q", "-x", "-p", "no:cacheprovider", "--no-header", "--hypothesis-profile=mutants"]
_PYTEST += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
_TIMEOUT_SECONDS = 60.0

# A few examples that are always the same: a mutant is noticed in every run or in none.
settings.register_profile(
    "mutants",
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def judge(config: PoodleConfig, run_folder: Path, mutant: Mutant, **_: Any) -> MutantTrialResult:
    """Runs the tests that can notice the mutant; without a mutant, runs all of them and records what they cover."""
    options = config.runner_opts
    recorded = (config.work_folder / "coverage.json").resolve()
    output = run_folder / "output.txt"
    if mutant.source_file is None:
        exit_code = _fork(output, None, _record, options["tests"], config.only_files, recorded)
        return _result(found=exit_code != 0, reason=output.read_text() if exit_code else None)
    lines = range(mutant.lineno, mutant.end_lineno + 1)
    tests = _coverage_map(recorded).tests_for(
        str(mutant.source_file), lines, options["slowest_seconds"], options["budget_seconds"]
    )
    if not tests:
        return _result(found=False, reason="no fast test runs these lines")
    exit_code = _fork(output, _TIMEOUT_SECONDS, _run_on_changed, mutant.source_file, run_folder.resolve(), tests)
    if exit_code == pytest.ExitCode.INTERNAL_ERROR:
        return _result(found=False, reason=output.read_text())
    return _result(found=exit_code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED))


def _result(*, found: bool, reason: str | None = None) -> MutantTrialResult:
    code = MutantTrialResult.RC_FOUND if found else MutantTrialResult.RC_NOT_FOUND
    return MutantTrialResult(found=found, reason_code=code, reason_desc=reason)


@cache
def _coverage_map(recorded: Path) -> CoverageMap:
    return CoverageMap.load(recorded)


def _fork(output: Path, timeout_seconds: float | None, work: Any, *args: Any) -> int | None:
    """The exit code of `work` in a process of its own; None if it had to be ended, as a mutant that loops has."""
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(output, work, args))
    process.start()
    process.join(timeout_seconds)
    if process.is_alive() and process.pid:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return None
    return process.exitcode


def _alone(output: Path, work: Any, args: Sequence[Any]) -> None:
    os.setsid()
    written = os.open(output, os.O_WRONLY | os.O_CREAT)
    os.dup2(written, 1)
    os.dup2(written, 2)
    try:
        exit_code = work(*args)
    except BaseException:  # noqa: BLE001 - told apart from a test that failed
        traceback.print_exc()
        exit_code = pytest.ExitCode.INTERNAL_ERROR
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def _record(tests: list[str], files: list[str], recorded: Path) -> int:
    recorder = CoverageRecorder(files)
    exit_code = pytest.main([*_PYTEST, *tests], plugins=[recorder])
    recorded.write_text(recorder.map().model_dump_json())
    return int(exit_code)


def _run_on_changed(source_file: Path, changed_folder: Path, tests: list[str]) -> int:
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _ChangedModule(source_file, changed_folder))
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))
    return int(pytest.main([*_PYTEST, *files], plugins=[_OnlyThese(tests)]))


class _ChangedModule(importlib.abc.MetaPathFinder):
    """Finds the changed file where the original is asked for, and nothing else."""

    def __init__(self, source_file: Path, changed_folder: Path) -> None:
        self._module = str(source_file.with_suffix("")).replace("/", ".")
        self._file = changed_folder / source_file

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        return importlib.util.spec_from_file_location(fullname, self._file) if fullname == self._module else None


class _OnlyThese:
    """A pytest plugin that runs the chosen tests in the given order."""

    def __init__(self, tests: list[str]) -> None:
        self._place = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._place), key=lambda item: self._place[item.nodeid]
        )
