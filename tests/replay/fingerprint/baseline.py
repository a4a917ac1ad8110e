"""The recorded fingerprint, and what is said about a present one that differs from it."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.replay.fingerprint.taking import Fingerprint, all_patches, take

HERE = Path(__file__).resolve().parent
COMMANDS, RULES = "commands.txt", "rules.txt"

_UNGUARDED = """\
This edit changes what meetings ask of Temporal, or in which order:

{diff}
Meetings sleep for weeks, and each one is played again from its history with the new code when it wakes. Those that
came by this place before the deploy would find another story there than their own, and stand still until the old
code is back: no bot would be sent for them.

What to do (docs/workflow-changes.md has it step by step):
1. Keep the old way for them: `if workflow.patched("a-name-for-the-change"):` the new way, `else:` the old one.
2. Run `pytest tests/replay`: this text then says that the old way is whole, and the recorded meetings replay.
3. `make fingerprint`, and commit what it writes together with the edit.
Only if no meeting can have come by this place, because none was ever kept by this code: step 3 alone.
"""

_GUARDED = """\
This edit adds the way {patches} to what meetings ask of Temporal, and leaves the old way whole:

{diff}
Meetings that came by before the deploy keep to the old way. Run `make fingerprint`, and commit what it writes
together with the edit. docs/workflow-changes.md says how to deploy it, and when the old way may go.
"""

_RULES = """\
This edit changes rules by which meetings decide what to do next:

{diff}
A meeting that is asleep or under way is played again from its history with the new rule when it wakes. If the rule
now decides otherwise about something that has happened to it already, it finds another story there than its own and
stands still until the old code is back.

What to do (docs/workflow-changes.md has it step by step):
1. Run `pytest tests/replay`: the recorded meetings are played again with the new rule.
2. If one does not replay, or a case that nobody recorded would be decided otherwise: ask
   `workflow.patched("a-name-for-the-change")` in workflows/ and hand the answer to the rule, which keeps both ways.
   A rule that only decides what is shown, or about what no meeting can have met yet, needs none of this.
3. `make fingerprint`, and commit what it writes together with the edit.
"""


def write(root: Path, folder: Path = HERE) -> None:
    """Records the fingerprint of the code below `root`."""
    present = take(root)
    (folder / COMMANDS).write_text("".join(f"{line}\n" for line in present.commands))
    (folder / RULES).write_text("".join(f"{line}\n" for line in _lines(present.rules)))


def objection(root: Path, folder: Path = HERE) -> str:
    """What is to be said about the code below `root`; empty if the fingerprint is the recorded one."""
    recorded = _recorded(folder)
    present = take(root)
    before = "\n".join(recorded.commands)
    new = {name for name in all_patches(root) if repr(name) not in before}
    for_older_meetings = take(root, without=new) if new else present
    said = []
    if present.commands != recorded.commands:
        text = _GUARDED if for_older_meetings.commands == recorded.commands else _UNGUARDED
        diff = _diff(recorded.commands, present.commands)
        said.append(text.format(patches=" and ".join(map(repr, sorted(new))), diff=diff))
    # What is new in the rules matters only where something that was there before makes use of it.
    kept = {name: value for name, value in for_older_meetings.rules.items() if name in recorded.rules}
    if kept != recorded.rules:
        said.append(_RULES.format(diff=_diff(_lines(recorded.rules), _lines(kept), context=0)))
    return "\n".join(said)


def _recorded(folder: Path) -> Fingerprint:
    commands = tuple((folder / COMMANDS).read_text().splitlines())
    rules = (line.partition(" = ") for line in (folder / RULES).read_text().splitlines())
    return Fingerprint(commands, {name: value for name, _, value in rules})


def _lines(rules: Mapping[str, str]) -> list[str]:
    return [f"{name} = {value}" for name, value in sorted(rules.items())]


def _diff(before: Sequence[str], after: Sequence[str], context: int = 3) -> str:
    lines = difflib.unified_diff(before, after, "before", "with this edit", n=context, lineterm="")
    return "".join(f"    {line}\n" for line in lines)
