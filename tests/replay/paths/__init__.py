"""The ways a meeting or a calendar can go, each recorded once for each release and kept as a history."""

from tests.replay.paths import (
    adopted,
    calendars,
    changes,
    completions,
    edge_cases,
    failures,
    reopened,
    several_bots,
    uncertain_dispatch,
)
from tests.replay.recorder import PATHS

__all__ = [
    "PATHS",
    "adopted",
    "calendars",
    "changes",
    "completions",
    "edge_cases",
    "failures",
    "reopened",
    "several_bots",
    "uncertain_dispatch",
]
