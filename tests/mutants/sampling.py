"""Chooses the mutants of a file: all that Poodle can make, or a sample that is the same for the same code."""

import ast
import itertools
import os
import random
import re
from typing import Any

from poodle.data_types import FileMutation, PoodleConfig
from poodle.mutate import builtin_mutators
from poodle.util import mutate_lines

_ANOTHER_NOTHING = "return ''"
"""What Poodle makes of `return None`. The type checker refuses it, because the caller expects no text."""


def sampled_mutants(config: PoodleConfig, file_lines: list[str], **_: Any) -> list[FileMutation]:
    """Collects the mutants of all of Poodle's mutators, and keeps at most `SAMPLE` of them.

    Args:
        config: Its `mutator_opts` say how many mutants to keep (`sample`, all of them if it is 0), and in
            regular expressions which source lines change nothing that a program does (`without_effect`).
        file_lines: The file.
    """
    sample = int(os.environ.get("SAMPLE") or config.mutator_opts["sample"])
    without_effect = [re.compile(pattern) for pattern in config.mutator_opts["without_effect"]]
    source = "\n".join(file_lines)
    possible = {
        (mutant.lineno, mutant.col_offset, mutant.end_lineno, mutant.end_col_offset, mutant.text): mutant
        for mutator in builtin_mutators.values()
        for mutant in mutator(config=config, echo=print).create_mutations(
            parsed_ast=ast.parse(source), file_lines=file_lines
        )
        if mutant.text != _ANOTHER_NOTHING
        and not any(pattern.search(file_lines[mutant.lineno - 1]) for pattern in without_effect)
    }
    mutants = [possible[place] for place in sorted(possible)]
    if sample:
        random.Random(source).shuffle(mutants)  # noqa: S311 - repeatable on purpose
    programs = (mutant for mutant in mutants if _is_another_program(mutant, file_lines))
    return list(itertools.islice(programs, sample or None))


def _is_another_program(mutant: FileMutation, file_lines: list[str]) -> bool:
    lines = [line + "\n" for line in file_lines]
    changed = mutate_lines(mutant, lines)
    try:
        ast.parse("".join(changed))
    except SyntaxError:
        return False
    return bool(changed != lines)
