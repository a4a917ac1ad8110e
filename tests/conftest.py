"""How every test runs, and what is said at the end of a run."""

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, is_hypothesis_test, settings

# A slow machine is no defect: what takes long is told by the benchmarks.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measures no coverage of random examples: they run the same lines again and again, at half the speed."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker("no_cover")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Names the tests that were skipped, and what the reason of each says about having it run."""
    skipped: list[pytest.TestReport] = terminalreporter.getreports("skipped")
    if not skipped:
        terminalreporter.write_line("No test was skipped.")
        return
    terminalreporter.section("skipped here")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")
