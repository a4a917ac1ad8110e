"""A function as the lines that matter to a replay: what it asks for, what it changes, and on which conditions."""

import ast
from collections.abc import Callable, Iterator, Sequence

from tests.replay.fingerprint.plain import Plain
from tests.replay.fingerprint.source import Function, dotted, mentions

Mention = Callable[[ast.expr], bool]
"""A question about a name or attribute in the code."""

_FOR_PEOPLE = frozenset({"note", "set_current_details", "debug", "info", "warning", "error", "exception"})
_INDENT = "  "


def outline(function: Function, *, matters: Mention, is_silent: Mention) -> list[str]:
    """The lines. `matters`: a replay may notice what this stands for; `is_silent`: calling it changes nothing."""
    return list(_Outline(function, matters, is_silent).block(function.node.body, _INDENT))


class _Outline:
    def __init__(self, function: Function, matters: Mention, is_silent: Mention) -> None:
        self._plain = Plain(function.node)
        self._matters = matters
        self._is_silent = is_silent

    def block(self, body: Sequence[ast.stmt], indent: str) -> Iterator[str]:
        for statement in body:
            yield from self._statement(statement, indent)

    def _statement(self, node: ast.stmt, indent: str) -> Iterator[str]:
        match node:
            case ast.If():
                yield from self._branches(node, indent)
            case ast.While():
                yield from self._with_head(f"while {self._text(node.test)}", [node.test], node.body, indent)
            case ast.For() | ast.AsyncFor():
                yield from self._with_head(f"for _ in {self._text(node.iter)}", [node.iter], node.body, indent)
            case ast.With() | ast.AsyncWith():
                heads = [each.context_expr for each in node.items]
                yield from self._with_head(f"with {', '.join(map(self._text, heads))}", heads, node.body, indent)
            case ast.Try():
                yield from self._attempt(node, indent)
            case ast.Match():
                yield from self._cases(node, indent)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._with_head("def _", [], node.body, indent)
            case _ if self._is_kept(node):
                yield f"{indent}{self._text(node)}"

    def _branches(self, node: ast.If, indent: str) -> Iterator[str]:
        then = list(self.block(node.body, indent + _INDENT))
        otherwise = list(self.block(node.orelse, indent + _INDENT))
        if then or otherwise or self._is_noticed(node.test):
            yield f"{indent}if {self._text(node.test)}:"
            yield from then or [f"{indent}{_INDENT}pass"]
        if otherwise:
            yield f"{indent}else:"
            yield from otherwise

    def _with_head(
        self, head: str, asked: Sequence[ast.expr], body: Sequence[ast.stmt], indent: str
    ) -> Iterator[str]:
        inside = list(self.block(body, indent + _INDENT))
        if inside or any(map(self._is_noticed, asked)):
            yield f"{indent}{head}:"
            yield from inside or [f"{indent}{_INDENT}pass"]

    def _attempt(self, node: ast.Try, indent: str) -> Iterator[str]:
        inside = list(self.block(node.body, indent + _INDENT))
        if inside:
            yield f"{indent}try:"
            yield from inside
            for handler in node.handlers:
                yield f"{indent}except {self._text(handler.type) if handler.type else ''}:"
                yield from list(self.block(handler.body, indent + _INDENT)) or [f"{indent}{_INDENT}pass"]
            for word, part in (("else", node.orelse), ("finally", node.finalbody)):
                yield from self._with_head(word, [], part, indent)

    def _cases(self, node: ast.Match, indent: str) -> Iterator[str]:
        yield f"{indent}match {self._text(node.subject)}:"
        for case in node.cases:
            guard = f" if {self._text(case.guard)}" if case.guard else ""
            head = f"case {ast.unparse(case.pattern)}{guard}"
            yield f"{indent}{_INDENT}{head}:"
            inside = indent + 2 * _INDENT
            yield from list(self.block(case.body, inside)) or [f"{inside}pass"]

    def _is_kept(self, node: ast.stmt) -> bool:
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Import() | ast.ImportFrom():
                return False
            case ast.Expr(value=ast.Call(func=func)):
                return dotted(func).rpartition(".")[2] not in _FOR_PEOPLE and not self._is_silent(func)
            case ast.Assign(value=value) | ast.AnnAssign(value=value):
                return value is not None and (self._is_noticed(value) or _leaves_the_function(node))
        return True

    def _is_noticed(self, node: ast.expr) -> bool:
        return any(isinstance(each, ast.Await) for each in ast.walk(node)) or any(
            map(self._matters, mentions(node))
        )

    def _text(self, node: ast.AST) -> str:
        # A copy, because what is made plain is changed in place.
        copy = ast.parse(ast.unparse(node)).body[0]
        plain = self._plain.visit(copy)
        return ast.unparse(ast.fix_missing_locations(plain)).replace("\n", " ")


def _leaves_the_function(assignment: ast.stmt) -> bool:
    """Whether something else than locals is assigned to."""
    stored = (each for each in ast.walk(assignment) if isinstance(each, ast.Attribute | ast.Subscript))
    return any(isinstance(each.ctx, ast.Store) for each in stored)
