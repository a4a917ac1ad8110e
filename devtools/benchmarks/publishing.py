"""What a run leaves behind: results, pictures and the pages that show them."""

from pathlib import Path

from devtools.benchmarks.document import filled
from devtools.benchmarks.plots import draw_plots
from devtools.benchmarks.report import Results
from starter.output import print_line

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = Path("devtools", "benchmarks") / "results.json"
IMAGES = Path("docs") / "images"
PAGES = (Path("docs") / "performance.md", Path("docs") / "sizing.md")


def published(results: Results, root: Path, *, is_whole: bool) -> list[Path]:
    """Shows a run in the documents, if it belongs there; what was written."""
    if is_whole and results.share == 1:
        return publish(results, root)
    kept = Results.read(root / RESULTS)
    if kept is None or not results.is_comparable(kept):
        print_line("The documents keep what they show: that was not measured like this run.", "dim", stderr=True)
        return []
    return publish(kept.with_rows(results.rows), root)


def publish(results: Results, root: Path) -> list[Path]:
    """Writes results, pictures and pages; where they lie.

    Raises ValueError if a page has a mark that nobody knows.
    """
    written = write_all(results, (root / RESULTS).parent, root / IMAGES)
    for page in PAGES:
        path = root / page
        path.write_text(filled(path.read_text(), results))
        written.append(path)
    return written


def write_all(results: Results, folder: Path, images: Path) -> list[Path]:
    """Writes results and pictures alone."""
    path = folder / RESULTS.name
    results.write(path)
    return [path, *draw_plots(results.rows, images)]
