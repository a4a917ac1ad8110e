"""Code without what a replay does not see: locals without names, words without text, commands without timeouts."""

import ast

from tests.replay.fingerprint.source import FunctionNode, dotted

_UNSEEN = frozenset(
    {
        *("start_to_close_timeout", "schedule_to_close_timeout", "schedule_to_start_timeout"),
        *("heartbeat_timeout", "retry_policy", "task_queue", "priority"),
        *("summary", "timeout_summary", "static_summary", "static_details"),
    }
)
_ONLY_FIRST = ("execute_activity", "start_activity", "execute_child_workflow", "start_child_workflow")
"""Of these commands the first argument says what is to be done; what it is done with is not compared."""
_NOT_AT_ALL = frozenset({"sleep", "upsert_search_attributes", "upsert_memo", "continue_as_new"})


class Plain(ast.NodeTransformer):
    """Makes the code of one function plain; see the module. `whole` keeps what objects are made of."""

    def __init__(self, function: FunctionNode, *, whole: bool = False) -> None:
        self._whole = whole
        self._locals: set[str] = set()
        for each in ast.walk(function):
            match each:
                case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.ExceptHandler(name=str(name)):
                    self._locals.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if each is not function:
                    self._locals.add(name)
        self._locals -= {"self", "cls"}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("_", node.ctx) if node.id in self._locals else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg("_" if node.arg in self._locals else node.arg)

    def visit_JoinedStr(self, _node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("…")

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        is_text = isinstance(node.value, str) and " " in node.value
        return ast.Constant("…") if is_text else node

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.Raise(self.visit(what) if what else None)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | ast.Pass:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=0) if node.value else ast.Pass()

    def visit_Call(self, node: ast.Call) -> ast.Call:
        room, _, command = dotted(node.func).rpartition(".")
        arguments, keywords = node.args, node.keywords
        if room in {"workflow", "asyncio"}:
            keywords = [each for each in keywords if each.arg not in _UNSEEN]
            if command.startswith(_ONLY_FIRST):
                arguments = arguments[:1]
            elif command in _NOT_AT_ALL:
                arguments, keywords = [], []
        elif command[:1].isupper() and not self._whole:
            arguments, keywords = [], []
        return ast.Call(
            self.visit(node.func),
            [self.visit(each) for each in arguments],
            [self._keyword(each, room) for each in keywords],
        )

    def _keyword(self, node: ast.keyword, room: str) -> ast.keyword:
        # That there is a timer is compared, how long it runs is not.
        is_duration = node.arg == "timeout" and room in {"workflow", "asyncio"}
        return ast.keyword(node.arg, ast.Name("_") if is_duration else self.visit(node.value))
