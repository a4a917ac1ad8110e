"""The address under which browsers reach the pages."""

from urllib.parse import urlsplit

from aiohttp import web

from minutekeeper.startup_checks import is_loopback
from web.page_error import PageError

SIGN_IN_ROUTE = "/sign-in"
_LONGEST_PATH = 2000


class PublicAddress:
    """`configured` is `https://host`, or `http://` on loopback; if it is empty, loopback addresses are served.

    Which host a browser names is looked at on this machine, because any site can give its name a loopback address.
    """

    def __init__(self, configured: str) -> None:
        self._configured = configured

    def origin(self, request: web.Request) -> str:
        """The origin of the pages for this request. Raises PageError for a host that is not this one."""
        is_here = is_loopback(f"http://{request.host}")
        if self._configured:
            if is_loopback(self._configured) and not is_here:
                text = "MINUTEKEEPER_WEB_PUBLIC_URL is an address of this machine, and this request names another."
                raise PageError(421, "The pages are served on this machine alone", text)
            return self._configured
        if not is_here:
            raise PageError(
                421,
                "The pages have no public address",
                "Set MINUTEKEEPER_WEB_PUBLIC_URL to the address at which browsers reach them, such as "
                "https://minutes.example.com. Until then they are served on this machine alone.",
            )
        return f"http://{request.host}"

    def is_secure(self) -> bool:
        return urlsplit(self._configured).scheme == "https"


def own_path(given: str) -> str:
    """A path of this site to lead a browser to; `/` for anything that could lead elsewhere, or round in circles."""
    is_own = given.startswith("/") and not given.startswith(("//", SIGN_IN_ROUTE)) and "\\" not in given
    return given if is_own and given.isascii() and given.isprintable() and len(given) <= _LONGEST_PATH else "/"
