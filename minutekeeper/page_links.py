"""Links that sign in to the pages as admin, once: for developers, and where no other way is set up yet."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from itsdangerous import BadData

from minutekeeper.signing import Purpose, serializer

PAGE_LINK_ROUTE = "/sign-in/link"
PAGE_LINK_LIFETIME = timedelta(minutes=10)


class PageLink(NamedTuple):
    """`link_id` by which it is known that a link was used; `expires` in Unix time."""

    link_id: str
    expires: int

    def is_valid(self, now: datetime) -> bool:
        return now.timestamp() < self.expires


def new_page_link(public_url: str, signing_secrets: Sequence[str], now: datetime) -> str:
    """A link, signed with the first of the secrets, that is valid for ten minutes."""
    link = PageLink(secrets.token_hex(16), int((now + PAGE_LINK_LIFETIME).timestamp()))
    token = serializer(Purpose.PAGE_LINK, signing_secrets).dumps(link)
    return f"{public_url}{PAGE_LINK_ROUTE}?token={quote(token)}"


def read_page_link(signing_secrets: Sequence[str], token: str) -> PageLink | None:
    """The link of a token, also one that is too old; None if it was not signed with one of the secrets."""
    try:
        link_id, expires = serializer(Purpose.PAGE_LINK, signing_secrets).loads(token)
    except (BadData, UnicodeError):
        return None
    return PageLink(link_id, expires)
