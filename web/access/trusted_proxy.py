"""Visitors whom a proxy in front of the pages names in headers."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from aiohttp import hdrs, web

from web.access.roles import ROLES, Role, highest_role
from web.access.visitor import Visitor, shown_name
from web.page_error import PageError

Network = IPv4Network | IPv6Network


class TrustedProxy(NamedTuple):
    """The headers that name a visitor, and the networks of the proxies that may send them."""

    user_header: str
    roles_header: str
    networks: Sequence[Network]

    def visitor(self, request: web.Request) -> Visitor | None:
        """The visitor that the headers name; None without them.

        Raises PageError if they come from another address, because anyone could name anyone then, and for what
        another site has the browser ask for.
        """
        names = request.headers.getall(self.user_header, [])
        roles = request.headers.getall(self.roles_header, []) if self.roles_header else []
        if not names and not roles:
            return None
        if not self._is_trusted(request.remote or ""):
            raise PageError(
                403,
                "This address may not name visitors",
                "It sends headers of the proxy, and is none of MINUTEKEEPER_TRUSTED_PROXIES.",
            )
        if not _may_carry_sign_in(request):
            text = "Your proxy signs you in, and does so for its own pages and for links to them alone."
            raise PageError(403, "Another site asked for this", text)
        name = shown_name(names[0]) if len(names) == 1 else ""
        if not name:
            raise PageError(403, "The proxy names no visitor", f"It must send the header {self.user_header} once.")
        role = highest_role(word.strip() for each in roles for word in each.split(","))
        if role is Role.NONE:
            named = ", ".join(each.word for each in ROLES)
            raise PageError(
                403,
                "You have no role here",
                f"{name} is signed in, and has none of the roles {named}.",
                "Ask the people who run this service for one.",
            )
        return Visitor(name=name, role=role)

    def _is_trusted(self, remote: str) -> bool:
        try:
            address = ip_address(remote.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in each for each in self.networks)


def _may_carry_sign_in(request: web.Request) -> bool:
    """Whether a session's cookie, which is SameSite=Lax, would come with the request as well."""
    headers = request.headers
    if headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return True
    is_link = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return is_link and request.method in {hdrs.METH_GET, hdrs.METH_HEAD}
