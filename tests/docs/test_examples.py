"""Every example of every page is run by a test, or is listed here with the reason why not."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import typer.main

from minutekeeper.config import Settings
from minutekeeper.meetings.deadlines import Deadlines
from starter.calendars.preview import read_policy
from starter.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "tests/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))

RUN_BY = {
    "README.md": {
        "bash": "tests/system/test_starting.py",
        "python": "tests/system/test_starting.py",
        "text": "tests/devtools/stack/test_demo.py",
    },
    "getting-started.md": {
        "bash": "tests/system/test_starting.py",
        "bash TOMORROW": "tests/system/test_calendar_commands.py",
        "python": "tests/system/test_starting.py",
    },
    "calendars.md": {
        "console": "tests/providers/recall/test_recall_user_commands.py",
        "bash": "tests/system/test_calendar_commands.py",
        "text": "tests/system/test_calendar_commands.py",
        "python": "tests/system/test_calendar_commands.py",
        "bash minutekeeper calendar doctor": "tests/system/test_docs.py",
        "json": "tests/docs/test_examples.py",
    },
    "api.md": {"bash": "tests/system/test_docs.py", "python": "tests/system/test_docs.py"},
    "events.md": {"json": "tests/deliveries/test_documented.py", "python": "tests/deliveries/test_documented.py"},
    "connect.md": {"bash": "tests/system/test_docs.py"},
    "policy.md": {
        "json": "tests/docs/test_policy.py",
        "text": "tests/docs/test_policy.py",
    },
    "simulator.md": {"bash": "tests/system/test_docs.py"},
}
"""The test that runs the blocks of a language, or the one that begins so."""

NOT_RUN = {
    "README.md": {
        " make demo": "takes a minute: tests/devtools/stack/test_demo.py runs what it runs, eight times faster",
        "mermaid": "is a picture",
    },
    "architecture.md": {
        "mermaid": "is a picture; tests/docs/test_architecture.py compares the layers with the code"
    },
    "getting-started.md": {" make dev": "runs until Ctrl-C: tests/devtools/stack/ runs what it runs"},
    "workflow-changes.md": {
        "python": "are lines to put into a workflow, not programs",
        "sh": "are for a release: make histories takes four minutes, and the others need an old release",
    },
}

BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"`(?:\.venv/bin/)?minutekeeper ([^`]+)`|^\s*minutekeeper (.+)$", re.MULTILINE)
SETTING = re.compile(r"\bMINUTEKEEPER_[A-Z_]*[A-Z]\b")


class Block(NamedTuple):
    page: str
    language: str
    text: str

    def is_named(self, key: str) -> bool:
        return f"{self.language} {self.text}".startswith(key)


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for _indent, language, text in BLOCK.findall(page.read_text()):
            yield Block(page.name, language, text.lstrip())


@pytest.mark.parametrize("block", list(blocks()), ids=lambda block: f"{block.page}: {block.text[:30].strip()}")
def test_every_block_is_run_or_has_a_reason(block: Block) -> None:
    places = [*RUN_BY.get(block.page, {}), *NOT_RUN.get(block.page, {})]
    assert any(block.is_named(key) for key in places), "run it in a test, or say in this file why not"


def test_what_is_listed_is_there() -> None:
    every = list(blocks())
    for page, keys in (*RUN_BY.items(), *NOT_RUN.items()):
        for key in keys:
            assert any(block.page == page and block.is_named(key) for block in every), (page, key)
    for tests in RUN_BY.values():
        assert all((ROOT / path).exists() for path in tests.values())


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for quoted, line in COMMAND.findall(page.read_text()):
            if "…" not in (quoted or line).split():
                yield page.name, quoted or line.rstrip("\\ ")


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_every_command_that_a_page_names_exists_with_its_options(page: str, command: str) -> None:
    at: click.Command = typer.main.get_command(app)  # type: ignore[assignment]  # typer has a click of its own
    words = command.split()
    while words and hasattr(at, "commands") and words[0] in at.commands:
        at = at.commands[words.pop(0)]
    assert at.name != "minutekeeper" or words[:1] == ["--version"], f"{page}: there is no command {command}"
    assert not hasattr(at, "commands") or not words or words[0].startswith("-"), f"{page}: {command}"
    if at.name in {"dev", "simulator"}:
        return
    known = {option for parameter in at.params for option in parameter.opts}
    given = {word.partition("=")[0].rstrip(",.;:)`") for word in words if word.startswith("--")}
    assert given <= known, f"{page}: {command}"


def test_every_setting_that_a_page_names_exists() -> None:
    known = {name.upper() for name in Settings.model_fields}
    known |= {f"MINUTEKEEPER_DEADLINE_{name.upper()}" for name in Deadlines.model_fields}
    others = ("MINUTEKEEPER_SIMULATOR_", "MINUTEKEEPER_CALENDAR_", "MINUTEKEEPER_MEMORY", "MINUTEKEEPER_ENV_FILE")
    for page in PAGES:
        named = {name for name in SETTING.findall(page.read_text()) if not name.startswith(others)}
        assert not {name for name in named - known if not any(each.startswith(f"{name}_") for each in known)}


def test_what_holds_tokens_in_the_examples_is_ignored_by_git() -> None:
    for page in PAGES:
        for name in re.findall(r"--credentials (\S+\.json)|/accounts > (\S+\.json)", page.read_text()):
            path = next(filter(None, name))
            ignored = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False)  # noqa: S607 - git
            assert ignored.returncode == 0, f"{page.name}: {path}"


def test_examples_of_files_are_json(tmp_path: Path) -> None:
    for block in blocks():
        if block.page == "calendars.md" and "cat > customers.json" in block.text:
            file = tmp_path / "policy.json"
            file.write_text(block.text.partition("\n")[2].partition("\nEND")[0])
            read_policy(file, "FILE")
