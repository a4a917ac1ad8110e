"""The link by which a user connects a calendar: it says whose it is, and proves that we made it."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

GOOD_FOR = timedelta(hours=24)
CONNECT_ROUTE = "/connect/{link}"

_PURPOSE = b"minutekeeper connect link\n"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_LONGEST_URL = 1000
"""The link carries both addresses, and has to fit into a cookie."""


def _is_web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError("must be an address such as https://app.example.com/done") from error
    if url and (parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc)):
        raise ValueError("must be an address such as https://app.example.com/done")
    if not url.isprintable() or not url.isascii() or " " in url:
        raise ValueError("must hold no blanks, and other letters than those of ASCII only percent-encoded")
    return url


_WebAddress = Annotated[str, Field(max_length=_LONGEST_URL), AfterValidator(_is_web_address)]


class ConnectLink(BaseModel):
    """Who may connect what until when, and where the browser goes afterwards; empty: to a page of ours."""

    model_config = ConfigDict(frozen=True)

    link_id: str
    user: str = Field(min_length=1, max_length=200)
    platform: Literal["google", "microsoft"]
    expires_at: AwareDatetime
    success_url: _WebAddress = ""
    error_url: _WebAddress = ""


class LinkFault(StrEnum):
    FORGED = "forged"
    EXPIRED = "expired"


class LinkError(Exception):
    """The link opens nothing. `link` is what it says, where at least its signature is ours."""

    def __init__(self, fault: LinkFault, link: ConnectLink | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.link = link


def new_link(user: str, platform: str, now: datetime, *, success_url: str = "", error_url: str = "") -> ConnectLink:
    """A link of its own for every call, good for 24 hours. Raises ValidationError that names the field."""
    return ConnectLink.model_validate(
        {
            "link_id": secrets.token_urlsafe(12),
            "user": user,
            "platform": platform,
            "expires_at": now + GOOD_FOR,
            "success_url": success_url,
            "error_url": error_url,
        }
    )


def connect_url(public_url: str, secret: str, link: ConnectLink) -> str:
    """The address that the user opens."""
    told = _encoded(link.model_dump_json(exclude_defaults=True).encode())
    return public_url.rstrip("/") + CONNECT_ROUTE.format(link=f"{told}.{_signature(told, secret)}")


def read_link(text: str, signing_secrets: Iterable[str], now: datetime) -> ConnectLink:
    """What the last part of such an address says. Raises LinkError."""
    told, _, signature = text.partition(".")
    signatures = [_signature(told, secret) for secret in signing_secrets]
    if not any([hmac.compare_digest(signature.encode(), each.encode()) for each in signatures]):  # noqa: C419 - all
        raise LinkError(LinkFault.FORGED)
    try:
        link = ConnectLink.model_validate_json(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)))
    except (ValidationError, ValueError) as error:
        raise LinkError(LinkFault.FORGED) from error
    if now >= link.expires_at:
        raise LinkError(LinkFault.EXPIRED, link)
    return link


def _signature(told: str, secret: str) -> str:
    # The purpose keeps this apart from the tokens of bots, which the same secret makes.
    return _encoded(hmac.new(secret.encode(), _PURPOSE + told.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
