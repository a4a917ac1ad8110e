"""The document says what the API does: it is valid, and no route is missing in it or in the router."""

import json
import re
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from minutekeeper.api_keys import ApiKeyFile
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING
from minutekeeper.storage.store import ArtifactStore
from starter.calendars.client import CalendarClient
from starter.temporal_client import TemporalMeetingClient
from starter.webhook_endpoints import WebhookClient
from tests.docs.generate import DOCS
from web.api.app import ApiServer
from web.api.calendars import CalendarHandlers
from web.api.document import DOCUMENT_PATH, openapi_document, problem_codes
from web.api.event_stream import EventHandlers
from web.api.files import FileHandlers
from web.api.handlers import MeetingHandlers
from web.api.problems import STATUS_OF, ProblemCode
from web.api.route import ApiRoute
from web.api.routes import ApiHandlers, api_routes
from web.api.webhooks import WebhookHandlers
from web.changes import ChangeFeed
from web.shared_calendars import SharedCalendars
from web.stored_files import StoredFiles


async def never() -> TemporalMeetingClient:
    raise AssertionError("the document needs no client")


def no_store() -> ArtifactStore:
    raise AssertionError("the document needs no store")


HANDLERS = ApiHandlers(
    MeetingHandlers(never, DEFAULT_DISPATCH_TIMING),
    FileHandlers(never, StoredFiles(no_store)),
    CalendarHandlers(SharedCalendars(CalendarClient.opened).connected),
    WebhookHandlers(WebhookClient.from_settings),
    EventHandlers(ChangeFeed(never)),
)
ROUTES = api_routes(HANDLERS)
DOCUMENT = openapi_document(ROUTES)


def test_it_is_valid_and_committed() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")
    assert json.loads((DOCS / "openapi.json").read_text(encoding="utf-8")) == DOCUMENT


def test_it_has_every_route_of_the_router_and_no_other(tmp_path: Any) -> None:
    router = web.UrlDispatcher()
    ApiServer(HANDLERS, ApiKeyFile(tmp_path / "keys.json")).add_routes(router)
    routed = {
        (route.method, re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.resource.canonical if route.resource else ""))
        for route in router.routes()
        if route.method != "HEAD"
    }
    told = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routed - {("GET", DOCUMENT_PATH)} == told


def test_every_code_has_a_status_and_every_operation_a_name_of_its_own() -> None:
    assert STATUS_OF.keys() == set(ProblemCode)
    names = [route.name for route in ROUTES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_what_a_route_may_answer_is_told(route: ApiRoute) -> None:
    responses = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]
    for code in problem_codes(route):
        told = responses[str(STATUS_OF[code])]
        assert code.value in told["description"] or STATUS_OF[code] in route.answers


@pytest.mark.parametrize("route", [each for each in ROUTES if each.body], ids=lambda route: route.name)
def test_every_example_is_valid(route: ApiRoute) -> None:
    content = DOCUMENT["paths"][route.path][route.method.lower()]["requestBody"]["content"]["application/json"]
    schema = content["schema"] | {"components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(content["example"])
    assert route.body is not None
    route.body.model_validate(content["example"])
