"""Records the fingerprint anew: `python -m tests.replay.fingerprint`, also `make fingerprint`."""

import sys
from pathlib import Path

from tests.replay.fingerprint import baseline

ROOT = Path(__file__).resolve().parent.parent.parent.parent

if __name__ == "__main__":
    if all((baseline.HERE / name).exists() for name in (baseline.COMMANDS, baseline.RULES)):
        sys.stdout.write(baseline.objection(ROOT) or "Nothing has changed.\n")
    baseline.write(ROOT)
