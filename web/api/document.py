"""The OpenAPI 3.1 document, made from the table of routes."""

import json
import re
from typing import Any

from openapi_pydantic import OpenAPI
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from minutekeeper import __version__
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING
from minutekeeper.storage.store import ArtifactStore
from starter.calendars.client import CalendarClient
from starter.client import MeetingClient
from starter.webhook_endpoints import WebhookClient
from web.api.calendars import CalendarHandlers
from web.api.event_stream import EventHandlers
from web.api.files import FileHandlers
from web.api.handlers import MeetingHandlers
from web.api.problems import PROBLEM_TYPE, STATUS_OF, Problem, ProblemCode
from web.api.route import ApiRoute
from web.api.routes import ApiHandlers, api_routes
from web.api.webhooks import WebhookHandlers
from web.changes import ChangeFeed
from web.shared_calendars import SharedCalendars
from web.stored_files import StoredFiles

DOCUMENT_PATH = "/api/openapi.json"

_DESCRIPTION = (
    "Books meetings, follows them and explains how they ended. Every error is a problem (RFC 9457) whose `code` is "
    "from a closed list. A key is made with `minutekeeper key new`."
)
_EVERYWHERE = (ProblemCode.INVALID_REQUEST, ProblemCode.INTERNAL_ERROR)
_WITH_KEY = (
    ProblemCode.NO_KEY,
    ProblemCode.SCOPE_MISSING,
    ProblemCode.KEY_IN_URL,
    ProblemCode.TOO_MANY_REQUESTS,
)
_WITH_BODY = (
    ProblemCode.INVALID_JSON,
    ProblemCode.BODY_TOO_SLOW,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.NOT_JSON,
)


_TAGS = {
    "meetings": "Book meetings, follow, change and explain them.",
    "files": "What is stored of meetings.",
    "calendars": "Calendars, what their policies decide, and why.",
    "webhooks": "Endpoints that are told of events, and what was delivered to them.",
    "events": "What happens, as it happens.",
    "health": "Whether the API works.",
}


def tag_of(route: ApiRoute) -> str:
    """The group that an operation belongs to."""
    if not route.path.startswith("/api/"):
        return "health"
    return "files" if route.is_file or route.name == "listFiles" else route.path.split("/")[3]


def openapi_document(routes: tuple[ApiRoute, ...]) -> dict[str, Any]:
    """The document as JSON data."""
    models = _Models(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, models)
    components = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}, "schemas": models.schemas}
    document = OpenAPI.model_validate(
        {
            "openapi": "3.1.1",
            "info": {"title": "Minutekeeper", "version": __version__, "description": _DESCRIPTION},
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
            "paths": paths,
            "components": components,
        }
    )
    # The default values of parameters in the path are not allowed there.
    return {"openapi": document.openapi} | document.model_dump(mode="json", by_alias=True, exclude_unset=True)


_REFERENCE = "#/components/schemas/{model}"


class _AnswersAreComplete(GenerateJsonSchema):
    """Says of answers that they have all their fields, because those with their default are written too."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)


class _Models:
    """The schemas of all bodies: of requests as they are read, of answers as they are written."""

    def __init__(self, routes: tuple[ApiRoute, ...]) -> None:
        bodies: set[type[BaseModel]] = {route.body for route in routes if route.body is not None}
        outputs: set[type[BaseModel]] = {Problem, *(route.output for route in routes if not route.is_file)}
        queries: set[type[BaseModel]] = {route.query for route in routes}
        named = [(model, mode) for mode, group in _modes(bodies | queries, outputs) for model in group]
        self._references, definitions = models_json_schema(
            named, ref_template=_REFERENCE, schema_generator=_AnswersAreComplete
        )
        defined: dict[str, dict[str, Any]] = definitions["$defs"]
        names = {json.dumps(schema, sort_keys=True): name for name, schema in defined.items()}
        self.schemas: dict[str, Any] = {name: _with_references(each, names) for name, each in defined.items()}
        # The parameters of a query stand at the operations, one by one.
        self._queries = {query: self.schemas.pop(self._name(query)) for query in queries}

    def _name(self, query: type[BaseModel]) -> str:
        return str(self._references[query, "validation"]["$ref"]).rpartition("/")[2]

    def of_query(self, model: type[BaseModel]) -> dict[str, Any]:
        """The schemas of a query's parameters, by name."""
        return dict(self._queries[model].get("properties", {}))

    def of_body(self, model: type[BaseModel]) -> dict[str, Any]:
        return dict(self._references[model, "validation"])

    def of_output(self, model: type[BaseModel]) -> dict[str, Any]:
        return dict(self._references[model, "serialization"])


def _with_references(schema: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The schema, with a reference in place of each part that is a schema of its own."""

    def referred(value: Any) -> Any:
        if isinstance(value, list):
            return [referred(each) for each in value]
        if not isinstance(value, dict):
            return value
        if name := names.get(json.dumps(value, sort_keys=True)):
            return {"$ref": _REFERENCE.format(model=name)}
        return {key: referred(each) for key, each in value.items()}

    return {key: referred(each) for key, each in schema.items()}


def _modes(
    bodies: set[type[BaseModel]], outputs: set[type[BaseModel]]
) -> list[tuple[JsonSchemaMode, list[type[BaseModel]]]]:
    def by_name(models: set[type[BaseModel]]) -> list[type[BaseModel]]:
        return sorted(models, key=lambda each: each.__name__)

    return [("validation", by_name(bodies)), ("serialization", by_name(outputs))]


def problem_codes(route: ApiRoute) -> tuple[ProblemCode, ...]:
    """All codes that an operation may answer with."""
    codes = [*route.problems, *_EVERYWHERE]
    if route.scope is not None:
        codes += _WITH_KEY
    if route.body is not None:
        codes += _WITH_BODY
    return tuple(dict.fromkeys(codes))


def _operation(route: ApiRoute, models: _Models) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [tag_of(route)],
        "summary": route.summary,
        "parameters": [*_path_parameters(route.path), *_query_parameters(route, models)],
        "responses": _responses(route, models),
    }
    if route.scope is not None:
        operation["security"] = [{"key": []}]
        operation["description"] = f"Needs a key with the scope `{route.scope.value}`."
    if route.body is not None:
        content: dict[str, Any] = {"schema": models.of_body(route.body)}
        if route.example is not None:
            content["example"] = dict(route.example)
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _responses(route: ApiRoute, models: _Models) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, meaning in route.answers.items():
        responses[str(status)] = {"description": meaning}
        if route.is_file and status < 300:
            # The type is that of the file. Generated clients know the bytes by the first of the two.
            binary = {"type": "string", "format": "binary"}
            responses[str(status)]["content"] = _content("application/octet-stream", binary) | _content(
                "*/*", binary
            )
        elif route.is_stream:
            event = {"type": "string", "description": "Events; the data of `meeting` is a MeetingSummary."}
            responses[str(status)]["content"] = _content("text/event-stream", event)
        elif not route.is_file and status not in {204, 304}:
            responses[str(status)]["content"] = _content("application/json", models.of_output(route.output))
        if route.has_etag:
            responses[str(status)]["headers"] = {"ETag": {"schema": {"type": "string"}}}
    by_status: dict[int, list[ProblemCode]] = {}
    for code in problem_codes(route):
        by_status.setdefault(STATUS_OF[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        named = ", ".join(f"`{code.value}`" for code in codes)
        responses.setdefault(
            str(status),
            {"description": f"Code {named}.", "content": _content(PROBLEM_TYPE, models.of_output(Problem))},
        )
    return responses


def _content(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {media_type: {"schema": schema}}


_PARAMETERS = {
    "id": "A meeting id or a workflow id.",
    "calendar": "A calendar's id, or its email address or name at the provider.",
    "event": "An event's id, the beginning of its id, or its title.",
    "delivery": "The id of an event.",
    "endpoint": "An endpoint's id or name.",
    "name": "The name of a file, as the list of files has it; it may contain slashes.",
}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PARAMETERS[name],
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(route: ApiRoute, models: _Models) -> list[dict[str, Any]]:
    if route.is_stream:
        return [{"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"}}]
    found = []
    for name, given in models.of_query(route.query).items():
        if name != "metadata":
            described = {"description": given["description"]} if "description" in given else {}
            found.append({"name": name, "in": "query", "required": False, "schema": _plain(given)} | described)
    if route.has_etag:
        found.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "The ETag of the answer that the caller has.",
                "schema": {"type": "string"},
            }
        )
    return found


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter, which is a text, a number or one of a list: without null and default."""
    (chosen,) = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    kept = ("$ref", "type", "enum", "format", "minimum", "maximum", "maxLength")
    return {name: chosen[name] for name in kept if name in chosen}


def openapi_text() -> str:
    """The document as it is served, and as `docs/openapi.json` has it."""
    meetings = MeetingHandlers(MeetingClient.connect, DEFAULT_DISPATCH_TIMING)
    files = FileHandlers(MeetingClient.connect, StoredFiles(lambda: ArtifactStore("")))
    calendars = CalendarHandlers(SharedCalendars(CalendarClient.opened).connected)
    webhooks = WebhookHandlers(WebhookClient.from_settings)
    events = EventHandlers(ChangeFeed(MeetingClient.connect))
    routes = api_routes(ApiHandlers(meetings, files, calendars, webhooks, events))
    return f"{json.dumps(openapi_document(routes), indent=1)}\n"
