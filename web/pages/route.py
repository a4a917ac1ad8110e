"""One page or form, as the tables of pages have it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import hdrs, web
from multidict import MultiMapping

from web.access.roles import Role
from web.access.visitor import Visitor


class PageRequest(NamedTuple):
    """A request that was checked: the visitor has the route's role, and a form came from a page of theirs.

    `form` has the fields of a form, `form_token` is the value of the hidden field `form_token` in every form.
    """

    http: web.Request
    visitor: Visitor
    form: MultiMapping[str]
    form_token: str


class PageResponse(web.Response):
    """A page, or a part of one."""

    def __init__(self, html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text=html, status=status, headers=headers, content_type="text/html", charset="utf-8")


def see_other(path: str) -> web.Response:
    """Leads the browser to another page of this site with a GET."""
    return web.Response(status=303, headers={hdrs.LOCATION: path})


PageHandle = Callable[[PageRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class PageRoute:
    """A page.

    `path` is as the router of aiohttp has it, where `{id}` takes any characters but `/`. `role` is the least role
    that its visitors need. `is_stream` if it sends events for as long as the session lasts.
    """

    method: str
    path: str
    handle: PageHandle
    role: Role = Role.LOOK
    is_stream: bool = False

    def __post_init__(self) -> None:
        if self.method != hdrs.METH_GET and self.role in {Role.LOOK, Role.WATCH}:
            raise ValueError(f"{self.method} {self.path} changes something, so its role must be STEER or ADMIN")
