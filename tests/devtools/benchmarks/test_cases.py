import re
from pathlib import Path

from devtools.benchmarks.booking import called_at, link, whole_second
from devtools.benchmarks.run import ROWS

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def test_links_are_all_different_and_all_real() -> None:
    meetings = called_at(whole_second(60), "own", range(1000))
    assert len({meeting.meeting_url for meeting in meetings}) == 1000
    assert link("abc", 0) == "https://meet.google.com/abc-aaaa-aaa"
    assert link("abc", 27) == "https://meet.google.com/abc-aaaa-abb"


def test_every_row_is_explained_in_the_documents() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert set(re.findall(r"ONLY=([a-z-]+)", page)) == set(ROWS)
