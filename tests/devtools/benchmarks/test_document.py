import re
from pathlib import Path

import pytest

from devtools.benchmarks.document import filled, names_of_parts
from devtools.benchmarks.publishing import PAGES, RESULTS, ROOT
from devtools.benchmarks.report import Results
from tests.devtools.benchmarks.factory import results

PERFORMANCE, SIZING = (ROOT / page for page in PAGES)


def without_parts(page: str) -> str:
    return re.sub(r"(<!-- [a-z-]+: written by make bench -->\n).*?(<!-- /)", r"\1\2", page, flags=re.DOTALL)


def test_the_results_are_shown_with_their_baselines_and_verdicts() -> None:
    page = filled(PERFORMANCE.read_text(), results())
    assert "| billable actions | 13 | 26 | ≤ 13 | reached |" in page
    assert "| on disk, each | 30 KiB |  | ≤ 25 KiB | **missed** |" in page
    assert "| Sleepers: on disk, each | 30 KiB | ≤ 25 KiB |" in page
    assert "2 cores of A Fine CPU" in page


def test_the_sizes_are_computed_from_the_results() -> None:
    page = filled(SIZING.read_text(), results())
    assert "| 13 actions each | $650 |" in page
    assert "| all three together | 160 ms | 22,500 |" in page


@pytest.mark.parametrize("path", [PERFORMANCE, SIZING])
def test_everything_else_on_a_page_is_kept(path: Path) -> None:
    before = path.read_text()
    page = filled(before, results())
    assert without_parts(page) == without_parts(before)
    assert filled(page, results()) == page
    assert names_of_parts(page)


def test_a_mark_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError, match="weather"):
        filled("<!-- weather: written by make bench -->\n<!-- /weather -->", results())


@pytest.mark.parametrize("path", [PERFORMANCE, SIZING])
def test_the_pages_say_what_the_kept_results_say(path: Path) -> None:
    kept = Results.read(ROOT / RESULTS)
    assert kept is not None
    page = path.read_text()
    assert filled(page, kept) == page, "write it anew: python -m devtools.benchmarks --rewrite"
