"""The link by which a user connects a calendar: it says whose it is, and proves that we made it."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.signing import Purpose, serializer

GOOD_FOR = timedelta(hours=24)
CONNECT_ROUTE = "/connect/{link}"

_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_URL = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]*")
_MAX_URL_LENGTH = 1000
"""The link carries both addresses, and has to fit into a cookie."""


def _is_web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError("must be an address such as https://app.example.com/done") from error
    if url and (parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc)):
        raise ValueError("must be an address such as https://app.example.com/done")
    if not _URL.fullmatch(url):
        raise ValueError("must hold no blanks, and what is no letter of an address only percent-encoded")
    return url


def _is_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


_WebAddress = Annotated[str, Field(max_length=_MAX_URL_LENGTH), AfterValidator(_is_web_address)]


class ConnectLink(BaseModel):
    """Who may connect what until when, and where the browser goes afterwards; empty: to a page of ours."""

    model_config = ConfigDict(frozen=True)

    link_id: str
    user: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_is_one_line)]
    platform: CalendarPlatform
    expires_at: AwareDatetime
    provider: Annotated[str, Field(pattern="^[a-z0-9-]*$", max_length=40)] = ""
    """The provider at which the calendar is connected; empty: the installation's default."""
    policy_id: Annotated[str, Field(pattern="^[0-9a-f]*$", max_length=64)] = ""
    """The stored policy of a calendar that had none before; empty: the installation's default."""
    success_url: _WebAddress = ""
    error_url: _WebAddress = ""


class ConnectLinkFault(StrEnum):
    FORGED = "forged"
    EXPIRED = "expired"


class ConnectLinkError(Exception):
    """The link opens nothing. `link` is what it says, where at least its signature is ours."""

    def __init__(self, fault: ConnectLinkFault, link: ConnectLink | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.link = link


def new_link(  # noqa: PLR0913 - one argument for each part of the link
    user: str, platform: str, now: datetime, *, provider: str = "", success_url: str = "", error_url: str = ""
) -> ConnectLink:
    """A link of its own for every call, good for 24 hours. Raises ValidationError that names the field."""
    return ConnectLink.model_validate(
        {
            "link_id": secrets.token_urlsafe(12),
            "user": user,
            "platform": platform,
            "expires_at": now + GOOD_FOR,
            "provider": provider,
            "success_url": success_url,
            "error_url": error_url,
        }
    )


def connect_url(public_url: str, secret: str, link: ConnectLink) -> str:
    """The address that the user opens."""
    content = link.model_dump(mode="json", exclude_defaults=True)
    signed = serializer(Purpose.CONNECT_LINK, [secret]).dumps(content)
    return public_url.rstrip("/") + CONNECT_ROUTE.format(link=signed)


def read_link(text: str, signing_secrets: Sequence[str], now: datetime) -> ConnectLink:
    """What the last part of such an address says. Raises LinkError."""
    try:
        link = ConnectLink.model_validate(serializer(Purpose.CONNECT_LINK, signing_secrets).loads(_as_made(text)))
    except (BadData, ValidationError) as error:
        raise ConnectLinkError(ConnectLinkFault.FORGED) from error
    if now >= link.expires_at:
        raise ConnectLinkError(ConnectLinkFault.EXPIRED, link)
    return link


def _as_made(text: str) -> str:
    """The text itself, if it is spelt as we would: reading base64 passes over much that does not belong there."""
    signature = text.rpartition(".")[2].encode(errors="replace")
    if not text.isascii() or base64_encode(base64_decode(signature)) != signature:
        raise BadData("it is not spelt as we would")
    return text
