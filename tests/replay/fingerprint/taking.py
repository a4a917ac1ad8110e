"""Takes the fingerprint of a copy of the project."""

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.replay.fingerprint.outline import outline
from tests.replay.fingerprint.patches import Without, patches
from tests.replay.fingerprint.plain import Plain
from tests.replay.fingerprint.reach import Reach
from tests.replay.fingerprint.source import read

_SHORT = 60


@dataclass(frozen=True)
class Fingerprint:
    """`commands`: what is asked of Temporal, line by line. `rules`: by name, a digest of what decides about it."""

    commands: tuple[str, ...]
    rules: dict[str, str]


def take(root: Path, *, without: Iterable[str] = ()) -> Fingerprint:
    """The fingerprint of the code below a folder, as it is for a meeting older than these patches."""
    modules = read(root, Without(without).visit)
    reach = Reach(modules)
    lines: list[str] = []
    for module in modules:
        lines += [f"{ast.unparse(defn)} {name}" for name, defn in module.workflows.items()]
    outlines = _outlines(reach)
    for name in sorted(outlines):
        role = reach.functions[name].role
        lines += ["", f"@{role} {name}" if role else name, *outlines[name]]
    rules = {
        name: _digest(Plain(function.node, whole=True).visit(function.body))
        for name, function in reach.functions.items()
        if name not in reach.commanding
    }
    rules |= {name: _value(value) for name, value in reach.constants.items()}
    return Fingerprint(tuple(lines), rules)


def all_patches(root: Path) -> set[str]:
    """The names of all patches in the code below a folder."""
    return {name for file in (root / "workflows").rglob("*.py") for name in patches(ast.parse(file.read_text()))}


def _outlines(reach: Reach) -> dict[str, list[str]]:
    """The outlines of all functions that ask something of Temporal. Calls of those that only show are left out."""
    silent: set[str] = set()
    others = reach.functions.keys() - reach.commanding
    while more := {name for name in others - silent if not _drawn(reach, name, silent)}:
        silent |= more
    return {name: _drawn(reach, name, silent) for name in reach.commanding}


def _drawn(reach: Reach, name: str, silent: set[str]) -> list[str]:
    function = reach.functions[name]

    def matters(node: ast.expr) -> bool:
        return reach.is_command(function, node) or bool(set(reach.called(function, node)) - silent)

    def is_silent(node: ast.expr) -> bool:
        called = reach.called(function, node)
        return bool(called) and silent.issuperset(called)

    return outline(function, matters=matters, is_silent=is_silent)


def _digest(node: ast.AST) -> str:
    return hashlib.sha256(ast.unparse(ast.fix_missing_locations(node)).encode()).hexdigest()[:8]


def _value(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHORT else _digest(node)
