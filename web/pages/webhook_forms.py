"""The form that adds an endpoint, and the page with the secret of one."""

from aiohttp import hdrs, web

from minutekeeper.deliveries.endpoint import DEFAULT_TYPES, DeliveryFormat, OutgoingEventType
from starter.endpoint_models import EndpointWithSecret, NewEndpoint
from starter.errors import EndpointExistsError, MeetingInputError
from starter.inputs import parse_input
from web.access.roles import Role
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import render_page
from web.pages.webhook_pages import WEBHOOKS_ADDRESS, OpenWebhooks, endpoint_address, endpoint_label, webhook_frame

TYPE_WORDS = {
    OutgoingEventType.MEETING_BOOKED: "a meeting is booked",
    OutgoingEventType.MEETING_MOVED: "its start, end or link changes",
    OutgoingEventType.MEETING_RECORDING: "its recording begins",
    OutgoingEventType.MEETING_COMPLETED: "it has ended, and what was recorded is stored",
    OutgoingEventType.MEETING_FAILED: "it has ended without a recording",
    OutgoingEventType.MEETING_CANCELLED: "it was cancelled",
    OutgoingEventType.MEETING_ERASED: "what was kept of it is erased",
    OutgoingEventType.CALENDAR_CONNECTED: "a calendar is connected",
    OutgoingEventType.CALENDAR_TROUBLE: "a calendar can no longer be read",
    OutgoingEventType.CALENDAR_RECOVERED: "it can be read again",
    OutgoingEventType.CALENDAR_DISCONNECTED: "it is disconnected",
}
"""When an endpoint is told of an event of a type; all types that one can ask for."""

_FORMATS = (
    (DeliveryFormat.STANDARD.value, "Standard Webhooks: JSON, signed"),
    (DeliveryFormat.SLACK.value, "A sentence, as Slack takes it"),
)

_FIELDS = {"url": "url", "name": "name", "types": "types", "include": "meeting_url", "format": "format"}
"""The fields of the form by those of the endpoint, whose items have names of their own."""


class WebhookForms:
    """Adding an endpoint."""

    def __init__(self, client: OpenWebhooks) -> None:
        self._client = client

    def routes(self) -> list[PageRoute]:
        address = f"{WEBHOOKS_ADDRESS}/new"
        return [
            PageRoute(hdrs.METH_GET, address, self.show_empty, Role.ADMIN),
            PageRoute(hdrs.METH_POST, address, self.add, Role.ADMIN),
        ]

    async def show_empty(self, request: PageRequest) -> web.StreamResponse:
        return _form_page(request, [each.value for each in DEFAULT_TYPES], {})

    async def add(self, request: PageRequest) -> web.StreamResponse:
        """Adds an endpoint; its secret is in the answer itself, because an address must not have it."""
        types = request.form.getall("types", [])
        try:
            added = await self._client().add(_given(request, types))
        except MeetingInputError as problem:
            field = problem.field if problem.field in _FIELDS.values() else ""
            return _form_page(request, types, {field: _sentence(problem)})
        except EndpointExistsError as problem:
            return _form_page(request, types, {"url": str(problem)})
        return secret_page(request, added, "The endpoint is added.")


def secret_page(request: PageRequest, endpoint: EndpointWithSecret, done: str) -> web.StreamResponse:
    """The page that shows a secret; nothing keeps it, in the browser neither."""
    values = {
        "endpoint": endpoint,
        "label": endpoint_label(endpoint),
        "address": endpoint_address(endpoint.endpoint_id),
        "done": done,
    }
    return PageResponse(render_page("webhook_secret.html", webhook_frame(request), values))


def _given(request: PageRequest, types: list[str]) -> NewEndpoint:
    """What the form says. Raises MeetingInputError for its first mistake."""
    form = request.form
    if not types:
        raise MeetingInputError("types", "choose at least one")
    fields: dict[str, object] = {
        "url": form.get("url", "").strip() or "-",
        "name": form.get("name", "").strip(),
        "types": tuple(types),
        "include": ("meeting_url",) if "meeting_url" in form else (),
        "format": form.get("format", DeliveryFormat.STANDARD.value),
    }
    return parse_input(NewEndpoint, fields, _FIELDS)


def _form_page(request: PageRequest, types: list[str], errors: dict[str, str]) -> web.StreamResponse:
    values = {
        "given": request.form,
        "chosen": types,
        "errors": errors,
        "types": list(TYPE_WORDS.items()),
        "formats": _FORMATS,
        "form_token": request.form_token,
    }
    page = render_page("webhook_form.html", webhook_frame(request), values)
    return PageResponse(page, status=422 if errors else 200)


def _sentence(problem: MeetingInputError) -> str:
    words = str(problem).removeprefix(f"{problem.field}: ")
    return f"{words[:1].upper()}{words[1:]}."
