"""Renders the tables of `docs/api.md` from the document of the API; the text around them is written by hand."""

import json
import re
from pathlib import Path
from typing import Any

from web.api.document import openapi_text
from web.api.problems import STATUS_OF, ProblemCode

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "api.md"
_TABLE = "<!-- {name}, by `make docs` -->\n"
_END = "<!-- end -->"


def api_page() -> str:
    """The page with its tables as the code says today."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in {"operations": _operations(), "codes": _codes()}.items():
        before, mark, rest = text.partition(_TABLE.format(name=name))
        _, end, after = rest.partition(_END)
        if not mark or not end:
            raise ValueError(f"docs/api.md needs a table of {name}")
        text = f"{before}{mark}{table}{end}{after}"
    return text


def _operations() -> str:
    document: dict[str, Any] = json.loads(openapi_text())
    lines = ["| operation | scope | what it does |", "| --- | --- | --- |"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope = re.search(r"scope (`\w+`)", operation.get("description", ""))
            lines.append(f"| `{method.upper()} {path}` | {scope[1] if scope else '-'} | {operation['summary']} |")
    return "".join(f"{line}\n" for line in lines)


def _codes() -> str:
    by_status: dict[int, list[ProblemCode]] = {}
    for code, status in STATUS_OF.items():
        by_status.setdefault(status, []).append(code)
    lines = ["| status | codes |", "| --- | --- |"]
    lines += [
        f"| {status} | {', '.join(f'`{code.value}`' for code in codes)} |"
        for status, codes in sorted(by_status.items())
    ]
    return "".join(f"{line}\n" for line in lines)
