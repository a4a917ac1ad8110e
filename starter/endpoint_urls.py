"""Checks the address of an endpoint before it is stored, so that a mistake is told at once.

A name may lead to another address at any time, so the deliverer checks what it connects to again.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from yarl import URL

from minutekeeper.downloads.url_policy import is_public, is_web_port
from starter.errors import UnsafeUrlError

_MAX_CHARACTERS = 2000
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?")
"""Notations that some systems resolve as an IPv4 address, such as 127.1, 2130706433 or 0x7f000001."""
_ALLOWED_BY = "MINUTEKEEPER_WEBHOOK_PRIVATE_ADDRESSES=true allows it, for receivers in your network"


def checked_endpoint_url(text: str, *, private_addresses: bool) -> str:
    """The address as it is stored. Raises UnsafeUrlError."""
    if not text.isprintable() or " " in text or len(text) > _MAX_CHARACTERS:
        raise UnsafeUrlError(f"must be an address without blanks, of at most {_MAX_CHARACTERS} characters")
    try:
        url = URL(text)
        host = (url.host or "").lower()
        port = url.port
    except ValueError:
        raise UnsafeUrlError("must be an address such as https://example.com/events") from None
    if url.scheme not in {"http", "https"} or not host or not port:
        raise UnsafeUrlError("must be an address such as https://example.com/events")
    if url.user is not None or url.password is not None:
        raise UnsafeUrlError("must have no user and no password: receivers verify the signature instead")
    if url.raw_fragment:
        raise UnsafeUrlError("must have no part behind #, which is never sent")
    if not private_addresses:
        _check_public(url, host, port)
    return str(url)


def _check_public(url: URL, host: str, port: int) -> None:
    if url.scheme != "https":
        raise UnsafeUrlError(f"must begin with https://, because events would travel in plain text; {_ALLOWED_BY}")
    if not is_web_port(port):
        raise UnsafeUrlError(f"{port} is no port of the web: 443, or 1024 and above; {_ALLOWED_BY}")
    address = _address(host)
    if address is None and _NUMBER.fullmatch(host):
        raise UnsafeUrlError(f"{host} is no name of a host")
    if address is None and not _NAME.fullmatch((url.raw_host or "").lower()):
        raise UnsafeUrlError("must name a host, as in https://example.com/events")
    is_local_name = host.removesuffix(".") == "localhost" or host.removesuffix(".").endswith(".localhost")
    if is_local_name or (address is not None and not is_public(address)):
        raise UnsafeUrlError(f"{host} is no public address; {_ALLOWED_BY}")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.removesuffix("."))
    except ValueError:
        return None
