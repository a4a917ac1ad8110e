"""The pages draw the layers that import-linter holds, and every file that they name exists."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
FOLDERS = "activities|bridge|deploy|devtools|docs|examples|minutekeeper|starter|tests|web|workflows"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./*-]*|worker\.py)`")


def test_the_page_draws_the_layers_of_import_linter() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [each["layers"] for each in contracts if each["type"] == "layers" and "containers" not in each]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = page.partition("## Layers")[2].partition("```mermaid")[2].partition("```")[0]
    assert re.findall(r'\["([^"]+)"\]', drawn) == layers


def named_paths() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for path in PATH.findall(page.read_text(encoding="utf-8")):
            yield page.relative_to(ROOT).as_posix(), path.rstrip("/")


@pytest.mark.parametrize(("page", "path"), sorted(set(named_paths())))
def test_every_file_that_a_page_names_exists(page: str, path: str) -> None:
    assert list(ROOT.glob(path)), f"{page} names {path}, which does not exist"
