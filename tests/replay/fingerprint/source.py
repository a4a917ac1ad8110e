"""The source of the workflows and of the rules they follow: every function by name, and what it mentions."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_WORKFLOWS = "workflows"
_RULES = ("minutekeeper",)
_WORDS = frozenset({"minutekeeper.meetings.descriptions"})
"""What these make is read by people only."""
_ENTRANCES = ("workflow.run", "workflow.init", "workflow.signal", "workflow.update")
_OTHER_ROLES = ("workflow.query", "validator")


@dataclass(frozen=True)
class Function:
    """`owner` is the full name of its class, empty for a plain function; `role`: what Temporal takes it for."""

    name: str
    node: FunctionNode
    module: "Module"
    owner: str = ""
    role: str = ""

    @property
    def short_name(self) -> str:
        return self.node.name

    @property
    def body(self) -> ast.Module:
        """What it does, without its decorators and annotations."""
        return ast.Module(self.node.body, [])

    @property
    def is_entrance(self) -> bool:
        """Whether Temporal calls it in a replay, too. Queries and validators are not asked again."""
        return self.role in _ENTRANCES


@dataclass
class Module:
    """`imports` says what the names in it stand for, `constants` what is assigned in it and in its classes."""

    name: str
    imports: dict[str, str] = field(default_factory=dict)
    functions: list[Function] = field(default_factory=list)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    workflows: dict[str, ast.expr] = field(default_factory=dict)
    """The classes that are workflows, each with its decorator."""


def read(root: Path, change: Callable[[ast.Module], ast.Module] = lambda tree: tree) -> list[Module]:
    """The workflows' modules and all of ours that these import, each tree after a change."""
    files = {
        ".".join(file.relative_to(root).with_suffix("").parts): file
        for package in (_WORKFLOWS, *_RULES)
        for file in (root / package).rglob("*.py")
    }
    read: dict[str, Module] = {}
    waiting = [name for name in files if name.startswith(_WORKFLOWS)]
    while waiting:
        name = waiting.pop()
        if name not in read and name not in _WORDS:
            module = read[name] = _module(name, change(ast.parse(files[name].read_text())))
            imported = set(module.imports.values())
            imported |= {each.rpartition(".")[0] for each in imported}
            waiting += imported & files.keys()
    return [read[name] for name in sorted(read)]


def _module(name: str, tree: ast.Module) -> Module:
    module = Module(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module.imports |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            module.imports |= {each.asname or each.name: each.name for each in node.names}
    for node in tree.body:
        _take_in(module, node, owner="")
    return module


def _take_in(module: Module, node: ast.stmt, owner: str) -> None:
    prefix = owner or module.name
    if isinstance(node, FunctionNode):
        role = next(
            (how for how in map(dotted, node.decorator_list) if how.endswith(_ENTRANCES + _OTHER_ROLES)), ""
        )
        if node.name == "__init__" and owner in module.workflows:
            role = "workflow.init"
        module.functions.append(Function(f"{prefix}.{node.name}", node, module, owner, role))
    elif isinstance(node, ast.ClassDef) and not any("Enum" in dotted(base) for base in node.bases):
        name = f"{prefix}.{node.name}"
        for decorator in node.decorator_list:
            if dotted(decorator) == "workflow.defn":
                module.workflows[name] = decorator
        for each in node.body:
            _take_in(module, each, owner=name)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = (each.id for each in targets if isinstance(each, ast.Name) and each.id != "model_config")
        module.constants |= {f"{prefix}.{name}": node.value for name in names}


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression, of a call the same of what is called; empty if it is neither."""
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return before and f"{before}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def mentions(node: ast.AST) -> Iterator[ast.expr]:
    """Every name and attribute in a piece of code."""
    return (each for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute))
