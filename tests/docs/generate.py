"""Writes the generated pages: settings, commands and schemas. `make docs`, or `--check` to compare.

It runs as a process of its own because importing the commands installs their signal handlers.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from starter.calendars.policy_schema import limits_schema, policy_schema, rules_schema_text
from tests.docs.api_page import api_page
from tests.docs.cli_page import cli_page
from tests.docs.settings_page import settings_page
from web.api.document import openapi_text

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "openapi.json": openapi_text,
    "api.md": api_page,
    "policy.schema.json": lambda: rules_schema_text(policy_schema()),
    "limits.schema.json": lambda: rules_schema_text(limits_schema()),
}


def out_of_date(folder: Path = DOCS) -> list[str]:
    """The names of generated pages whose file differs from what the code says today."""
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != page()
    ]


def main(arguments: Iterable[str]) -> int:
    """Exit status: 0 when all pages are (or now are) up to date, 1 when `--check` finds one that is not."""
    old = out_of_date()
    if "--check" in arguments:
        for name in old:
            sys.stderr.write(f"docs/{name} is out of date: run `make docs` and commit the result\n")
        return 1 if old else 0
    for name in old:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stdout.write(f"docs/{name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
