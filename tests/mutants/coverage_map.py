"""Records which test runs which line, so that a mutant is judged by the tests that can notice it."""

import ast
import json
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest
from coverage import Coverage
from pydantic import BaseModel

_IMPORTED = ""
"""The context of lines that run when their module is imported, before any test."""


class CoverageRecorder:
    """A pytest plugin that measures the coverage and the duration of each test."""

    def __init__(self, files: list[str]) -> None:
        self._coverage = Coverage(data_file=None, include=files, config_file=False)
        self._coverage.set_option("run:core", "ctrace")
        self._coverage.start()
        self._seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        started = time.perf_counter()
        result = yield
        self._seconds[item.nodeid] = time.perf_counter() - started
        self._coverage.switch_context(_IMPORTED)
        return result

    def map(self) -> "CoverageMap":
        self._coverage.stop()
        data = self._coverage.get_data()
        root = Path.cwd()
        return CoverageMap(
            seconds=self._seconds,
            tests_by_line={
                str(Path(name).relative_to(root)): data.contexts_by_lineno(name) for name in data.measured_files()
            },
        )


class CoverageMap(BaseModel):
    """Which tests run which line of which file, and how long each test takes.

    Args:
        seconds: By the id of a test.
        tests_by_line: By file and line; the id is empty for lines that run on import.
    """

    seconds: dict[str, float]
    tests_by_line: dict[str, dict[int, list[str]]]

    @classmethod
    def load(cls, path: Path) -> "CoverageMap":
        return cls.model_validate(json.loads(path.read_bytes()))

    def tests_for(self, file: str, lines: range, slowest_seconds: float, budget_seconds: float) -> list[str]:
        """The tests that can notice a change of the lines, quickest first.

        What runs on import (a table, a default) shows in other files, so it is judged by the tests of all
        files that import it. No test that takes longer than `slowest_seconds` counts, and no more tests than
        take `budget_seconds` together.
        """
        by_line = self.tests_by_line.get(file, {})
        chosen = {test for line in lines for test in by_line.get(line, ())}
        near = [test for test in self.seconds if test.split("::")[0] in self._test_files_importing(file)]
        if not chosen or _IMPORTED in chosen:
            chosen = set(near)
            for user in (file, *self._importers(file)):
                lines_of_user = self.tests_by_line.get(user, {})
                chosen.update(test for tests in lines_of_user.values() for test in tests)
        quick = [test for test in chosen if self.seconds.get(test, slowest_seconds) < slowest_seconds]
        quick.sort(key=lambda test: (test not in near, self.seconds[test]))
        return list(_within(quick, self.seconds, budget_seconds))

    def _importers(self, file: str) -> list[str]:
        return [other for other in self.tests_by_line if _module_of(file) in self._imports.get(other, ())]

    def _test_files_importing(self, file: str) -> set[str]:
        files = {test.split("::")[0] for test in self.seconds}
        return {name for name in files if _module_of(file) in self._imports.get(name, ())}

    @cached_property
    def _imports(self) -> dict[str, set[str]]:
        files = {*self.tests_by_line, *(test.split("::")[0] for test in self.seconds)}
        return {file: set(_imports_of(Path(file))) for file in files}


def _module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _within(tests: list[str], seconds: dict[str, float], budget: float) -> Iterator[str]:
    for test in tests:
        budget -= seconds[test]
        if budget < 0:
            return
        yield test
