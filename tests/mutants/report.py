"""Reports the score of each file, and fails where a package or a guard is below the floor."""

import tomllib
from collections import defaultdict
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from poodle import PoodleTestingFailedError
from poodle.data_types import MutantTrial, PoodleConfig, TestingResults

_EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def report(config: PoodleConfig, echo: Callable[..., None], testing_results: TestingResults, **_: Any) -> None:
    """Prints the mutants that no test noticed, then a score for each file and for each package and guard.

    Files that a pattern of `only_files` names with a wildcard are judged together with the others of their
    folder; a file that is named on its own is judged alone.
    """
    equivalent = tomllib.loads(_EQUIVALENT.read_text())["mutant"]
    trials = [trial for trial in testing_results.mutant_trials if not _is_equivalent(trial, equivalent)]
    by_file: dict[str, list[bool]] = defaultdict(list)
    by_group: dict[str, list[bool]] = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: (str(trial.mutant.source_file), trial.mutant.lineno)):
        file = str(trial.mutant.source_file)
        by_file[file].append(trial.result.found)
        by_group[_group(file, config.only_files)].append(trial.result.found)
        if not trial.result.found:
            echo(f"\n{file}:{trial.mutant.lineno} was changed and no test noticed:")
            echo("".join(line + "\n" for line in _changes(trial)))
    for title, scores in (("file", by_file), ("package or guard", by_group)):
        echo(f"\n{'noticed':>12}  {title}")
        for name in sorted(scores):
            echo(f"{_score(scores[name]):>12}  {name}")
    floor = config.reporter_opts["floor_percent"]
    below = [name for name, found in sorted(by_group.items()) if 100 * sum(found) < floor * len(found)]
    if below:
        raise PoodleTestingFailedError(f"Fewer than {floor} % of the changes were noticed in: {', '.join(below)}")


def _group(file: str, patterns: list[str]) -> str:
    return file if file in patterns else str(Path(file).parent)


def _score(found: list[bool]) -> str:
    return f"{sum(found)}/{len(found)} {100 * sum(found) / len(found):3.0f} %"


def _changes(trial: MutantTrial) -> list[str]:
    """The removed and added lines, without the diff's head."""
    lines = (trial.mutant.unified_diff or "").splitlines()[2:]
    return [line for line in lines if line.startswith(("-", "+"))]


def _is_equivalent(trial: MutantTrial, named: list[dict[str, str]]) -> bool:
    added = [line[1:].strip() for line in _changes(trial) if line.startswith("+")]
    return any(
        fnmatch(str(trial.mutant.source_file), f"*{entry['file']}") and added[:1] == [entry["becomes"]]
        for entry in named
    )
