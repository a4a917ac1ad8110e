"""The forms on the page of an endpoint: its secret, a test, replays, enabling and disabling, removing."""

from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import hdrs, web

from starter.endpoint_models import EndpointChange
from web.access.roles import Role
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.templates import render_page
from web.pages.webhook_forms import secret_page
from web.pages.webhook_pages import WEBHOOKS_ADDRESS, OpenWebhooks, endpoint_address, endpoint_label, webhook_frame


class _Question(NamedTuple):
    """What is asked before something is done that cannot be undone."""

    question: str
    meaning: str
    go: str


_QUESTIONS = {
    "rotate": _Question(
        "Give this endpoint a new secret?",
        "For 24 hours events are signed with both secrets, so that the receiver can change over. Then the one of "
        "now ends for good.",
        "Make a new secret",
    ),
    "remove": _Question(
        "Remove this endpoint?",
        "What is on its way to it is given up, and what is held for it cannot be replayed any more. An endpoint "
        "with the same address gets another secret.",
        "Remove the endpoint",
    ),
}


class WebhookActPages:
    """What admins do with an endpoint."""

    def __init__(self, client: OpenWebhooks) -> None:
        self._client = client

    def routes(self) -> list[PageRoute]:
        address = f"{WEBHOOKS_ADDRESS}/{{endpoint}}"
        acts = {
            "secret": self.show_secret,
            "test": self.test,
            "replay": self.replay,
            "replay-all": self.replay_all,
            "enable": self.enable,
            "disable": self.disable,
            "rotate": self.rotate,
            "remove": self.remove,
        }
        return [
            PageRoute(hdrs.METH_GET, f"{address}/rotate", self.ask_rotate, Role.ADMIN),
            PageRoute(hdrs.METH_GET, f"{address}/remove", self.ask_remove, Role.ADMIN),
            *(PageRoute(hdrs.METH_POST, f"{address}/{name}", act, Role.ADMIN) for name, act in acts.items()),
        ]

    async def show_secret(self, request: PageRequest) -> web.StreamResponse:
        return secret_page(request, await self._client().show_secret(_named(request)), "")

    async def test(self, request: PageRequest) -> web.StreamResponse:
        """Sends a test, and leads to what the receiver answered."""
        tested = await self._client().test(_named(request))
        return _back(tested.endpoint_id, tested=tested.event_id)

    async def replay(self, request: PageRequest) -> web.StreamResponse:
        replayed = await self._client().replay(_named(request), request.form.get("event", ""))
        return _back(replayed.endpoint_id, done="replayed")

    async def replay_all(self, request: PageRequest) -> web.StreamResponse:
        """Replays everything that was not delivered."""
        endpoint = await self._client().show(_named(request))
        found = await self._client().replay_span(endpoint.endpoint_id)
        return _back(endpoint.endpoint_id, done="span", count=str(found.replayed), left=str(found.left))

    async def enable(self, request: PageRequest) -> web.StreamResponse:
        changed = await self._client().update(_named(request), EndpointChange(enabled=True))
        return _back(changed.endpoint_id, done="enabled")

    async def disable(self, request: PageRequest) -> web.StreamResponse:
        changed = await self._client().update(_named(request), EndpointChange(enabled=False))
        return _back(changed.endpoint_id, done="disabled")

    async def ask_rotate(self, request: PageRequest) -> web.StreamResponse:
        return await self._ask(request, "rotate")

    async def rotate(self, request: PageRequest) -> web.StreamResponse:
        rotated = await self._client().rotate(_named(request))
        return secret_page(request, rotated, "It has a new secret; the one before signs for 24 hours, too.")

    async def ask_remove(self, request: PageRequest) -> web.StreamResponse:
        return await self._ask(request, "remove")

    async def remove(self, request: PageRequest) -> web.StreamResponse:
        await self._client().remove(_named(request))
        return see_other(f"{WEBHOOKS_ADDRESS}?done=removed")

    async def _ask(self, request: PageRequest, act: str) -> web.StreamResponse:
        endpoint = await self._client().show(_named(request))
        values = {
            "words": _QUESTIONS[act],
            "act": act,
            "label": endpoint_label(endpoint),
            "address": endpoint_address(endpoint.endpoint_id),
            "form_token": request.form_token,
        }
        return PageResponse(render_page("webhook_sure.html", webhook_frame(request), values))


def _named(request: PageRequest) -> str:
    return request.http.match_info["endpoint"]


def _back(endpoint_id: str, **told: str) -> web.StreamResponse:
    return see_other(f"{endpoint_address(endpoint_id)}?{urlencode(told)}")
