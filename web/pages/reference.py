"""The page `/api/docs`: the document of the API for people, without a script and with nothing from elsewhere."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from markupsafe import Markup

from web.pages.templates import PageFrame, render_page

REFERENCE_PATH = "/api/docs"

_PARTS = {"id": "MEETING", "name": "recording.mp4"}
"""What stands in an example for a part of an address; for others it is their own name."""


class ReferenceField(NamedTuple):
    """One field or parameter. `kind` is its type, as HTML with links."""

    name: str
    kind: Markup
    is_required: bool
    description: str
    where: str = ""


class ReferenceSchema(NamedTuple):
    """What a body consists of, or the values of a list."""

    name: str
    description: str
    fields: tuple[ReferenceField, ...]
    values: tuple[str, ...]


class ReferenceOperation(NamedTuple):
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[ReferenceField, ...]
    body: tuple[ReferenceField, ...]
    answers: tuple[tuple[str, str, Markup], ...]
    problems: tuple[tuple[str, tuple[str, ...]], ...]
    curl: str


class ReferenceGroup(NamedTuple):
    """Operations of one kind."""

    name: str
    description: str
    operations: tuple[ReferenceOperation, ...]


def reference_page(document: dict[str, Any]) -> str:
    """The page, as HTML."""
    operations = [
        (operation["tags"][0], _operation(document, method, path, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    groups = [
        ReferenceGroup(tag["name"], tag["description"], found)
        for tag in document["tags"]
        if (found := tuple(each for name, each in operations if name == tag["name"]))
    ]
    schemas = [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    values = {"groups": groups, "schemas": schemas, "version": document["info"]["version"]}
    return render_page("api.html", PageFrame(REFERENCE_PATH), values)


def curl_example(path: str, method: str, operation: dict[str, Any]) -> str:
    """A command that calls an operation. Its variables are explained at the top of the page."""
    named = re.sub(r"\{(\w+)\}", _example_part, path)
    key = '--oauth2-bearer "$MK_API_KEY" ' if "security" in operation else ""
    chosen = f"-X {method.upper()} " if method in {"patch", "put", "delete"} else ""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = f" \\\n  --json '{json.dumps(content['example'])}'" if "example" in content else ""
    if not body and method == "post":
        body = " \\\n  --json '{}'"
    saved = " \\\n  -L -O" if named.endswith(".mp4") else ""
    return f'curl {chosen}{key}\\\n  "$MK_API_URL{named}"{body}{saved}'


def _example_part(match: re.Match[str]) -> str:
    part = _PARTS.get(match[1], match[1].upper())
    return part if "." in part else f"${part}"


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> ReferenceOperation:
    description = operation.get("description", "")
    scope = re.search(r"scope `(\w+)`", description)
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    parameters = tuple(
        ReferenceField(
            each["name"], _kind(each["schema"]), each["required"], each.get("description", ""), each["in"]
        )
        for each in operation["parameters"]
    )
    answers = []
    problems = []
    for status, response in operation["responses"].items():
        if "application/problem+json" in response.get("content", {}):
            problems.append((status, tuple(re.findall(r"`(\w+)`", response["description"]))))
        else:
            answers.append((status, response["description"], _answer_kind(response)))
    return ReferenceOperation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        scope=scope[1] if scope else "",
        parameters=parameters,
        body=tuple(_fields(_resolved(document, content["schema"]))) if content else (),
        answers=tuple(answers),
        problems=tuple(problems),
        curl=curl_example(path, method, operation),
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _schema(name: str, schema: dict[str, Any]) -> ReferenceSchema:
    return ReferenceSchema(
        name, schema.get("description", ""), tuple(_fields(schema)), tuple(map(str, schema.get("enum", ())))
    )


def _fields(schema: dict[str, Any]) -> Iterator[ReferenceField]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield ReferenceField(name, _kind(field), name in required, field.get("description", ""))


def _answer_kind(response: dict[str, Any]) -> Markup:
    content = response.get("content", {})
    if "application/json" in content:
        return _kind(content["application/json"]["schema"])
    return Markup("file") if content else Markup()


def _kind(schema: dict[str, Any]) -> Markup:
    """The type of a value in words, with links to the schemas that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#schema-{name}">{name}</a>').format(name=name)
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return Markup(" or ").join(_kind(each) for each in alternatives)
    if "enum" in schema or "const" in schema:
        values = schema.get("enum") or [schema["const"]]
        return Markup(", ").join(Markup("<code>{}</code>").format(each) for each in values)
    kind = schema.get("type", "any")
    if kind == "array":
        inner = schema.get("items") or {}
        return Markup("list of {}").format(_kind(inner))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("object of {}").format(_kind(schema["additionalProperties"]))
    words = {"date-time": "instant", "binary": "bytes"}
    return Markup("{}").format(words.get(schema.get("format", ""), kind))
