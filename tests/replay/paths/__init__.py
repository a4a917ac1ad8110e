"""The ways a meeting can go, each played once for each release and kept as a history."""

from tests.replay.paths import changes, completions, doubts, failures, oddities
from tests.replay.stage import PATHS

__all__ = ["PATHS", "changes", "completions", "doubts", "failures", "oddities"]
