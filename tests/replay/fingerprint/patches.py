"""The code as it is for a meeting that is older than a patch: `workflow.patched(…)` is false for it."""

import ast
from collections.abc import Iterable

from tests.replay.fingerprint.source import dotted


def patches(tree: ast.AST) -> set[str]:
    """The names of the patches that are asked for in some code."""
    return {name for node in ast.walk(tree) if (name := _patch(node)) is not None}


class Without(ast.NodeTransformer):
    """Takes these patches for not applied, and leaves out what is done only where they are."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Constant(value=False) if _patch(node) in self._names else self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        known = _known(node.operand)
        return ast.Constant(not known) if isinstance(node.op, ast.Not) and known is not None else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        decisive = isinstance(node.op, ast.Or)
        open_ = [each for each in node.values if _known(each) is not (not decisive)]
        if not open_:
            return ast.Constant(not decisive)
        if _known(open_[0]) is decisive:
            return ast.Constant(decisive)
        return open_[0] if len(open_) == 1 else ast.BoolOp(node.op, open_)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        known = _known(node.test)
        return node if known is None else node.body if known else node.orelse

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        known = _known(node.test)
        return node if known is None else node.body if known else node.orelse


def _patch(node: ast.AST) -> str | None:
    match node:
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) if dotted(node.func) == "workflow.patched":
            return name
    return None


def _known(node: ast.expr) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None
