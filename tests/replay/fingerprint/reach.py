"""Which functions a workflow gets to, and which of them ask something of Temporal."""

import ast
from collections import defaultdict
from collections.abc import Iterable

from tests.replay.fingerprint.source import Function, Module, dotted, mentions

_HARMLESS = frozenset(
    {"now", "info", "instance", "all_handlers_finished", "logger", "set_current_details", "unsafe", "time"}
)
"""Of `temporalio.workflow`: what leaves nothing in a history."""
_TIMERS = frozenset({"asyncio.sleep", "asyncio.timeout", "asyncio.timeout_at", "asyncio.wait_for"})
"""In a workflow, the event loop's own timers are Temporal's."""


class Reach:
    """What is reached from the workflows of these modules, by name.

    A method is looked for in every class, because nobody says which one a variable holds: rather too many functions
    than one too few.
    """

    def __init__(self, modules: Iterable[Module]) -> None:
        self._functions: dict[str, Function] = {}
        self._methods: dict[str, list[str]] = defaultdict(list)
        self._constants: dict[str, ast.expr] = {}
        for module in modules:
            self._constants |= module.constants
            for function in module.functions:
                self._functions[function.name] = function
                if function.owner and not function.role:
                    self._methods[function.short_name].append(function.name)
        self.functions = self._reached()
        self.commanding = self._commanding()
        """Those that ask something of Temporal or wait, by themselves or through others, and the entrances."""

    @property
    def constants(self) -> dict[str, ast.expr]:
        """The constants that these functions mention, and the defaults of all fields: messages are made of them."""
        named: set[str] = set()
        for function in self.functions.values():
            for node in mentions(function.body):
                name = self._full_name(function, node)
                named |= {name, f"{function.module.name}.{name}"}
        return {name: value for name, value in sorted(self._constants.items()) if name in named or _is_field(name)}

    def called(self, function: Function, node: ast.expr) -> list[str]:
        """The functions that a name or attribute in a function may stand for."""
        name = self._full_name(function, node)
        here = f"{function.module.name}.{name}"
        if isinstance(node, ast.Attribute) and dotted(node.value) == "self":
            own = f"{function.owner}.{node.attr}"
            return [own] if own in self._functions else self._methods[node.attr]
        for exact in (name, here, f"{name}.__init__", f"{here}.__init__"):
            if exact in self._functions:
                return [exact]
        return self._methods[node.attr] if isinstance(node, ast.Attribute) else []

    @staticmethod
    def is_command(function: Function, node: ast.expr) -> bool:
        """Whether a name or attribute is something of Temporal's that leaves a trace in a history."""
        name = Reach._full_name(function, node)
        return name in _TIMERS or (
            name.startswith("temporalio.workflow.")
            and name.count(".") == 2
            and name.rpartition(".")[2] not in _HARMLESS
            and name.rpartition(".")[2].islower()
        )

    @staticmethod
    def _full_name(function: Function, node: ast.expr) -> str:
        first, _, rest = dotted(node).partition(".")
        full = function.module.imports.get(first, first)
        return f"{full}.{rest}" if rest else full

    def _reached(self) -> dict[str, Function]:
        reached: dict[str, Function] = {}
        waiting = [name for name, function in self._functions.items() if function.is_entrance]
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            function = reached[name] = self._functions[name]
            for node in mentions(function.body):
                waiting += self.called(function, node)
        return dict(sorted(reached.items()))

    def _commanding(self) -> set[str]:
        calls = {
            name: {other for node in mentions(function.body) for other in self.called(function, node)}
            for name, function in self.functions.items()
        }
        commanding = {
            name
            for name, function in self.functions.items()
            if function.is_entrance
            or any(isinstance(node, ast.Await) for node in ast.walk(function.body))
            or any(self.is_command(function, node) for node in mentions(function.body))
        }
        while more := {name for name, others in calls.items() if others & commanding} - commanding:
            commanding |= more
        return commanding


def _is_field(name: str) -> bool:
    """Whether a constant is a class's: the last name but one is written as classes are."""
    return name.split(".")[-2][:1].isupper()
