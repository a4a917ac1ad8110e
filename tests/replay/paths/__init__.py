"""The ways a meeting or a calendar can go, each played once for each release and kept as a history."""

from tests.replay.paths import adopted, calendars, changes, completions, doubts, failures, oddities
from tests.replay.stage import PATHS

__all__ = ["PATHS", "adopted", "calendars", "changes", "completions", "doubts", "failures", "oddities"]
