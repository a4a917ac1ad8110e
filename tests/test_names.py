"""One name stands for one thing, and a file is read in one sitting."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("activities", "bridge", "minutekeeper", "starter", "web", "workflows")
MAX_PRODUCT_LINES = 350
MAX_TEST_LINES = 400


def _product_files() -> Iterator[Path]:
    yield ROOT / "worker.py"
    for package in PRODUCT:
        yield from sorted((ROOT / package).rglob("*.py"))


def _public_definitions(file: Path) -> Iterator[str]:
    """Classes and functions. Not commands, which are called by the command line alone and named as it is typed."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not (
            node.name.startswith("_") or any(".command(" in ast.unparse(each) for each in node.decorator_list)
        ):
            yield node.name


def _too_long(files: Iterator[Path], most: int) -> dict[str, int]:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    return {name: length for name, length in lengths.items() if length > most}


def test_no_public_class_or_function_name_is_defined_twice() -> None:
    places = defaultdict(list)
    for file in _product_files():
        for name in _public_definitions(file):
            places[name].append(str(file.relative_to(ROOT)))
    places.pop("main")  # the entry point of each process
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_every_file_can_be_read_in_one_sitting() -> None:
    assert _too_long(_product_files(), MAX_PRODUCT_LINES) == {}
    assert _too_long((ROOT / "tests").rglob("*.py"), MAX_TEST_LINES) == {}
