"""Every link inside the repository leads to a file that exists, and to a heading that it has."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "examples/*.md", "tests/*.md", ".github/**/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCED = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 110


def anchors(path: Path) -> set[str]:
    """The fragments by which headings are linked: lower case, without punctuation, hyphens for blanks."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def links() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        for target in LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
            if not re.match(r"https?://|mailto:", target):
                yield path.relative_to(ROOT).as_posix(), target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    name, _, fragment = target.partition("#")
    path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
    assert path.is_relative_to(ROOT), f"{page} links to {target}, outside the repository"
    assert path.exists(), f"{page} links to {target}, which does not exist"
    if fragment:
        assert fragment in anchors(path), f"{page} links to {target}, which has no such heading"
